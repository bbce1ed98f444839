"""Filters of the list of payees."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incentives import payees
from incentives.payout_choices import DestinationKind
from kosops.ui.listing import ListColumn, ListFilter
from matrix.choices import CreatorKind
from matrix.filters import UnitFilter
from matrix.models import Creator

# The day of birth is encrypted, so nobody can be looked for by age.
LACKS = [
    ("account", _("No account")),
    ("identity", _("Identity not checked")),
    ("consent", _("No consent")),
    ("frozen", _("Account just changed")),
    ("held", _("Held")),
]


class PayeeFilter(ListFilter):
    """People of the programme as payees."""

    sorts = {"name": "name", "id": "id"}
    default_sort = "name"
    columns = [
        ListColumn(code="person", label=_("Person"), sort="name"),
        ListColumn(code="kind", label=_("Kind")),
        ListColumn(code="store", label=_("Store")),
        ListColumn(code="account", label=_("Account")),
        ListColumn(code="identity", label=_("Identity")),
        ListColumn(code="state", label=_("Can be paid"), define="payee_ready"),
    ]

    q = django_filters.CharFilter(method="search", label=_("Name or number"), max_length=80)
    kind = django_filters.ChoiceFilter(
        choices=CreatorKind.choices, label=_("Kind"), empty_label=_("KOS and KOC")
    )
    lacks = django_filters.ChoiceFilter(
        choices=LACKS, label=_("What is missing"), method="by_lack", empty_label=_("Everybody")
    )
    way = django_filters.ChoiceFilter(
        choices=DestinationKind.choices,
        field_name="payout_destination__kind",
        label=_("Paid to"),
        empty_label=_("Any way"),
    )
    unit = UnitFilter(path_field="store", permission="payouts.view")

    class Meta:
        model = Creator
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(name__icontains=value) | Q(number__istartswith=value))

    def by_lack(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        now = timezone.now()
        koc = Q(kind=CreatorKind.KOC)
        if value == "held":
            holds = payees.open_holds(timezone.localdate(now)).filter(creator=OuterRef("pk"))
            return rows.filter(Exists(holds))
        return rows.filter(
            {
                "account": Q(payout_destination=None),
                "identity": koc & Q(payee__identified_at=None),
                "consent": koc
                & Q(payout_destination__isnull=False, payout_destination__consent_at=None),
                "frozen": Q(payout_destination__frozen_until__gt=now),
            }[value]
        )
