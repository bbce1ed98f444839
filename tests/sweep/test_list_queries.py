"""Every list costs the same queries with a hundred rows and with ten thousand, and at most twelve.

The lists come from the table of addresses: a view that cuts pages and has no line in `ROWS` fails
`test_every_list_has_a_case`. All queries of the request count. On a whole page twelve hold: the
session, the person, their grants; what the frame shows around every page (brand, counts that wait,
freshness); then the list itself, its count, the choices of its filters, and what its rows need,
each for all rows at once.
"""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Activity, ApiKey, Grant, Job, Person, Unit
from content.models import Post, PostLink
from customers.models import Order, OrderLine, WaitingRefund
from incentives import proof_runs, schemes, settlement_pages, tier_names
from incentives.models import (
    Boost,
    CommissionLine,
    ControlTotal,
    Correction,
    Dispute,
    Duty,
    Journal,
    LedgerAccount,
    OwnOrder,
    Payout,
    PayoutBatch,
    PointGrant,
    Posting,
    ProofRun,
    RaceEntry,
    RaceStanding,
    Redemption,
    Reward,
    RewardItem,
    SchemeCheck,
    ShareArticleDay,
    SharedArticle,
    ShareDay,
    Shift,
    Statement,
    ThemeResult,
    TierChange,
    TierProposal,
)
from incentives.scheme_rules import Stated
from integrations.models import ImportBatch, ImportIssue
from matrix import figures, violations
from matrix.models import (
    AccountEvent,
    Application,
    ApplicationAccount,
    Community,
    CommunityMember,
    Creator,
    Custody,
    CustomerTransfer,
    Handover,
    HandoverItem,
    HelpRequest,
    SocialAccount,
    StaffReport,
)
from matrix.models.platforms import label_of
from tests import cast as c
from tests.test_doors import World, a_world, arguments_of

MOST = 12
FEW, MANY = 100, 10_000
PAGE = 50
CUTS = {"list_response", "keyset_page"}

# -- which lists there are ---------------------------------------------------------------


@cache
def cutting(module: str) -> frozenset[str]:
    """Functions of a module that cut a page of rows, themselves or through one another."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    called = {
        each.name: {
            getattr(call.func, "id", getattr(call.func, "attr", ""))
            for call in ast.walk(each)
            if isinstance(call, ast.Call)
        }
        for each in tree.body
        if isinstance(each, ast.FunctionDef)
    }
    found: set[str] = set()
    while more := {name for name, calls in called.items() if calls & (CUTS | found)} - found:
        found |= more
    return frozenset(found)


def lists() -> set[str]:
    def walk(resolver: Any, spaces: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLPattern):
                yield ":".join((*spaces, entry.name or "")), inspect.unwrap(entry.callback)
            else:
                yield from walk(entry, (*spaces, entry.namespace) if entry.namespace else spaces)

    return {
        name
        for name, view in walk(get_resolver(), ())
        if view.__module__.endswith(("pages", "mobile"))
        and view.__name__ in cutting(view.__module__)
    }


@dataclass(frozen=True)
class List:
    """``rows`` is the model on a page of it, ``manager`` how many rows a store manager sees of it
    on a page; None where the list does not exist for them.
    """

    rows: type[models.Model]
    manager: int | None = None
    query: str = ""
    page: int = PAGE
    # Headquarters with two roles, a superuser, a store manager; the phone's list has its owner.
    who: tuple[str, ...] = ("hq", "root")

    @property
    def seen_by(self) -> tuple[str, ...]:
        return self.who if self.manager is None else (*self.who, "manager")


ROWS = {
    "accounts:activity": List(Activity),
    "accounts:api_keys": List(ApiKey),
    "accounts:jobs": List(Job, manager=PAGE),
    "accounts:people": List(Person),
    "content:links": List(PostLink, manager=PAGE),
    "content:reviews": List(Post),
    "content:posts": List(Post, manager=PAGE),
    "customers:orders": List(Order, manager=PAGE),
    "customers:waiting_refunds": List(WaitingRefund, manager=0),
    "incentives:books": List(Journal),
    "incentives:corrections": List(Correction),
    "incentives:disputes": List(Dispute),
    "incentives:own_orders": List(OwnOrder),
    "mobile:money_questions": List(Dispute, page=20, who=("zhou",)),
    "incentives:proofs": List(ProofRun),
    "incentives:control_totals": List(ControlTotal),
    "incentives:payout_batch": List(Payout),
    "incentives:payees": List(Creator),
    "incentives:payee": List(Payout),
    "incentives:payouts": List(PayoutBatch),
    "incentives:point_grants": List(PointGrant, manager=PAGE),
    "incentives:points": List(LedgerAccount, manager=PAGE),
    "incentives:points_person": List(Journal, manager=PAGE),
    "incentives:redemptions": List(Redemption, manager=PAGE),
    "incentives:duties": List(Duty, manager=PAGE),
    "incentives:shifts": List(Shift, manager=PAGE),
    "mobile:volunteer": List(Shift, page=20, who=("zhou",)),
    "incentives:boosts": List(Boost),
    "incentives:rewards": List(RewardItem),
    "incentives:schemes": List(SchemeCheck),
    "incentives:share_report": List(ShareDay),
    "incentives:share_articles": List(SharedArticle),
    "incentives:race": List(RaceStanding, manager=PAGE),
    "incentives:statement": List(CommissionLine),
    "mobile:rewards": List(RewardItem, page=20, who=("zhou",)),
    "incentives:statements": List(Statement),
    "incentives:tier_review": List(TierProposal, manager=PAGE, query="?kind=kos"),
    "incentives:theme": List(ThemeResult),
    "incentives:tier_run": List(TierChange),
    "integrations:import_rows": List(ImportIssue),
    "integrations:imports": List(ImportBatch),
    "matrix:communities": List(Community, manager=PAGE),
    "matrix:community": List(CommunityMember, manager=PAGE),
    "matrix:accounts": List(SocialAccount, manager=PAGE),
    "matrix:handover_customers": List(CustomerTransfer, manager=PAGE),
    "matrix:handovers": List(Handover, manager=PAGE),
    "matrix:violations": List(AccountEvent, manager=PAGE),
    "matrix:applications": List(Application, manager=PAGE),
    "matrix:creators": List(Creator, manager=PAGE),
    "matrix:help": List(HelpRequest, manager=PAGE),
    "matrix:staff_reports": List(StaffReport, manager=PAGE),
    "matrix:stores": List(Unit, manager=1),
    "mobile:help": List(HelpRequest, page=20, who=("zhou",)),
    "mobile:money": List(CommissionLine, query="?month=2026-09", page=20, who=("zhou",)),
    "mobile:points": List(Journal, page=20, who=("zhou",)),
    "mobile:own_rewards": List(Redemption, page=20, who=("zhou",)),
    "mobile:posts": List(Post, page=20, who=("zhou",)),
}
# Show the page of another address after a refused act; they take no GET.
ACTS = {
    "incentives:tier_review_decide",
    "incentives:payout_batch_decide",
    "incentives:payee_account",
    "incentives:payee_identity",
    "incentives:payee_hold",
    "incentives:payee_lift",
}


def test_every_list_has_a_case() -> None:
    assert lists() - ACTS == set(ROWS)


# -- filling the tables --------------------------------------------------------------------


def copies(model: type[models.Model], rows: list[Any], source: str, /, **changes: str) -> None:
    """Copy ``rows`` in turn, once for each (id, num) of ``source``, with SQL for what differs."""
    columns = [
        field.column
        for field in model._meta.concrete_fields
        if field.column != "id" and not field.generated
    ]
    values = [changes.get(column, f't."{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {model._meta.db_table} ({names})
                SELECT {", ".join(values)} FROM {source} n
                JOIN {model._meta.db_table} t ON t.id = (%s::bigint[])[1 + n.num %% {len(rows)}]
                ORDER BY n.num""",
            [[row.pk for row in rows]],
        )


def fill(world: World, first: int, last: int) -> None:
    """Rows number ``first`` to ``last`` of everything that a list shows."""
    numbers = f"(SELECT g AS id, g AS num FROM generate_series({first}, {last}) g)"

    def added(model: type[models.Model], column: str) -> str:
        """The rows of this call, found again by the number in one of their texts."""
        text = f"substring({column} from '^q([0-9]+)$')::int"
        return (
            f"(SELECT id, {text} AS num FROM {model._meta.db_table}"
            f" WHERE {text} BETWEEN {first} AND {last})"
        )

    named = "'q' || n.num"
    people, creators = added(Person, "username"), added(Creator, "number")
    copies(Person, [world.lin], numbers, username=named, name=named)
    copies(Grant, [world.lin.grants.get()], people, person_id="n.id")
    zhou = world.chengye.zhou
    copies(Creator, [zhou], numbers, number=named, name=named, share_code="''", person_id="NULL")
    copies(
        SocialAccount,
        [SocialAccount.objects.earliest("pk")],
        creators,
        creator_id="n.id",
        handle=named,
    )
    copies(Handover, [world.handover], creators, creator_id="n.id", note=named)
    cases = added(Handover, "note")
    copies(HandoverItem, [world.handover.items.earliest("pk")], cases, handover_id="n.id")
    copies(
        CustomerTransfer, [world.handover.customers.earliest("pk")], numbers, external_userid=named
    )
    handles = added(SocialAccount, "handle")
    copies(Custody, [world.custody], handles, account_id="n.id")
    copies(AccountEvent, [AccountEvent.objects.earliest("pk")], handles, account_id="n.id")
    copies(Post, [world.post], creators, creator_id="n.id", title_key=named)
    copies(Post, [world.post], numbers, title_key="'own' || n.num")
    copies(Post, [world.recruits], numbers, title_key="'hires' || n.num", review="'waits'")
    group = world.member.community
    copies(Community, [group], numbers, name=named)
    copies(CommunityMember, [world.member], creators, creator_id="n.id")
    copies(CommunityMember, [world.member], added(Community, "name"), community_id="n.id")
    copies(HelpRequest, [world.help], creators, creator_id="n.id", client_key="gen_random_uuid()")
    copies(HelpRequest, [world.help], numbers, client_key="gen_random_uuid()")
    accounts = (
        f"(SELECT a.id, a.creator_id, c.num FROM {creators} c"
        f" JOIN {SocialAccount._meta.db_table} a ON a.creator_id = c.id)"
    )
    report = StaffReport.objects.earliest("pk")
    copies(StaffReport, [report], accounts, account_id="n.id", creator_id="n.creator_id")
    link = PostLink.objects.earliest("pk")
    copies(PostLink, [link], numbers, url="'https://q/' || n.num", client_key="gen_random_uuid()")
    copies(
        Application,
        [world.application],
        numbers,
        member_number=named,
        form_key="gen_random_uuid()",
        **dict.fromkeys(("phone_key", "status_key"), "sha256(n.num::text::bytea)"),
    )
    applicants = added(Application, "member_number")
    account = ApplicationAccount.objects.earliest("pk")
    copies(ApplicationAccount, [account], applicants, application_id="n.id")
    order = Order.objects.get(pk=world.order_id)
    copies(Order, [order], creators, external_id=named, seller_id="n.id")
    orders = added(Order, "external_id")
    copies(OrderLine, [order.lines.get()], orders, order_id="n.id", sku=named)
    copies(
        CommissionLine,
        [CommissionLine.objects.filter(creator=zhou).earliest("pk")],
        f"(SELECT o.num, o.id, l.id AS line FROM {orders} o"
        f" JOIN {OrderLine._meta.db_table} l ON l.order_id = o.id)",
        order_id="n.id",
        order_line_id="n.line",
    )
    copies(OwnOrder, [world.own_order], orders, order_id="n.id")
    copies(WaitingRefund, [WaitingRefund.objects.earliest("pk")], numbers, external_id=named)
    copies(TierChange, [world.tier_change], creators, creator_id="n.id")
    copies(RewardItem, [world.reward], creators, creator_id="n.id", key=named)
    copies(RewardItem, [world.reward], numbers, key="'own' || n.num")
    reward = world.redemption.reward
    copies(Reward, [reward], numbers, name=named, state="'open'", closes_on="NULL")
    checked = reward.checks.first() or schemes.check(by=world.lin, scheme=reward, stated=Stated())
    copies(SchemeCheck, [checked], added(Reward, "name"), reward_id="n.id")
    sums = {"orders": 1, "paid": 100, "returned": 0, "commission": 2}
    store = {"brand": world.chengye.brand, "store": zhou.store, "day": timezone.localdate()}
    day = ShareDay.objects.first() or ShareDay.objects.create(
        **store, **sums, creator=zhou, firsts=0, repeats=0
    )
    copies(ShareDay, [day], creators, creator_id="n.id")
    article, _new = SharedArticle.objects.get_or_create(brand=world.chengye.brand, sku="S0")
    copies(SharedArticle, [article], numbers, sku=named)
    bought = ShareArticleDay.objects.first() or ShareArticleDay.objects.create(
        **store, **sums, article=article, pieces=1
    )
    copies(ShareArticleDay, [bought], added(SharedArticle, "sku"), article_id="n.id")
    copies(
        Boost,
        [world.boost],
        numbers,
        state="'declined'",
        decided_by_id=str(world.lin.pk),
        decided_at="now()",
    )
    copies(TierProposal, [world.tier_proposal], creators, creator_id="n.id")
    copies(RaceEntry, [world.race_dispute.entry], creators, creator_id="n.id")
    entries = (
        f"(SELECT e.id, c.num FROM {creators} c"
        f" JOIN {RaceEntry._meta.db_table} e ON e.creator_id = c.id)"
    )
    standing = RaceStanding.objects.filter(entry=world.race_dispute.entry).earliest("pk")
    copies(RaceStanding, [standing], entries, entry_id="n.id")
    copies(Statement, [world.statement], creators, creator_id="n.id")
    statements = (
        f"(SELECT s.id, s.creator_id, c.num FROM {creators} c"
        f" JOIN {Statement._meta.db_table} s ON s.creator_id = c.id)"
    )
    copies(
        Payout,
        [Payout.objects.earliest("pk")],
        statements,
        statement_id="n.id",
        creator_id="n.creator_id",
        out_no=named,
    )
    copies(Dispute, [world.dispute], statements, creator_id="n.creator_id", statement_id="n.id")
    answered = {"state": "'declined'", "answer": "'so'", "answered_at": "now()"}
    copies(Dispute, [world.dispute], numbers, answered_by_id=str(world.lin.pk), **answered)
    copies(ProofRun, [world.proof], numbers)
    total = proof_runs.state_total(
        by=None,
        brand=world.settlement.brand,
        source="shop",
        day=dt.date(2026, 9, 1),
        orders=0,
        order_amount=0,
        refunds=0,
        refund_amount=0,
    )
    copies(ControlTotal, [total], numbers, source=named)
    copies(Correction, [world.correction], creators, creator_id="n.id")
    # Zhou Min's own payouts, which the page of one payee lists: a statement has one that lives.
    Payout.objects.filter(out_no__startswith="q", state="draft").update(state="cancelled")
    own = Payout.objects.filter(creator=zhou).earliest("pk")
    copies(Payout, [own], statements, statement_id="n.id", out_no="'own' || n.num")
    copies(PayoutBatch, [world.payout_batch], numbers, number=named)
    journal = Journal.objects.earliest("pk")
    copies(Journal, [journal], numbers, key=named)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {Posting._meta.db_table} (journal_id, line, account_id, currency, amount)
                SELECT j.id, line, account_id, currency, amount
                FROM {added(Journal, "key")} j, {Posting._meta.db_table} WHERE journal_id = %s""",
            [journal.pk],
        )
    copies(PointGrant, [world.point_grant], numbers, client_key="gen_random_uuid()")
    copies(Redemption, [world.redemption], numbers, client_key="gen_random_uuid()")
    shift = world.shift_place.shift
    copies(Duty, [shift.duty], numbers, name=named)
    hours = "'2027-01-01'::timestamptz + n.num * interval '2 hours'"
    copies(
        Shift,
        [shift],
        numbers,
        starts_at=hours,
        ends_at=f"{hours} + interval '1 hour'",
        taken="0",
    )
    result = ThemeResult.objects.earliest("pk")
    copies(ThemeResult, [result], added(Post, "title_key"), post_id="n.id")
    own = LedgerAccount.objects.get(kind="points", creator=zhou)
    copies(LedgerAccount, [own], creators, creator_id="n.id")
    gift = Journal.objects.filter(currency="PTS").earliest("pk")
    copies(Journal, [gift], numbers, key="'gift' || n.num")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {Posting._meta.db_table} (journal_id, line, account_id, currency, amount)
                SELECT j.id, line, account_id, p.currency, amount
                FROM {numbers} n JOIN {Journal._meta.db_table} j ON j.key = 'gift' || n.num,
                     {Posting._meta.db_table} p WHERE p.journal_id = %s""",
            [gift.pk],
        )
    path = f"'{world.chengye.south.path}' || 'q' || n.num || '/'"
    copies(Unit, [world.chengye.tianhe], numbers, code=named, path=path)
    copies(Job, [world.job], numbers, unit_id=str(world.chengye.jingan.pk))
    copies(ApiKey, [world.key], numbers, prefix=named)
    copies(ImportBatch, [world.batch], numbers, sha256=named)
    copies(ImportIssue, [world.issue], numbers, line="n.num + 1")
    kinds = (
        Activity.objects.order_by("verb", "pk")
        .distinct("verb")
        .filter(pk__lte=Activity.objects.earliest("pk").pk + 500)
    )
    copies(Activity, list(kinds), numbers)


@pytest.fixture
def world(settings: Any, tmp_path: Any, db: None) -> World:
    found = a_world(settings, tmp_path)
    chengye = found.chengye
    WaitingRefund.objects.create(
        brand=chengye.brand,
        source="shop",
        order_external_id="not-yet",
        external_id="R1",
        amount=100,
        refunded_at=c.at("2026-09-03"),
    )
    ThemeResult.objects.create(
        theme=found.theme, post=found.post, creator=chengye.zhou, interactions=1, points=1
    )
    violations.record(
        by=None,
        account=found.custody.account,
        kind="warning",
        on=dt.date(2026, 9, 3),
    )
    c.person("hq", (Role.OPERATOR, chengye.brand), (Role.FINANCE, chengye.brand))
    c.person("root", is_superuser=True)
    c.person("manager", (Role.STORE_MANAGER, chengye.jingan))
    chengye.zhou.person = c.person("zhou", (Role.KOS, chengye.jingan))
    chengye.zhou.save()
    return found


# -- counting ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    queries: int
    shown: int
    statements: tuple[str, ...]


def cost(client: Client, address: str, headers: dict[str, str]) -> Cost:
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address, headers=headers)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    statements = tuple(query["sql"] for query in seen.captured_queries)
    return Cost(len(statements), len(answer.context["page"].rows), statements)


def costs(world: World) -> dict[tuple[str, str, str], Cost]:
    """By (list, person, page or fragment)."""
    figures.refresh_changed(timezone.now())  # as the worker does each minute
    found = {}
    for username in ("hq", "root", "manager", "zhou"):
        client = Client()
        client.force_login(Person.objects.get(username=username))
        client.get(reverse("home"))  # what is remembered in the session from the first page on
        label_of(None, "own")  # and what all processes remember of the brands' platforms
        settlement_pages.one_role()  # and of their role in the database
        tier_names.name("junior", world.chengye.zhou)  # and of what the brand calls its tiers
        for name, each in ROWS.items():
            if username not in each.seen_by:
                continue
            address = reverse(name, kwargs=arguments_of(name, world)) + each.query
            for kind, headers in (("page", {}), ("fragment", {"hx-request": "true"})):
                found[name, username, kind] = cost(client, address, headers)
    return found


@pytest.mark.sweep
def test_no_list_grows_with_its_rows(world: World) -> None:
    with connection.cursor() as cursor:
        # The copies need no triggers: nobody reads the sums that they keep.
        cursor.execute("SET LOCAL session_replication_role = replica")
        # On a busy machine a page may take longer than a request is allowed to sit idle.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    fill(world, 1, FEW)
    few = costs(world)
    fill(world, FEW + 1, MANY)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    many = costs(world)
    for each in ROWS.values():
        assert each.rows._default_manager.count() >= MANY, each.rows
    wrong = []
    for key, now in many.items():
        words = " ".join(key)
        of_list = ROWS[key[0]]
        if now.shown != (of_list.manager if key[1] == "manager" else of_list.page):
            wrong.append(f"{words}: shows {now.shown} rows")
        if now.queries != few[key].queries:
            wrong.append(f"{words}: {few[key].queries} queries became {now.queries}")
        # Who holds no role has no brand of their own: one query more says which one to name.
        if now.queries > MOST + (key[1] == "root"):
            wrong.append(f"{words}: {now.queries} queries\n  " + "\n  ".join(now.statements))
    assert wrong == [], "\n".join(wrong)


@pytest.mark.django_db
def test_other_lists_do_not_exist_for_a_store_manager(settings: Any, tmp_path: Any) -> None:
    """The twin of `manager` above: what is not counted there is refused."""
    found = a_world(settings, tmp_path)
    client = Client()
    client.force_login(c.person("manager", (Role.STORE_MANAGER, found.chengye.jingan)))
    for name, each in ROWS.items():
        answer = client.get(reverse(name, kwargs=arguments_of(name, found)))
        assert (answer.status_code == 200) == (each.manager is not None), name
