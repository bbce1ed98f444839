"""Orders and refunds come in any order, twice, too late, too large and at the same moment."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.choices import Role
from customers import intake
from customers.intake import LineFacts, RefundFacts, foresee_orders, foresee_refunds, take_refunds
from customers.models import ChangedOrder, Order, OrderLine, Refund, WaitingRefund
from kosops.lib import sql as database
from kosops.lib.money import MAX_MINOR
from tests import cast as c
from tests.incentives.money import Office, accrue, differences, held
from tests.incentives.races import Race, own_database
from tests.refusals import sql

in_a_transaction = pytest.mark.django_db


@pytest.fixture
def people(db: None) -> c.Cast:
    return c.cast()


def nets(number: str = "E1") -> list[int]:
    lines = OrderLine.objects.filter(order__external_id=number).order_by("id")
    return [line.net_amount for line in lines]


def everything() -> tuple[list[Any], ...]:
    """All that an intake may write, to see that nothing was written."""
    tables = (Order, OrderLine, Refund, WaitingRefund, ChangedOrder)
    return tuple(list(table.objects.order_by("pk").values()) for table in tables)


def row(order: str, refund: str, amount: int, *, line: str = "", day: str = "2026-09-10") -> Any:
    return RefundFacts("shop", order, refund, amount, c.at(day), line_no=line)


def give_back(people: c.Cast, *rows: RefundFacts) -> list[str]:
    return [one.code or one.result for one in take_refunds(brand=people.brand, rows=rows)]


# -- M12: in any order, with repeats -------------------------------------------


@st.composite
def refunds_of_an_order(draw: Any) -> tuple[list[int], list[tuple[int, str]], Any]:
    """What was paid for each line; refunds that fit together; and an order of arrival with repeats."""
    paid = draw(st.lists(st.integers(1, 5_000), min_size=1, max_size=3))
    left = list(paid)
    found = []
    for _refund in range(draw(st.integers(1, 5))):
        place = draw(st.sampled_from([-1, *range(len(paid))]))
        most = sum(left) if place < 0 else left[place]
        if not most:
            continue
        amount = draw(st.integers(1, most))
        found.append((amount, str(place + 1) if place >= 0 else ""))
        if place >= 0:
            left[place] -= amount
        else:
            # So that named refunds still fit: what names no line is taken from all lines here.
            for own in range(len(left)):
                part = min(left[own], amount)
                left[own] -= part
                amount -= part
    again = draw(st.lists(st.sampled_from(range(len(found))), max_size=3)) if found else []
    return paid, found, draw(st.permutations([*range(len(found)), *again]))


@in_a_transaction
@given(case=refunds_of_an_order(), together=st.booleans())
@settings(
    max_examples=settings.default.max_examples // 4,
    suppress_health_check=list(HealthCheck),
)
def test_refunds_in_any_order_with_repeats_come_to_the_same(case, together) -> None:
    """M12"""
    paid, refunds, arrival = case
    with transaction.atomic():
        people = c.cast()
        c.order(people, "E1", *paid)
        c.order(people, "E2", *paid)
        give_back(people, *(row("E1", f"R{n}", *facts[:1], line=facts[1])
                            for n, facts in enumerate(refunds)))  # fmt: skip
        rows = [row("E2", f"R{n}", refunds[n][0], line=refunds[n][1]) for n in arrival]
        told = give_back(people, *rows) if together else [
            word for one in rows for word in give_back(people, one)
        ]  # fmt: skip
        assert sorted(told) == sorted(
            ["created"] * len(refunds) + ["unchanged"] * (len(arrival) - len(refunds))
        )
        assert nets("E2") == nets("E1")
        order = Order.objects.get(external_id="E2")
        assert order.refunded_amount == sum(amount for amount, _line in refunds)
        assert sum(nets("E2")) == order.paid_amount - order.refunded_amount
        assert differences() == {}
        transaction.set_rollback(True)


def test_a_full_refund_in_pieces_closes_the_order(people: c.Cast) -> None:
    c.order(people, "E1", 100, 100, 100)
    assert give_back(people, row("E1", "R1", 1), row("E1", "R2", 100, line="2")) == ["created"] * 2
    assert nets() == [99, 0, 100]
    assert Order.objects.get().status == "finished"
    assert c.refund(people, "E1", "R3", 199) == "created"
    assert nets() == [0, 0, 0]
    assert Order.objects.get().status == "refunded"
    # The shop goes on calling it finished, which is no news.
    assert c.take(people, c.order_facts(people, "E1", 100, 100, 100, seller=people.zhou)) == [
        "unchanged"
    ]
    assert Order.objects.get().status == "refunded"


# -- M13: a refund before its order --------------------------------------------


def test_a_refund_before_its_order_waits_and_is_applied_when_the_order_comes(
    people: c.Cast,
) -> None:
    """M13: nothing is lost, however often it is sent meanwhile."""
    assert c.refund(people, "E1", "R1", 400) == "waiting"
    assert c.refund(people, "E1", "R1", 400) == "unchanged"
    assert not Refund.objects.exists()
    c.order(people, "E1", 1_000)
    assert (Refund.objects.count(), nets()) == (1, [600])
    assert WaitingRefund.objects.get().applied_at is not None
    assert c.refund(people, "E1", "R1", 400) == "unchanged"
    assert nets() == [600]


def test_a_waiting_refund_never_changes_either(people: c.Cast) -> None:
    """The second amount was taken for a repetition once, and the difference was lost."""
    assert give_back(people, row("E1", "R1", 400), row("E1", "R1", 500)) == [
        "waiting",
        "refund_differs",
    ]
    assert c.refund(people, "E1", "R1", 500) == "refund_differs"
    (foreseen,) = foresee_refunds(brand=people.brand, rows=[row("E1", "R1", 500)])
    assert (foreseen.code, foreseen.params) == ("refund_differs", {"known": 400})
    c.order(people, "E1", 1_000)
    assert c.refund(people, "E1", "R1", 500) == "refund_differs"
    assert nets() == [600]


def test_a_waiting_refund_that_does_not_fit_goes_on_waiting_with_the_reason(
    people: c.Cast,
) -> None:
    """M13 with M14: it is applied as soon as the order is worth enough."""
    c.refund(people, "E1", "R1", 1_500)
    c.refund(people, "E1", "R2", 300, line="9")
    c.order(people, "E1", 1_000)
    assert dict(WaitingRefund.objects.values_list("external_id", "reason")) == {
        "R1": "refund_exceeds_paid",
        "R2": "unknown_line",
    }
    assert nets() == [1_000]
    c.order(people, "E1", 2_000)
    assert nets() == [500]
    assert list(
        WaitingRefund.objects.filter(applied_at=None).values_list("external_id", flat=True)
    ) == ["R2"]


def test_a_waiting_refund_that_is_sent_again_once_it_fits_is_ticked_off(people: c.Cast) -> None:
    c.refund(people, "E1", "R1", 300, line="9")
    c.order(people, "E1", 1_000)
    assert c.refund(people, "E1", "R1", 300, line="1") == "created"
    assert WaitingRefund.objects.get().applied_at is not None
    assert intake.apply_waiting(brand=people.brand) == 0
    assert nets() == [700]


@in_a_transaction
def test_a_refund_and_its_order_that_did_not_see_each_other_meet_at_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """M13: they came in two transactions at the same moment."""
    office = Office()
    office.refund("E1", "R1", 4_000)
    monkeypatch.setattr(intake, "_apply_waiting", lambda brand, orders: 0)
    office.order("E1", 10_000)
    monkeypatch.undo()
    assert nets() == [10_000]
    accrue(office.brand, "2026-09-05")
    assert (nets(), held(office.zhou)) == ([6_000], 300)
    assert differences() == {}


@pytest.mark.parametrize(("hours", "listed"), [(23.9, 0), (24.1, 1)])
def test_a_refund_that_waits_longer_than_a_day_is_listed(people, client, hours, listed) -> None:
    """M13"""
    c.refund(people, "E1", "R1", 400)
    WaitingRefund.objects.update(received_at=timezone.now() - dt.timedelta(hours=hours))
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    shown = client.get(reverse("customers:waiting_refunds"), {"state": "late"})
    assert len(shown.context["page"].rows) == listed


def test_a_refund_of_another_shop_or_brand_finds_no_order(people: c.Cast) -> None:
    c.order(people, "E1", 1_000)
    other = c.cast_of_another_brand()
    assert give_back(people, replace(row("E1", "R1", 100), source="pos")) == ["waiting"]
    (outcome,) = take_refunds(brand=other, rows=[row("E1", "R1", 100)])
    assert outcome.result == "waiting"
    c.order(people, "E2", 500)
    assert intake.apply_waiting(brand=people.brand) == intake.apply_waiting(brand=other) == 0
    assert nets() == [1_000]


# -- M14 and M32: what is refused ----------------------------------------------


@pytest.mark.parametrize(
    ("amount", "line", "day", "code"),
    [
        (601, "", "2026-09-10", "refund_exceeds_paid"),
        (101, "1", "2026-09-10", "refund_exceeds_paid"),
        (MAX_MINOR, "", "2026-09-10", "refund_exceeds_paid"),
        (MAX_MINOR + 1, "", "2026-09-10", "amount_too_large"),
        (0, "", "2026-09-10", "amount_not_positive"),
        (-1, "", "2026-09-10", "amount_not_positive"),
        (1, "9", "2026-09-10", "unknown_line"),
        (1, "", "2090-01-01", "occurred_in_future"),
    ],
)
def test_a_refund_that_cannot_be_changes_nothing(people, amount, line, day, code) -> None:
    """M14, M32"""
    c.order(people, "E1", 200, 800)
    give_back(people, row("E1", "R1", 300), row("E1", "R2", 100, line="1"))
    before = everything()
    wrong = row("E1", "R9", amount, line=line, day=day)
    assert give_back(people, wrong) == [code]
    (foreseen,) = foresee_refunds(brand=people.brand, rows=[wrong])
    assert foreseen.code == code
    assert everything() == before


def test_refunds_of_one_call_are_counted_together(people: c.Cast) -> None:
    c.order(people, "E1", 1_000)
    assert give_back(people, row("E1", "R1", 600), row("E1", "R2", 600), row("E1", "R3", 400)) == [
        "created",
        "refund_exceeds_paid",
        "created",
    ]
    assert nets() == [0]


def test_an_amount_at_the_limit_is_taken_and_given_back(people: c.Cast) -> None:
    c.order(people, "E1", MAX_MINOR)
    assert c.refund(people, "E1", "R1", MAX_MINOR) == "created"
    assert nets() == [0]


@pytest.mark.parametrize(
    ("amounts", "code"),
    [
        ((), "no_lines"),
        ((-1,), "negative_amount"),
        ((100, -100), "negative_amount"),
        ((MAX_MINOR, 1), "amount_too_large"),
        ((MAX_MINOR + 1,), "amount_too_large"),
    ],
)
def test_an_order_of_an_impossible_amount_is_refused_alone(people, amounts, code) -> None:
    """M32: the others of the call are taken."""
    c.order(people, "E1", 500)
    before = nets()
    good, bad = c.order_facts(people, "E2", 700), c.order_facts(people, "E1", *amounts)
    assert c.take(people, bad, good) == [code, "created"]
    assert nets() == before
    assert foresee_orders(brand=people.brand, rows=[bad])[0].code == code


def test_an_order_with_a_line_twice_or_from_the_future_is_refused(people: c.Cast) -> None:
    twice = c.order_facts(people, "E1", lines=(LineFacts("1", 100), LineFacts("1", 100)))
    ahead = replace(c.order_facts(people, "E2", 100), paid_at=timezone.now() + intake.AHEAD * 2)
    slightly = replace(c.order_facts(people, "E3", 100), paid_at=timezone.now() + intake.AHEAD / 2)
    assert c.take(people, twice, ahead, slightly) == [
        "repeated_line_no",
        "occurred_in_future",
        "created",
    ]


def test_a_version_worth_less_than_what_was_refunded_changes_nothing(people: c.Cast) -> None:
    c.order(people, "E1", 1_000, 500)
    c.refund(people, "E1", "R1", 800)
    before = everything()
    assert c.take(people, c.order_facts(people, "E1", 799, seller=people.zhou)) == [
        "refund_exceeds_paid"
    ]
    assert everything() == before
    assert c.take(people, c.order_facts(people, "E1", 800, seller=people.zhou)) == ["updated"]
    assert nets() == [0, 0]


@in_a_transaction
def test_orders_of_another_currency_are_left_to_their_own_books() -> None:
    """The currency of an installation was changed; what is in the old one is not added to the new."""
    office = Office()
    office.order("E1", 10_000)
    Order.objects.update(currency="USD")
    accrue(office.brand, "2026-09-05")
    assert held(office.zhou) == 0
    assert differences() == {}


# -- the same again ------------------------------------------------------------


def test_the_same_order_again_is_no_news(people: c.Cast) -> None:
    facts = c.order_facts(people, "E1", 1_000, 500, seller=people.zhou)
    assert c.take(people, facts) == ["created"]
    before = everything()
    assert c.take(people, facts, facts) == ["superseded", "unchanged"]
    assert everything() == before


def test_a_number_belongs_to_its_source_and_brand(people: c.Cast) -> None:
    facts = c.order_facts(people, "E1", 1_000)
    assert c.take(people, facts, replace(facts, source="pos")) == ["created", "created"]
    assert Order.objects.count() == 2


MORNING, EVENING = c.at("2026-09-06", 9), c.at("2026-09-06", 21)


@pytest.mark.parametrize(
    ("first", "second", "told", "amount"),
    [
        (MORNING, EVENING, ["superseded", "created"], 200),
        (EVENING, MORNING, ["created", "superseded"], 100),
        (MORNING, MORNING, ["superseded", "created"], 200),
        # Without a time the later place counts.
        (None, None, ["superseded", "created"], 200),
        (EVENING, None, ["superseded", "created"], 200),
    ],
)
def test_of_one_order_twice_in_a_call_the_newest_counts(people, first, second, told, amount):
    rows = [
        c.order_facts(people, "E1", 100, source_updated_at=first),
        c.order_facts(people, "E1", 200, source_updated_at=second),
    ]
    assert c.take(people, *rows) == told
    order = Order.objects.get()
    assert (order.paid_amount, order.facts_version, order.lines.count()) == (amount, 1, 1)


def test_an_old_version_after_the_new_one_is_stale(people: c.Cast) -> None:
    new = c.order_facts(people, "E1", 200, source_updated_at=EVENING)
    old = c.order_facts(people, "E1", 100, source_updated_at=MORNING)
    assert [c.take(people, each) for each in (new, old)] == [["created"], ["stale"]]
    assert nets() == [200]


def test_what_is_foreseen_happens_and_foreseeing_writes_nothing(people: c.Cast) -> None:
    c.order(people, "E1", 1_000)
    orders = [
        c.order_facts(people, "E1", 1_000, seller=people.zhou),
        c.order_facts(people, "E2", 500),
        c.order_facts(people, "E3"),
    ]
    refunds = [row("E1", "R1", 400), row("E1", "R2", 601), row("E9", "R3", 5), row("E9", "R3", 5)]
    before = everything()
    foreseen = [
        [(one.result, one.code, one.external_id) for one in outcomes]
        for outcomes in (
            foresee_orders(brand=people.brand, rows=orders),
            foresee_refunds(brand=people.brand, rows=refunds),
        )
    ]
    assert everything() == before
    done = [
        [(one.result, one.code, one.external_id) for one in outcomes]
        for outcomes in (
            intake.take_orders(brand=people.brand, rows=orders),
            take_refunds(brand=people.brand, rows=refunds),
        )
    ]
    assert done == foreseen
    assert [result for result, _code, _id in done[1]] == [
        "created",
        "rejected",
        "waiting",
        "unchanged",
    ]


# -- at the same moment ----------------------------------------------------------


@pytest.fixture
def in_an_own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), own_database("intake"):
        yield


@pytest.fixture
def office(in_an_own_database: None) -> Office:
    return Office()


@pytest.fixture
def race() -> Race:
    return Race()


def results(ends: list[Any]) -> list[str]:
    assert [end.error for end in ends] == [None, None]
    return sorted(word for end in ends for word in end.value)


def take_at_once(race: Race, office: Office, *facts: Any) -> list[str]:
    first, second = ([one] for one in facts)
    return results(
        race.run(
            lambda: c.take(office.people, *first),
            lambda: c.take(office.people, *second),
        )
    )


def test_a_new_order_that_comes_twice_at_once_is_one_order(office, race, monkeypatch) -> None:
    monkeypatch.setattr(intake, "_insert_orders", race.before(intake._insert_orders))
    facts = c.order_facts(office.people, "E1", 10_000, seller=office.zhou)
    assert take_at_once(race, office, facts, facts) == ["created", "unchanged"]
    assert (Order.objects.count(), OrderLine.objects.count()) == (1, 1)
    assert differences() == {}


def test_without_the_unique_key_it_would_be_two_orders_with_two_commissions(
    office, race, monkeypatch
) -> None:
    """The twin of the test above."""
    sql("ALTER TABLE customers_order DROP CONSTRAINT IF EXISTS order_once")
    sql("DROP INDEX IF EXISTS order_once")
    monkeypatch.setattr(intake, "_insert_orders", race.before(intake._insert_orders))
    insert_rows = database.insert_rows

    def insert_regardless(table: str, columns: Any, rows: Any, then: str = "") -> Any:
        if table == "customers_order":
            then = then.partition("DO NOTHING")[2]
        return insert_rows(table, columns, rows, then)

    monkeypatch.setattr(database, "insert_rows", insert_regardless)
    facts = c.order_facts(office.people, "E1", 10_000, seller=office.zhou)
    assert take_at_once(race, office, facts, facts) == ["created", "created"]
    accrue(office.brand, "2026-09-05")
    assert held(office.zhou) == 2 * 500


def two_versions(race: Race, office: Office, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each splits the only line in two, of other articles; both are decided upon before either is
    written, where nothing prevents it."""
    office.order("E1", 10_000)
    monkeypatch.setattr(intake, "_write_versions", race.before(intake._write_versions))
    left, right = (
        c.order_facts(
            office.people,
            "E1",
            lines=(LineFacts("1", 5_000), LineFacts(no, 5_000)),
            seller=office.zhou,
        )
        for no in ("2", "3")
    )
    return take_at_once(race, office, left, right)


def test_two_versions_of_an_order_at_once_are_taken_one_after_the_other(
    office, race, monkeypatch
) -> None:
    assert two_versions(race, office, monkeypatch) == ["updated", "updated"]
    order = Order.objects.get()
    assert (order.paid_amount, sum(nets()), order.facts_version) == (10_000, 10_000, 3)
    assert differences() == {}


def without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_locked_orders", intake._known_orders)


def test_without_the_lock_an_order_is_worth_less_than_its_lines(office, race, monkeypatch) -> None:
    """The twin of the test above."""
    without_lock(monkeypatch)
    two_versions(race, office, monkeypatch)
    order = Order.objects.get()
    assert (order.paid_amount, sum(nets()), order.facts_version) == (10_000, 15_000, 2)
    assert "order_lines" in differences()


def two_refunds(race: Race, office: Office, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    office.order("E1", 10_000)
    monkeypatch.setattr(intake, "_write_refunds", race.before(intake._write_refunds))
    return results(
        race.run(
            lambda: [office.refund("E1", "R1", 6_000)], lambda: [office.refund("E1", "R2", 6_000)]
        )
    )


def test_two_refunds_at_once_never_give_back_more_than_was_paid(office, race, monkeypatch) -> None:
    """M14"""
    assert two_refunds(race, office, monkeypatch) == ["created", "refund_exceeds_paid"]
    assert nets() == [4_000]
    assert differences() == {}


def test_without_the_lock_more_is_given_back_than_was_paid(office, race, monkeypatch) -> None:
    """The twin of the test above."""
    without_lock(monkeypatch)
    assert two_refunds(race, office, monkeypatch) == ["created", "created"]
    assert sum(Refund.objects.values_list("amount", flat=True)) == 12_000
    assert "order_refunds" in differences()


def test_a_refund_without_an_order_that_comes_twice_at_once_waits_once(
    office, race, monkeypatch
) -> None:
    monkeypatch.setattr(intake, "_keep_waiting", race.before(intake._keep_waiting))
    acts = [lambda: [office.refund("E1", "R1", 400)], lambda: [office.refund("E1", "R1", 400)]]
    assert results(race.run(*acts)) == ["unchanged", "waiting"]
    acts = [lambda: [office.refund("E1", "R2", 400)], lambda: [office.refund("E1", "R2", 500)]]
    assert results(race.run(*acts)) == ["refund_differs", "waiting"]
    assert WaitingRefund.objects.count() == 2
