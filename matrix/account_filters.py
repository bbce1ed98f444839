"""Filters of the list of accounts and of the register of violations."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.db.models import BigIntegerField, DateField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kosops.ui.listing import ListColumn, ListFilter
from matrix import custody, health
from matrix.choices import (
    AccountPurpose,
    AccountRole,
    AccountState,
    CreatorState,
    Domain,
    Ownership,
    Platform,
)
from matrix.custody_choices import EventKind, SimOwner
from matrix.filters import UnitFilter, called
from matrix.models import AccountEvent, Custody, SocialAccount

NOT_CLOSED = "current"
MISSING, UNSIGNED, LEAVER, SIGNED = "missing", "unsigned", "leaver", "signed"
CUSTODY = [
    (MISSING, _("Nobody named")),
    (UNSIGNED, _("To be signed")),
    (LEAVER, _("Held by someone who left")),
    (SIGNED, _("Signed by both")),
]
AT_RISK, SAFE = "at_risk", "safe"
RISKS = [(AT_RISK, _("Cannot be recovered")), (SAFE, _("Can be recovered"))]
OPENED = Coalesce(F("opened_on"), Value(dt.date(1970, 1, 1)), output_field=DateField())
FOLLOWERS = Coalesce(F("followers"), Value(-1), output_field=BigIntegerField())


def open_custodies() -> QuerySet[Any]:
    return Custody.objects.filter(account=OuterRef("pk"), until=None)


def without_custody(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """Accounts that the company answers for and that nobody is named to hold."""
    return (
        accounts.exclude(state=AccountState.CLOSED)
        .exclude(ownership=Ownership.PERSONAL)
        .filter(~Exists(open_custodies()))
    )


def at_risk(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """Accounts that would be lost with their holder, as `recovery.risks` says of one."""
    foreign = open_custodies().exclude(sim_owner__in=["", SimOwner.COMPANY])
    return accounts.filter(
        Q(platform=Platform.WECHAT) | ~Q(ownership=Ownership.COMPANY_OPENED) | Exists(foreign)
    )


class AccountFilter(ListFilter):
    """The list of accounts. ``state=current`` means all that are not closed."""

    sorts = {"handle": "handle", "followers": "known_followers", "opened": "known_opened"}
    default_sort = "handle"
    columns = [
        ListColumn(code="handle", label=pgettext_lazy("social account", "Account"), sort="handle"),
        ListColumn(code="owner", label=_("Owner")),
        ListColumn(code="unit", label=_("Store"), usual=False),
        ListColumn(code="ownership", label=_("Ownership")),
        ListColumn(code="role", label=_("Account role"), usual=False),
        ListColumn(code="purpose", label=_("Purpose"), usual=False),
        ListColumn(code="paired", label=_("Paired with")),
        ListColumn(code="custody", label=_("Custody")),
        ListColumn(code="needs", label=_("Needs action")),
        ListColumn(
            code="followers",
            define="followers",
            label=_("Followers"),
            numeric=True,
            sort="followers",
        ),
        ListColumn(code="opened", label=_("Opened"), numeric=True, sort="opened", usual=False),
    ]

    q = django_filters.CharFilter(
        method="search", label=_("Account, name or number"), max_length=80
    )
    platform = django_filters.ChoiceFilter(
        choices=Platform.choices, label=_("Platform"), empty_label=_("Every platform")
    )
    domain = django_filters.ChoiceFilter(
        choices=Domain.choices, label=_("Domain"), empty_label=_("Public and private")
    )
    ownership = django_filters.ChoiceFilter(
        choices=Ownership.choices, label=_("Ownership"), empty_label=_("Any ownership")
    )
    state = django_filters.ChoiceFilter(
        choices=[(NOT_CLOSED, _("Not closed")), *AccountState.choices],
        method="in_state",
        label=_("State"),
        empty_label=_("Any state"),
    )
    needs = django_filters.ChoiceFilter(
        choices=[(health.ANY, _("Any reason")), *health.Need.choices],
        method="needing",
        label=_("Needs action"),
        empty_label=_("With or without need"),
    )
    custody = django_filters.ChoiceFilter(
        choices=CUSTODY, method="in_custody", label=_("Custody"), empty_label=_("Any custody")
    )
    risk = django_filters.ChoiceFilter(
        choices=RISKS, method="with_risk", label=_("Recovery"), empty_label=_("Any risk")
    )
    role = django_filters.ChoiceFilter(
        choices=AccountRole.choices, label=_("Account role"), empty_label=_("Any account role")
    )
    purpose = django_filters.ChoiceFilter(
        choices=AccountPurpose.choices, label=_("Purpose"), empty_label=_("Any purpose")
    )
    unit = UnitFilter(path_field="unit", permission="matrix.view")

    class Meta:
        model = SocialAccount
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Part of the account's name or of its owner's, the platform's id or a number whole."""
        return rows.filter(
            Q(handle__icontains=value)
            | Q(platform_uid__iexact=value)
            | Q(creator__in=called(value).values("pk"))
        )

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == NOT_CLOSED:
            return rows.exclude(state=AccountState.CLOSED)
        return rows.filter(state=value)

    def needing(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        public = health.with_needs(health.public_accounts(rows), timezone.now())
        return health.needing(public, value)

    def in_custody(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == MISSING:
            return without_custody(rows)
        held = open_custodies()
        if value == UNSIGNED:
            return rows.filter(Exists(held.filter(custody.UNSIGNED)))
        if value == LEAVER:
            return rows.filter(Exists(held.filter(creator__state=CreatorState.LEFT)))
        return rows.filter(Exists(held.exclude(custody.UNSIGNED)))

    def with_risk(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        risky = at_risk(rows)
        return risky if value == AT_RISK else rows.exclude(pk__in=risky.values("pk"))

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` with the column that the order asked for needs."""
        field, _descending = self.order
        if field == "known_followers":
            return rows.annotate(known_followers=FOLLOWERS)
        if field == "known_opened":
            return rows.annotate(known_opened=OPENED)
        return rows


class EventFilter(ListFilter):
    """The register of violations."""

    sorts = {"on": "on"}
    default_sort = "-on"
    columns = [
        ListColumn(code="account", label=pgettext_lazy("social account", "Account")),
        ListColumn(code="kind", label=_("What happened")),
        ListColumn(code="on", label=_("Day"), sort="on"),
        ListColumn(code="note", label=_("Remark")),
        ListColumn(code="reference", label=_("Platform's number"), usual=False),
        ListColumn(code="unit", label=_("Store")),
        ListColumn(code="by", label=_("Noted by"), usual=False),
    ]

    q = django_filters.CharFilter(method="search", label=_("Account or name"), max_length=80)
    kind = django_filters.ChoiceFilter(
        choices=[
            ("open_appeal", pgettext_lazy("register of violations", "Appeal without an answer")),
            *EventKind.choices,
        ],
        method="of_kind",
        label=_("What happened"),
        empty_label=_("Everything"),
    )
    platform = django_filters.ChoiceFilter(
        field_name="account__platform",
        choices=Platform.choices,
        label=_("Platform"),
        empty_label=_("Every platform"),
    )
    since = django_filters.DateFilter(field_name="on", lookup_expr="gte", label=_("From"))
    until = django_filters.DateFilter(field_name="on", lookup_expr="lte", label=_("Until"))
    unit = UnitFilter(path_field="account__unit", permission="matrix.view")

    class Meta:
        model = AccountEvent
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(account__handle__icontains=value) | Q(account__creator__in=called(value).values("pk"))
        )

    def of_kind(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value != "open_appeal":
            return rows.filter(kind=value)
        answered = AccountEvent.objects.filter(about=OuterRef("pk"))
        return rows.filter(kind=EventKind.APPEAL).filter(~Exists(answered))
