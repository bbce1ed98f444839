"""Filters of the money lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from incentives.models import CommissionLine, Statement
from kosops.ui.listing import ListColumn, ListFilter
from matrix.choices import CreatorKind


class StatementFilter(ListFilter):
    """Statements of one month."""

    q = django_filters.CharFilter(label=_("Name or number"), method="by_name")
    kind = django_filters.ChoiceFilter(
        label=_("Kind"),
        field_name="creator__kind",
        choices=CreatorKind.choices,
        empty_label=_("KOS and KOC"),
    )
    owed = django_filters.ChoiceFilter(
        label=_("Balance"),
        choices=[("to_pay", _("To be paid")), ("back", _("Owed back")), ("held", _("Holds some"))],
        method="by_balance",
        empty_label=_("Any balance"),
    )

    sorts = {"payable": "payable", "earned": "earned", "held": "held", "clawed": "clawed_back"}
    default_sort = "-payable"
    columns = [
        ListColumn(code="person", label=_("Person")),
        ListColumn(code="number", label=_("Number"), usual=False),
        ListColumn(code="earned", define="earned", label=_("Earned"), numeric=True, sort="earned"),
        ListColumn(
            code="clawed", define="clawed_back", label=_("Clawed back"), numeric=True, sort="clawed"
        ),
        ListColumn(code="rewards", define="rewards", label=_("Rewards"), numeric=True, usual=False),
        ListColumn(code="prizes", define="prizes", label=_("Prizes"), numeric=True, usual=False),
        ListColumn(
            code="adjustments",
            define="adjustments",
            label=_("Adjustments"),
            numeric=True,
            usual=False,
        ),
        ListColumn(
            code="written_off",
            define="written_off",
            label=_("Written off"),
            numeric=True,
            usual=False,
        ),
        ListColumn(code="held", define="held", label=_("Held"), numeric=True, sort="held"),
        ListColumn(
            code="payable", define="payable", label=_("Payable"), numeric=True, sort="payable"
        ),
    ]

    class Meta:
        model = Statement
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(creator__name__icontains=value) | Q(creator__number=value))

    def by_balance(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        condition = {"to_pay": Q(payable__gt=0), "back": Q(payable__lt=0), "held": Q(held__gt=0)}
        return rows.filter(condition[value])


class LineFilter(ListFilter):
    """Commission lines of a statement."""

    only = django_filters.ChoiceFilter(
        label=_("Show"),
        choices=[("earned", _("Earned")), ("back", _("Taken back"))],
        method="by_sign",
        empty_label=_("All lines"),
    )

    sorts = {"posted": "id", "amount": "amount"}
    default_sort = "-posted"
    columns = [
        ListColumn(code="order", label=_("Order")),
        ListColumn(code="role", label=_("Credited as")),
        ListColumn(code="rate", define="base_rate", label=_("Base × rate"), numeric=True),
        ListColumn(code="posted", label=_("Posted"), sort="posted"),
        ListColumn(
            code="amount", define="line_amount", label=_("Amount"), numeric=True, sort="amount"
        ),
    ]

    class Meta:
        model = CommissionLine
        fields: list[str] = []

    def by_sign(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(amount__gt=0) if value == "earned" else rows.filter(amount__lt=0)
