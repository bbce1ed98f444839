"""What the rules found about a scheme, in words: what is so, and what to change."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from incentives import schemes
from incentives.models import SchemeCheck
from incentives.scheme_choices import Outcome
from incentives.scheme_rules import Facts, Finding, Severity
from kosops.ui import formats

SEVERITIES: dict[str, tuple[Promise, str]] = {
    Severity.STOP: (pgettext_lazy("finding", "Not allowed"), "bad"),
    Severity.WARN: (pgettext_lazy("finding", "Warning"), "warn"),
    Severity.NOTE: (pgettext_lazy("finding", "Reminder"), "info"),
}
TONES = {
    Outcome.CLEAR: "good",
    Outcome.ACCEPTED: "good",
    Outcome.WARNED: "warn",
    Outcome.STOPPED: "bad",
}

# What is so, and what to change.
FINDINGS: dict[str, tuple[Promise, Promise]] = {
    "basis": (
        _("It rewards something that platforms do not allow to be rewarded."),
        _("Reward work, published posts or orders."),
    ),
    "share": (
        _("WeChat bars sharing for a reward, up to closing the account."),
        _("Reward the post that somebody publishes, or the order that comes of it."),
    ),
    "gate": (
        _("“Share or you get nothing” is forced sharing."),
        _("Let everybody see it and take part without sharing."),
    ),
    "recruit": (
        _("Pay by the number of people brought in is pyramid selling."),
        _("Reward orders or posts of the people themselves."),
    ),
    "levels": (
        _("Pay by what people further down do or sell is pyramid selling."),
        _("Pay only whoever sold or shared."),
    ),
    "fee": (
        _("Joining must not cost anything."),
        _("Take the fee away."),
    ),
    "likes": (
        _(
            "Collecting likes from friends is bribed sharing on WeChat, and figures bought elsewhere."
        ),
        _("Count what posts reach by themselves."),
    ),
    "praise": (
        _("A reward for praise brings about untrue reviews."),
        _("Reward the post whatever its opinion is."),
    ),
    "praise_words": (
        _("Its words ask for praise (好评, 五星, 必须夸)."),
        _("Take these words out."),
    ),
    "unmarked": (
        _("A post that somebody is rewarded for has to say so."),
        _("Ask people to mark such posts as advertising."),
    ),
    "mark": (
        _("Posts that are rewarded have to say so."),
        _("Say it in the words that people read."),
    ),
    "prize_unknown": (
        _("Who wins is drawn, and nobody said what the largest prize is worth."),
        _("Enter its value."),
    ),
    "prize": (
        _("What is drawn may be worth 50,000 yuan at most."),
        _("Make the largest prize smaller, or decide by merit."),
    ),
    "terms": (
        _("Kinds and number of prizes, chances and terms of a draw have to be published."),
        _("Publish them first, then tick it here."),
    ),
    "chance_tax": (
        _("A prize that is drawn is incidental income of the winner, with 20 % tax."),
        _("Ask finance who withholds it."),
    ),
    "cashable": (
        _("What can be turned into money counts as money: tax and a checked identity follow."),
        _("Take the exchange for money away, or pay by commission or reward."),
    ),
    "child": (
        _("Nobody under 14 may be enrolled."),
        _("Let people of 18 and older take part."),
    ),
    "minor": (
        _("Nobody under 18 can be paid money."),
        _("Let people of 18 and older take part, or give things instead."),
    ),
    "share_words": (
        _("Its words sound like a reward for reposting."),
        _("Say it otherwise, or tick below what is asked for."),
    ),
    "likes_words": (
        _("Its words sound like collecting likes."),
        _("Say it otherwise, or tick below what is asked for."),
    ),
    "chance_words": (
        _("Its words sound like a draw."),
        _("Say it otherwise, or say below that winners are drawn."),
    ),
    "people_words": (
        _("Its words sound like bringing in people for a reward."),
        _("Say it otherwise, or tick below what is asked for."),
    ),
}

BASES: dict[str, Promise] = {
    "posts": _("Published posts"),
    "orders": _("Paid orders"),
    "leads": _("Leads"),
    "work": _("Work that was done"),
    "points": _("Points that were earned"),
    "tier": _("Tier or layer"),
}
PAYS: dict[str, Promise] = {
    "money": _("Money"),
    "points": _("Points"),
    "coupons": _("Coupons"),
    "goods": _("Gift or benefit"),
    "price": _("Member price"),
}


@dataclass(frozen=True)
class Said:
    """A finding as a person reads it."""

    code: str
    severity: str
    label: str
    tone: str
    what: str
    change: str


def said(finding: Finding) -> Said:
    label, tone = SEVERITIES[finding.severity]
    what, change = FINDINGS[finding.code]
    return Said(finding.code, finding.severity, str(label), tone, str(what), str(change))


def facts_in_words(facts: Facts) -> tuple[str, str, str]:
    """What is rewarded, by what, and the largest prize (empty where there is none)."""
    basis = ", ".join(str(BASES.get(each, each)) for each in facts.basis)
    return basis, str(PAYS[facts.pays]), formats.money(facts.prize) if facts.prize else ""


@dataclass(frozen=True)
class Panel:
    """How a scheme stands before it begins: shown where it is let run."""

    kind: str
    pk: int
    outcome: str
    label: str
    tone: str
    findings: list[Said]


def panel(scheme: schemes.Scheme, check: SchemeCheck | None) -> Panel:
    """By the rules of today; what was accepted stays accepted."""
    outcome, found = schemes.standing_now(scheme, check)
    return Panel(
        schemes.kind_of(scheme),
        scheme.pk,
        outcome,
        str(Outcome(outcome).label),
        TONES[Outcome(outcome)],
        [said(finding) for finding in found],
    )


def findings_sentence(check: SchemeCheck) -> str:
    """What was found, without notes, in one line."""
    found = schemes.findings_of(check)
    return " ".join(said(each).what for each in found if each.severity != Severity.NOTE)
