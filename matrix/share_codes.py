"""Own share codes: every active creator has one, and none is ever given to somebody else (A16).

Codes are drawn by chance, not counted. One that came with a file stays. When somebody leaves, the
code ends with the last day (`registry.change_state`) and stays theirs in the list of given codes.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import activity, jobs
from accounts.models import Job, Person, Unit
from accounts.units import active_brands
from kosops.lib import sql
from kosops.lib.errors import DomainError
from matrix import code_rules
from matrix.choices import CreatorState
from matrix.models import Creator, GivenCode

JOB = "creators.share_codes"
# In one transaction at most; more are given by the job or by the next night.
BATCH = 5_000

GIVEN = "share_codes"

jobs.name_counts({GIVEN: gettext_lazy("Share codes given")})

_GIVE = """
    UPDATE matrix_creator c SET share_code = new.code
      FROM unnest(%(people)s::bigint[], %(codes)s::varchar[]) AS new (id, code)
     WHERE c.id = new.id
"""


# -- queries -------------------------------------------------------------------


def without(brand: Unit) -> QuerySet[Creator]:
    """Active creators who have no code yet."""
    return Creator.objects.filter(brand=brand, state=CreatorState.ACTIVE, share_code="")


def holders(brand: Unit, codes: Iterable[str]) -> dict[str, Creator]:
    """Whose these codes are, also codes that ended or that somebody had before.

    A code that reads as one of ours is its holder's in every spelling.
    """
    asked = set(codes) - {None, ""}
    read = {code_rules.as_own(code) for code in asked} - {""}
    given = GivenCode.objects.filter(brand=brand).annotate(read=Upper("code"))
    found = given.filter(Q(code__in=asked) | Q(read__in=read)).select_related("creator")
    known: dict[str, Creator] = {}
    for each in found.order_by("-pk"):
        known[each.code] = each.creator
        if code_rules.is_own(each.code.upper()):
            known.setdefault(each.code.upper(), each.creator)
    return meant(asked, known)


def meant(codes: Iterable[str], known: Mapping[str, Creator]) -> dict[str, Creator]:
    """Whom each code means among ``known`` ones: its own spelling first, then as one of ours."""
    found = {code: known.get(code, known.get(code_rules.as_own(code))) for code in codes}
    return {code: holder for code, holder in found.items() if holder is not None}


# -- commands ------------------------------------------------------------------


def fill(brand_id: int, creators: Iterable[Creator]) -> None:
    """Give a code to the active ones among people who are about to be saved, in memory."""
    people = [
        each for each in creators if each.state == CreatorState.ACTIVE and not each.share_code
    ]
    for creator, code in zip(people, new_codes(brand_id, len(people)), strict=True):
        creator.share_code = code


@transaction.atomic
def give(*, by: Person | None, brand: Unit, at_most: int = BATCH) -> int:
    """Give a code to every active creator without one; how many.

    Who has a code keeps it. Two at once share the people among them.
    """
    waiting = without(brand).select_for_update(of=("self",), skip_locked=True)
    people = list(waiting.order_by("pk").values_list("pk", flat=True)[:at_most])
    if not people:
        return 0
    _write(brand.pk, people)
    activity.record(
        by=by,
        verb="share_codes.codes_added",
        object=brand,
        unit=brand,
        after={"people": len(people)},
    )
    return len(people)


def give_to(people: Iterable[int]) -> None:
    """The same for these creators, by their ids, as a part of another command."""
    rows = Creator.objects.filter(pk__in=list(people), state=CreatorState.ACTIVE, share_code="")
    of_brand: dict[int, list[int]] = {}
    for pk, brand_id in rows.order_by("pk").values_list("pk", "brand_id"):
        of_brand.setdefault(brand_id, []).append(pk)
    for brand_id, found in of_brand.items():
        _write(brand_id, found)


def _write(brand_id: int, people: list[int]) -> None:
    codes = new_codes(brand_id, len(people))
    sql.execute(_GIVE, {"people": people, "codes": codes})


def new_codes(brand_id: int, count: int) -> list[str]:
    """Codes that nobody of the brand ever had."""
    found: dict[str, None] = {}
    while len(found) < count:
        drawn = {code_rules.made_of(secrets.choice) for _each in range(count - len(found))}
        # Nor one that differs from theirs in small letters only.
        given = GivenCode.objects.filter(brand=brand_id).annotate(read=Upper("code"))
        taken = given.filter(read__in=drawn).values_list("read", flat=True)
        found |= dict.fromkeys(drawn - set(taken))
    return list(found)


def nightly() -> None:
    """Give codes to whoever became active without passing a page, such as by a repair."""
    for brand in active_brands():
        while give(by=None, brand=brand):
            pass


# -- the same by a person's button ---------------------------------------------


def start(*, by: Person, brand: Unit) -> Job:
    """Give codes in the background. Refuses ``everybody_has_a_code``."""
    count = without(brand).count()
    if not count:
        raise DomainError("everybody_has_a_code", _("Every active creator has a code."))
    return jobs.start(
        by=by,
        kind=JOB,
        unit=brand,
        label=_("Give share codes"),
        params={"brand": brand.pk},
        total=count,
    )


@jobs.job_kind(JOB)
def run(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """A batch and how many it was are one transaction: a second run goes on behind it."""
    brand = Unit.objects.get(pk=job.params["brand"])
    given, more = job.counts.get(GIVEN, 0), True
    while more:
        with transaction.atomic():
            count = give(by=job.created_by, brand=brand, at_most=BATCH)
            if more := bool(count):
                given += count
                progress(given, counts={GIVEN: given})
    return {GIVEN: given}
