"""Moves that wait for a person: the list, confirming and declining, many at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives.ladders import ladder_on, rules_of
from incentives.models import TierProposal
from incentives.tier_choices import ProposalState
from kosops.lib import sql
from kosops.lib.errors import DomainError
from matrix import registry
from matrix.choices import CreatorKind

# So many are decided by one click; more are filtered first.
AT_ONCE = 2_000
# A declined rise rests so long before the same move is proposed again.
RESTS_DAYS = 30


@dataclass(frozen=True)
class Outcome:
    """How many were decided, and how many another person or a later run had dealt with before."""

    done: int
    passed_over: int


def waiting(person: Person, permission: str) -> QuerySet[TierProposal]:
    return TierProposal.objects.for_user(person, permission).filter(state=ProposalState.WAITING)


@transaction.atomic
def confirm(*, by: Person, brand: Unit, proposals: Sequence[int]) -> Outcome:
    """Let the proposed moves take effect today, each with the facts it was proposed on.

    Whose tier has changed since is passed over, and so is what is decided already. Refuses
    ``too_many`` and ``nothing_chosen``.
    """
    rows = _locked(brand, proposals)
    today, now = timezone.localdate(), timezone.now()
    sql.execute(
        """
        INSERT INTO incentives_tierchange (run_id, creator_id, from_tier, to_tier, effective_on,
                                           explanation)
        SELECT run_id, creator_id, from_tier, to_tier, %(today)s,
               explanation || jsonb_build_object('confirmed_by', %(name)s::text)
          FROM incentives_tierproposal WHERE id = ANY(%(ids)s) ORDER BY id
        """,
        {"today": today, "name": by.name, "ids": [row["id"] for row in rows]},
    )
    registry.store_tiers(changes={row["creator_id"]: row["to_tier"] for row in rows}, on=today)
    sql.execute(
        """
        UPDATE incentives_tierproposal SET state = 'confirmed', decided_by_id = %(by)s,
               decided_at = %(now)s WHERE id = ANY(%(ids)s);
        DELETE FROM incentives_tierrisk WHERE creator_id = ANY(%(creators)s);
        UPDATE incentives_tiernotice SET ended_on = %(today)s, ended_as = 'fell'
         WHERE creator_id = ANY(%(fallen)s) AND ended_on IS NULL;
        UPDATE incentives_tiernotice SET ended_on = %(today)s, ended_as = 'kept'
         WHERE creator_id = ANY(%(risen)s) AND ended_on IS NULL
        """,
        {
            "by": by.pk,
            "now": now,
            "today": today,
            "ids": [row["id"] for row in rows],
            "creators": [row["creator_id"] for row in rows],
            "fallen": [row["creator_id"] for row in rows if not row["is_up"]],
            "risen": [row["creator_id"] for row in rows if row["is_up"]],
        },
    )
    activity.record(
        by=by, verb="tier_moves.confirmed", object=brand, unit=brand, after={"people": len(rows)}
    )
    return Outcome(len(rows), len(set(proposals)) - len(rows))


@transaction.atomic
def decline(*, by: Person, brand: Unit, proposals: Sequence[int], reason: str) -> Outcome:
    """Leave the creators where they are, with a reason that they can read.

    A rise rests for 30 days; who would have fallen gets the ladder's days of grace once more.
    Refuses ``reason_needed``, ``too_many`` and ``nothing_chosen``.
    """
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why, so that others can follow it."))
    rows = _locked(brand, proposals)
    today = timezone.localdate()
    rests = {kind: today + dt.timedelta(days=days) for kind, days in _rest_days(brand).items()}
    values = {
        "by": by.pk,
        "now": timezone.now(),
        "reason": reason.strip(),
        "ids": [row["id"] for row in rows],
        "until": [rests[row["kind"]] for row in rows],
        "creators": [row["creator_id"] for row in rows],
    }
    sql.execute(
        """
        UPDATE incentives_tierproposal p
           SET state = 'declined', decided_by_id = %(by)s, decided_at = %(now)s,
               reason = %(reason)s, rests_until = d.until
          FROM unnest(%(ids)s::bigint[], %(until)s::date[]) AS d (id, until) WHERE p.id = d.id;
        UPDATE incentives_tierrisk r SET falls_on = d.until
          FROM unnest(%(creators)s::bigint[], %(until)s::date[]) AS d (creator_id, until)
         WHERE r.creator_id = d.creator_id
        """,
        values,
    )
    activity.record(
        by=by,
        verb="tier_moves.declined",
        object=brand,
        unit=brand,
        after={"people": len(rows), "reason": reason.strip()},
    )
    return Outcome(len(rows), len(set(proposals)) - len(rows))


def _rest_days(brand: Unit) -> dict[str, int]:
    found = {}
    for kind in CreatorKind.values:
        version = ladder_on(brand, kind, timezone.localdate())
        grace = rules_of(version).grace_days if version else 0
        found[kind] = max(RESTS_DAYS, grace)
    return found


def _locked(brand: Unit, proposals: Sequence[int]) -> list[dict[str, Any]]:
    """The waiting ones among the proposals, whose creators still stand where they stood."""
    if not proposals:
        raise DomainError("nothing_chosen", _("Choose at least one row."))
    if len(proposals) > AT_ONCE:
        raise DomainError(
            "too_many", _("At most %(most)s at once. Filter the list first."), most=AT_ONCE
        )
    return sql.fetch_all(
        """
        SELECT p.id, p.creator_id, p.to_tier, p.is_up, c.kind
          FROM incentives_tierproposal p
          JOIN matrix_creator c ON c.id = p.creator_id
         WHERE p.id = ANY(%(ids)s) AND p.state = 'waiting' AND c.brand_id = %(brand)s
           AND c.tier = p.from_tier
         ORDER BY c.id FOR UPDATE OF c, p
        """,
        {"ids": list(proposals), "brand": brand.pk},
    )
