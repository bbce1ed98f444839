"""Communities: opened, looked after, filled with creators, closed (C26, C28)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from kosops.lib.errors import DomainError
from matrix.figures import CURRENT
from matrix.models import Community, CommunityMember, Creator

FEW = 500


# -- queries -------------------------------------------------------------------


def open_members(community: Community | None = None) -> QuerySet[Any]:
    """Memberships that last, of one community or of all."""
    rows = CommunityMember.objects.filter(until=None)
    return rows.filter(community=community) if community else rows


def with_members(communities: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate communities with ``member_count``, 0 without any."""
    counted = (
        CommunityMember.objects.filter(community=OuterRef("pk"), until=None)
        .order_by()
        .values("community")
        .annotate(count=Count("*"))
        .values("count")
    )
    return communities.annotate(
        member_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    )


def creators_in(community: Community) -> list[int] | QuerySet[Any]:
    """The creators in it, to compare a foreign key with: ids while there are few."""
    rows = open_members(community)
    found = list(rows.values_list("creator", flat=True)[: FEW + 1])
    return found if len(found) <= FEW else rows.values("creator")


def who_can_join(community: Community, creators: QuerySet[Any]) -> QuerySet[Any]:
    """Of ``creators`` those in the programme, of the community's unit, who are not in it yet."""
    inside = CommunityMember.objects.filter(community=community, creator=OuterRef("pk"), until=None)
    return creators.filter(
        ~Exists(inside), state__in=CURRENT, store__path__startswith=community.unit.path
    )


def with_names(creators: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate creators with ``community_names``, the communities that they are in."""
    rows = open_members().filter(creator=OuterRef("pk")).order_by("community__name")
    return creators.annotate(community_names=ArraySubquery(rows.values("community__name")))


def of_creator(creator: Creator) -> list[CommunityMember]:
    """The communities that the creator is in."""
    return list(
        open_members()
        .filter(creator=creator)
        .select_related("community")
        .order_by("community__name")
    )


# -- commands ------------------------------------------------------------------


@transaction.atomic
def open_community(
    *,
    by: Person | None,
    unit: Unit,
    name: str,
    kind: str,
    host: Person,
    opened_on: dt.date,
    for_whom: str = "",
    topic: str = "",
) -> Community:
    """Open a community for creators of ``unit`` and below. Refuses ``community_name_taken``."""
    community = Community(
        brand_id=unit.brand_id or unit.pk,
        unit=unit,
        name=name.strip(),
        kind=kind,
        host=host,
        opened_on=opened_on,
        for_whom=for_whom.strip(),
        topic=topic.strip(),
    )
    _save(community)
    activity.record(
        by=by,
        verb="community.added",
        object=community,
        unit=unit,
        after={"name": community.name, "kind": str(kind), "host": host.name},
    )
    return community


@transaction.atomic
def change_community(
    *,
    by: Person | None,
    community: Community,
    name: str,
    kind: str,
    host: Person,
    for_whom: str,
    topic: str,
) -> Community:
    """Change what is said of an open community. Refuses ``community_closed`` and
    ``community_name_taken``.
    """
    community = _locked(community)
    wanted = {
        "name": name.strip(),
        "kind": str(kind),
        "host": host,
        "for_whom": for_whom.strip(),
        "topic": topic.strip(),
    }
    changed = [field for field, value in wanted.items() if getattr(community, field) != value]
    before = {field: str(getattr(community, field)) for field in changed}
    for field in changed:
        setattr(community, field, wanted[field])
    if changed:
        _save(community)
        activity.record(
            by=by,
            verb="community.changed",
            object=community,
            unit=community.unit,
            before=before,
            after={field: str(wanted[field]) for field in changed},
        )
    return community


@transaction.atomic
def add_members(
    *, by: Person | None, community: Community, creators: QuerySet[Any], since: dt.date
) -> int:
    """Put those of ``creators`` into the community who can join it; returns how many did.

    Whoever is in it, is not in the programme or belongs to another unit stays as they are.
    Refuses ``community_closed``.
    """
    community = _locked(community)
    joining = who_can_join(community, creators).order_by().values_list("pk", flat=True)
    added = CommunityMember.objects.bulk_create(
        [
            CommunityMember(community=community, creator_id=pk, since=since)
            for pk in sorted(set(joining))
        ],
        batch_size=1000,
    )
    if added:
        activity.record(
            by=by,
            verb="community.members_added",
            object=community,
            unit=community.unit,
            after={"members": len(added), "since": since.isoformat()},
        )
    return len(added)


@transaction.atomic
def add_member(
    *, by: Person | None, community: Community, creator: Creator, since: dt.date
) -> CommunityMember:
    """Put one creator into the community.

    Refuses ``community_closed``, ``already_member`` and ``cannot_join``.
    """
    one = Creator.objects.filter(pk=creator.pk)
    if not add_members(by=by, community=community, creators=one, since=since):
        if open_members(community).filter(creator=creator).exists():
            raise DomainError(
                "already_member", _("%(name)s is in the community already."), name=creator.name
            )
        raise DomainError(
            "cannot_join",
            _("%(name)s is not in the programme today, or belongs to another part of it."),
            name=creator.name,
        )
    return open_members(community).get(creator=creator)


@transaction.atomic
def remove_member(*, by: Person | None, member: CommunityMember, until: dt.date) -> CommunityMember:
    """End a membership with its last day. Refuses ``member_left_already``."""
    member = (
        CommunityMember.objects.select_for_update(of=("self",))
        .select_related("community__unit", "creator")
        .get(pk=member.pk)
    )
    if member.until:
        raise DomainError(
            "member_left_already",
            _("%(name)s has left the community already."),
            name=member.creator.name,
        )
    member.until = max(until, member.since)
    member.save(update_fields=["until"])
    activity.record(
        by=by,
        verb="community.member_removed",
        object=member.community,
        unit=member.community.unit,
        after={"number": member.creator.number, "until": member.until.isoformat()},
    )
    return member


@transaction.atomic
def close_community(*, by: Person | None, community: Community, on: dt.date) -> Community:
    """Close it with its last day; all memberships end with it. Refuses ``community_closed``."""
    community = _locked(community)
    community.closed_on = max(on, community.opened_on)
    community.save(update_fields=["closed_on"])
    rows = open_members(community)
    later = rows.filter(since__gt=community.closed_on).update(until=F("since"))
    ended = rows.update(until=community.closed_on) + later
    activity.record(
        by=by,
        verb="community.closed",
        object=community,
        unit=community.unit,
        after={"on": community.closed_on.isoformat(), "members": ended},
    )
    return community


def brand_communities(brand: Unit, names: Iterable[str]) -> dict[str, Community]:
    """Open communities of a brand by name, as files name them."""
    rows = Community.objects.filter(brand=brand, closed_on=None, name__in=set(names))
    return {row.name: row for row in rows.select_related("unit")}


# -- private -------------------------------------------------------------------


def _locked(community: Community) -> Community:
    found = Community.objects.select_for_update(of=("self",)).select_related("unit", "host")
    community = found.get(pk=community.pk)
    if community.closed_on:
        raise DomainError(
            "community_closed",
            _("%(name)s is closed; nothing changes in it any more."),
            name=community.name,
        )
    return community


def _save(community: Community) -> None:
    try:
        with transaction.atomic():
            community.save()
    except IntegrityError as error:
        broken = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        if broken != "community_open_name_once":
            raise
        raise DomainError(
            "community_name_taken",
            _("There is an open community called %(name)s already."),
            field="name",
            name=community.name,
        ) from error
