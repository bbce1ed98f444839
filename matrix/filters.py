"""Filters of the lists of creators; the unit filter of all lists."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import django_filters
from django.db.models import DateField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.forms import CheckboxInput, HiddenInput, RegexField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.choices import StoreKind, UnitKind
from accounts.models import Unit
from kosops.lib.periods import Month
from kosops.ui import formats
from kosops.ui.listing import ListColumn, ListFilter
from matrix import domains, health, platforms, posting, purchase_proofs, staff_reports, tier_steps
from matrix.choices import (
    AccountState,
    CreatorKind,
    CreatorState,
    Domain,
    KocKind,
    Layer,
    Programme,
    TalentType,
)
from matrix.figures import CURRENT
from matrix.models import AssetFigures, Creator, SocialAccount, StaffReport, UnitFigures
from matrix.purchase_choices import Shown

# Up to so many stores the select names all of them; beyond, those of the chosen region.
STORES_NAMED = 150
CURRENT_STATES = "current"
# Of the purchase filter: by an order or by a receipt.
BOUGHT = "shown"
# Of the filter by programme.
NO_PROGRAMME = "none"
FEW = 500
# Sorts whoever has no day of joining first.
JOINED = Coalesce(F("joined_on"), Value(dt.date(1970, 1, 1)), output_field=DateField())


class UnitFilter(django_filters.ModelChoiceFilter):
    """Rows of a unit and below it. ``path_field`` leads from the row to its unit.

    The template prints `unit_choices`; the form field only reads and checks the value.
    """

    def __init__(self, *, path_field: str, permission: str) -> None:
        self.path_field = path_field
        super().__init__(
            queryset=functools.partial(_units, permission=permission),
            label=_("Region or store"),
            widget=HiddenInput,
        )

    def filter(self, qs: QuerySet[Any], value: Unit | None) -> QuerySet[Any]:
        if value is None:
            return qs
        below = Unit.objects.filter(path__startswith=value.path).values("pk")
        return qs.filter(**{f"{self.path_field}__in": below})


def _units(request: HttpRequest, permission: str) -> QuerySet[Any]:
    return Unit.objects.for_user(request.user, permission)


class PlatformFilter(django_filters.ChoiceFilter):
    """Rows of a platform; offers the public ones that the person's brands use or have used."""

    def __init__(self, *, permission: str) -> None:
        self.permission = permission
        super().__init__(label=_("Platform"), empty_label=_("All platforms"))

    @property
    def field(self) -> Any:
        person = getattr(self.parent.request, "user", None)
        self.extra["choices"] = platforms.offered(person, self.permission, Domain.PUBLIC)
        return super().field


def without() -> list[tuple[str, Any]]:
    """Where somebody may have no account: figures of the grid lead to the list with it."""
    return [*Domain.choices, *platforms.every_code()]


class Choice(NamedTuple):
    """A unit as the select prints it; a whole model for each of a thousand stores is slow."""

    pk: int
    parent_id: int | None
    kind: str
    name: str
    path: str


@dataclass(frozen=True)
class UnitGroup:
    """A region with its stores, as an ``optgroup`` prints them."""

    label: str
    units: list[Choice]


def unit_choices(request: HttpRequest, permission: str, chosen: Unit | None) -> list[UnitGroup]:
    """What the select of regions and stores offers, the chosen unit always among it.

    Where there are many stores, only those near the chosen unit.
    """
    units = _units(request, permission).filter(active=True)
    stores = units.filter(kind=UnitKind.STORE)
    named = ~Q(kind=UnitKind.STORE) | ~Exists(stores[STORES_NAMED : STORES_NAMED + 1])
    if near := _near(chosen):
        named |= Q(path__startswith=near)
    rows = units.filter(named).order_by("path")
    found = [Choice(*row) for row in rows.values_list("pk", "parent", "kind", "name", "path")]
    groups = [UnitGroup("", [unit for unit in found if unit.kind != UnitKind.STORE])]
    names = {unit.pk: unit.name for unit in found}
    by_parent: dict[str, list[Choice]] = {}
    for unit in found:
        if unit.kind == UnitKind.STORE:
            by_parent.setdefault(names.get(unit.parent_id, ""), []).append(unit)
    groups += [
        UnitGroup(label, sorted(own, key=lambda unit: unit.name))
        for label, own in sorted(by_parent.items())
    ]
    return [group for group in groups if group.units]


def _near(chosen: Unit | None) -> str:
    """The path of the region chosen, or of the region that the chosen store stands in."""
    if chosen is None or chosen.kind == UnitKind.BRAND:
        return ""
    if chosen.kind == UnitKind.REGION:
        return chosen.path
    return chosen.path.removesuffix(f"{chosen.pk}/")


def few_ids(rows: QuerySet[Any]) -> list[int] | QuerySet[Any]:
    """What to compare a foreign key with: the ids themselves while there are few.

    Their ids lead straight to the posts or orders of those people, while a condition across
    tables makes the database walk through all of them.
    """
    found = list(rows.values_list("pk", flat=True)[: FEW + 1])
    return found if len(found) <= FEW else rows.values("pk")


def called(value: str) -> QuerySet[Any]:
    """Creators by part of their name or the start of their number, to look for in other lists."""
    return Creator.objects.filter(Q(name__icontains=value) | Q(number__istartswith=value))


def open_accounts(where: str) -> QuerySet[Any]:
    """Accounts that are not closed, in a domain or on a platform."""
    place = {"domain": where} if where in Domain.values else {"platform": where}
    return SocialAccount.objects.exclude(state=AccountState.CLOSED).filter(**place)


class MonthFilter(django_filters.CharFilter):
    """Rows whose day lies in a month, written as 2026-11. Figures lead here with it."""

    field_class = RegexField

    def __init__(self, *, field_name: str, label: Any) -> None:
        super().__init__(
            field_name=field_name,
            label=label,
            regex=r"^\d{4}-(0[1-9]|1[0-2])$",
            widget=HiddenInput,
        )

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        month = Month.parse(value)
        return qs.filter(**{f"{self.field_name}__range": (month.first_day, month.last_day)})


class CreatorFilter(ListFilter):
    """The list of creators. ``state=current`` means everybody who takes part today."""

    sorts = {
        "name": "name",
        "number": "number",
        "joined": "joined",
        "posts": "recent_posts",
        "last_post": "last_post_at",
    }
    default_sort = "name"
    columns = [
        ListColumn(code="name", label=pgettext_lazy("person", "Name"), sort="name"),
        ListColumn(code="kind", label=_("Kind")),
        ListColumn(code="region", label=_("Region"), usual=False),
        ListColumn(code="store", label=_("Store")),
        ListColumn(code="tier", label=_("Tier")),
        ListColumn(code="layer", define="layer", label=_("Layer"), usual=False),
        ListColumn(code="accounts", label=_("Accounts")),
        ListColumn(
            code="posts",
            define="recent_posts",
            label=_("Posts in 30 days"),
            numeric=True,
            sort="posts",
        ),
        ListColumn(code="best", define="best_interactions", label=_("Best post"), numeric=True),
        ListColumn(
            code="last_post",
            define="last_post",
            label=_("Last post"),
            numeric=True,
            sort="last_post",
        ),
        ListColumn(code="joined", label=_("Joined"), numeric=True, sort="joined", usual=False),
        ListColumn(code="share_code", label=_("Share code"), usual=False),
        ListColumn(code="purchase", define="purchase_shown", label=_("Purchase"), usual=False),
        ListColumn(code="domain", define="works_in", label=_("Domain"), usual=False),
        ListColumn(code="programme", label=_("Programme"), usual=False),
    ]

    q = django_filters.CharFilter(
        method="search", label=_("Name, number or account"), max_length=80
    )
    kind = django_filters.ChoiceFilter(
        choices=CreatorKind.choices, label=_("Kind"), empty_label=_("KOS and KOC")
    )
    koc_kind = django_filters.ChoiceFilter(
        choices=KocKind.choices, label=_("KOC kind"), empty_label=_("Every KOC kind")
    )
    talent_type = django_filters.ChoiceFilter(
        choices=TalentType.choices, label=_("Talent type"), empty_label=_("Every talent type")
    )
    tier = django_filters.ChoiceFilter(
        choices=lambda: [*tier_steps.choices(), ("none", _("No tier"))],
        method="in_tier",
        label=_("Tier"),
        empty_label=_("Any tier"),
    )
    layer = django_filters.ChoiceFilter(
        choices=Layer.choices, label=_("Layer"), empty_label=_("Any layer")
    )
    state = django_filters.ChoiceFilter(
        choices=[(CURRENT_STATES, _("In the programme")), *CreatorState.choices],
        method="in_state",
        label=_("State"),
        empty_label=_("Any state"),
    )
    needs = django_filters.ChoiceFilter(
        choices=[(health.ANY, _("Any account needs action")), *health.Need.choices],
        method="needing",
        label=_("Accounts"),
        empty_label=_("Any accounts"),
    )
    without = django_filters.ChoiceFilter(
        choices=without,
        method="lacking",
        label=_("Without an account"),
        empty_label=_("With and without accounts"),
        widget=HiddenInput,
    )
    purchase = django_filters.ChoiceFilter(
        choices=[(BOUGHT, _("Purchase shown")), *Shown.choices],
        method="having_bought",
        label=_("Purchase of a KOC"),
        empty_label=_("Any purchase"),
    )
    domain = django_filters.ChoiceFilter(
        choices=[*domains.WHERE_WORDS.items()],
        method="working_in",
        label=_("Domain of a KOC"),
        empty_label=_("Any domain"),
    )
    programme = django_filters.ChoiceFilter(
        choices=[*Programme.choices, (NO_PROGRAMME, _("No programme"))],
        method="in_programme",
        label=_("Programme"),
        empty_label=_("Any programme"),
    )
    joined = MonthFilter(field_name="joined_on", label=_("Joined in"))
    left = MonthFilter(field_name="left_on", label=_("Left in"))
    unit = UnitFilter(path_field="store", permission="matrix.view")

    class Meta:
        model = Creator
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Part of a name, of the store's name or of an account's handle; start of the number.

        Codes, of sharing and of the store, only whole.
        """
        stores = Unit.objects.filter(Q(name__icontains=value) | Q(code__iexact=value))
        handles = SocialAccount.objects.filter(handle__icontains=value, creator__isnull=False)
        return rows.filter(
            Q(name__icontains=value)
            | Q(number__istartswith=value)
            | Q(share_code__iexact=value)
            | Q(pk__in=handles.values("creator"))
            | Q(store__in=stores.values("pk"))
        )

    def in_tier(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(tier="" if value == "none" else value)

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(state__in=CURRENT if value == CURRENT_STATES else [value])

    def needing(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        accounts = health.public_accounts(SocialAccount.objects.filter(creator=OuterRef("pk")))
        return rows.filter(
            Exists(health.needing(health.with_needs(accounts, timezone.now()), value))
        )

    def lacking(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.exclude(
            Exists(open_accounts(value).filter(creator=OuterRef("pk"), creator__isnull=False))
        )

    def having_bought(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == BOUGHT:
            return purchase_proofs.shown(rows)
        return purchase_proofs.having(rows, value)

    def working_in(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return domains.working_in(rows, value)

    def in_programme(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        found = rows.filter(kind=CreatorKind.KOC)
        return found.filter(programme="" if value == NO_PROGRAMME else value)

    def with_columns(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` with what only some columns need, where those are shown."""
        if "purchase" in self.shown_columns:
            rows = purchase_proofs.with_shown(rows)
        return domains.with_domain(rows) if "domain" in self.shown_columns else rows

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` with the column that the order asked for needs."""
        field, _descending = self.order
        if field == "joined":
            return rows.annotate(joined=JOINED)
        if field == "recent_posts":
            return posting.with_recent_posts(rows, timezone.now())
        if field == "last_post_at":
            return posting.with_last_post(rows)
        return rows


ALL_PERIODS = "all"


class StaffReportFilter(ListFilter):
    """Staff accounts with their figures of a period; of the latest one when none is named."""

    sorts = {"leads": "leads_known", "notes": "notes_known", "spend": "spend_known"}
    default_sort = "-leads"
    columns = [
        ListColumn(code="creator", label=pgettext_lazy("person", "Name")),
        ListColumn(code="account", label=_("Account")),
        ListColumn(code="store", label=_("Store")),
        ListColumn(code="period", label=_("Period"), usual=False),
        ListColumn(
            code="leads", define="staff_leads", label=_("Leads"), numeric=True, sort="leads"
        ),
        ListColumn(code="form_leads", define="form_leads", label=_("Leads by form"), numeric=True),
        ListColumn(code="dm_leads", define="dm_leads", label=_("Leads by message"), numeric=True),
        ListColumn(
            code="dm_inbound", define="dm_inbound", label=_("Messages started"), numeric=True
        ),
        ListColumn(
            code="dm_opened",
            define="dm_opened",
            label=_("Customers who wrote"),
            numeric=True,
            usual=False,
        ),
        ListColumn(
            code="notes",
            define="staff_notes",
            label=_("Notes published"),
            numeric=True,
            sort="notes",
        ),
        ListColumn(code="interactions", label=_("Interactions"), numeric=True, usual=False),
        ListColumn(code="impressions", label=_("Impressions"), numeric=True, usual=False),
        ListColumn(code="clicks", label=_("Clicks"), numeric=True, usual=False),
        ListColumn(
            code="spend",
            define="promotion_spend",
            label=_("Spent on promotion"),
            numeric=True,
            sort="spend",
        ),
    ]

    q = django_filters.CharFilter(
        method="search", label=_("Name, number or account"), max_length=80
    )
    period = django_filters.ChoiceFilter(method="in_period", label=_("Period"), empty_label=None)
    unit = UnitFilter(path_field="unit", permission="matrix.view")

    class Meta:
        model = StaffReport
        fields: list[str] = []

    def __init__(
        self, data: Any = None, queryset: Any = None, *, request: Any = None, **more: Any
    ) -> None:
        known = staff_reports.periods(queryset)
        codes = {staff_reports.period_code(*period): period for period in known}
        if data is not None and "period" not in data and codes:
            data = data.copy()
            data["period"] = next(iter(codes))
        super().__init__(data, queryset, request=request, **more)
        language = get_language()
        self.filters["period"].extra["choices"] = [
            *(
                (code, formats.day_range(first, last, language))
                for code, (first, last) in codes.items()
            ),
            (ALL_PERIODS, _("All periods")),
        ]
        self._codes = codes

    @property
    def one_period(self) -> bool:
        """Whether the rows are of one period, so that they can be added up."""
        return self.active.get("period") in self._codes

    def in_period(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == ALL_PERIODS:
            return rows
        first, last = self._codes[value]
        return rows.filter(period_from=first, period_to=last)

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Part of the creator's name or the account's handle, or the start of a number."""
        accounts = SocialAccount.objects.filter(handle__icontains=value)
        return rows.filter(Q(creator__in=few_ids(called(value))) | Q(account__in=few_ids(accounts)))

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return staff_reports.with_leads(rows)


class StoreFilter(ListFilter):
    """The list of stores; those in business unless all are asked for."""

    sorts = {"name": "name", "people": "people_counted", "posts": "posts_counted"}
    default_sort = "name"
    columns = [
        ListColumn(code="name", label=_("Store"), sort="name"),
        ListColumn(code="kind", label=_("Kind of store")),
        ListColumn(code="region", label=_("Region")),
        ListColumn(code="city", label=_("City"), usual=False),
        ListColumn(code="kos", define="people_kos", label=_("KOS"), numeric=True, sort="people"),
        ListColumn(code="koc", define="people_koc", label=_("KOC"), numeric=True),
        ListColumn(
            code="accounts", define="accounts_of_unit", label=_("Public accounts"), numeric=True
        ),
        ListColumn(code="paired", define="paired", label=_("Paired")),
        ListColumn(code="needs", define="need_action", label=_("Need action")),
        ListColumn(
            code="posts",
            define="recent_posts",
            label=_("Posts in 30 days"),
            numeric=True,
            sort="posts",
        ),
        ListColumn(code="last_post", define="last_post", label=_("Last post"), numeric=True),
    ]

    q = django_filters.CharFilter(method="search", label=_("Store, code or city"), max_length=80)
    unit = UnitFilter(path_field="pk", permission="matrix.view")
    kind = django_filters.ChoiceFilter(
        field_name="store_kind",
        choices=StoreKind.choices,
        label=_("Kind of store"),
        empty_label=_("Every kind of store"),
    )
    without = django_filters.ChoiceFilter(
        choices=without,
        method="lacking",
        label=_("Without an account of its own"),
        empty_label=_("With and without accounts"),
    )
    closed = django_filters.BooleanFilter(
        method="in_business", label=_("Closed stores too"), widget=CheckboxInput
    )

    class Meta:
        model = Unit
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(name__icontains=value) | Q(code__istartswith=value) | Q(city__icontains=value)
        )

    def lacking(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.exclude(
            Exists(open_accounts(value).filter(unit=OuterRef("pk"), creator__isnull=True))
        )

    def in_business(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return rows if value else rows.filter(active=True)

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` with the column that the order asked for needs, as last counted."""
        latest = UnitFigures.objects.filter(unit=OuterRef("pk")).order_by("-month")
        match self.order[0]:
            case "people_counted":
                people = latest.annotate(people=F("kos") + F("koc")).values("people")[:1]
                return rows.annotate(people_counted=Coalesce(Subquery(people), 0))
            case "posts_counted":
                return rows.annotate(
                    posts_counted=Coalesce(Subquery(latest.values("posts")[:1]), 0)
                )
        return rows


class AssetFilter(ListFilter):
    """Assets by unit, as the export of the ledger takes them."""

    sorts = {"unit": "unit_id"}
    default_sort = "unit"

    unit = UnitFilter(path_field="unit", permission="matrix.view")

    class Meta:
        model = AssetFigures
        fields: list[str] = []
