"""Races in whole sentences, in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.choices import StoreKind
from incentives import race_facts
from incentives.choices import Tier, tier_label
from incentives.models import Race, RaceEntry
from incentives.race_choices import Measure, RaceKind, TieRule
from incentives.race_rules import FIGURES_IN, Formula, Points, Step, Term, band_of
from kosops.ui import formats
from matrix.choices import CreatorKind
from matrix.masking import masked_name


def score(hundredths: int) -> str:
    """``87.35`` points."""
    return f"{hundredths // 100:,}.{hundredths % 100:02d}"


def fact_name(key: str) -> str:
    """What a fact is called; one that is not registered any more is shown as it stands."""
    try:
        return str(race_facts.fact(key).label)
    except KeyError:
        return key


def definition(key: str) -> str:
    try:
        return str(race_facts.fact(key).definition)
    except KeyError:
        return ""


def value(key: str, amount: int) -> str:
    """A value of a fact: money in full, else a number."""
    return formats.money(amount) if _is_money(key) else formats.number(amount)


def plain(key: str, amount: int) -> str:
    """A value for a file: ``1234.50`` or ``17``."""
    return f"{amount // 100}.{amount % 100:02d}" if _is_money(key) else str(amount)


def figure(key: str, thousandths: int) -> str:
    """A figure as the formula compares it: thousandths, shown with as many digits as it has."""
    if _is_money(key):
        return formats.money(thousandths // FIGURES_IN)
    whole, part = divmod(thousandths, FIGURES_IN)
    return formats.number(whole) + (f".{part:03d}".rstrip("0") if part else "")


def _is_money(key: str) -> bool:
    try:
        return race_facts.fact(key).is_money
    except KeyError:
        return False


# -- the formula ---------------------------------------------------------------


def measure_sentence(term: Term) -> str:
    """By what a figure is compared."""
    if term.measure == Measure.TARGET:
        return _("against a target of %(target)s per head, up to 150%%") % {
            "target": value(term.fact, term.target)
        }
    if term.measure == Measure.PER_HEAD:
        return _("per active head, as a share of the best in the group")
    return _("as a share of the best in the group")


def tie_sentence(formula: Formula) -> str:
    if formula.tie == TieRule.SHARED:
        return _(
            "Equal scores share the place. The prizes of the places they take are added up and split evenly."
        )
    return _("Of equal scores the one with the better figure in “%(fact)s” stands first.") % {
        "fact": fact_name(formula.heaviest.fact)
    }


def organic_sentences(formula: Formula) -> list[str]:
    """What organic figures leave out; nothing where the formula has none."""
    if not race_facts.organic(formula.facts):
        return []
    found = []
    if formula.topic:
        found.append(_("Only notes whose title says “%(topic)s” count.") % {"topic": formula.topic})
    text = _(
        "What traffic was bought for counts up to then. Figures that rise by %(count)s within a day,"
        " to five times as many, wait for a person; bought likes win nothing."
    )
    return [*found, text % {"count": formats.number(formula.jump or 0)}]


def jump_sentence(*, before: int, now: int, captured_at: dt.datetime, post: int) -> str:
    """How the figures of a note rose."""
    return _("From %(before)s to %(now)s interactions within a day, up to %(moment)s") % {
        "before": formats.number(before),
        "now": formats.number(now),
        "moment": formats.moment(captured_at, get_language()),
    }


def heads_sentence(formula: Formula) -> str:
    days = ngettext(
        "An active head sold or posted at the store on at least %(days)s day of the season.",
        "An active head sold or posted at the store on at least %(days)s days of the season.",
        formula.heads.active_days,
    ) % {"days": formula.heads.active_days}
    least = ngettext(
        "At least %(heads)s head is counted.",
        "At least %(heads)s heads are counted.",
        formula.heads.at_least,
    ) % {"heads": formula.heads.at_least}
    return f"{days} {least}"


def league_name(race: Race, formula: Formula, league: str) -> str:
    """A fair group: ``Physical store · 5–9 heads``; everybody, where there is only one."""
    kind, _colon, _band = league.rpartition(":")
    parts = []
    if formula.leagues.by_kind:
        parts.append(_kind_name(race, kind))
    if band := band_of(formula.leagues, league):
        parts.append(_band_name(race, *band))
    if parts:
        return " · ".join(parts)
    return _("All stores") if race.kind == RaceKind.STORE else _("Everybody")


def _kind_name(race: Race, kind: str) -> str:
    if race.kind == RaceKind.STORE:
        return str(StoreKind(kind).label) if kind in StoreKind.values else _("Other stores")
    return str(tier_label(kind)) if kind in Tier.values else _("No tier")


def _band_name(race: Race, least: int, most: int | None) -> str:
    facts = {"least": formats.number(least), "most": formats.number(most or 0)}
    if race.kind == RaceKind.STORE:
        text = _("from %(least)s heads") if most is None else _("%(least)s–%(most)s heads")
    else:
        text = _("from %(least)s followers") if most is None else _("%(least)s–%(most)s followers")
    return text % facts


# -- who runs ------------------------------------------------------------------


def entry_name(race: Race, entry: RaceEntry) -> str:
    """Who runs, as everybody in the race may read it: customers are not named in full."""
    if entry.creator is None:
        return entry.store.name
    if race.creator_kind == CreatorKind.KOC:
        return masked_name(entry.creator.name)
    return entry.creator.name


def season(race: Race) -> str:
    return formats.day_range(race.first_day, race.last_day, get_language())


# -- how points came about -----------------------------------------------------


def points_sentence(term: Term, points: Points, heads: int) -> str:
    """One term as a calculation that can be done again by hand."""
    facts = {
        "value": value(term.fact, points.value),
        "heads": formats.number(heads),
        "figure": figure(term.fact, points.figure),
        "by": figure(term.fact, points.measured_by),
        "share": formats.percent_bp(points.share_bp),
        "weight": term.weight,
    }
    if not points.measured_by:
        return _("Nobody in the group has any yet.")
    if term.measure == Measure.PER_HEAD:
        text = ngettext(
            "%(value)s ÷ %(heads)s head = %(figure)s; of the best %(by)s: %(share)s × %(weight)s",
            "%(value)s ÷ %(heads)s heads = %(figure)s; of the best %(by)s: %(share)s × %(weight)s",
            heads,
        )
    elif term.measure == Measure.TARGET:
        text = ngettext(
            "%(value)s ÷ %(heads)s head = %(figure)s; of the target %(by)s: %(share)s × %(weight)s",
            "%(value)s ÷ %(heads)s heads = %(figure)s; of the target %(by)s: %(share)s × %(weight)s",
            heads,
        )
    else:
        text = _("%(value)s; of the best %(by)s: %(share)s × %(weight)s")
    return text % facts


def _orders(count: int) -> str:
    return ngettext("%(n)s more order", "%(n)s more orders", count)


def _buyers(count: int) -> str:
    return ngettext("%(n)s more new buyer", "%(n)s more new buyers", count)


def _posts(count: int) -> str:
    return ngettext("%(n)s more post", "%(n)s more posts", count)


def _interactions(count: int) -> str:
    return ngettext("%(n)s more interaction", "%(n)s more interactions", count)


def _organic(count: int) -> str:
    return ngettext("%(n)s more organic interaction", "%(n)s more organic interactions", count)


def _leads(count: int) -> str:
    return ngettext("%(n)s more lead", "%(n)s more leads", count)


MORE: dict[str, Callable[[int], str]] = {
    "orders": _orders,
    "new_buyers": _buyers,
    "posts": _posts,
    "interactions": _interactions,
    "organic_interactions": _organic,
    "organic_posts": _posts,
    "leads": _leads,
}


def more(step: Step) -> str:
    """What would close a gap: ``2 more orders``."""
    if step.fact in MORE:
        return MORE[step.fact](step.more) % {"n": formats.number(step.more)}
    if step.fact == "sales_net":
        return _("%(amount)s more net sales") % {"amount": formats.money(step.more)}
    return _("%(n)s more: %(fact)s") % {
        "n": value(step.fact, step.more),
        "fact": fact_name(step.fact),
    }


def difference_name(what: str) -> str:
    """What a proof found different: a fact, or one of the words of a standing."""
    return {
        "rank": _("Place"),
        "score": _("Score"),
        "heads": _("Active heads"),
    }.get(what) or fact_name(what)


def difference_value(what: str, amount: int) -> str:
    if what == "score":
        return score(amount)
    return formats.number(amount) if what in ("rank", "heads") else value(what, amount)
