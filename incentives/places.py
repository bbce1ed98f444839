"""Who has a place in a store: who shares its pot, who leads it, which orders are our own people's.

Places are dated. Days that are over keep theirs, so that an order is split the same way whenever a
run looks at it again; a change counts from tomorrow, or makes runs look at the orders since.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from customers import intake
from customers.purchases import MEMBER_IDS
from incentives.models import OwnBuyer, StaffPlace
from kosops.lib import sql
from kosops.lib.errors import DomainError
from kosops.lib.secrets import blind_index
from matrix.choices import CreatorKind, CreatorState
from matrix.models import Creator

# -- queries -------------------------------------------------------------------


def on(day: dt.date) -> QuerySet[StaffPlace]:
    return StaffPlace.objects.filter(valid__contains=day)


def lead_of_seller(seller: Creator | None, day: dt.date) -> StaffPlace | None:
    """Who led the store in which the seller had a place on the day."""
    own = on(day).filter(creator=seller).first() if seller else None
    if own is None:
        return None
    return on(day).filter(store=own.store_id, leads=True).select_related("creator").first()


def own_buyer(brand_id: int, buyer_key: bytes | memoryview | None) -> int | None:
    """Who of our people the buyer is, if any."""
    if buyer_key is None:
        return None
    found = OwnBuyer.objects.filter(brand_id=brand_id, buyer_key=bytes(buyer_key))
    return found.values_list("creator_id", flat=True).first()


def of_member(brand: Unit, number: str) -> QuerySet[Creator]:
    """Who of our people has this number at the member centre, under which they buy."""
    keys = [blind_index(kind, number.strip()) for kind in MEMBER_IDS]
    known = OwnBuyer.objects.filter(brand_id=brand.pk, buyer_key__in=keys)
    return Creator.objects.filter(
        Q(pk__in=known.values("creator")) | Q(kind=CreatorKind.KOC, number=number.strip()),
        brand=brand,
    )


# -- commands ------------------------------------------------------------------


@transaction.atomic
def put(
    *,
    by: Person | None,
    creator: Creator,
    first: dt.date,
    store: Unit | None = None,
    weight: int | None = None,
    leads: bool | None = None,
) -> StaffPlace:
    """Say from which day on somebody works in a store, leads it, and shares its pot by how much.

    What is not said stays. Whoever led the store before leads it no longer. Refuses
    `not_staff`, `weight_out_of_range`, `place_in_the_past` where a place began later than
    ``first``, and `no_weights` where nobody of the store would share its pot.
    """
    store = store or creator.store
    if creator.kind != CreatorKind.KOS or not creator.number:
        raise DomainError(
            "not_staff", _("Only staff with an employee number has a place in a store."), status=400
        )
    if weight is not None and not 0 <= weight <= 1000:
        raise DomainError("weight_out_of_range", _("A share lies between 0 and 1000."), status=400)
    Unit.objects.select_for_update(no_key=True).get(pk=store.pk)
    last = StaffPlace.objects.filter(creator=creator).order_by("valid").last()
    leads = leads if leads is not None else bool(last and last.leads and last.store_id == store.pk)
    _end(StaffPlace.objects.filter(creator=creator), first)
    if leads:
        leading = StaffPlace.objects.filter(store=store, leads=True)
        others = list(leading.filter(valid__upper_inf=True))
        _end(leading, first)
        for other in others:
            StaffPlace.objects.create(
                store=store,
                creator_id=other.creator_id,
                valid=DateRange(first, None),
                weight=other.weight,
            )
    place = StaffPlace.objects.create(
        store=store,
        creator=creator,
        valid=DateRange(first, None),
        weight=weight if weight is not None else (last.weight if last else 1),
        leads=leads,
    )
    if not StaffPlace.objects.filter(store=store, valid__upper_inf=True, weight__gt=0).exists():
        raise DomainError(
            "no_weights", _("Somebody of the store has to have a share in its pot."), status=400
        )
    if first <= timezone.localdate():
        intake.look_again(brand=creator.brand, first=first, until=None)
    activity.record(
        by=by,
        verb="staff_place.put",
        object=creator,
        unit=store,
        after={
            "store": store.pk,
            "first": first.isoformat(),
            "weight": place.weight,
            "leads": place.leads,
        },
    )
    return place


def _end(places: QuerySet[StaffPlace], first: dt.date) -> None:
    for place in places.filter(valid__endswith__gt=first) | places.filter(valid__upper_inf=True):
        later = place.valid.upper is not None
        if later or (place.valid.lower is not None and place.valid.lower >= first):
            raise DomainError(
                "place_in_the_past",
                _("%(name)s has a place in a store from %(day)s on. Choose a later day."),
                name=place.creator.name,
                day=(place.valid.upper or place.valid.lower).isoformat(),
            )
        place.valid = DateRange(place.valid.lower, first)
        place.save(update_fields=["valid"])


@transaction.atomic
def link_own_buyer(*, by: Person | None, creator: Creator, number: str) -> OwnBuyer:
    """Note under which customer number one of our people buys, so that own orders are seen.

    The number itself is not kept. Refuses `number_needed`.
    """
    if not number.strip():
        raise DomainError("number_needed", _("Enter the customer number."), status=400)
    for kind in MEMBER_IDS:
        link, _created = OwnBuyer.objects.update_or_create(
            brand_id=creator.brand_id,
            buyer_key=blind_index(kind, number.strip()),
            defaults={"creator": creator, "number": ""},
        )
    activity.record(by=by, verb="own_buyer.added", object=creator, unit=creator.store)
    return link


# -- before a run --------------------------------------------------------------

# A store that was never looked at takes its people as they are, since they joined. After that who
# comes, moves or leaves does so tomorrow: the days so far are split.
_LEFT = """
    UPDATE incentives_staffplace p SET valid = daterange(lower(p.valid), %(tomorrow)s)
      FROM matrix_creator c
     WHERE c.id = p.creator_id AND c.brand_id = %(brand)s AND upper_inf(p.valid)
       AND (c.state <> %(active)s OR c.store_id <> p.store_id)
       AND (lower_inf(p.valid) OR lower(p.valid) < %(tomorrow)s)
"""
_CAME = """
    INSERT INTO incentives_staffplace (store_id, creator_id, valid, weight, leads)
    SELECT c.store_id, c.id,
           daterange(CASE WHEN known.store_id IS NULL AND known_self.creator_id IS NULL
                          THEN c.joined_on ELSE %(tomorrow)s END, NULL), 1, false
      FROM matrix_creator c
      LEFT JOIN (SELECT DISTINCT store_id FROM incentives_staffplace) AS known
        ON known.store_id = c.store_id
      LEFT JOIN (SELECT DISTINCT creator_id FROM incentives_staffplace) AS known_self
        ON known_self.creator_id = c.id
     WHERE c.brand_id = %(brand)s AND c.kind = %(kind)s AND c.number <> '' AND c.state = %(active)s
       AND NOT EXISTS (
            SELECT 1 FROM incentives_staffplace p WHERE p.creator_id = c.id AND upper_inf(p.valid))
     ORDER BY c.id
"""


@transaction.atomic
def follow(brand: Unit) -> None:
    """Bring places and own customer numbers up to what is known of the people today."""
    facts = {
        "brand": brand.pk,
        "kind": CreatorKind.KOS,
        "active": CreatorState.ACTIVE,
        "tomorrow": timezone.localdate() + dt.timedelta(days=1),
    }
    sql.execute(_LEFT, facts)
    sql.execute(_CAME, facts)
    follow_numbers(brand)


def follow_numbers(brand: Unit) -> list[int]:
    """A KOC's number is that of the member centre, under which orders know the buyer.

    Returns whose numbers are new.
    """
    people = sql.fetch_all(
        """
        SELECT c.id, c.number FROM matrix_creator c
         WHERE c.brand_id = %(brand)s AND c.kind = 'koc' AND c.number <> ''
           AND NOT EXISTS (SELECT 1 FROM incentives_ownbuyer w
                            WHERE w.creator_id = c.id AND w.number = c.number)
         ORDER BY c.id
        """,
        {"brand": brand.pk},
    )
    sql.insert_rows(
        "incentives_ownbuyer",
        ["brand_id", "creator_id", "buyer_key", "number"],
        [
            (brand.pk, row["id"], blind_index(kind, row["number"]), row["number"])
            for row in people
            for kind in MEMBER_IDS
        ],
        "ON CONFLICT (brand_id, buyer_key) DO NOTHING",
    )
    return [row["id"] for row in people]
