"""Tier rules and decisions in whole sentences, in the reader's language.

Explanations are stored as facts and thresholds; they become words only here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from content.formulas import ENGAGEMENT, TIER_INTERACTIONS
from incentives import tier_facts, tier_names, tiers
from incentives.choices import Tier
from incentives.models import TierPin
from incentives.tier_runs import Finding
from incentives.tiers import BEST_NOTE, MEDIAN_NOTE, NOTES, Condition
from kosops.ui import formats


def tier_name(tier: str, whose: Any = None) -> str:
    """A tier by the name that it has for a creator or on a ladder, or for what belongs to one."""
    if tier not in Tier.values:
        return _("No tier")
    for part in ("creator", "whose"):
        whose = getattr(whose, part, whose)
    return str(tier_names.name(tier, whose))


def tier_level(tier: str) -> int:
    """1 to 3, lowest first; 0 without a tier."""
    return tiers.TIERS.index(tier) + 1 if tier in tiers.TIERS else 0


def fact_name(condition: Condition) -> str:
    """What a condition looks at, as a heading."""
    if condition.measure.fact in tiers.counted_facts():
        return str(tier_facts.source_of(condition.measure.fact).label)
    return {
        NOTES: _("Notes that are online"),
        BEST_NOTE: _("Best note"),
        MEDIAN_NOTE: _("Middle one of the last notes"),
    }[condition.measure.fact]


def formula_sentence(formula: str) -> str:
    """How interactions are counted."""
    return {
        TIER_INTERACTIONS: _("Interactions are likes, saves and comments; shares do not count."),
        ENGAGEMENT: _("Interactions are likes, saves, comments and shares."),
    }[formula]


def figure(condition: Condition, value: int | None) -> str:
    """A value of the fact that a condition looks at."""
    if tiers.is_money(condition.measure.fact):
        return formats.money(value or 0)
    return formats.number(value or 0)


def rule_sentence(condition: Condition) -> str:
    """A condition as a rule."""
    if condition.measure.fact in tiers.counted_facts():
        text = (
            _("%(fact)s in the last %(days)s days: at least %(count)s")
            if condition.measure.within_days
            else _("%(fact)s so far: at least %(count)s")
        )
        return text % _facts(condition)
    facts = _facts(condition)
    days = condition.measure.within_days
    match condition.measure.fact:
        case "notes" if days is None:
            text = ngettext(
                "At least %(count)s note is online",
                "At least %(count)s notes are online",
                condition.at_least,
            )
        case "notes":
            text = ngettext(
                "At least %(count)s note in the last %(days)s days",
                "At least %(count)s notes in the last %(days)s days",
                condition.at_least,
            )
        case "best_note" if days is None:
            text = _("A note with at least %(count)s interactions")
        case "best_note":
            text = _("A note of the last %(days)s days with at least %(count)s interactions")
        case _ if condition.measure.settled_days:
            text = _(
                "The middle one of the last %(notes)s notes has at least %(count)s interactions; "
                "notes count once they are %(settled)s days old"
            )
        case _:
            text = _(
                "The middle one of the last %(notes)s notes has at least %(count)s interactions"
            )
    return text % facts


def rule_sentences(conditions: Sequence[Condition], one_is_enough: bool) -> list[str]:
    """The conditions of a tier as rules."""
    found = [rule_sentence(condition) for condition in conditions]
    return [_("One of these is enough:"), *found] if one_is_enough and len(found) > 1 else found


def review_sentence(review: str) -> str:
    """Who says the last word about moves; empty when nobody has to."""
    return {
        tiers.Review.NONE: "",
        tiers.Review.DEMOTIONS: _("Falls wait until a person confirms them."),
        tiers.Review.ALL: _("Every move waits until a person confirms it."),
    }[tiers.Review(review)]


def finding_sentence(finding: Finding) -> str:
    """A fact against its threshold."""
    condition = finding.condition
    facts = _facts(condition) | {"value": figure(condition, finding.value)}
    if condition.measure.fact in tiers.counted_facts():
        return _counted_sentence(finding) % facts
    days = condition.measure.within_days
    match condition.measure.fact:
        case "notes" if days is None:
            text = ngettext(
                "%(value)s note is online; %(count)s needed",
                "%(value)s notes are online; %(count)s needed",
                finding.value or 0,
            )
        case "notes":
            text = ngettext(
                "%(value)s note in the last %(days)s days; %(count)s needed",
                "%(value)s notes in the last %(days)s days; %(count)s needed",
                finding.value or 0,
            )
        case "best_note":
            text = _best_note(finding)
        case _ if finding.value is None:
            text = _("Fewer than %(notes)s notes have all their figures yet")
        case _:
            text = _(
                "The middle one of the last %(notes)s notes has %(value)s interactions; "
                "%(count)s needed"
            )
    return text % facts


def gap_sentence(finding: Finding) -> str:
    """What closes the gap; empty when the condition is met."""
    if finding.met:
        return ""
    condition = finding.condition
    facts = _facts(condition) | {"missing": figure(condition, finding.missing)}
    if condition.measure.fact in tiers.counted_facts():
        if condition.measure.within_days:
            return _("%(fact)s: %(missing)s more within %(days)s days") % facts
        return _("%(fact)s: %(missing)s more") % facts
    days = condition.measure.within_days
    match condition.measure.fact:
        case "notes" if days is None:
            text = ngettext("%(missing)s more note", "%(missing)s more notes", finding.missing)
        case "notes":
            text = ngettext(
                "%(missing)s more note within %(days)s days",
                "%(missing)s more notes within %(days)s days",
                finding.missing,
            )
        case "best_note" if finding.value:
            text = ngettext(
                "%(missing)s more interaction on the best note, or a new note with %(count)s",
                "%(missing)s more interactions on the best note, or a new note with %(count)s",
                finding.missing,
            )
        case "best_note":
            text = _("A note with %(count)s interactions")
        case _ if finding.value is None:
            text = _("%(notes)s notes with all their figures")
        case _:
            text = _("Notes with %(count)s interactions and more")
    return text % facts


def change_sentence(name: str, from_tier: str, to_tier: str, on: dt.date, whose: Any = None) -> str:
    """What happened to a creator's tier."""
    facts = {
        "name": name,
        "before": tier_name(from_tier, whose),
        "after": tier_name(to_tier, whose),
        "day": formats.day(on, get_language()),
    }
    if tier_level(to_tier) > tier_level(from_tier):
        if not from_tier:
            return _("%(name)s reached the tier %(after)s on %(day)s") % facts
        return _("%(name)s rose from %(before)s to %(after)s on %(day)s") % facts
    if not to_tier:
        return _("%(name)s lost the tier %(before)s on %(day)s") % facts
    return _("%(name)s fell from %(before)s to %(after)s on %(day)s") % facts


def pin_sentence(pin: TierPin) -> str:
    """Until when a tier is set by hand, by whom and why."""
    return _("Set by hand until %(day)s by %(name)s: %(reason)s") % {
        "day": formats.day(pin.last_day, get_language()),
        "name": pin.created_by.name,
        "reason": pin.reason,
    }


def risk_sentence(to_tier: str, falls_on: dt.date, whose: Any = None) -> str:
    """What comes if nothing changes, for somebody at risk."""
    facts = {"after": tier_name(to_tier, whose), "day": formats.day(falls_on, get_language())}
    if not to_tier:
        return _("The tier is lost on %(day)s if nothing changes") % facts
    return _("Falls to %(after)s on %(day)s if nothing changes") % facts


def grace_sentence(days: int) -> str:
    """How long a tier is kept that is no longer met."""
    if not days:
        return _("Who no longer meets a tier leaves it at the next evaluation.")
    return ngettext(
        "Who no longer meets a tier keeps it for %(days)s more day.",
        "Who no longer meets a tier keeps it for %(days)s more days.",
        days,
    ) % {"days": formats.number(days)}


def _counted_sentence(finding: Finding) -> str:
    days = finding.condition.measure.within_days
    if finding.value is None:
        if days:
            return _("%(fact)s in the last %(days)s days: not in yet; %(count)s needed")
        return _("%(fact)s so far: not in yet; %(count)s needed")
    if days:
        return _("%(fact)s in the last %(days)s days: %(value)s; %(count)s needed")
    return _("%(fact)s so far: %(value)s; %(count)s needed")


def _best_note(finding: Finding) -> str:
    if finding.value is None and finding.met is None:
        return _("No figures have come in yet; %(count)s interactions needed")
    if finding.condition.measure.within_days is None:
        if finding.value is None:
            return _("No note is online; %(count)s interactions needed")
        return _("The best note has %(value)s interactions; %(count)s needed")
    if finding.value is None:
        return _("No note in the last %(days)s days; %(count)s interactions needed")
    return _("The best note of the last %(days)s days has %(value)s interactions; %(count)s needed")


def _facts(condition: Condition) -> dict[str, str]:
    measure = condition.measure
    return {
        "fact": fact_name(condition),
        "count": figure(condition, condition.at_least),
        "days": formats.number(measure.within_days or 0),
        "notes": formats.number(measure.last_notes or 0),
        "settled": formats.number(measure.settled_days or 0),
    }
