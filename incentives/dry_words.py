"""Dry runs in words: figures at the top, tables, and the sentence for whoever approves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.models import Unit
from incentives import tier_words, words
from incentives.definitions import DRY_RUNS
from incentives.models import DryRun
from kosops.lib.money import BASIS_POINTS
from kosops.ui import formats
from kosops.ui.parts import Kpi


@dataclass(frozen=True)
class Row:
    """One line of a table of sums."""

    name: str
    people: int
    live: int
    dry: int
    more: int
    less: int

    @property
    def change(self) -> int:
        return self.dry - self.live

    @property
    def change_bp(self) -> int | None:
        return change_bp(self.live, self.dry)


def change_bp(live: int, dry: int) -> int | None:
    """The change in basis points; None where nothing was paid before."""
    return round((dry - live) * BASIS_POINTS / live) if live > 0 else None


def months_said(dry_run: DryRun) -> str:
    first = formats.day(dry_run.first_month, get_language(), "month")
    last = formats.day(dry_run.last_month, get_language(), "month")
    return first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}


def signed(minor: int) -> str:
    """An amount with its sign, also above zero."""
    # No line ends between a sign and its amount.
    plus = "+\N{WORD JOINER}" if minor > 0 else ""
    return plus + formats.money(minor)


def sales(dry_run: DryRun) -> int:
    return sum(month["sales"] for month in dry_run.months.values())


def waiting(dry_run: DryRun) -> int:
    return sum(month["waiting"] for month in dry_run.months.values())


def figures(dry_run: DryRun) -> list[Kpi]:
    """Cost now, cost by the plan, the difference, and what that is of the sales."""
    whole = dry_run.totals["all"]
    change = whole["dry"] - whole["live"]
    return [
        Kpi(
            label=_("Cost as posted"),
            value=formats.money(whole["live"]),
            help=DRY_RUNS["dry_live"],
            note=_share(whole["live"], dry_run),
        ),
        Kpi(
            label=_("Cost by this plan"),
            value=formats.money(whole["dry"]),
            help=DRY_RUNS["dry_cost"],
            note=_share(whole["dry"], dry_run),
        ),
        Kpi(
            label=_("Difference"),
            value=signed(change),
            help=DRY_RUNS["dry_change"],
            change_bp=change_bp(whole["live"], whole["dry"]),
            good="",
        ),
        Kpi(
            label=_("People who get more"),
            value=formats.number(whole["more"]),
            help=DRY_RUNS["dry_more"],
            note=ngettext(
                "of %(count)s person", "of %(count)s people", whole["people"]
            ) % {"count": formats.number(whole["people"])},
        ),
        Kpi(
            label=_("People who get less"),
            value=formats.number(whole["less"]),
            help=DRY_RUNS["dry_less"],
        ),
    ]  # fmt: skip


def _share(amount: int, dry_run: DryRun) -> str:
    net = sales(dry_run)
    if net <= 0:
        return ""
    share = formats.percent_bp(round(amount * BASIS_POINTS / net), 2)
    return _("%(share)s of sales") % {"share": share}


def tables(dry_run: DryRun) -> list[tuple[str, str, list[Row]]]:
    """(title, head of the first column, rows) of each table; regions by their cost."""
    totals = dry_run.totals
    regions = {
        str(unit.pk): unit.name
        for unit in Unit.objects.filter(pk__in=[int(row["key"]) for row in totals["regions"]])
    }
    parts = {
        "head": _("Head: the tenth with the highest sums"),
        "waist": _("Waist: the next four tenths"),
        "tail": _("Tail: everybody else"),
    }
    named: list[tuple[str, str, list[Row]]] = [
        (
            _("By head, waist and tail"),
            _("People by what they get today"),
            [_row(row, parts[row["key"]]) for row in _in_order(totals["parts"], list(parts))],
        ),
        (
            _("By tier"),
            _("Tier"),
            [_row(row, tier_words.tier_name(row["key"])) for row in totals["tiers"]],
        ),
        (
            _("By region"),
            _("Region"),
            [_row(row, regions.get(row["key"], "–")) for row in totals["regions"]],
        ),
    ]
    if len(totals["months"]) > 1:
        months = [_row(row, words.month_name(row["key"])) for row in totals["months"]]
        named.append((_("By month"), _("Month"), months))
    return named


def _in_order(rows: list[dict[str, Any]], keys: list[str]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: keys.index(row["key"]))


def _row(row: dict[str, Any], name: str) -> Row:
    return Row(str(name), *(row[figure] for figure in ("people", "live", "dry", "more", "less")))


def in_one_sentence(dry_run: DryRun) -> str:
    """For the page on which somebody approves the plan."""
    whole = dry_run.totals["all"]
    return _("%(months)s: %(dry)s by this plan, %(live)s as posted, difference %(change)s.") % {
        "months": months_said(dry_run),
        "dry": formats.money(whole["dry"]),
        "live": formats.money(whole["live"]),
        "change": signed(whole["dry"] - whole["live"]),
    }
