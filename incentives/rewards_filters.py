"""Filters of the list of rewards."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from incentives.models import RewardItem, RewardRule
from incentives.rewards_choices import RuleState, Standing
from kosops.ui.listing import ListColumn, ListFilter
from matrix.choices import CreatorKind


def _rules(request: Any) -> QuerySet[Any]:
    rows = RewardRule.objects.for_user(request.user, "rewards.view")
    return rows.filter(state=RuleState.APPROVED).order_by("name", "-period")


class RewardFilter(ListFilter):
    """Rewards of all rules."""

    q = django_filters.CharFilter(label=_("Name or number"), method="by_name")
    standing = django_filters.ChoiceFilter(
        label=_("Standing"), choices=Standing.choices, empty_label=_("All of them")
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"),
        field_name="creator__kind",
        choices=CreatorKind.choices,
        empty_label=_("KOS and KOC"),
    )
    rule = django_filters.ModelChoiceFilter(
        label=_("Rule"), queryset=_rules, empty_label=_("All rules")
    )

    sorts = {"done": "done_on", "earned": "earned", "released": "released"}
    default_sort = "-done"
    columns = [
        ListColumn(code="person", label=_("Person")),
        ListColumn(code="what", label=_("For what")),
        ListColumn(code="rule", label=_("Rule"), usual=False),
        ListColumn(code="done", label=_("Day"), sort="done"),
        ListColumn(code="value", define="reward_value", label=_("Counted"), numeric=True),
        ListColumn(
            code="earned",
            define="reward_earned",
            label=pgettext_lazy("reward", "Earned"),
            numeric=True,
            sort="earned",
        ),
        ListColumn(
            code="released",
            define="reward_released",
            label=_("Payable"),
            numeric=True,
            sort="released",
        ),
        ListColumn(code="standing", label=_("Standing")),
    ]

    class Meta:
        model = RewardItem
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(creator__name__icontains=value) | Q(creator__number=value))
