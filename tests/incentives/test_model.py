"""The product against `tests.incentives.model`: whatever happens to orders, refunds, plans, months
and payouts, in whatever order, both say the same after each step.

The nightly profile plays 10,000 steps and more: ``pytest --hypothesis-profile=nightly``.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from django.core.files.storage import InMemoryStorage
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from customers.intake import LineFacts, RefundFacts, take_refunds
from customers.models import OrderLine
from incentives import corrections, ledger, payouts, settlement
from incentives.models import Correction, Payout, PayoutBatch, Settlement
from incentives.plans import NewRate, save_version
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from kosops.lib.sql import fetch_all
from matrix.choices import CreatorKind
from matrix.models import Creator
from tests import cast as c
from tests.incentives.model import LIMIT, Batch, Line, Model, Order, Plan, Refused, next_month
from tests.incentives.money import accrue, differences, release
from tests.refusals import sql

NIGHTLY = settings.default.max_examples >= 1_000
START = dt.date(2026, 7, 28)

# -- what Hypothesis draws -------------------------------------------------------------------

NUMBERS = ["E1", "E2", "E3", "E4"]
amounts = st.sampled_from([12_990, 49_900, 300_000, 99, 1, 0]) | st.integers(0, 300_000)
lines = st.dictionaries(
    st.sampled_from("123"),
    st.builds(
        Line,
        paid=amounts,
        category=st.sampled_from(["", "makeup", "hair"]),
        earns=st.sampled_from([True, True, True, False]),
    ),
    min_size=1,
)
statuses = st.sampled_from(["paid", "finished", "finished", "finished", "refunding", "closed"])
people = st.sampled_from(["zhou", "zhou", "he", "may", "jun", None])
days_ago = st.integers(0, 9) | st.integers(0, 45)
plans = st.fixed_dictionaries(
    {
        "cap": st.integers(600, 3_000),
        "hold": st.sampled_from([0, 3, 7, 15]),
        "rates": st.dictionaries(
            st.tuples(
                st.sampled_from(["seller", "sharer"]),
                st.sampled_from(["", "", "makeup"]),
                st.sampled_from(["", "", "senior"]),
                st.sampled_from(["", "", "koc"]),
            ),
            st.integers(0, 1_000),
            min_size=1,
            max_size=4,
        ),
    }
)
tenths = st.integers(1, 10)
payments = st.fixed_dictionaries(
    {
        "until": st.integers(0, 6),
        "decision": st.sampled_from(["approve", "approve", "approve", "reject"]),
        "by": st.sampled_from(["zhao", "zhao", "zhao", "may", "chen"]),
        "gone": st.sampled_from([False, False, True]),
        "said": st.sampled_from(["succeeded", "succeeded", "failed"]),
    }
)


class Stage:
    """What all examples share: the people, and the clock that they all go by."""

    def __init__(self) -> None:
        self.people = c.cast()
        jingan = self.people.jingan
        self.creators = {
            "zhou": self.people.zhou,
            "he": c.creator(jingan, "K002", "He"),
            "may": self.people.may,
            "jun": c.creator(jingan, "C002", "Jun", kind=CreatorKind.KOC),
        }
        self.paid_by_bank = {"zhou", "he", "may"}
        for name in self.paid_by_bank:
            c.pay_to_bank(self.creators[name])
        self.finance = {name: c.finance(self.people, name) for name in ("chen", "zhao", "may")}
        self.people.may.person = self.finance["may"]
        self.people.may.save(update_fields=["person"])
        self.now = c.at(START.isoformat(), 20)

    def clock(self) -> dt.datetime:
        return self.now


class Programme(RuleBasedStateMachine):
    """One example: a model and a product that are told the same."""

    stage: ClassVar[Stage]
    steps: ClassVar[int] = 0
    booked: ClassVar[int] = 0
    seen: ClassVar[dict[str, int]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.people = self.stage.people
        self.brand = self.people.brand
        self.stage.now = c.at(START.isoformat(), 20)
        self.model = Model(
            today=START,
            kinds={name: creator.kind for name, creator in self.stage.creators.items()},
            payable_to=self.stage.paid_by_bank,
        )
        self.batches: list[PayoutBatch] = []
        self.refunds = 0
        self.proved = -1
        self.example = transaction.atomic()
        self.example.__enter__()

    def teardown(self) -> None:
        try:
            self.compare_at_the_end()
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    def alike(self, what: str, said: Callable[[], Any], done: Callable[[], Any]) -> Any:
        """Ask the model and the product; they answer the same or refuse with the same code."""
        try:
            expected, result = said(), None
        except Refused as refusal:
            expected, result = refusal.code, "refused"
        try:
            answer = done()
        except DomainError as refusal:
            answer, result = refusal.code, f"{result} by the product"
        assert (answer, result) in ((expected, None), (expected, "refused by the product")), (
            f"{what}: the model says {expected!r}, the product {answer!r}"
        )
        key = f"{what}: {expected if isinstance(expected, str) else 'done'}"
        self.seen[key] = self.seen.get(key, 0) + 1
        return None if result else answer

    # -- facts ---------------------------------------------------------------------------

    def send(self, number: str, news: Order) -> None:
        creators = self.stage.creators
        facts = c.order_facts(
            self.people,
            number,
            lines=tuple(
                LineFacts(no, line.paid, category=line.category, commissionable=line.earns)
                for no, line in news.lines.items()
            ),
            day=news.day.isoformat(),
            seller=creators[news.seller] if news.seller else None,
            sharer=creators[news.sharer] if news.sharer else None,
            status=news.status,
            finished_at=c.at(news.finished.isoformat()) if news.finished else None,
        )
        self.alike(
            "order",
            lambda: self.model.take_order(number, news),
            lambda: c.take(self.people, facts)[0],
        )

    @rule(
        number=st.sampled_from(NUMBERS),
        lines=lines,
        seller=people,
        sharer=people,
        status=statuses,
        ago=days_ago,
        after=st.none() | st.integers(0, 12),
    )
    def an_order_comes(self, number, lines, seller, sharer, status, ago, after) -> None:
        day = self.model.today - dt.timedelta(ago)
        finished = None if after is None else day + dt.timedelta(after)
        self.send(number, Order(day, lines, status, seller, sharer, finished))

    @precondition(lambda self: self.model.orders)
    @rule(
        data=st.data(),
        changes=st.lists(
            st.sampled_from(["seller", "sharer", "status", "more", "less", "day"]), max_size=2
        ),
    )
    def an_order_changes_a_little(self, data, changes) -> None:
        number = data.draw(st.sampled_from(sorted(self.model.orders)))
        known = self.model.orders[number]
        there = {no: line for no, line in known.lines.items() if line.there}
        status = "finished" if known.status == "refunded" else known.status
        same = replace(known, lines=there, status=status, refunds={})
        for change in changes:
            if change in ("seller", "sharer"):
                same = replace(same, **{change: data.draw(people)})
            elif change == "status":
                same.status = data.draw(statuses)
            elif change == "more":
                same.lines = there | data.draw(lines)
            elif change == "less":
                same.lines = dict(list(there.items())[1:])
            else:
                same.day = self.model.today - dt.timedelta(data.draw(st.integers(-1, 45)))
        self.send(number, same)

    def give_back(self, number: str, refund: str, amount: int, line: str, ahead: int = 0) -> None:
        day = self.model.today + dt.timedelta(ahead)
        row = RefundFacts("shop", number, refund, amount, c.at(day.isoformat()), line_no=line)

        def take() -> str:
            (outcome,) = take_refunds(brand=self.brand, rows=[row])
            return outcome.code or outcome.result

        self.alike(
            "refund", lambda: self.model.take_refund(number, refund, amount, line, day), take
        )

    @rule(data=st.data(), tenths=tenths, line=st.sampled_from(["", "", "1", "2", "3"]))
    def a_refund_comes(self, data, tenths, line) -> None:
        """A part of what can still be refunded; before its order, of anything."""
        known = sorted(self.model.orders)
        number = data.draw(st.sampled_from([*known, *known, *known, *NUMBERS]))
        order = self.model.orders.get(number)
        left = 100_000
        if order and line in order.lines:
            left = order.lines[line].paid - order.named(line)
        elif order:
            left = order.paid - order.refunded
        self.refunds += 1
        self.give_back(number, f"R{self.refunds}", max(1, left * tenths // 10), line)

    @precondition(lambda self: self.refunds)
    @rule(data=st.data(), more=st.sampled_from([0, 0, 1]))
    def a_refund_comes_again(self, data, more) -> None:
        known = [
            (number, refund, *facts)
            for number, order in self.model.orders.items()
            for refund, facts in order.refunds.items()
        ]
        known += [(*key, *facts) for key, facts in self.model.waiting.items()]
        if known:
            number, refund, amount, line = data.draw(st.sampled_from(known))
            self.give_back(number, refund, amount + more, line)

    @rule(
        number=st.sampled_from(NUMBERS),
        wrong=st.sampled_from([-1, 0, 1, LIMIT]),
        what=st.sampled_from(["order", "refund", "line", "tomorrow"]),
    )
    def something_impossible_comes(self, number, wrong, what) -> None:
        order = self.model.orders.get(number)
        if what == "order":
            self.send(number, Order(self.model.today, {"1": Line(wrong), "2": Line(1)}))
        elif what == "line":
            self.give_back(number, "R0", (order.paid if order else 0) + 1, "9")
        elif what == "tomorrow":
            self.give_back(number, "R0", max(1, wrong), "", ahead=1)
        else:
            whole = order.paid - order.refunded if order and wrong > 0 else 0
            self.give_back(number, f"R{number}", whole + wrong, "")

    # -- rules and time ------------------------------------------------------------------

    def save_plan(self, first: dt.date, days: int | None, plan: dict[str, Any]) -> None:
        end = None if days is None else first + dt.timedelta(days)
        new = Plan(first, end, **plan)

        def save() -> None:
            save_version(
                by=None,
                brand=self.brand,
                name=f"From {first}",
                valid_from=first,
                valid_until=end - dt.timedelta(1) if end else None,
                rates=[
                    NewRate(role, rate, category, tier, kind)
                    for (role, category, tier, kind), rate in new.rates.items()
                ],
                hold_days=new.hold,
                cap_bp=new.cap,
            )

        self.alike("plan", lambda: self.model.save_plan(new), save)

    @initialize(
        plan=plans,
        ago=st.sampled_from([200, 200, 20]),
        first=st.lists(lines, min_size=1, max_size=3),
    )
    def the_programme_begins(self, plan, ago, first) -> None:
        rates = {("seller", "", "", ""): 500, ("sharer", "", "", ""): 200} | plan["rates"]
        self.save_plan(START - dt.timedelta(ago), None, plan | {"rates": rates, "cap": 3_000})
        for number, own in zip(NUMBERS, first, strict=False):
            self.send(number, Order(START - dt.timedelta(20), own, "finished", "zhou", "may"))

    @rule(plan=plans, after=st.integers(-3, 25), days=st.none() | st.none() | st.integers(1, 40))
    def a_new_plan_is_saved(self, plan, after, days) -> None:
        latest = max(plan.end or plan.first for plan in self.model.plans)
        self.save_plan(latest + dt.timedelta(after), days, plan)

    @rule(name=st.sampled_from(["zhou", "he", "may", "jun"]), tier=st.sampled_from(["", "senior"]))
    def somebody_changes_tier(self, name, tier) -> None:
        self.model.tiers[name] = tier
        Creator.objects.filter(pk=self.stage.creators[name].pk).update(tier=tier)

    def go_to(self, day: dt.date) -> None:
        self.model.today = day
        self.stage.now = c.at(day.isoformat(), 20)

    @rule(days=st.integers(1, 12))
    def days_pass(self, days) -> None:
        self.go_to(self.model.today + dt.timedelta(days))

    # -- runs and months -----------------------------------------------------------------

    def run(self, kind: str, ago: int) -> None:
        day = self.model.today - dt.timedelta(ago)
        model, product = {
            "accrue": (self.model.accrue, accrue),
            "release": (self.model.release, release),
        }[kind]

        def work() -> None:
            product(self.brand, day.isoformat(), batch=2)

        self.alike(kind, lambda: model(day), work)

    @rule()
    def the_night_comes(self) -> None:
        self.run("accrue", 0)
        self.run("release", 0)
        self.go_to(self.model.today + dt.timedelta(1))

    @rule(kind=st.sampled_from(["accrue", "release"]), ago=st.integers(-1, 40))
    def a_run_is_made_for_a_day(self, kind, ago) -> None:
        self.run(kind, ago)

    @rule(
        who=st.sampled_from(["zhou", "he"]),
        why=st.sampled_from(["reward", "prize", "adjustment", "adjustment", "write_off"]),
        amount=st.integers(-300, 500).filter(bool),
    )
    def something_is_booked(self, who, why, amount) -> None:
        """Beside commission: by hand with two people, or as races and rewards post it."""
        creator, chen = self.stage.creators[who], self.stage.finance["chen"]

        def ask() -> Correction:
            if why == "write_off":
                return corrections.ask_write_off(by=chen, creator=creator, reason="old")
            return corrections.ask_adjustment(
                by=chen, creator=creator, amount=amount, reason="missed"
            )

        def post() -> None:
            if why in ("adjustment", "write_off"):
                corrections.approve(by=self.stage.finance["zhao"], correction=ask())
                return
            Programme.booked += 1
            ledger.post_set(
                by=None,
                brand=self.brand,
                currency="CNY",
                kind=why,
                source="model",
                debit=f"{why}s",
                credit="payable",
                business_date=self.model.today,
                entries="SELECT %(key)s::text, %(creator)s::bigint, %(amount)s::bigint",
                params={
                    "key": str(Programme.booked),
                    "creator": creator.pk,
                    "amount": amount,
                },
            )

        self.alike(why, lambda: self.model.book(why, who, amount), post)

    def settle(self, month: str) -> None:
        def work() -> None:
            settlement.settle(by=None, brand=self.brand, month=Month.parse(month))

        self.alike("settle", lambda: self.model.settle(month), work)
        if month in self.model.settled:
            assert self.statements_of(month) == self.model.settled[month]

    @rule(ago=st.integers(0, 3))
    def a_month_is_settled(self, ago) -> None:
        self.settle(str(Month.of(self.model.today).shifted(-ago)))

    @rule(sold=st.none() | lines, payment=payments)
    def the_next_month_is_settled_and_paid(self, sold, payment) -> None:
        day = self.model.first_open_day()
        if day is None:
            return
        month = f"{day:%Y-%m}"
        if self.model.today < next_month(month):
            self.go_to(next_month(month))
        if sold:
            news = Order(day.replace(day=1), sold, "finished", "he", "may")
            self.send(f"M{len(self.model.orders)}", news)
        self.settle(month)
        self.pay(month, **payment)

    # -- payouts -------------------------------------------------------------------------

    def make(self, month: str, maker: str) -> bool:
        settled = Settlement.objects.get(brand=self.brand, period=month)

        def work() -> dict[str, int]:
            batch = payouts.make_batch(by=self.stage.finance[maker], settlement=settled)
            self.batches.append(batch)
            return {self.name_of(p.creator_id): p.amount for p in batch.payouts.all()}

        return self.alike("make", lambda: self.model.make_batch(month, maker), work) is not None

    def act(self, place: int, act: str, by: str, reason: str = "wrong") -> None:
        theirs, ours = self.model.batches[place], self.batches[place]
        someone = self.stage.finance[by]
        own = by if by in self.stage.creators else None
        model, product = {
            "submit": (
                lambda: self.model.submit(theirs, by),
                lambda: payouts.submit(by=someone, batch=ours),
            ),
            "approve": (
                lambda: self.model.approve(theirs, by, own),
                lambda: payouts.approve(by=someone, batch=ours),
            ),
            "reject": (
                lambda: self.model.reject(theirs, by, own, reason),
                lambda: payouts.reject(by=someone, batch=ours, reason=reason),
            ),
            "export": (
                lambda: self.model.export(theirs),
                lambda: payouts.export(by=someone, batch=ours),
            ),
            "resume": (
                lambda: self.model.resume(theirs, by, own, reason),
                lambda: payouts.resume(by=someone, batch=ours, reason=reason),
            ),
        }[act]

        def work() -> None:
            product()

        self.alike(act, model, work)

    def answer(self, place: int, person: str, said: str, more: int = 0) -> None:
        theirs, ours = self.model.batches[place], self.batches[place]
        amount = theirs.payouts[person] + more
        out_no = ours.payouts.get(creator=self.stage.creators[person]).out_no
        row = payouts.Result(
            out_no, succeeded=said == "succeeded", amount=amount, provider_no=f"B{out_no}"
        )

        def take() -> str:
            (outcome,) = payouts.take_results(by=None, rows=[row])
            return outcome.code or outcome.result

        self.alike("bank", lambda: self.model.answer(theirs, person, said, amount), take)

    def pay(self, month: str, until: int, decision: str, by: str, gone: bool, said: str) -> None:
        """As far as somebody gets with it that day; a customer may give all back meanwhile."""
        if not until or not self.make(month, "chen"):
            return
        place, batch = len(self.batches) - 1, self.model.batches[-1]
        if until > 1:
            self.act(place, "submit", "chen")
        if gone:
            number, order = next(iter(self.model.orders.items()))
            self.give_back(number, f"A{number}{self.refunds}", order.paid - order.refunded, "")
            self.run("accrue", 0)
            self.run("release", 0)
        if until > 2:
            self.act(place, decision, by)
        if until > 3:
            self.act(place, "export", "chen")
        if until > 4 and batch.state == "exported":
            for person in sorted(batch.payouts)[: None if until > 5 else 1]:
                self.answer(place, person, said)

    @precondition(lambda self: self.model.settled)
    @rule(data=st.data(), payment=payments)
    def a_month_is_paid(self, data, payment) -> None:
        self.pay(data.draw(st.sampled_from(sorted(self.model.settled))), **payment)

    def some_batch(self, data: Any) -> tuple[int, Batch]:
        place = data.draw(st.integers(0, len(self.batches) - 1))
        return place, self.model.batches[place]

    @precondition(lambda self: self.batches)
    @rule(data=st.data(), by=st.sampled_from(["zhao", "zhao", "chen", "may"]))
    def somebody_goes_on_with_a_batch(self, data, by) -> None:
        place, batch = self.some_batch(data)
        next_act = {"draft": "submit", "submitted": "approve", "approved": "export"}
        act = "resume" if batch.paused else next_act.get(batch.state, "export")
        self.act(place, act, "chen" if act == "submit" else by)

    @precondition(lambda self: self.batches)
    @rule(
        data=st.data(),
        act=st.sampled_from(["submit", "approve", "reject", "reject", "export", "resume"]),
        by=st.sampled_from(["chen", "zhao", "zhao", "may"]),
        reason=st.sampled_from(["wrong", "wrong", ""]),
    )
    def somebody_does_something_with_a_batch(self, data, act, by, reason) -> None:
        place, _batch = self.some_batch(data)
        self.act(place, act, by, reason)

    @precondition(lambda self: self.batches)
    @rule(
        data=st.data(),
        said=st.sampled_from(["succeeded", "succeeded", "failed"]),
        more=st.sampled_from([0, 0, 0, 1, -1]),
    )
    def the_bank_answers(self, data, said, more) -> None:
        place, batch = self.some_batch(data)
        self.answer(place, data.draw(st.sampled_from(sorted(batch.payouts))), said, more)

    # -- after each step -----------------------------------------------------------------

    def name_of(self, creator_id: int) -> str:
        (name,) = (n for n, creator in self.stage.creators.items() if creator.pk == creator_id)
        return name

    @invariant()
    def the_books_say_what_the_model_says(self) -> None:
        type(self).steps += 1
        rows = fetch_all(
            """
            SELECT a.creator_id, side.account, sum(side.amount)::bigint AS amount
              FROM incentives_posting p
              JOIN incentives_journal j ON j.id = p.journal_id
              JOIN incentives_ledgeraccount a ON a.id = p.account_id
             CROSS JOIN LATERAL (VALUES (a.kind::text, -p.amount), ('paid', p.amount))
                   AS side (account, amount)
             WHERE a.creator_id IS NOT NULL AND j.brand_id = %(brand)s
               AND (side.account <> 'paid' OR j.kind = 'payout_paid')
             GROUP BY a.creator_id, side.account HAVING sum(side.amount) <> 0
            """,
            {"brand": self.brand.pk},
        )
        found = {(self.name_of(row["creator_id"]), row["account"]): row["amount"] for row in rows}
        assert found == self.model.balances()

    @invariant()
    def the_books_prove(self) -> None:
        if self.proved != len(self.model.moves):
            self.proved = len(self.model.moves)
            assert differences() == {}

    def compare_at_the_end(self) -> None:
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        assert differences() == {}
        for month, statements in self.model.settled.items():
            assert self.statements_of(month) == statements, "a settled month stays as it was"
        nets = {
            (order, no): net
            for order, facts in self.model.orders.items()
            for no, net in facts.nets().items()
        }
        assert nets == {
            (line.order.external_id, line.line_no): line.net_amount
            for line in OrderLine.objects.filter(order__brand=self.brand).select_related("order")
        }
        self.nobody_was_paid_twice()

    def nobody_was_paid_twice(self) -> None:
        live: dict[tuple[int, int], int] = {}
        for payout in Payout.objects.filter(batch__brand=self.brand).exclude(
            state__in=["failed", "cancelled"]
        ):
            live[payout.statement_id] = live.get(payout.statement_id, 0) + 1
        assert set(live.values()) <= {1}
        for name in self.stage.creators:
            # What came by releases and bookings is where all that was paid or is on its way came from.
            released = sum(
                amount
                for _day, who, kind, why, amount in self.model.moves
                if (who, kind) == (name, "payable") and why != "payout"
            )
            owed = [self.model.owed(name, kind) for kind in ("payable", "inflight", "paid")]
            assert sum(owed) == released

    def statements_of(self, month: str) -> dict[str, dict[str, int]]:
        names = (
            *("held_opening", "earned", "clawed_back", "rewards", "prizes", "adjustments"),
            *("written_off", "released", "held", "opening"),
        )
        settled = Settlement.objects.get(brand=self.brand, period=month)
        return {
            self.name_of(statement.creator_id): {
                name: getattr(statement, name) for name in (*names, "paid_out", "payable")
            }
            for statement in settled.statements.all()
        }


@pytest.mark.django_db
def test_the_product_does_what_the_model_says(monkeypatch: pytest.MonkeyPatch) -> None:
    Programme.stage = Stage()
    Programme.steps = 0
    Programme.booked = 0
    monkeypatch.setattr("django.conf.settings.WRITE_OFF_DAYS", 0)
    Programme.seen = {}
    monkeypatch.setattr("django.utils.timezone.now", Programme.stage.clock)
    monkeypatch.setattr(PayoutBatch._meta.get_field("file"), "storage", InMemoryStorage())
    run_state_machine_as_test(
        Programme,
        settings=settings(
            max_examples=260 if NIGHTLY else 10,
            stateful_step_count=60 if NIGHTLY else 30,
            suppress_health_check=list(HealthCheck),
        ),
    )
    for what, times in sorted(Programme.seen.items()):
        print(f"{times:7} {what}")  # noqa: T201
    print(f"{Programme.steps} steps")  # noqa: T201
    assert not NIGHTLY or Programme.steps >= 10_000
