"""The statements of a month as a file."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Person, Unit
from incentives.filters import StatementFilter
from incentives.models import RewardItem, Statement
from incentives.rewards_filters import RewardFilter
from integrations import exporting
from integrations.exporting import Column
from kosops.ui.listing import ListFilter

VIEW = "commission.view"


def statements(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    """Statements of the month in ``period``, without one of the month settled last."""
    rows = Statement.objects.for_user(person, VIEW).filter(
        settlement__brand=brand, settlement__state="settled"
    )
    period = query.get("period")
    if not period:
        last = rows.order_by("-settlement__period").values_list("settlement__period", flat=True)
        period = last.first() or ""
    found = StatementFilter(query, queryset=rows.filter(settlement__period=period))
    return found, found.rows().select_related("creator", "store", "settlement")


def rewards(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    """The list of rewards as its page shows it."""
    rows = RewardItem.objects.for_user(person, "rewards.view").filter(brand=brand)
    found = RewardFilter(query, queryset=rows, request=exporting.Asker(person))
    return found, found.rows().select_related("creator__store", "rule__coupon", "post")


def _paid(item: RewardItem, value: int) -> Any:
    rule = item.rule
    return value if rule.in_points or rule.in_coupons else exporting.amount(value)


def _paid_in(item: RewardItem) -> str:
    if item.rule.coupon:
        return item.rule.coupon.name
    return str(_("Points")) if item.rule.in_points else item.rule.currency


def register() -> None:
    money = exporting.amount
    exporting.register(
        exporting.ListExport(
            code="rewards",
            label=_("Rewards"),
            permission="rewards.view",
            found=rewards,
            columns=[
                Column(heading=_("Number"), value=lambda row: row.creator.number),
                Column(heading=_("Person"), of="person", value=lambda row: row.creator.name),
                Column(heading=_("Store"), value=lambda row: row.creator.store.name),
                Column(
                    heading=_("For what"),
                    of="what",
                    value=lambda row: row.post.title if row.post else row.rule.name,
                ),
                Column(heading=_("Rule"), of="rule", value=lambda row: row.rule.name),
                Column(heading=_("Day"), of="done", value=lambda row: row.done_on),
                Column(heading=_("Counted"), of="value", value=lambda row: row.value),
                Column(
                    heading=pgettext_lazy("reward", "Earned"),
                    of="earned",
                    value=lambda row: _paid(row, row.earned),
                ),
                Column(
                    heading=_("Payable"),
                    of="released",
                    value=lambda row: _paid(row, row.released),
                ),
                Column(
                    heading=_("Paid in"),
                    value=_paid_in,
                ),
                Column(
                    heading=_("Standing"),
                    of="standing",
                    value=lambda row: row.get_standing_display(),
                ),
            ],
        )
    )
    exporting.register(
        exporting.ListExport(
            code="statements",
            label=_("Statements"),
            permission=VIEW,
            found=statements,
            columns=[
                Column(heading=_("Month"), value=lambda row: row.settlement.period),
                Column(heading=_("Number"), value=lambda row: row.creator.number),
                Column(heading=_("Person"), value=lambda row: row.creator.name),
                Column(heading=_("Kind"), value=lambda row: row.creator.get_kind_display()),
                Column(heading=_("Store"), value=lambda row: row.store.name),
                Column(heading=_("Held before"), value=lambda row: money(row.held_opening)),
                Column(heading=_("Earned"), of="earned", value=lambda row: money(row.earned)),
                Column(
                    heading=_("Clawed back"), of="clawed", value=lambda row: money(row.clawed_back)
                ),
                Column(heading=_("Rewards"), of="rewards", value=lambda row: money(row.rewards)),
                Column(heading=_("Prizes"), of="prizes", value=lambda row: money(row.prizes)),
                Column(
                    heading=_("Adjustments"),
                    of="adjustments",
                    value=lambda row: money(row.adjustments),
                ),
                Column(
                    heading=_("Written off"),
                    of="written_off",
                    value=lambda row: money(row.written_off),
                ),
                Column(heading=_("Became payable"), value=lambda row: money(row.released)),
                Column(heading=_("Held"), of="held", value=lambda row: money(row.held)),
                Column(heading=_("Carried from before"), value=lambda row: money(row.opening)),
                Column(heading=_("Paid out"), value=lambda row: money(row.paid_out)),
                Column(heading=_("Tax withheld"), value=lambda row: money(row.tax_withheld)),
                Column(heading=_("Payable"), of="payable", value=lambda row: money(row.payable)),
            ],
        )
    )
