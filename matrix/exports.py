"""The lists of creators, of stores and of staff reports as files."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import access
from accounts.choices import UnitKind
from accounts.models import Person, Unit
from integrations import exporting
from integrations.exporting import Column
from kosops.ui.listing import ListFilter
from matrix import domains, holdings, purchase_proofs, tier_steps
from matrix.filters import AssetFilter, CreatorFilter, StaffReportFilter, StoreFilter
from matrix.models import AssetFigures, Creator, StaffReport, UnitFigures
from matrix.purchase_choices import Shown

VIEW = "matrix.view"
COUNTED = ("kos", "koc", "accounts", "paired", "needing", "posts")

# Heading, column of the list, field.
REPORT_FIGURES = (
    (_("Leads by form"), "form_leads", "form_leads"),
    (_("Leads by message"), "dm_leads", "dm_leads"),
    (_("Messages started"), "dm_inbound", "dm_inbound"),
    (_("Customers who wrote"), "dm_opened", "dm_opened"),
    (_("Notes published"), "notes", "notes"),
    (_("Interactions"), "interactions", "interactions"),
    (_("Impressions"), "impressions", "impressions"),
    (_("Clicks"), "clicks", "clicks"),
)


def creators(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    found = CreatorFilter(
        query,
        queryset=Creator.objects.for_user(person, VIEW),
        request=exporting.Asker(person),
    )
    rows = domains.with_domain(purchase_proofs.with_shown(found.ordered(found.rows())))
    return found, rows.select_related("store__parent")


def staff_reports(
    person: Person, brand: Unit, query: QueryDict
) -> tuple[ListFilter, QuerySet[Any]]:
    found = StaffReportFilter(
        query,
        queryset=StaffReport.objects.for_user(person, VIEW).filter(brand=brand),
        request=exporting.Asker(person),
    )
    return found, found.ordered(found.rows()).select_related("account", "creator", "unit")


def stores(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    latest = UnitFigures.objects.filter(unit=OuterRef("pk")).order_by("-month")
    found = StoreFilter(
        query,
        queryset=Unit.objects.for_user(person, VIEW).filter(kind=UnitKind.STORE),
        request=exporting.Asker(person),
    )
    counted = {
        f"{name}_counted": Subquery(latest.values(name)[:1]) for name in (*COUNTED, "last_at")
    }
    rows = found.ordered(found.rows()).annotate(**{f"of_{k}": v for k, v in counted.items()})
    return found, rows.select_related("parent")


def assets(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    """The ledger of the latest month that was counted, of what the person may see."""
    allowed = [
        source.asset for source in holdings.sources() if access.reach(person, source.permission)
    ]
    visible = AssetFigures.objects.for_user(person, VIEW).filter(asset__in=allowed)
    latest = AssetFigures.objects.order_by("-month").values("month")[:1]
    found = AssetFilter(
        query, queryset=visible.filter(month=Subquery(latest)), request=exporting.Asker(person)
    )
    return found, found.rows().select_related("unit__parent")


def _counted(name: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, f"of_{name}_counted") or 0


def _tier(row: Creator) -> str:
    return str(tier_steps.label(row.tier, row)) if row.tier else ""


def _shown(row: Any) -> str:
    return str(Shown(row.shown).label) if row.shown else ""


def register() -> None:
    exporting.register(
        exporting.ListExport(
            code="creators",
            label=_("Creators"),
            permission=VIEW,
            found=creators,
            columns=[
                Column(heading=_("Number"), value=lambda row: row.number),
                Column(heading=pgettext_lazy("person", "Name"), value=lambda row: row.name),
                Column(heading=_("Kind"), of="kind", value=lambda row: row.get_kind_display()),
                Column(
                    heading=_("Talent type"),
                    of="kind",
                    value=lambda row: row.get_talent_type_display(),
                ),
                Column(
                    heading=_("KOC kind"), of="kind", value=lambda row: row.get_koc_kind_display()
                ),
                Column(heading=_("State"), of="kind", value=lambda row: row.get_state_display()),
                Column(heading=_("Tier"), of="tier", value=_tier),
                Column(heading=_("Layer"), of="layer", value=lambda row: row.get_layer_display()),
                Column(
                    heading=_("Region"),
                    of="region",
                    value=lambda row: row.store.parent.name if row.store.parent else None,
                ),
                Column(heading=_("Store code"), of="store", value=lambda row: row.store.code),
                Column(heading=_("Store"), of="store", value=lambda row: row.store.name),
                Column(heading=_("Share code"), of="share_code", value=lambda row: row.share_code),
                Column(heading=_("Joined on"), of="joined", value=lambda row: row.joined_on),
                Column(heading=_("Purchase"), of="purchase", value=_shown),
                Column(heading=_("Domain"), of="domain", value=domains.words_of),
                Column(
                    heading=_("Programme"),
                    of="programme",
                    value=lambda row: row.get_programme_display(),
                ),
            ],
        )
    )
    exporting.register(
        exporting.ListExport(
            code="staff_reports",
            label=_("Leads"),
            permission=VIEW,
            found=staff_reports,
            columns=[
                Column(heading=_("Number"), value=lambda row: row.creator.number),
                Column(heading=pgettext_lazy("person", "Name"), value=lambda row: row.creator.name),
                Column(heading=_("Account"), of="account", value=lambda row: row.account.handle),
                Column(heading=_("Store code"), of="store", value=lambda row: row.unit.code),
                Column(heading=_("Store"), of="store", value=lambda row: row.unit.name),
                Column(heading=_("First day of the period"), value=lambda row: row.period_from),
                Column(heading=_("Last day of the period"), value=lambda row: row.period_to),
                Column(heading=_("Leads"), of="leads", value=lambda row: row.leads),
                *(
                    Column(heading=heading, of=code, value=attrgetter(field))
                    for heading, code, field in REPORT_FIGURES
                ),
                Column(
                    heading=_("Spent on promotion"),
                    of="spend",
                    value=lambda row: exporting.amount(row.promotion_spend),
                ),
            ],
        )
    )
    exporting.register(
        exporting.ListExport(
            code="stores",
            label=_("Stores"),
            permission=VIEW,
            found=stores,
            columns=[
                Column(heading=_("Store code"), value=lambda row: row.code),
                Column(heading=_("Store"), value=lambda row: row.name),
                Column(
                    heading=_("Kind of store"),
                    of="kind",
                    value=lambda row: row.get_store_kind_display(),
                ),
                Column(
                    heading=_("Region"),
                    of="region",
                    value=lambda row: row.parent.name if row.parent else None,
                ),
                Column(heading=_("City"), of="city", value=lambda row: row.city),
                Column(heading=_("KOS"), of="kos", value=_counted("kos")),
                Column(heading=_("KOC"), of="koc", value=_counted("koc")),
                Column(heading=_("Public accounts"), of="accounts", value=_counted("accounts")),
                Column(heading=_("Paired"), of="paired", value=_counted("paired")),
                Column(heading=_("Need action"), of="needs", value=_counted("needing")),
                Column(heading=_("Posts in 30 days"), of="posts", value=_counted("posts")),
                Column(
                    heading=_("Last post"),
                    of="last_post",
                    value=lambda row: (
                        timezone.localdate(row.of_last_at_counted)
                        if row.of_last_at_counted
                        else None
                    ),
                ),
            ],
        )
    )
    exporting.register(
        exporting.ListExport(
            code="assets",
            label=_("Assets"),
            permission=VIEW,
            found=assets,
            columns=[
                Column(heading=_("Month"), value=lambda row: row.month),
                Column(heading=_("Unit code"), value=lambda row: row.unit.code),
                Column(heading=_("Unit"), value=lambda row: row.unit.name),
                Column(
                    heading=_("Region"),
                    value=lambda row: row.unit.parent.name if row.unit.parent else None,
                ),
                Column(heading=_("Asset"), value=lambda row: row.get_asset_display()),
                Column(heading=_("Platform"), value=lambda row: row.get_platform_display()),
                Column(heading=_("Ownership"), value=lambda row: row.get_ownership_display()),
                Column(heading=_("Number"), value=lambda row: row.count),
            ],
        )
    )
