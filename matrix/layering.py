"""Working out the layers of a brand's creators and keeping them (C52)."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from accounts.units import active_brands
from kosops.lib import sql
from kosops.lib.errors import DomainError
from matrix import layers, posting
from matrix.choices import AccountState, CreatorState, Domain, Layer
from matrix.layers import Axis
from matrix.models import Creator, LayerThresholds, SocialAccount
from matrix.posting import Posting

logger = logging.getLogger(__name__)
BATCH = 5_000
# The last creator that is sorted; in a list, as a job's page shows plain counts.
BEHIND = "behind"
Tell = Callable[[int, int, dict[str, Any]], None]
# Who has a layer: whoever takes part or pauses. Candidates have a score, leavers keep their last.
SORTED = (CreatorState.ONBOARDING, CreatorState.ACTIVE, CreatorState.PAUSED)

AXES = {
    Axis.COMPLETION: _("Tasks completed of a hundred"),
    Axis.CONTENT: _("Posts in 30 days"),
    Axis.SKILL: _("Interactions of the best post"),
    Axis.INFLUENCE: _("Followers"),
}


# -- queries -------------------------------------------------------------------


def thresholds_of(brand: Unit) -> layers.Thresholds:
    """The brand's own thresholds, else the defaults."""
    own = getattr(brand, "layer_thresholds", None)
    if own is None:
        return layers.DEFAULTS
    return {axis: (own.values[axis][0], own.values[axis][1]) for axis in Axis}


def facts_of(creators: Collection[int], now: dt.datetime) -> dict[int, dict[Axis, int | None]]:
    """The facts of each of ``creators``, with two queries. Tasks are not known yet."""
    posts = posting.of_creators(creators, now)
    followers = dict(
        SocialAccount.objects.filter(creator__in=creators, domain=Domain.PUBLIC)
        .exclude(state=AccountState.CLOSED)
        .order_by()
        .values_list("creator")
        .annotate(sum=Sum("followers"))
    )
    return {pk: facts(posts.get(pk, posting.NOTHING), followers.get(pk)) for pk in creators}


def facts(posts: Posting, followers: int | None) -> dict[Axis, int | None]:
    """What the layer of a creator rests on, for `matrix.layers.decide`."""
    return {
        Axis.COMPLETION: None,
        Axis.CONTENT: posts.posts,
        Axis.SKILL: posts.best,
        Axis.INFLUENCE: followers,
    }


def heads(brand: Unit) -> dict[tuple[str, str], int]:
    """People by (kind, layer); those not worked out yet under a blank layer."""
    rows = Creator.objects.filter(brand=brand, state__in=SORTED).order_by()
    return {
        (kind, layer): count
        for kind, layer, count in rows.values_list("kind", "layer").annotate(count=Count("pk"))
    }


# -- commands ------------------------------------------------------------------


@transaction.atomic
def set_thresholds(
    *, by: Person | None, brand: Unit, thresholds: layers.Thresholds
) -> LayerThresholds:
    """Change what counts as some and as much. Refuses ``thresholds_not_rising``.

    The layers follow with the next `work_out`.
    """
    wrong = layers.problem(thresholds)
    if wrong is not None:
        raise DomainError(
            "thresholds_not_rising",
            _("%(axis)s: the first value is at least 1, the second higher than the first."),
            status=400,
            axis=str(AXES[wrong]),
        )
    brand = Unit.objects.select_related("layer_thresholds").get(pk=brand.pk)
    before = {axis: list(limits) for axis, limits in thresholds_of(brand).items()}
    after = {str(axis): list(limits) for axis, limits in thresholds.items()}
    row, _added = LayerThresholds.objects.update_or_create(brand=brand, defaults={"values": after})
    if before != after:
        activity.record(
            by=by,
            verb="layers.changed",
            object=row,
            unit=brand,
            before={axis: " · ".join(map(str, limits)) for axis, limits in before.items()},
            after={axis: " · ".join(map(str, limits)) for axis, limits in after.items()},
        )
    return row


def work_out(
    *,
    by: Person | None,
    brand: Unit,
    now: dt.datetime,
    on: dt.date,
    tell: Tell = lambda _done, _total, _counts: None,
    so_far: Mapping[str, Any] | None = None,
) -> dict[str, int]:
    """Sort all creators of the brand anew; returns how many are in each layer and how many moved.

    Batches are saved one by one, each with what ``tell`` keeps of it. Given that as ``so_far``, work
    that was stopped goes on behind its last batch. A second run changes nothing.
    """
    # What another object of the same brand remembers may be older than what was just saved.
    thresholds = thresholds_of(Unit.objects.select_related("layer_thresholds").get(pk=brand.pk))
    people = Creator.objects.filter(brand=brand, state__in=SORTED).order_by("pk")
    so_far = so_far or {}
    counts = {name: so_far.get(name, 0) for name in ("moved", *Layer.values)}
    (last,) = so_far.get(BEHIND, [0])
    total, done = people.count(), people.filter(pk__lte=last).count()
    more = True
    while more and (batch := _after(people, last)):
        more = len(batch) > BATCH
        batch = batch[:BATCH]
        decided = {
            pk: layers.decide(facts, thresholds).layer for pk, facts in facts_of(batch, now).items()
        }
        last, done = batch[-1], done + len(batch)
        with transaction.atomic():
            counts["moved"] += _store(decided, on)
            for layer, people_in_it in Counter(decided.values()).items():
                counts[layer] += people_in_it
            if counts["moved"] and not more:
                activity.record(
                    by=by, verb="layers.evaluated", object=brand, unit=brand, after=counts
                )
            tell(done, total, {**counts, BEHIND: [last]})
    return counts


def nightly(*, now: dt.datetime, on: dt.date) -> None:
    """Work out the layers of every brand that has creators."""
    for brand in active_brands():
        counts = work_out(by=None, brand=brand, now=now, on=on)
        logger.info("Layers of %s: %s", brand, counts)


# -- private -------------------------------------------------------------------


def _after(people: QuerySet[Creator], last: int) -> list[int]:
    """The next batch, and one more when others follow."""
    return list(people.filter(pk__gt=last).values_list("pk", flat=True)[: BATCH + 1])


def _store(decided: dict[int, str], on: dt.date) -> int:
    return sql.execute(
        """
        UPDATE matrix_creator AS creator SET layer = decided.layer, layer_since = %(on)s
          FROM unnest(%(creators)s::bigint[], %(layers)s::text[]) AS decided (creator_id, layer)
         WHERE creator.id = decided.creator_id AND creator.layer <> decided.layer
        """,
        {"creators": list(decided), "layers": list(decided.values()), "on": on},
    )
