"""A worker is killed with -9 in the middle of a job; another one ends it, with one effect (W3).

Every kind of job has its case here. A settlement has a longer test of its own, and so have imports.
"""

import datetime as dt
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from accounts import activity, jobs, tasks
from accounts.choices import JobState, Role
from accounts.models import Job, Person
from content.models import Post
from incentives import (
    dry_runs,
    interim,
    nightly,
    rewards,
    rewards_jobs,
    rota,
    rota_jobs,
    settlement,
    share_report,
)
from incentives.models import PlanVersion, Posting, Shift, ShiftPlace
from integrations import exporting, importing
from integrations.rows import chunks
from kosops.lib import queue
from matrix import (
    bulk,
    communities,
    community_bulk,
    layer_pages,
    layering,
    recruiting_bulk,
    share_codes,
)
from matrix.models import Creator, GivenCode
from tests import cast as c
from tests.incentives.money import SEPTEMBER, Office, accrue, differences, settle
from tests.incentives.races import in_a_child, keep, own_database, put_back
from tests.integrations.passing import check
from tests.integrations.trying import csv_file
from tests.matrix import recruits as r

Start = Callable[[Office], Job]
# Who signed in, and what a job knows of its own tries, are no effects.
NO_EFFECT = frozenset({"django_session", "accounts_job", "django_migrations"})


# A look at the books, or a run with nothing left to do, may be noted again and moves no money.
LOOKS = frozenset(
    {
        "accounts_activity",
        "incentives_commissionrun",
        "incentives_proofrun",
        "incentives_rewardrun",
    }
)
MONEY = "incentives."


def lin(office: Office) -> Person:
    return c.person("lin", (Role.OPERATOR, office.brand), (Role.FINANCE, office.brand))


# -- how each begins -----------------------------------------------------------


def a_month(office: Office) -> Job:
    job = settlement.start(by=office.chen, brand=office.brand, month=SEPTEMBER).job
    assert job is not None
    return job


def an_interim(office: Office) -> Job:
    opened = interim.start(
        by=office.chen, brand=office.brand, until=dt.date(2026, 9, 20), reason="leaves"
    )
    assert opened.job is not None
    return opened.job


def a_dry_run(office: Office) -> Job:
    settle(office.brand)
    version = PlanVersion.objects.get()
    return dry_runs.start(by=office.chen, version=version, first=SEPTEMBER, last=SEPTEMBER).job


def a_proof(office: Office) -> Job:
    accrue(office.brand, "2026-09-20")
    return nightly.start_proof(by=office.chen, brand=office.brand)


def what_sharing_brought(office: Office) -> Job:
    return share_report.start(by=office.chen, brand=office.brand)


def rewards_of_notes(office: Office) -> Job:
    today = timezone.localdate()
    rule = rewards.propose(
        by=office.chen,
        brand=office.brand,
        name="Notes",
        terms={
            "source": "note",
            "steps": [{"at_least": 0, "amount": 500}],
            "check_days": 7,
            "count_days": 30,
            "watch_days": 60,
        },
        first_day=today - dt.timedelta(days=30),
    )
    rewards.approve(by=office.zhao, rule=rule)
    account = c.account(office.may)
    for number in range(3):
        published = timezone.now() - dt.timedelta(days=10 + number)
        Post.objects.create(
            brand=office.brand,
            store=office.may.store,
            account=account,
            creator=office.may,
            platform=account.platform,
            platform_post_id=f"N{number}",
            title=f"Note {number}",
            title_key=f"note {number}",
            published_at=published,
            figures_at=timezone.now(),
            likes=10,
            saves=0,
            comments=0,
        )
    return rewards_jobs.start(by=office.chen, brand=office.brand)


def volunteers(office: Office) -> Job:
    """Three came to shifts of last week, and nobody has booked their thanks yet."""
    over = timezone.now() - dt.timedelta(days=8)
    duty = rota.add_duty(
        by=None, unit=office.people.jingan, name="Host", about="-", where="-", points=60
    )
    for number in range(3):
        begins = over + dt.timedelta(hours=3 * number)
        ends = begins + dt.timedelta(hours=2)
        shift = Shift.objects.create(
            brand=office.brand, duty=duty, starts_at=begins, ends_at=ends, places=1, points=60
        )
        ShiftPlace.objects.create(
            shift=shift,
            creator=office.may,
            state="held",
            asked_at=over,
            held_at=over,
            came="present",
            came_at=ends,
        )
    return rota_jobs.start(by=office.chen, brand=office.brand)


def more_people(office: Office) -> None:
    c.creators(
        office.people.tianhe,
        [{"number": f"X{number}", "name": f"Person {number}"} for number in range(5)],
    )


def a_list_of_creators(office: Office) -> Job:
    more_people(office)
    return jobs.start(
        by=lin(office),
        kind=bulk.JOB,
        unit=office.brand,
        label="Pause",
        params={"action": "pause", "query": "kind=kos"},
    )


def members(office: Office) -> Job:
    more_people(office)
    host = lin(office)
    community = communities.open_community(
        by=host,
        unit=office.brand,
        name="Senior KOC",
        kind="wechat_group",
        host=host,
        opened_on=dt.date(2026, 1, 1),
    )
    return jobs.start(
        by=host,
        kind=community_bulk.JOB,
        unit=office.brand,
        label="Add",
        params={"community": community.pk, "query": ""},
    )


def decisions(office: Office) -> Job:
    launch = r.recruitment(office.people, unit=office.brand)
    for _number in range(5):
        r.apply(launch)
    return jobs.start(
        by=lin(office),
        kind=recruiting_bulk.JOB,
        unit=office.brand,
        label="Decline",
        params={"action": "decline", "query": "", "said": {"reason": "places"}},
    )


def the_layers(office: Office) -> Job:
    more_people(office)
    c.account(office.may, followers=9_000)
    return jobs.start(by=lin(office), kind=layer_pages.JOB, unit=office.brand, label="Layers")


def share_code_job(office: Office) -> Job:
    more_people(office)
    Creator.objects.filter(brand=office.brand, number__startswith="X").update(share_code="")
    return share_codes.start(by=lin(office), brand=office.brand)


def codes_in_turn(brand_id: int, count: int) -> list[str]:
    """Drawn by chance they would be others in each try."""
    first = GivenCode.objects.filter(brand=brand_id).count()
    return [f"TURN{first + number}" for number in range(count)]


STORES = "store_code,name,region_code,region\n" + "".join(
    f"SH10{number},Store {number},EAST,East\n" for number in range(5)
)


def a_check(office: Office) -> Job:
    batch = importing.start_import(
        by=lin(office),
        brand=office.brand,
        format_code="stores",
        source="hr",
        uploaded_file=csv_file(STORES, "stores.csv"),
    )
    return importing.map_and_check(
        by=batch.created_by, batch=batch, mapping=batch.mapping, options=batch.options
    )


def an_import(office: Office) -> Job:
    batch = check(lin(office), office.brand, "stores", csv_file(STORES, "stores.csv"))
    return importing.confirm_import(by=batch.created_by, batch=batch)


def an_export(office: Office) -> Job:
    more_people(office)
    return jobs.start(
        by=lin(office),
        kind=exporting.kind_of("creators"),
        unit=office.brand,
        label="Export",
        params={"list": "creators", "query": "", "type": "csv"},
    )


CASES: dict[str, Start] = {
    "incentives.run": lambda office: nightly.start_run(by=office.chen, brand=office.brand),
    "incentives.verify": a_proof,
    "incentives.rewards": rewards_of_notes,
    "incentives.settle": a_month,
    rota_jobs.KIND: volunteers,
    share_report.JOB: what_sharing_brought,
    interim.KIND: an_interim,
    dry_runs.KIND: a_dry_run,
    bulk.JOB: a_list_of_creators,
    community_bulk.JOB: members,
    recruiting_bulk.JOB: decisions,
    layer_pages.JOB: the_layers,
    share_codes.JOB: share_code_job,
    importing.CHECK_JOB: a_check,
    importing.APPLY_JOB: an_import,
    # All exports are done by one function.
    exporting.kind_of("creators"): an_export,
}


# -- what a job leaves behind ----------------------------------------------------

# Keys that are given in turn and times say when something was done, not what.
_COLUMNS = """
    SELECT tablename, coalesce(array_agg(attname::text) FILTER (WHERE attname IS NOT NULL), '{}')
      FROM pg_tables
      LEFT JOIN LATERAL (
           SELECT attname FROM pg_attribute AS part
            WHERE attrelid = format('public.%I', tablename)::regclass AND attnum > 0
              AND (atttypid IN ('timestamptz'::regtype, 'xid8'::regtype, 'uuid'::regtype)
                   OR attname IN ('object_id', 'key', 'path')
                   OR EXISTS (SELECT 1 FROM pg_constraint
                               WHERE conrelid = attrelid AND contype IN ('p', 'f')
                                 AND attnum = ANY (conkey)))
           ) AS shifting ON true
     WHERE schemaname = 'public' GROUP BY tablename
"""


def columns() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        return {name: left for name, left in cursor.fetchall() if name not in NO_EFFECT}


def rows(shifting: dict[str, list[str]]) -> dict[str, tuple[int, str]]:
    """Of each table that holds something, how many rows and a digest of what they say."""
    each = " UNION ALL ".join(
        f"SELECT '{name}', count(*), md5(string_agg(said, ',' ORDER BY said)) FROM ("
        f"SELECT (to_jsonb(a) - ARRAY[{', '.join(map(repr, left))}]::text[])::text AS said"
        f" FROM {name} AS a) AS rows"
        for name, left in shifting.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(each)
        return {name: (count, digest) for name, count, digest in cursor.fetchall() if count}


def picture(job: Job, shifting: dict[str, list[str]]) -> dict[str, Any]:
    """All that stands after a job: rows in every table, its own figures, its file, the books."""
    job.refresh_from_db()
    found: dict[str, Any] = dict(rows(shifting))
    if job.kind.startswith(MONEY):
        # Texts name runs by number, and the job's figures say what the last try found to do.
        found = {name: count for name, (count, _said) in found.items() if name not in LOOKS}
        moved = Posting.objects.values_list(
            "journal__kind", "account__kind", "account__creator", "amount"
        )
        found["moved"] = sorted(moved, key=repr)
    else:
        found["counts"] = job.counts
    found["job"] = (job.state, job.error)
    found["file"] = job.result_file.read() if job.result_file else b""
    folder = f"jobs/{job.pk}"
    found["files"] = len(default_storage.listdir(folder)[1]) if job.result_file else 0
    found["books"] = differences()
    return found


# -- killed ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def office(django_db_setup: None, django_db_blocker: Any) -> Iterator[Office]:
    """In a database of its own: other connections see only what is committed."""
    with django_db_blocker.unblock(), own_database("killed"):
        office = Office()
        for day in ("2026-09-05", "2026-09-28", "2026-10-05"):
            office.order(f"E{day}", 10_000, sharer=office.may, day=day)
        keep("at_first")
        yield office


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_send", lambda *what: None)
    monkeypatch.setattr(share_codes, "new_codes", codes_in_turn)
    for module in (bulk, recruiting_bulk, layering, exporting, share_codes):
        monkeypatch.setattr(module, "BATCH", 2)
    monkeypatch.setattr(chunks, "__kwdefaults__", {"size": 2})


def let_time_pass() -> None:
    """Long enough for the sweeper to miss the worker."""
    long_ago = timezone.now() - 2 * max(jobs.SILENT_AFTER, jobs.LOST_AFTER)
    Job.objects.filter(state=JobState.RUNNING).update(beat_at=long_ago)
    Job.objects.filter(state=JobState.WAITING).update(created_at=long_ago)


def places_to_die(steps: list[str]) -> list[int]:
    """In the middle, and where all is done but the job does not know it yet."""
    last = len(steps)
    return sorted({last // 3, last * 2 // 3, last - 3, last})


def try_killing(office: Office, case: Start) -> list[str]:
    """What differs from a job that was not killed, by place of death."""
    put_back("at_first")
    job = case(office)
    shifting = columns()
    keep()
    steps = in_a_child(lambda: tasks.run_job(job.pk))
    whole = picture(job, shifting)
    assert whole["job"] == (JobState.DONE, "")
    wrong = []
    for kill_at in places_to_die(steps):
        put_back()
        forget_files(job)
        in_a_child(lambda: tasks.run_job(job.pk), kill_at=kill_at)
        let_time_pass()
        assert jobs.sweep() == 1
        tasks.run_job(job.pk)
        found = picture(job, shifting)
        wrong += [
            f"{name}: {found.get(name)} instead of {whole.get(name)}, killed at step {kill_at} of"
            f" {len(steps)}: {steps[kill_at - 1]}"
            for name in sorted({*found, *whole})
            if found.get(name) != whole.get(name)
        ]
    return wrong


def forget_files(job: Job) -> None:
    folder = f"jobs/{job.pk}"
    if default_storage.exists(folder):
        for name in default_storage.listdir(folder)[1]:
            default_storage.delete(f"{folder}/{name}")


@pytest.mark.parametrize("kind", CASES)
def test_a_job_whose_worker_is_killed_is_done_once(kind: str, office: Office) -> None:
    """W3"""
    assert try_killing(office, CASES[kind]) == []


def test_every_kind_of_job_has_its_case() -> None:
    """Kinds that are done by one function have one case."""
    missing = {kind: work for kind, work in jobs._kinds.items() if not kind.startswith("tests.")}
    tried = {missing[kind] for kind in CASES}
    assert {kind for kind, work in missing.items() if work not in tried} == set()


def test_without_its_effect_and_its_figures_in_one_transaction_a_job_would_do_it_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a job that tells how far it is after it has committed what it did."""

    def careless(job: Job, progress: jobs.Progress) -> None:
        for number in range(job.done + 1, 4):
            activity.record(by=None, verb="job.cancelled", object=job, unit=job.unit)
            progress(number, 3)

    monkeypatch.setitem(jobs._kinds, "tests.careless", careless)

    def start(office: Office) -> Job:
        return jobs.start(by=None, kind="tests.careless", unit=office.brand, label="x")

    assert any(line.startswith("accounts_activity: (") for line in try_killing(office, start))


ASK = """
import django
django.setup()
from accounts import jobs
print(*jobs.known_kinds())
"""


def test_a_worker_knows_every_kind_before_it_has_loaded_a_page() -> None:
    """Modules with pages are loaded late, by the first address that is asked for."""
    answer = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    known = {kind for kind in jobs.known_kinds() if not kind.startswith("tests.")}
    assert set(answer.stdout.split()) == known
