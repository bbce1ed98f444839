"""What a plan would have cost: by the runs' own statements, beside the books."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import jobs
from accounts.choices import JobState, Role
from accounts.models import Activity, Person
from customers.models import ChangedOrder
from incentives import dry_runs, dry_sql, plans
from incentives.commission import MANAGER, POT, SELLER, SHARER
from incentives.models import (
    CommissionLine,
    DryRun,
    DryRunPerson,
    MonthLine,
    PlanVersion,
    StaffPlace,
)
from incentives.plan_choices import Base
from incentives.plans import NewRate, PlanTerms, new_rates_of
from kosops.lib.periods import Month
from kosops.lib.sql import fetch_one
from tests import cast as c
from tests.incentives.money import SEPTEMBER, Office, accrue, code_of
from tests.refusals import RESTRICTED, RULE_BROKEN, refused, sql

pytestmark = pytest.mark.django_db

AUGUST = Month(2026, 8)
WIDE = (
    NewRate(SELLER, 500, steps=((10_000, 600), (30_000, 900))),
    NewRate(SELLER, 0, category="gift", fixed_amount=130),
    NewRate(SHARER, 200),
    NewRate(SHARER, 350, buyer="new", priority=1),
    NewRate(POT, 100),
    NewRate(MANAGER, 1_000, base=Base.SELLER, month_cap=700),
)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def lin(office: Office) -> Person:
    return c.person("lin", (Role.OPERATOR, office.brand))


def sell(office: Office) -> None:
    """Two months with sellers of two regions, refunds, a closed order and one under refund."""
    he = c.creator(office.people.tianhe, "K002", "He", tier="senior")
    office.order("E1", 19_990, 5_001, day="2026-08-10", sharer=office.may)
    office.order("E2", 33_333, day="2026-09-05", sharer=office.may)
    office.order("E3", 7_777, day="2026-09-06", seller=he)
    office.order("E4", 50_000, day="2026-09-07", seller=he, status="closed")
    office.order("E5", 8_000, day="2026-09-30", status="refunding")
    office.refund("E2", "R1", 3_333)


def draft(office: Office, *rates: NewRate, by: Person | None = None, **terms: Any) -> PlanVersion:
    said = PlanTerms("Next", dt.date(2027, 1, 1), **terms)
    return plans.draft(by=by, brand=office.brand, terms=said, rates=rates)


def done(version: PlanVersion, first: Month = SEPTEMBER, last: Month = SEPTEMBER) -> DryRun:
    dry_run = dry_runs.begin(by=None, version=version, first=first, last=last)
    dry_runs.work_out(dry_run)
    dry_run.refresh_from_db()
    return dry_run


def in_force(office: Office) -> PlanVersion:
    return PlanVersion.objects.get(brand=office.brand, state="approved")


# -- what it comes to ----------------------------------------------------------


def test_the_plan_in_force_comes_to_what_is_posted(office: Office) -> None:
    sell(office)
    accrue(office.brand, "2026-10-01")
    dry_run = done(in_force(office), AUGUST)
    rows = DryRunPerson.objects.filter(dry_run=dry_run)
    assert rows.count() == 5
    assert all(row.live == row.dry != 0 for row in rows)
    posted = sum(CommissionLine.objects.values_list("amount", flat=True))
    assert dry_run.totals["all"]["live"] == dry_run.totals["all"]["dry"] == posted
    assert dry_run.totals["winners"] == dry_run.totals["losers"] == []
    assert dry_run.months["2026-09"] == {"orders": 4, "sales": 45_777, "waiting": 0}


def test_a_plan_with_everything_comes_to_what_it_posts(office: Office) -> None:
    """Steps, pots, overrides, fixed amounts and a person's cap, by the runs' own statements."""
    sql("UPDATE incentives_planversion SET valid = daterange('2020-01-01', '2020-02-01')")
    plan = plans.save_version(
        by=None,
        brand=office.brand,
        name="Wide",
        valid_from=dt.date(2020, 2, 1),
        rates=WIDE,
        person_cap=2_400,
    )
    sell(office)
    accrue(office.brand, "2026-10-01")
    assert MonthLine.objects.exists()
    dry_run = done(plan, AUGUST)
    assert all(row.live == row.dry for row in DryRunPerson.objects.filter(dry_run=dry_run))
    months = sum(MonthLine.objects.values_list("amount", flat=True))
    lines = sum(CommissionLine.objects.values_list("amount", flat=True))
    assert dry_run.totals["all"]["dry"] == lines + months


def test_doubled_rates_double_the_cost(office: Office) -> None:
    sell(office)
    for external_id in ("E1", "E2", "E3"):
        office.order(f"{external_id}b", 10_000, day="2026-09-10", sharer=office.may)
    accrue(office.brand, "2026-10-01")
    doubled = [
        NewRate(**{**rate.__dict__, "rate_bp": rate.rate_bp * 2})
        for rate in new_rates_of(in_force(office))
    ]
    dry_run = done(draft(office, *doubled))
    whole = dry_run.totals["all"]
    # Rounded down once for each line, so a doubled line may have a cent more.
    assert 0 <= whole["dry"] - 2 * whole["live"] <= CommissionLine.objects.count()
    assert whole["dry"] > whole["live"] > 0
    assert whole["more"] == whole["people"] == 3
    assert dry_run.totals["winners"][0]["creator_id"] == office.zhou.pk


def test_frozen_rates_do_not_count(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    accrue(office.brand, "2026-09-06")
    dry_run = done(draft(office, NewRate(SELLER, 100)))
    assert (dry_run.totals["all"]["live"], dry_run.totals["all"]["dry"]) == (500, 100)
    assert dry_run.totals["losers"] == [{"creator_id": office.zhou.pk, "live": 500, "dry": 100}]


def test_orders_that_wait_for_a_run_are_counted(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    dry_run = done(in_force(office))
    assert dry_run.months["2026-09"]["waiting"] == 1
    assert (dry_run.totals["all"]["live"], dry_run.totals["all"]["dry"]) == (0, 500)


def test_sums_by_region_tier_and_part_come_to_the_whole(office: Office) -> None:
    sell(office)
    accrue(office.brand, "2026-10-01")
    totals = done(draft(office, NewRate(SELLER, 700), NewRate(SHARER, 100)), AUGUST).totals
    for table in ("regions", "tiers", "parts"):
        for figure in ("people", "live", "dry", "more", "less"):
            assert sum(row[figure] for row in totals[table]) == totals["all"][figure], table
    assert {int(row["key"]) for row in totals["regions"]} == {
        office.people.east.pk,
        office.people.south.pk,
    }
    # Of three people one is the head, the next the waist.
    assert [row["key"] for row in totals["parts"]] == ["head", "waist", "tail"]
    assert [row["people"] for row in totals["parts"]] == [1, 1, 1]
    assert [row["key"] for row in totals["months"]] == ["2026-08", "2026-09"]


# -- nothing else is written ---------------------------------------------------

TABLES = (
    *(*dry_sql.WRITTEN, *dry_sql.FOLLOWED),
    *("incentives_commissionrun", "incentives_releaseline", "incentives_journal"),
    *("incentives_posting", "incentives_planversion", "incentives_planrate", "customers_order"),
    *("customers_orderline", "matrix_creator"),
)


def digests() -> dict[str, Any]:
    """Rows and digest of each table that a dry run might touch."""
    return {
        table: fetch_one(
            f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"
        )
        for table in TABLES
    }


def test_a_dry_run_writes_nothing_but_itself(office: Office) -> None:
    sell(office)
    accrue(office.brand, "2026-10-01")
    office.order("E9", 10_000, day="2026-09-09")
    version = draft(office, *WIDE, person_cap=2_000)
    before = digests()
    done(version, AUGUST)
    assert digests() == before
    assert not StaffPlace.objects.exists()
    # The tables do change where a run works on the same orders.
    accrue(office.brand, "2026-10-02")
    changed = {table for table, found in digests().items() if found != before[table]}
    assert {"customers_changedorder", "incentives_commissionline"} <= changed


def test_real_tables_are_back_after_an_error(office: Office, monkeypatch) -> None:
    sell(office)
    accrue(office.brand, "2026-10-01")
    lines = CommissionLine.objects.count()
    monkeypatch.setattr(dry_sql.Rules, "of", lambda run: 1 / 0)
    dry_run = dry_runs.begin(by=None, version=in_force(office), first=SEPTEMBER, last=SEPTEMBER)
    with pytest.raises(ZeroDivisionError):
        dry_runs.work_out(dry_run)
    assert CommissionLine.objects.count() == lines
    assert not ChangedOrder.objects.exists()
    assert not DryRunPerson.objects.exists()


def test_a_finished_dry_run_stays_as_it_is(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    done(in_force(office))
    for statement in (
        "UPDATE incentives_dryrun SET totals = '{\"all\": 1}'",
        "DELETE FROM incentives_dryrun",
        "UPDATE incentives_dryrunperson SET dry = 0",
        "DELETE FROM incentives_dryrunperson",
    ):
        with refused(RESTRICTED):
            sql(statement)
    with refused(RULE_BROKEN):
        sql(
            "INSERT INTO incentives_dryrun (brand_id, version_id, first_month, last_month, plan,"
            " months, totals, started_at)"
            " SELECT brand_id, version_id, last_month + 1, last_month, plan, '{}', '{}', now()"
            " FROM incentives_dryrun"
        )


# -- refusals ------------------------------------------------------------------


def test_months_that_cannot_be_worked_out_are_refused(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    version = in_force(office)
    now = Month.of(timezone.localdate())

    def code(first: Month, last: Month) -> str:
        return code_of(lambda: dry_runs.begin(by=None, version=version, first=first, last=last))

    assert code(SEPTEMBER, AUGUST) == "months_reversed"
    assert code(SEPTEMBER.shifted(-12), SEPTEMBER) == "too_many_months"
    assert code(now, now) == "month_not_over"
    assert code(now.shifted(1), now.shifted(2)) == "month_not_over"
    assert code(Month(2019, 1), Month(2019, 2)) == "no_orders"
    assert not DryRun.objects.exists()
    assert dry_runs.begin(by=None, version=version, first=SEPTEMBER.shifted(-11), last=SEPTEMBER).pk


def test_a_plan_has_one_dry_run_at_a_time(office: Office, lin: Person) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    version = in_force(office)
    first = dry_runs.start(by=lin, version=version, first=SEPTEMBER, last=SEPTEMBER)
    again = {"by": lin, "version": version, "first": SEPTEMBER, "last": SEPTEMBER}
    assert code_of(lambda: dry_runs.start(**again)) == "dry_run_in_progress"
    jobs.run(first.job_id)
    assert dry_runs.start(**again).pk != first.pk


def test_a_draft_changed_meanwhile_stops_the_dry_run(office: Office, lin: Person) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    version = draft(office, NewRate(SELLER, 700))
    dry_run = dry_runs.begin(by=lin, version=version, first=SEPTEMBER, last=SEPTEMBER)
    terms = PlanTerms("Next", dt.date(2027, 1, 1))
    plans.edit(by=lin, version=version, terms=terms, rates=[NewRate(SELLER, 800)])
    assert code_of(lambda: dry_runs.work_out(dry_run)) == "plan_changed"
    assert not DryRunPerson.objects.exists()


# -- as a job and on pages -----------------------------------------------------


def test_a_job_goes_on_with_the_months_that_are_left(office: Office, lin: Person) -> None:
    sell(office)
    accrue(office.brand, "2026-10-01")
    dry_run = dry_runs.start(by=lin, version=in_force(office), first=AUGUST, last=SEPTEMBER)
    dry_runs._work_out(dry_run, AUGUST)
    jobs.run(dry_run.job_id)
    dry_run.refresh_from_db()
    assert dry_run.job.state == JobState.DONE
    assert dry_run.job.done == dry_run.job.total == 2
    assert sorted(dry_run.months) == ["2026-08", "2026-09"]
    assert dry_run.totals["all"]["live"] == dry_run.totals["all"]["dry"]


def test_an_operator_starts_one_and_sees_what_it_came_to(
    office: Office, lin: Person, client: Client
) -> None:
    sell(office)
    accrue(office.brand, "2026-10-01")
    version = draft(office, NewRate(SELLER, 700), NewRate(SHARER, 100), by=lin)
    client.force_login(lin)
    page = client.get(reverse("incentives:plan", args=[version.pk])).content.decode()
    assert "No dry run yet" in page
    answer = client.post(
        reverse("incentives:dry_run_start", args=[version.pk]),
        {"first": "2026-08", "last": "2026-09"},
    )
    dry_run = DryRun.objects.get()
    assert answer.url == reverse("incentives:dry_run", args=[dry_run.pk])
    assert "being worked out" in client.get(answer.url).content.decode()
    jobs.run(dry_run.job_id)
    page = client.get(answer.url).content.decode()
    dry_run.refresh_from_db()
    whole = dry_run.totals["all"]
    for amount in (whole["live"], whole["dry"]):
        assert f"¥{amount / 100:,.2f}" in page
    for name in ("East", "South", "Senior", "He", "May", "Who would lose most"):
        assert name in page
    page = client.get(reverse("incentives:plan", args=[version.pk])).content.decode()
    assert "No dry run yet" not in page
    assert f"¥{whole['dry'] / 100:,.2f}" in page
    assert list(
        Activity.objects.filter(object_type="incentives.dryrun").values_list("verb", flat=True)
    ) == ["dry_run.started"]


def test_the_file_has_everybody_with_both_sums(office: Office, lin: Person, client: Client) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    accrue(office.brand, "2026-10-01")
    dry_run = done(draft(office, NewRate(SELLER, 400)))
    client.force_login(lin)
    answer = client.get(reverse("incentives:dry_run_file", args=[dry_run.pk]))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[1:] == ["K001,Zhou Min,Jing'an Kerry Centre,No tier,5.00,4.00,-1.00"]
    assert Activity.objects.filter(verb="dry_run.exported").count() == 1


def test_who_approves_sees_the_figures_and_that_they_are_old(
    office: Office, lin: Person, client: Client
) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    accrue(office.brand, "2026-10-01")
    version = draft(office, NewRate(SELLER, 400), by=lin)
    client.force_login(office.zhao)
    address = reverse("incentives:plan", args=[version.pk])
    plans.submit(by=lin, version=version)
    assert "No dry run yet." in client.get(address).content.decode()
    done(version)
    page = client.get(address).content.decode()
    assert page.count("¥4.00 by this plan, ¥5.00 as posted, difference −¥1.00.") == 2
    version = plans.send_back(by=office.zhao, version=version, reason="more")
    terms = PlanTerms("Next", dt.date(2027, 1, 1))
    plans.edit(by=lin, version=version, terms=terms, rates=[NewRate(SELLER, 450)])
    assert "The draft was changed since" in client.get(address).content.decode()


def test_a_refused_start_says_why_and_who_may_not_is_refused(
    office: Office, lin: Person, client: Client
) -> None:
    version = draft(office, NewRate(SELLER, 700))
    address = reverse("incentives:dry_run_start", args=[version.pk])
    months = {"first": "2026-08", "last": "2026-09"}
    client.force_login(lin)
    assert "no orders in these months" in client.post(address, months, follow=True).content.decode()
    assert "from the lists" in client.post(address, {"first": "x"}, follow=True).content.decode()
    office.order("E1", 10_000, day="2026-09-05")
    client.force_login(c.person("audit", (Role.AUDITOR, office.brand)))
    assert client.post(address, months).status_code == 403
    client.force_login(c.person("east", (Role.REGION_MANAGER, office.people.east)))
    assert client.post(address, months).status_code == 404
    assert not DryRun.objects.exists()
