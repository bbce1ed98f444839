"""Facts, score, route and flags of many applicants at once: a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Avg, Max
from django.utils import timezone

from accounts import activity
from accounts.models import Person
from kosops.lib import sql
from matrix import purchases, screening
from matrix.models import Application, ApplicationAccount, Mark, Recruitment
from matrix.recruiting import OPEN_STAGES
from matrix.recruiting_choices import RecruitmentState
from matrix.screening import Facts

BATCH = 5_000


@transaction.atomic
def score_recruitment(*, by: Person | None, recruitment: Recruitment) -> int:
    """Work out facts, scores, routes and flags of all who are not decided; returns how many."""
    ids = list(
        Application.objects.filter(recruitment=recruitment, stage__in=OPEN_STAGES)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    for start in range(0, len(ids), BATCH):
        refresh(ids[start : start + BATCH], orders=True)
    activity.record(
        by=by,
        verb="recruitment.evaluated",
        object=recruitment,
        unit=recruitment.unit,
        after={"evaluated": len(ids)},
    )
    return len(ids)


def score_waiting() -> int:
    """Score recruitments with applications whose orders nobody has looked up yet."""
    waiting = Recruitment.objects.filter(
        state=RecruitmentState.OPEN,
        applications__facts_at=None,
        applications__stage__in=OPEN_STAGES,
    )
    return sum(
        score_recruitment(by=None, recruitment=each)
        for each in waiting.distinct().select_related("unit").order_by("pk")
    )


def refresh(ids: Collection[int], *, orders: bool) -> None:
    """The same of some; without ``orders`` what is known of them stays, and nobody looks them up."""
    rows = list(
        Application.objects.select_for_update(of=("self",))
        .filter(pk__in=ids)
        .select_related("recruitment")
        .order_by("pk")
    )
    now = timezone.now()
    bought = _bought(rows, timezone.localdate(now)) if orders else None
    followers = _by_application(ApplicationAccount, ids, Max("followers"))
    quality = _by_application(Mark, ids, Avg("mark"))
    for row in rows:
        if bought is not None:
            row.facts, row.facts_at = bought.get(row.pk, {}), now
        mark = quality.get(row.pk)
        row.facts = {
            **row.facts,
            screening.FOLLOWERS: followers.get(row.pk),
            screening.QUALITY: None if mark is None else round(float(mark), 2),
            screening.ACTIVITY: row.recent_notes,
        }
        row.score = screening.score(Facts.of(row.facts), row.recruitment.weights).value
        if not row.route_set:
            row.route = suited(row).route
    sql.update_rows(rows, ["facts", "facts_at", "score", "route"])
    flag(ids)


def suited(application: Application) -> screening.Suited:
    """The route that their answers lead to."""
    return screening.route_of(
        willingness=application.willingness,
        content=application.content,
        network=application.network,
    )


def flag(ids: Collection[int]) -> None:
    """Compare phone, member number and accounts with other applicants and with creators."""
    sql.execute(_FLAGS, {"ids": list(ids)})


# -- private -------------------------------------------------------------------


def _bought(rows: Iterable[Application], today: dt.date) -> dict[int, dict[str, Any]]:
    members = {row.pk: row.member_number for row in rows if row.member_number}
    brand = next((row.brand_id for row in rows), 0)
    known = purchases.of_members(brand, set(members.values()), today)
    return {
        pk: {
            screening.RECENCY: max(0, (today - found.last_on).days),
            screening.FREQUENCY: found.orders,
            screening.AMOUNT: found.amount,
        }
        for pk, number in members.items()
        if (found := known.get(number))
    }


def _by_application(model: Any, ids: Collection[int], what: Any) -> dict[int, Any]:
    rows = model.objects.filter(application__in=ids).order_by().values("application")
    return dict(rows.annotate(found=what).values_list("application", "found"))


_FLAGS = """
    WITH asked AS (
        SELECT id, brand_id, phone_key, member_number FROM matrix_application WHERE id = ANY(%(ids)s)
    ),
    person AS (
        SELECT asked.id, creator.state
          FROM asked JOIN matrix_creator creator
            ON creator.brand_id = asked.brand_id AND creator.kind = 'koc'
           AND creator.number = asked.member_number AND asked.member_number <> ''
        UNION ALL
        SELECT asked.id, creator.state
          FROM asked JOIN matrix_application other
            ON other.brand_id = asked.brand_id AND other.phone_key = asked.phone_key
           AND other.id <> asked.id
          JOIN matrix_creator creator ON creator.id = other.creator_id
    ),
    account AS (
        SELECT asked.id, social.state
          FROM asked JOIN matrix_applicationaccount named ON named.application_id = asked.id
          JOIN matrix_socialaccount social
            ON social.brand_id = asked.brand_id AND social.platform = named.platform
           AND lower(social.handle) = named.handle_key
    ),
    named_twice AS (
        SELECT DISTINCT asked.id
          FROM asked JOIN matrix_applicationaccount named ON named.application_id = asked.id
          JOIN matrix_applicationaccount again
            ON again.platform = named.platform AND again.handle_key = named.handle_key
           AND again.application_id <> named.application_id
          JOIN matrix_application other
            ON other.id = again.application_id AND other.brand_id = asked.brand_id
           AND other.phone_key <> asked.phone_key
    ),
    raised AS (
        SELECT asked.id, 'applied_before' AS flag FROM asked
         WHERE EXISTS (
            SELECT FROM matrix_application other
             WHERE other.brand_id = asked.brand_id AND other.phone_key = asked.phone_key
               AND other.id <> asked.id)
        UNION SELECT id, 'already_creator' FROM person WHERE state <> 'left'
        UNION SELECT id, 'left_before' FROM person WHERE state = 'left'
        UNION SELECT id, 'same_account' FROM account
        UNION SELECT id, 'same_account' FROM named_twice
        UNION SELECT id, 'banned_account' FROM account WHERE state = 'banned'
    )
    UPDATE matrix_application AS application
       SET flags = coalesce(
            (SELECT array_agg(flag ORDER BY flag) FROM raised WHERE raised.id = application.id),
            '{}')
     WHERE application.id = ANY(%(ids)s)
"""
