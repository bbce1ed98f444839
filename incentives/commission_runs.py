"""Commission runs: from changed orders to lines, from due orders to releases, and into the books.

The orders of a run are cut into spans. Each span is one transaction: its orders leave the list of
changed (or due) orders together with their lines being written, so a killed run goes on where it
stopped. Spans share no order, so two lanes work on them side by side. When none is left, one
journal per creator is posted for the whole run. Nothing is posted twice because every line carries
a sequence under a unique key.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from customers import intake
from incentives import commission_sql, ledger, month_sql, own_orders, places
from incentives.choices import JournalKind, LedgerKind, RunKind, RunState, SettlementState
from incentives.commission_sql import Done, Rules, Span
from incentives.models import CommissionRun, Settlement
from kosops.lib import repeating, sql
from kosops.lib.errors import DomainError

BATCH = 20_000
# Two connections keep a server of two cores busy; more would only wait for each other there.
LANES = 2

Tell = Callable[[int], None]
Step = Callable[[CommissionRun, Rules, Span], Done]


def accrue(
    *, by: Person | None, brand: Unit, as_of: dt.date, batch: int = BATCH, tell: Tell | None = None
) -> CommissionRun:
    """Work out commission of all changed orders paid up to ``as_of`` and post it.

    Refuses `run_in_progress` while another run of the brand is going on, `month_settled` when
    ``as_of`` lies in a settled month and `day_not_here` when it lies in the future. A run that was
    cut off is taken up again first.
    """
    with exclusive(brand):
        return accrue_alone(by=by, brand=brand, as_of=as_of, batch=batch, tell=tell)


def release(
    *, by: Person | None, brand: Unit, as_of: dt.date, batch: int = BATCH, tell: Tell | None = None
) -> CommissionRun:
    """Make commission payable whose hold ended by ``as_of``; refusals as for `accrue`."""
    with exclusive(brand):
        return release_alone(by=by, brand=brand, as_of=as_of, batch=batch, tell=tell)


def exclusive(brand: Unit) -> AbstractContextManager[None]:
    """No other run of the brand meanwhile; refuses `run_in_progress`."""
    return sql.held(
        f"commission:{brand.pk}",
        busy=DomainError(
            "run_in_progress", _("A commission run of this brand is going on. Try again later.")
        ),
    )


def accrue_alone(
    *, by: Person | None, brand: Unit, as_of: dt.date, batch: int = BATCH, tell: Tell | None = None
) -> CommissionRun:
    """`accrue` for a caller that holds `exclusive`."""
    intake.apply_waiting(brand=brand)
    own_orders.find(brand)
    return _run(by, brand, RunKind.ACCRUAL, as_of, batch, tell)


def release_alone(
    *, by: Person | None, brand: Unit, as_of: dt.date, batch: int = BATCH, tell: Tell | None = None
) -> CommissionRun:
    """`release` for a caller that holds `exclusive`."""
    _finish_open(by, brand, RunKind.ACCRUAL, batch)
    return _run(by, brand, RunKind.RELEASE, as_of, batch, tell)


def _run(
    by: Person | None, brand: Unit, kind: str, as_of: dt.date, batch: int, tell: Tell | None
) -> CommissionRun:
    _finish_open(by, brand, kind, batch)
    check_month_open(brand, as_of)
    if as_of > timezone.localdate():
        raise DomainError("day_not_here", _("%(day)s is still to come."), day=as_of.isoformat())
    plan = commission_sql.plan_of_today(brand.pk)
    if kind == RunKind.ACCRUAL and any("wide" in entry for entry in plan):
        places.follow(brand)
    run = CommissionRun.objects.create(
        brand=brand,
        kind=kind,
        as_of=as_of,
        plan=plan,
        counts={"orders": 0, "lines": 0},
        started_by=by,
    )
    return _complete(by, run, batch, tell)


def _finish_open(by: Person | None, brand: Unit, kind: str, batch: int) -> None:
    """Take up a run that was cut off, so that its lines reach the books before new ones come."""
    cut_off = CommissionRun.objects.filter(brand=brand, kind=kind).exclude(state=RunState.POSTED)
    for run in cut_off:
        _complete(by, run, batch, None)


def check_month_open(brand: Unit, day: dt.date) -> None:
    """Refuse `month_settled` when ``day`` lies in a settled month or before one."""
    period = f"{day:%Y-%m}"
    if Settlement.objects.filter(
        brand=brand, period__gte=period, state=SettlementState.SETTLED
    ).exists():
        raise DomainError(
            "month_settled",
            _("%(period)s is settled. Post into the open month."),
            period=period,
        )


def _complete(
    by: Person | None, run: CommissionRun, batch: int, tell: Tell | None
) -> CommissionRun:
    if run.state == RunState.CALCULATING:
        if run.kind == RunKind.ACCRUAL:
            spans = commission_sql.accrual_spans(run, batch)
            _Lanes(run, commission_sql.accrue_span, spans, tell).work()
        else:
            spans = commission_sql.release_spans(run, batch)
            _Lanes(run, commission_sql.release_span, spans, tell).work()
        run.refresh_from_db(fields=["counts"])
        run.state = RunState.POSTING
        run.save(update_fields=["state"])
    _post(by, run)
    return run


class _Lanes:
    """Works through the spans of a run, on a second connection as well where that helps.

    Inside a caller's transaction another connection would not see the orders, so there is only
    one lane there.
    """

    def __init__(
        self, run: CommissionRun, step: Step, spans: Sequence[Span], tell: Tell | None
    ) -> None:
        self.run, self.step, self.tell = run, step, tell
        self.rules = Rules.of(run)
        self.lanes = 1 if connection.in_atomic_block else min(LANES, len(spans))
        self.lock = threading.Lock()
        self.spans: Iterator[Span] = iter(spans)
        self.done = int(run.counts.get("orders", 0))

    def work(self) -> None:
        if self.lanes < 2:
            self._lane(self.tell)
            return
        with ThreadPoolExecutor(self.lanes - 1, thread_name_prefix="commission") as pool:
            helpers = [pool.submit(self._helper) for _place in range(self.lanes - 1)]
            try:
                self._lane(self.tell)
            finally:
                self._stop()
        for helper in helpers:
            helper.result()

    def _helper(self) -> None:
        try:
            self._lane(None)
        except BaseException:
            self._stop()
            raise
        finally:
            connection.close()

    def _lane(self, tell: Tell | None) -> None:
        while (span := self._next()) is not None:
            done = self._deal_with(span)
            with self.lock:
                self.done += done.orders
                so_far = self.done
            if tell is not None:
                tell(so_far)

    def _next(self) -> Span | None:
        with self.lock:
            return next(self.spans, None)

    def _stop(self) -> None:
        with self.lock:
            self.spans = iter(())

    def _deal_with(self, span: Span) -> Done:
        """One span in one transaction, repeated as a whole when it lost against another (M26)."""
        return repeating.in_one(
            lambda: self._span(span), name=f"commission run {self.run.pk}", also=_ALSO_PASSING
        )

    def _span(self, span: Span) -> Done:
        done = self.step(self.run, self.rules, span)
        sql.execute(
            """
            UPDATE incentives_commissionrun SET counts = counts || jsonb_build_object(
                'orders', COALESCE((counts->>'orders')::bigint, 0) + %(orders)s,
                'lines', COALESCE((counts->>'lines')::bigint, 0) + %(lines)s)
             WHERE id = %(run)s
            """,
            {"run": self.run.pk, "orders": done.orders, "lines": done.lines},
        )
        return done


# A line that another run wrote meanwhile.
_ALSO_PASSING = frozenset({"23505"})


# -- into the books ------------------------------------------------------------

# (sub-ledger, kind of journal, account debited, account credited)
_BOOKING = {
    RunKind.ACCRUAL: (
        "incentives_commissionline",
        JournalKind.ACCRUAL,
        LedgerKind.EXPENSE,
        LedgerKind.ACCRUED,
    ),
    RunKind.RELEASE: (
        "incentives_releaseline",
        JournalKind.RELEASE,
        LedgerKind.ACCRUED,
        LedgerKind.PAYABLE,
    ),
}


@repeating.whole
def _post(by: Person | None, run: CommissionRun) -> None:
    """Post one journal per creator, close the run and log it."""
    sql.execute(commission_sql.SETTINGS)
    table, kind, debit, credit = _BOOKING[RunKind(run.kind)]
    journals = ledger.post_set(
        by=by,
        brand=run.brand,
        currency=settings.CURRENCY,
        kind=kind,
        source=f"run:{run.pk}",
        debit=debit,
        credit=credit,
        business_date=run.as_of,
        run=run.pk,
        entries=f"""
            SELECT creator_id::text, creator_id, sum(amount)::bigint FROM {table}
             WHERE run_id = %(run)s GROUP BY creator_id HAVING sum(amount) <> 0
        """,
        params={"run": run.pk},
    )
    months = month_sql.post(by, run)
    run.state = RunState.POSTED
    # A clock may have been set back since the run began (T3).
    run.posted_at = max(timezone.now(), run.created_at)
    run.counts = {**run.counts, "journals": journals, **({"months": months} if months else {})}
    run.save(update_fields=["state", "posted_at", "counts"])
    activity.record(by=by, verb="commission_run.run", object=run, unit=run.brand, after=run.counts)
