"""In which domains a KOC works: public platforms, the private domain, or both (C04).

It follows from the accounts in use. It is asked for when a page needs it and not kept, since
accounts come, change and leave by commands, files, handovers, merges and repairs: what is not kept
cannot be wrong, and an index of the accounts in use answers for a page of people, and for all of
25,000, in one statement. What a person said against it is kept, and stands.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from kosops.lib.errors import DomainError
from matrix.choices import CreatorKind, Domain, WorksIn
from matrix.models import Creator, SocialAccount
from matrix.registry import IN_USE

MAX_REASON = 200
# What the list can be filtered by: what counts may be any of these.
WHERE: dict[str, tuple[str, ...]] = {
    "in_public": (WorksIn.PUBLIC, WorksIn.BOTH),
    "in_private": (WorksIn.PRIVATE, WorksIn.BOTH),
    "public": (WorksIn.PUBLIC,),
    "private": (WorksIn.PRIVATE,),
    "both": (WorksIn.BOTH,),
    "unknown": ("",),
}
WHERE_WORDS: dict[str, Promise] = {
    "in_public": _("In the public domain"),
    "in_private": _("In the private domain"),
    "public": _("In the public domain only"),
    "private": _("In the private domain only"),
    "both": _("In both domains"),
    "unknown": _("Domain not known"),
}


# -- queries -------------------------------------------------------------------


def _has(domain: str) -> Exists:
    accounts = SocialAccount.objects.filter(creator=OuterRef("pk"), domain=domain)
    return Exists(accounts.filter(state__in=IN_USE))


def with_domain(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Creators with ``domain_held``, what the accounts of a KOC say, and ``works_in``, what counts.

    Empty for a KOS, and where neither accounts nor a person say.
    """
    return rows.annotate(
        domain_held=Case(
            When(~Q(kind=CreatorKind.KOC), then=Value("")),
            When(_has(Domain.PUBLIC) & _has(Domain.PRIVATE), then=Value(WorksIn.BOTH)),
            When(_has(Domain.PUBLIC), then=Value(WorksIn.PUBLIC)),
            When(_has(Domain.PRIVATE), then=Value(WorksIn.PRIVATE)),
            default=Value(""),
            output_field=CharField(),
        ),
        works_in=Case(
            When(domain_said="", then=F("domain_held")),
            default=F("domain_said"),
            output_field=CharField(),
        ),
    )


def working_in(rows: QuerySet[Any], where: str) -> QuerySet[Any]:
    """The KOC among ``rows`` of whom `WHERE` holds."""
    return with_domain(rows.filter(kind=CreatorKind.KOC)).filter(works_in__in=WHERE[where])


def words_of(creator: Any) -> str:
    """Where a KOC works, in words; ``creator`` is `with_domain`. Empty for a KOS."""
    if creator.kind != CreatorKind.KOC:
        return ""
    return str(WorksIn(creator.works_in).label if creator.works_in else _("Not known"))


# -- commands ------------------------------------------------------------------


@transaction.atomic
def change_domain(*, by: Person | None, creator: Creator, domain: str, reason: str) -> Creator:
    """Say in which domains a KOC works, against the accounts; an empty one lets the accounts say.

    Refuses ``domain_of_kos``, ``unknown_domain`` and ``reason_needed``.
    """
    creator = (
        Creator.objects.select_for_update(of=("self",)).select_related("store").get(pk=creator.pk)
    )
    if creator.kind != CreatorKind.KOC:
        raise DomainError("domain_of_kos", _("Only a KOC works in a domain of their own."))
    if domain and domain not in WorksIn.values:
        raise DomainError("unknown_domain", _("Choose public, private or both."), status=400)
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why, for whoever reads it later."))
    if creator.domain_said == domain:
        return creator
    before = creator.domain_said
    creator.domain_said = domain
    creator.domain_reason = reason.strip()[:MAX_REASON] if domain else ""
    creator.save(update_fields=["domain_said", "domain_reason"])
    activity.record(
        by=by,
        verb="creator.changed",
        object=creator,
        unit=creator.store,
        before={"domain": before},
        after={"domain": domain, "reason": reason.strip()[:MAX_REASON]},
    )
    return creator
