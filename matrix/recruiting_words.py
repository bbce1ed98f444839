"""How scores, routes and flags read on a page."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from kosops.ui import formats
from matrix import screening
from matrix.models import Application
from matrix.recruiting_choices import Flag, Level
from matrix.scores import suited
from matrix.screening import Facts, Part, Score

PARTS: dict[str, Promise] = {
    screening.FOLLOWERS: gettext_lazy("Size of the account"),
    screening.QUALITY: gettext_lazy("Quality of the notes"),
    screening.RECENCY: gettext_lazy("Last order"),
    screening.FREQUENCY: gettext_lazy("Orders in a year"),
    screening.AMOUNT: gettext_lazy("Spent in a year"),
    screening.ACTIVITY: pgettext_lazy("part of a score", "Activity"),
}
PART_NOTES: dict[str, Promise] = {
    screening.FOLLOWERS: gettext_lazy("Full points from 10,000 followers; 100 reach half of them."),
    screening.QUALITY: gettext_lazy("Mean of the reviewers' marks, 1 to 5."),
    screening.RECENCY: gettext_lazy("Full points within 30 days, none after a year."),
    screening.FREQUENCY: gettext_lazy("Full points from 12 orders on."),
    screening.AMOUNT: gettext_lazy("Full points from 5,000 on, refunds taken off."),
    screening.ACTIVITY: gettext_lazy("Notes of the last 30 days; full points from 12 on."),
}
FLAG_NOTES: dict[str, Promise] = {
    Flag.APPLIED_BEFORE: gettext_lazy("The same phone number stands in another recruitment."),
    Flag.SAME_ACCOUNT: gettext_lazy(
        "Another applicant or a creator has an account of this name on this platform."
    ),
    Flag.ALREADY_CREATOR: gettext_lazy("Member number or phone belong to somebody who takes part."),
    Flag.LEFT_BEFORE: gettext_lazy("Member number or phone belong to somebody who left."),
    Flag.BANNED_ACCOUNT: gettext_lazy("An account of this name is banned by its platform."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A part of the score in words."""

    label: str
    fact: str
    weight: int
    reached: int | None


def score_of(application: Application) -> Score:
    """The score again, from the facts that are kept with it."""
    return screening.score(Facts.of(application.facts), application.recruitment.weights)


def score_lines(score: Score) -> list[Line]:
    return [
        Line(str(PARTS[part.code]), _fact(part), part.weight, part.reached) for part in score.parts
    ]


def unknown_sentence(score: Score) -> str:
    """What is not known, and that its weight is spread over the rest; empty if all is known."""
    if not score.unknown:
        return ""
    names = formats_list([str(PARTS[part.code]) for part in score.unknown])
    return _("Not known: %(parts)s. Their weight is spread over the other parts.") % {
        "parts": names
    }


def formats_list(names: list[str]) -> str:
    return pgettext("between the parts of a list", ", ").join(names)


def route_sentence(application: Application) -> str:
    """Why this route, from the answers."""
    if application.route_set:
        return _("Chosen by a reviewer.")
    labels = {
        "willingness": _("willing to tell others: %(answer)s"),
        "content": _("notes or videos: %(answer)s"),
        "network": _("group or advice: %(answer)s"),
    }
    parts = [
        labels[code] % {"answer": Level(getattr(application, code)).label}
        for code in suited(application).because
    ]
    return _("From the answers: %(reasons)s.") % {"reasons": formats_list(parts)}


def flags_of(application: Application) -> list[tuple[str, str, str]]:
    """(code, label, what it means) of each flag."""
    return [(code, str(Flag(code).label), str(FLAG_NOTES[code])) for code in application.flags]


def _fact(part: Part) -> str:
    if part.fact is None:
        return _("not known")
    if part.code == screening.QUALITY:
        return f"{part.fact:.1f}"
    number = int(part.fact)
    if part.code == screening.RECENCY:
        return ngettext("%(count)s day ago", "%(count)s days ago", number) % {
            "count": formats.number(number)
        }
    if part.code == screening.AMOUNT:
        return formats.money(number)
    return formats.number(number)
