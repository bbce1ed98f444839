"""The books refuse what is not bookkeeping, whoever asks: code, SQL, the application's role."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from incentives import ledger
from incentives.choices import JournalKind, LedgerKind
from incentives.models import Journal, LedgerAccount, Posting
from kosops.grants import grant
from kosops.lib.errors import DomainError
from kosops.lib.money import MAX_MINOR
from tests import cast as c
from tests.refusals import (
    NO_NUMBER,
    NO_PARENT,
    NO_PRIVILEGE,
    RESTRICTED,
    RULE_BROKEN,
    TOO_LARGE,
    TWICE,
    one,
    refused,
    sql,
)

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 9, 5)


class Books:
    """A brand with two accounts and a journal between them."""

    def __init__(self) -> None:
        self.people = c.cast()
        self.brand = self.people.brand
        self.chen = c.finance(self.people, "chen")
        self.expense = self.account(LedgerKind.EXPENSE)
        self.accrued = self.account(LedgerKind.ACCRUED, self.people.zhou)
        self.points = self.account(LedgerKind.EXPENSE, currency="PTS")
        self.journal = self.post("first", (self.expense, 500), (self.accrued, -500))
        # As if committed: nothing is pending.
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql("SET CONSTRAINTS ALL DEFERRED")

    def account(self, kind, creator=None, currency="CNY") -> LedgerAccount:
        return ledger.account(brand=self.brand, kind=kind, currency=currency, creator=creator)

    def post(self, key: str, *postings: tuple[LedgerAccount, int], **more) -> Journal:
        return ledger.post(
            by=self.chen,
            brand=more.pop("brand", self.brand),
            kind=JournalKind.ACCRUAL,
            source="test",
            key=key,
            business_date=more.pop("business_date", DAY),
            postings=postings,
            **more,
        )


@pytest.fixture
def books() -> Books:
    return Books()


def insert_journal(
    books: Books, key: str = "raw", currency: str = "CNY", day: dt.date = DAY
) -> int:
    return one(
        """
        INSERT INTO incentives_journal (brand_id, currency, kind, source, key, business_date,
            created_at, reason) VALUES (%s, %s, 'accrual', 'raw', %s, %s, now(), '') RETURNING id
        """,
        books.brand.pk,
        currency,
        key,
        day,
    )


def insert_posting(
    journal: int, line: int, account: LedgerAccount, amount: int, currency="CNY"
) -> None:
    sql(
        "INSERT INTO incentives_posting (journal_id, line, account_id, currency, amount)"
        " VALUES (%s, %s, %s, %s, %s)",
        journal,
        line,
        account.pk,
        currency,
        amount,
    )


# -- posting -------------------------------------------------------------------


def test_a_journal_moves_money_between_accounts(books: Books) -> None:
    assert ledger.balance(books.expense) == 500
    assert ledger.balance(books.accrued) == -500
    assert books.journal.currency == "CNY"


def test_the_same_event_posts_once(books: Books) -> None:
    again = books.post("first", (books.expense, 500), (books.accrued, -500))
    assert again == books.journal
    assert ledger.balance(books.expense) == 500
    with refused(TWICE):
        journal = insert_journal(books, "once")
        insert_posting(journal, 1, books.expense, 1)
        insert_posting(journal, 2, books.accrued, -1)
        insert_journal(books, "once")


@pytest.mark.parametrize(
    ("amounts", "code"),
    [
        ([], "empty_journal"),
        ([500], "empty_journal"),
        ([500, 0, -500], "empty_journal"),
        ([500, -499], "unbalanced_journal"),
        ([500, 500], "unbalanced_journal"),
        ([MAX_MINOR + 1, -MAX_MINOR - 1], "amount_out_of_range"),
        ([5.0, -5.0], "invalid_amount"),
        ([float("nan"), float("nan")], "invalid_amount"),
    ],
)
def test_code_cannot_post_what_does_not_balance(books: Books, amounts, code: str) -> None:
    before = Journal.objects.count()
    sides = [books.expense, books.accrued, books.expense][: len(amounts)]
    with pytest.raises(DomainError) as refusal:
        books.post("bad", *zip(sides, amounts, strict=True))
    assert refusal.value.code == code
    assert Journal.objects.count() == before


def test_a_journal_keeps_to_one_currency_and_one_brand(books: Books) -> None:
    with pytest.raises(DomainError) as refusal:
        books.post("mixed", (books.expense, 5), (books.points, -5))
    assert refusal.value.code == "mixed_currency"
    other = c.cast_of_another_brand()
    foreign = ledger.account(brand=other, kind=LedgerKind.EXPENSE, currency="CNY")
    with pytest.raises(DomainError) as refusal:
        books.post("foreign", (books.expense, 5), (foreign, -5))
    assert refusal.value.code == "other_brand"


# -- M22: unbalanced or empty --------------------------------------------------


@pytest.mark.parametrize("amounts", [[], [100], [100, -99], [100, 100], [100, -50, -51]])
def test_sql_cannot_commit_what_does_not_balance(books: Books, amounts: list[int]) -> None:
    before = (Journal.objects.count(), Posting.objects.count())
    with refused(RULE_BROKEN):
        journal = insert_journal(books)
        for line, amount in enumerate(amounts, start=1):
            insert_posting(journal, line, books.expense, amount)
    assert (Journal.objects.count(), Posting.objects.count()) == before


@pytest.mark.django_db(transaction=True)
def test_the_commit_itself_fails() -> None:
    """Not only the check that tests ask for: nothing is stored by a real transaction."""
    books = Books()
    with pytest.raises(IntegrityError, match="does not balance") as failure:
        commit_unbalanced(books)
    assert failure.value.__cause__.pgcode == RULE_BROKEN
    assert Journal.objects.filter(source="raw").count() == 0


@transaction.atomic
def commit_unbalanced(books: Books) -> None:
    journal = insert_journal(books)
    insert_posting(journal, 1, books.expense, 100)
    insert_posting(journal, 2, books.accrued, -99)


def test_postings_may_come_in_several_statements(books: Books) -> None:
    journal = insert_journal(books)
    insert_posting(journal, 1, books.expense, 100)
    with transaction.atomic():  # a savepoint, as Django nests them
        insert_posting(journal, 2, books.accrued, -60)
    insert_posting(journal, 3, books.accrued, -40)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert ledger.balance(books.accrued) == -600


def test_a_journal_that_passed_its_check_early_is_checked_again(books: Books) -> None:
    with refused(RULE_BROKEN):
        journal = insert_journal(books)
        insert_posting(journal, 1, books.expense, 100)
        insert_posting(journal, 2, books.accrued, -100)
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql("SET CONSTRAINTS ALL DEFERRED")
        insert_posting(journal, 3, books.expense, 1_000_000)


@pytest.mark.parametrize("lines", [(2, 3), (1, 3), (0, 1)])
def test_postings_are_numbered_without_a_gap(books: Books, lines: tuple[int, int]) -> None:
    """Or a later line could take the free place and so escape the second check."""
    with refused(RULE_BROKEN):
        journal = insert_journal(books)
        insert_posting(journal, lines[0], books.expense, 100)
        insert_posting(journal, lines[1], books.accrued, -100)


@pytest.mark.parametrize("amount", [0, MAX_MINOR + 1, -MAX_MINOR - 1])
def test_a_posting_is_neither_nothing_nor_beyond_the_limit(books: Books, amount: int) -> None:
    with refused(RULE_BROKEN):
        journal = insert_journal(books)
        insert_posting(journal, 1, books.expense, amount)


@pytest.mark.parametrize(
    ("text", "sqlstate"),
    [("NaN", NO_NUMBER), ("Infinity", NO_NUMBER), ("1e400", NO_NUMBER), ("0.5", NO_NUMBER),
     ("9" * 30, TOO_LARGE)],
)  # fmt: skip
def test_what_is_no_whole_number_does_not_reach_the_table(books, text, sqlstate) -> None:
    with refused(sqlstate):
        insert_posting(insert_journal(books), 1, books.expense, text)


# -- M23: only additions -------------------------------------------------------

CHANGES = [
    "UPDATE incentives_posting SET amount = amount + 1",
    "UPDATE incentives_posting SET amount = amount",
    "DELETE FROM incentives_posting",
    "TRUNCATE incentives_posting",
    "UPDATE incentives_journal SET reason = 'x'",
    "DELETE FROM incentives_journal",
    "TRUNCATE incentives_journal CASCADE",
    """INSERT INTO incentives_posting SELECT * FROM incentives_posting
           ON CONFLICT (journal_id, line) DO UPDATE SET amount = 0""",
    "MERGE INTO incentives_posting p USING (VALUES (1)) AS v (x) ON true WHEN MATCHED THEN DELETE",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_even_the_owner_cannot_change_the_ledger(books: Books, statement: str) -> None:
    with refused(RESTRICTED):
        sql(statement)
    assert ledger.balance(books.expense) == 500


@pytest.mark.parametrize("statement", CHANGES)
def test_the_application_lacks_the_privilege(books: Books, statement: str) -> None:
    with connection.cursor() as cursor:
        grant(cursor, "kosops_app_tried")
    with refused(NO_PRIVILEGE):
        sql("SET LOCAL ROLE kosops_app_tried")
        sql(statement)
    assert ledger.balance(books.expense) == 500


def test_the_application_can_still_post_and_lock(books: Books) -> None:
    with connection.cursor() as cursor:
        grant(cursor, "kosops_app_tried")
    with transaction.atomic():
        sql("SET LOCAL ROLE kosops_app_tried")
        books.post("by app", (books.expense, 5), (books.accrued, -5))
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        LedgerAccount.objects.select_for_update().get(pk=books.accrued.pk)
        sql("RESET ROLE")
    assert ledger.balance(books.expense) == 505


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE incentives_posting DISABLE TRIGGER ALL",
        "DROP TABLE incentives_posting",
        "SET session_replication_role = replica",
        "DROP TRIGGER kosops_no_change ON incentives_posting",
        """CREATE OR REPLACE FUNCTION kosops_append_only() RETURNS trigger LANGUAGE plpgsql
               AS 'BEGIN RETURN NEW; END'""",
    ],
)
def test_the_application_cannot_take_the_guards_down(books: Books, statement: str) -> None:
    with connection.cursor() as cursor:
        grant(cursor, "kosops_app_tried")
    with refused(NO_PRIVILEGE):
        sql("SET LOCAL ROLE kosops_app_tried")
        sql(statement)


@pytest.mark.django_db(transaction=True)
def test_a_journal_takes_no_postings_after_its_transaction() -> None:
    books = Books()
    with refused(RESTRICTED):
        insert_posting(books.journal.pk, 3, books.expense, 100)
    with refused(RESTRICTED):  # balanced is no excuse
        insert_posting(books.journal.pk, 3, books.expense, 7)
        insert_posting(books.journal.pk, 4, books.accrued, -7)
    # The column that says when is written by the trigger, whatever the statement says.
    with refused(RULE_BROKEN):
        sql(
            """
            INSERT INTO incentives_journal (brand_id, currency, kind, source, key, business_date,
                created_at, reason, xact)
            VALUES (%s, 'CNY', 'accrual', 'raw', 'forged', %s, now(), '', '99999999'::xid8)
            """,
            *(books.brand.pk, DAY),
        )
    assert ledger.balance(books.expense) == 500


def test_an_account_never_changes_hands(books: Books) -> None:
    own = f"WHERE id = {books.accrued.pk}"
    for statement in (
        f"UPDATE incentives_ledgeraccount SET creator_id = {books.people.may.pk} {own}",
        f"UPDATE incentives_ledgeraccount SET kind = 'payable' {own}",
        f"DELETE FROM incentives_ledgeraccount WHERE id = {books.points.pk}",
        "TRUNCATE incentives_ledgeraccount CASCADE",
    ):
        with refused(RESTRICTED):
            sql(statement)


def test_an_account_has_an_owner_if_and_only_if_people_own_its_kind(books: Books) -> None:
    insert = "INSERT INTO incentives_ledgeraccount (brand_id, kind, creator_id, currency) VALUES"
    with refused(RULE_BROKEN):
        sql(f"{insert} (%s, 'accrued', NULL, 'USD')", books.brand.pk)
    with refused(RULE_BROKEN):
        sql(f"{insert} (%s, 'expense', %s, 'USD')", books.brand.pk, books.people.zhou.pk)
    with refused(TWICE):  # also where there is no owner
        sql(f"{insert} (%s, 'expense', NULL, 'CNY')", books.brand.pk)


# -- M24: reversed once --------------------------------------------------------


def test_a_reversal_is_the_exact_mirror(books: Books) -> None:
    three = books.post("three", (books.expense, 90), (books.accrued, -40), (books.accrued, -50))
    mirror = ledger.reverse(by=books.chen, journal=three, business_date=DAY, reason="typing error")
    assert list(mirror.postings.order_by("line").values_list("account_id", "amount")) == [
        (books.expense.pk, -90),
        (books.accrued.pk, 40),
        (books.accrued.pk, 50),
    ]
    assert mirror.reverses == three
    assert ledger.balance(books.expense) == 500


def test_a_journal_is_reversed_at_most_once(books: Books) -> None:
    ledger.reverse(by=books.chen, journal=books.journal, business_date=DAY, reason="wrong")
    with pytest.raises(DomainError) as refusal:
        ledger.reverse(by=books.chen, journal=books.journal, business_date=DAY, reason="again")
    assert refusal.value.code == "already_reversed"
    assert ledger.balance(books.expense) == 0
    with refused(TWICE):
        sql(
            """
            INSERT INTO incentives_journal (brand_id, currency, kind, source, key, business_date,
                created_at, reason, reverses_id)
            VALUES (%s, 'CNY', 'reversal', 'raw', 'second', %s, now(), '', %s)
            """,
            *(books.brand.pk, DAY, books.journal.pk),
        )


def test_a_reversal_needs_a_reason(books: Books) -> None:
    with pytest.raises(DomainError) as refusal:
        ledger.reverse(by=books.chen, journal=books.journal, business_date=DAY, reason=" ")
    assert (refusal.value.code, refusal.value.status) == ("reason_needed", 400)


def test_what_a_run_or_a_payout_posted_is_not_reversed_by_hand(books: Books) -> None:
    for changes, code in (
        ({"run_id": 1}, "run_journal"),
        ({"source": ledger.PAYOUT_SOURCE}, "payout_journal"),
    ):
        journal = Journal(brand=books.brand, pk=books.journal.pk, **changes)
        with pytest.raises(DomainError) as refusal:
            ledger.reverse(by=books.chen, journal=journal, business_date=DAY, reason="I say so")
        assert refusal.value.code == code
    assert ledger.balance(books.expense) == 500


# -- M25: one currency ---------------------------------------------------------


def test_sql_cannot_mix_currencies(books: Books) -> None:
    before = Journal.objects.count()
    with refused(NO_PARENT):  # a points account in a CNY journal
        journal = insert_journal(books)
        insert_posting(journal, 1, books.points, 5)
    with refused(NO_PARENT):  # a posting that says PTS in a CNY journal
        journal = insert_journal(books)
        insert_posting(journal, 1, books.points, 5, currency="PTS")
    with refused(NO_PARENT):  # a CNY account in a PTS journal
        journal = insert_journal(books, currency="PTS")
        insert_posting(journal, 1, books.expense, 5, currency="PTS")
    assert Journal.objects.count() == before


# -- sets ----------------------------------------------------------------------


def post_set(books: Books, *rows: tuple[str, int, int]) -> int:
    return ledger.post_set(
        by=books.chen,
        brand=books.brand,
        currency="CNY",
        kind=JournalKind.ACCRUAL,
        source="set",
        debit=LedgerKind.EXPENSE,
        credit=LedgerKind.ACCRUED,
        business_date=DAY,
        entries="SELECT * FROM unnest(%(keys)s::text[], %(creators)s::bigint[], %(amounts)s::bigint[])",
        params={
            "keys": [row[0] for row in rows],
            "creators": [row[1] for row in rows],
            "amounts": [row[2] for row in rows],
        },
    )


def test_a_set_posts_one_journal_per_row_and_opens_accounts(books: Books) -> None:
    zhou, may = books.people.zhou, books.people.may
    assert post_set(books, ("a", zhou.pk, 100), ("b", may.pk, -30)) == 2
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert ledger.balance(books.accrued) == -600
    assert ledger.balance(books.account(LedgerKind.ACCRUED, may)) == 30
    assert ledger.balance(books.expense) == 570
    assert post_set(books, ("a", zhou.pk, 100), ("c", zhou.pk, 1)) == 1, "known keys post nothing"
    assert post_set(books) == 0
    assert ledger.balance(books.accrued) == -601
