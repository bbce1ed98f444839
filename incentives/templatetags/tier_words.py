"""Tiers in words, for templates: ``{% load tier_words %}``."""

from typing import Any

from django import template

from incentives import tier_words
from incentives.models import TierRisk
from incentives.tier_runs import Finding, Move, explained

register = template.Library()

register.filter("tier_name", tier_words.tier_name)
register.filter("tier_level", tier_words.tier_level)
register.filter("tier_rule", tier_words.rule_sentence)
register.filter("tier_finding", tier_words.finding_sentence)
register.filter("tier_gap", tier_words.gap_sentence)
register.filter("tier_fact", tier_words.fact_name)
register.filter("tier_pin", tier_words.pin_sentence)
register.filter("tier_figure", tier_words.figure)


@register.filter
def tier_reasons(explanation: dict[str, Any]) -> list[Finding]:
    """The findings of a stored explanation: all that was reached, or what is not kept."""
    found = explained(explanation)
    if explanation["rule"] == "reach" and explanation.get("any"):
        return [finding for finding in found if finding.met]
    if explanation["rule"] == "keep":
        return [finding for finding in found if finding.met is False]
    return found


@register.filter
def tier_risk(risk: TierRisk | Move) -> str:
    """What comes for somebody at risk if nothing changes."""
    return tier_words.risk_sentence(risk.to_tier, risk.falls_on, risk) if risk.falls_on else ""
