"""The lists of accounts, of handovers and of the register of violations as files."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Unit
from integrations import exporting
from integrations.exporting import Column
from kosops.ui.listing import ListFilter
from matrix import handover, masking, tree
from matrix.account_filters import AccountFilter, EventFilter, open_custodies
from matrix.custody import UNSIGNED
from matrix.handover_filters import HandoverFilter
from matrix.models import AccountEvent, Handover, SocialAccount

VIEW = "matrix.view"


def accounts(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    found = AccountFilter(
        query,
        queryset=SocialAccount.objects.for_user(person, VIEW),
        request=exporting.Asker(person),
    )
    holder = Coalesce("creator__name", "person__name")
    signed = ExpressionWrapper(~UNSIGNED, output_field=BooleanField())
    rows = tree.with_pairing(found.ordered(found.rows())).annotate(
        holder=Subquery(open_custodies().values_list(holder)[:1]),
        signed=Subquery(open_custodies().annotate(both=signed).values("both")[:1]),
    )
    return found, rows.select_related("creator", "unit")


def events(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    found = EventFilter(
        query,
        queryset=AccountEvent.objects.for_user(person, VIEW),
        request=exporting.Asker(person),
    )
    return found, found.rows().select_related("account__unit", "account__creator", "recorded_by")


def handovers(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    found = HandoverFilter(
        query,
        queryset=Handover.objects.for_user(person, "handover.view"),
        request=exporting.Asker(person),
    )
    return found, handover.with_open(found.ordered(found.rows())).select_related(
        "creator", "store", "to_store"
    )


def _paired(row: Any) -> str | None:
    if not row.paired_platform:
        return None
    return masking.shown_handle(row.paired_platform, row.paired_handle)


def _signed(row: Any) -> str | None:
    if row.holder is None:
        return None
    return gettext("Signed by both") if row.signed else gettext("To be signed")


def register() -> None:
    exporting.register(
        exporting.ListExport(
            code="social_accounts",
            label=_("Social accounts"),
            permission=VIEW,
            found=accounts,
            columns=[
                Column(heading=_("Account name"), value=lambda row: row.shown_handle),
                Column(heading=_("Platform"), value=lambda row: row.get_platform_display()),
                Column(heading=_("Platform id"), value=lambda row: row.shown_uid or None),
                Column(
                    heading=_("Owner"),
                    of="owner",
                    value=lambda row: row.owner_name,
                ),
                Column(
                    heading=_("Number of the creator"),
                    of="owner",
                    value=lambda row: row.creator.number if row.creator else None,
                ),
                Column(heading=_("Store code"), of="unit", value=lambda row: row.unit.code),
                Column(heading=_("Store"), of="unit", value=lambda row: row.unit.name),
                Column(
                    heading=_("Ownership"),
                    of="ownership",
                    value=lambda row: row.get_ownership_display(),
                ),
                Column(
                    heading=_("Account role"), of="role", value=lambda row: row.get_role_display()
                ),
                Column(
                    heading=_("Purpose"), of="purpose", value=lambda row: row.get_purpose_display()
                ),
                Column(heading=_("Paired with"), of="paired", value=_paired),
                Column(heading=_("Held by"), of="custody", value=lambda row: row.holder),
                Column(heading=_("Signatures"), of="custody", value=_signed),
                Column(heading=_("State"), of="needs", value=lambda row: row.get_state_display()),
                Column(heading=_("Followers"), of="followers", value=lambda row: row.followers),
                Column(heading=_("Opened on"), of="opened", value=lambda row: row.opened_on),
            ],
        )
    )
    exporting.register(
        exporting.ListExport(
            code="violations",
            label=_("Register of violations"),
            permission=VIEW,
            found=events,
            columns=[
                Column(heading=_("Account name"), value=lambda row: row.account.shown_handle),
                Column(heading=_("Platform"), value=lambda row: row.account.get_platform_display()),
                Column(
                    heading=_("What happened"), of="kind", value=lambda row: row.get_kind_display()
                ),
                Column(heading=_("Day"), of="on", value=lambda row: row.on),
                Column(heading=_("Remark"), of="note", value=lambda row: row.note or None),
                Column(
                    heading=_("Platform's number"),
                    of="reference",
                    value=lambda row: row.reference or None,
                ),
                Column(heading=_("Store"), of="unit", value=lambda row: row.account.unit.name),
            ],
        )
    )
    exporting.register(
        exporting.ListExport(
            code="handovers",
            label=_("Handovers"),
            permission="handover.view",
            found=handovers,
            columns=[
                Column(heading=_("Number"), value=lambda row: row.creator.number),
                Column(heading=pgettext_lazy("person", "Name"), value=lambda row: row.creator.name),
                Column(
                    heading=_("Reason"), of="reason", value=lambda row: row.get_reason_display()
                ),
                Column(heading=_("Store"), of="store", value=lambda row: row.store.name),
                Column(
                    heading=_("New store"),
                    of="store",
                    value=lambda row: row.to_store.name if row.to_store else None,
                ),
                Column(heading=_("Last day"), of="last_day", value=lambda row: row.last_day),
                Column(heading=_("Still open"), of="missing", value=lambda row: row.missing),
                Column(heading=_("State"), of="state", value=lambda row: row.get_state_display()),
                Column(
                    heading=_("Begun"),
                    of="opened",
                    value=lambda row: exporting.local(row.opened_at),
                ),
            ],
        )
    )
