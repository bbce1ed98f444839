"""Prizes of a race: who gets what, and how a second person lets it into the books."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from incentives import ledger, race_rules
from incentives.choices import JournalKind, LedgerKind
from incentives.models import Race, RaceAward, RaceEntry
from incentives.race_choices import RaceKind, RaceState
from incentives.race_rules import Formula, Standing
from incentives.race_sql import Facts
from kosops.lib.errors import DomainError, NotAllowed
from kosops.lib.repeating import whole

# The source of the journals of prizes; their key is the id of the award.
SOURCE = "race"

ENTRIES = """
SELECT a.id::text, a.creator_id, a.amount FROM incentives_raceaward a WHERE a.race_id = %(race)s
"""


def awards_of(race: Race) -> QuerySet[RaceAward]:
    return race.awards.select_related("creator", "entry__store", "entry__creator").order_by(
        "entry__league", "-prize", "entry", "-amount", "creator"
    )


def total_of(race: Race) -> int:
    return race.awards.aggregate(sum=Sum("amount"))["sum"] or 0


def work_out(*, race: Race, formula: Formula, placed: Iterable[Standing], found: Facts) -> int:
    """Keep who gets what; ids of ``placed`` and ``found`` are entries. In the caller's transaction.

    A store's prize goes to its active people by their active days, to the cent. A store without
    any active people wins nothing: there is nobody to give it to.
    """
    won = race_rules.prizes_of(formula, placed)
    owners = dict(RaceEntry.objects.filter(pk__in=won).values_list("pk", "creator_id"))
    rows = []
    for entry, prize in won.items():
        weights = (
            found.days.get(entry, {}) if race.kind == RaceKind.STORE else {owners[entry] or 0: 1}
        )
        if not weights:
            continue
        parts = race_rules.share_out(prize, weights)
        rows += [
            RaceAward(
                race=race,
                entry_id=entry,
                creator_id=creator,
                prize=prize,
                weight=weights[creator],
                amount=amount,
                currency=settings.CURRENCY,
            )
            for creator, amount in parts.items()
            if amount
        ]
    return len(RaceAward.objects.bulk_create(rows, batch_size=1000))


@whole
def approve(*, by: Person, race: Race) -> int:
    """Post the prizes to the people's payable accounts, once; returns the number of journals.

    Refuses ``race_not_fixed``, ``no_prizes``, ``prizes_approved``, ``own_race`` and ``own_prize``.
    """
    race = Race.objects.select_for_update(of=("self",)).select_related("brand").get(pk=race.pk)
    if race.state != RaceState.FROZEN:
        raise DomainError("race_not_fixed", _("Prizes are approved when the result is fixed."))
    if race.approved_at:
        raise DomainError("prizes_approved", _("The prizes of this race are approved already."))
    if by.pk in (race.created_by_id, race.frozen_by_id):
        raise NotAllowed(
            "own_race",
            _(
                "Who set up a race or fixed its result does not approve its prizes. Ask a colleague."
            ),
        )
    if race.awards.filter(creator__person=by).exists():
        raise NotAllowed("own_prize", _("Nobody approves a prize of their own. Ask a colleague."))
    total = total_of(race)
    if not total:
        raise DomainError("no_prizes", _("This race has no prizes to approve."))
    journals = 0
    currencies = race.awards.order_by().values_list("currency", flat=True).distinct()
    for currency in currencies:
        journals += ledger.post_set(
            by=by,
            brand=race.brand,
            currency=currency,
            kind=JournalKind.PRIZE,
            source=SOURCE,
            debit=LedgerKind.PRIZES,
            credit=LedgerKind.PAYABLE,
            business_date=timezone.localdate(),
            entries=ENTRIES,
            params={"race": race.pk},
        )
    race.approved_at, race.approved_by = timezone.now(), by
    race.save(update_fields=["approved_at", "approved_by"])
    activity.record(
        by=by,
        verb="race.prizes_approved",
        object=race,
        unit=race.brand,
        after={"total": total, "people": journals},
    )
    return journals
