"""Themes of months: setting up, running, working out, proving."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from content.matching import normal_title
from incentives import points_sources, schemes, themes_rules
from incentives.models import Theme, ThemeResult
from incentives.organic_sql import NOT_HELD
from incentives.points_choices import ThemeState
from incentives.themes_rules import Entry, Result, Step, StepFault
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from kosops.lib.sql import fetch_all
from matrix.models import Creator

SOURCE = "theme"

points_sources.register(
    points_sources.Source(
        code=SOURCE,
        label=_("Theme of the month"),
        ruled=False,
        # A post that goes later takes its points back, as any other.
        facts="""
            SELECT r.post_id::text AS key, r.creator_id,
                   (t.closed_at AT TIME ZONE %(zone)s)::date AS earned_on, r.points,
                   0 AS hold_days, t.months
              FROM incentives_themeresult r
              JOIN incentives_theme t ON t.id = r.theme_id
              JOIN content_post p ON p.id = r.post_id AND p.state = 'online'
             WHERE t.brand_id = %(brand)s AND t.state = 'closed' AND r.points > 0
        """,
    )
)

# Posts of the month that say the topic, are no paid placements and are not held by a review, with
# the last figures known at the cut-off.
_ENTRIES = f"""
    SELECT p.id AS post, p.creator_id AS creator,
           CASE WHEN num_nonnulls(f.likes, f.saves, f.comments) > 0
                THEN COALESCE(f.likes, 0) + COALESCE(f.saves, 0) + COALESCE(f.comments, 0)
           END AS interactions
      FROM content_post p
      JOIN matrix_creator c ON c.id = p.creator_id
      LEFT JOIN LATERAL (
            SELECT (array_agg(s.likes ORDER BY s.captured_at DESC, s.id DESC)
                        FILTER (WHERE s.likes IS NOT NULL))[1] AS likes,
                   (array_agg(s.saves ORDER BY s.captured_at DESC, s.id DESC)
                        FILTER (WHERE s.saves IS NOT NULL))[1] AS saves,
                   (array_agg(s.comments ORDER BY s.captured_at DESC, s.id DESC)
                        FILTER (WHERE s.comments IS NOT NULL))[1] AS comments
              FROM content_metricsnapshot s
             WHERE s.post_id = p.id AND s.captured_at < %(cutoff)s
           ) f ON true
     WHERE p.brand_id = %(brand)s AND p.state = 'online' AND NOT p.is_commercial
       AND {NOT_HELD}
       AND p.published_at >= %(first)s AND p.published_at < %(after)s
       AND (%(kind)s = '' OR c.kind = %(kind)s)
       AND (%(creator)s::bigint IS NULL OR p.creator_id = %(creator)s)
       AND position(%(topic)s IN p.title_key) > 0
     ORDER BY p.id
"""

FAULTS = {
    "empty": _("Say what at least one step of interactions brings."),
    "too_many": _("At most six steps."),
    "not_rising": _("Each step asks for more interactions and brings more points than the last."),
}
TEXTS = ("name", "about")


# -- queries -------------------------------------------------------------------


def of_brand(brand: Unit) -> QuerySet[Theme]:
    """All themes of a brand, the latest month first: its people may read them all."""
    return Theme.objects.filter(brand=brand).order_by("-month")


def running(creator: Creator, today: dt.date) -> Theme | None:
    """The theme of this month that a person can take part in."""
    found = Theme.objects.filter(
        brand=creator.brand_id,
        month=str(Month.of(today)),
        state=ThemeState.OPEN,
        creator_kind__in=("", creator.kind),
    )
    return found.first()


def steps_of(theme: Theme) -> tuple[Step, ...]:
    return themes_rules.steps_from(theme.steps)


def cutoff_of(theme: Theme) -> dt.datetime:
    """The moment from which on figures come too late."""
    last = Month.parse(theme.month).last_day + dt.timedelta(days=theme.cutoff_days + 1)
    return dt.datetime.combine(last, dt.time(), tzinfo=ZoneInfo(settings.TIME_ZONE))


def last_day_of_figures(theme: Theme) -> dt.date:
    return Month.parse(theme.month).last_day + dt.timedelta(days=theme.cutoff_days)


def results_now(theme: Theme, creator: Creator | None = None) -> list[Result]:
    """What the posts would come to with what is known up to the cut-off, without storing it."""
    return themes_rules.results_of(_entries(theme, creator), steps_of(theme), theme.most_posts)


def standing(theme: Theme) -> list[Result]:
    """What a theme came to; what it would come to while it runs."""
    return _stored(theme) if theme.state == ThemeState.CLOSED else results_now(theme)


def entries_of(theme: Theme, creator: Creator) -> list[Entry]:
    """A person's posts in the theme, also those whose figures are not in yet."""
    return _entries(theme, creator)


def _entries(theme: Theme, creator: Creator | None) -> list[Entry]:
    zone, month = ZoneInfo(settings.TIME_ZONE), Month.parse(theme.month)
    rows = fetch_all(
        _ENTRIES,
        {
            "brand": theme.brand_id,
            "kind": theme.creator_kind,
            "creator": creator.pk if creator else None,
            "topic": normal_title(theme.topic),
            "first": dt.datetime.combine(month.first_day, dt.time(), tzinfo=zone),
            "after": dt.datetime.combine(month.shifted(1).first_day, dt.time(), tzinfo=zone),
            "cutoff": cutoff_of(theme),
        },
    )
    return [Entry(**row) for row in rows]


@dataclass(frozen=True)
class StepCount:
    step: Step
    posts: int

    @property
    def points(self) -> int:
        return self.posts * self.step.points


def counts_of(results: Sequence[Result], steps: Sequence[Step]) -> list[StepCount]:
    """How many posts earn each step."""
    by_points = Counter(result.points for result in results)
    return [StepCount(step, by_points[step.points]) for step in steps]


@dataclass(frozen=True)
class Proof:
    """Working out once more against what was stored."""

    posts: int
    differing: list[int]

    @property
    def same(self) -> bool:
        return not self.differing


def prove(theme: Theme) -> Proof:
    """Work a closed theme out again from the figures; which posts come to something else."""
    stored = set(_stored(theme))
    again = set(results_now(theme))
    return Proof(len(stored), sorted({result.post for result in stored ^ again}))


def untouched(theme: Theme) -> bool:
    """Whether the stored results are those of the day the theme was worked out."""
    return themes_rules.digest(_stored(theme)) == theme.content_hash


def _stored(theme: Theme) -> list[Result]:
    rows = theme.results.order_by("post_id")
    return [Result(*row) for row in rows.values_list("post", "creator", "interactions", "points")]


# -- commands ------------------------------------------------------------------


@transaction.atomic
def add_theme(*, by: Person | None, brand: Unit, month: str, **fields: Any) -> Theme:
    """Add a theme as a draft. Refuses ``wrong_steps``, ``month_taken`` and a month that is none."""
    Month.parse(month)
    theme = Theme(brand=brand, month=month, **fields)
    _check_steps(theme)
    try:
        with transaction.atomic():
            theme.save()
    except IntegrityError as error:
        raise DomainError("month_taken", _("This month has its theme already.")) from error
    activity.record(by=by, verb="theme.added", object=theme, unit=brand, after={"name": theme.name})
    return theme


@transaction.atomic
def change_theme(*, by: Person | None, theme: Theme, **fields: Any) -> Theme:
    """Change a theme; of one that runs only name and words. Refuses ``theme_runs``,
    ``theme_closed``, ``wrong_steps`` and, where it runs, what `schemes.require` refuses.
    """
    theme = _locked(theme)
    changed = {name: value for name, value in fields.items() if getattr(theme, name) != value}
    if theme.state == ThemeState.CLOSED:
        raise DomainError("theme_closed", _("This theme is worked out; it stays as it was."))
    if theme.state == ThemeState.OPEN and set(changed) - set(TEXTS):
        raise DomainError(
            "theme_runs", _("People already post for it: only its name and words can change.")
        )
    for name, value in changed.items():
        setattr(theme, name, value)
    _check_steps(theme)
    if changed:
        theme.save(update_fields=list(changed))
        if theme.state == ThemeState.OPEN:
            schemes.require(by=by, scheme=theme)
        activity.record(
            by=by,
            verb="theme.changed",
            object=theme,
            unit=theme.brand,
            after={"fields": sorted(changed)},
        )
    return theme


@transaction.atomic
def open_theme(*, by: Person | None, theme: Theme) -> Theme:
    """Let it run. Refuses ``theme_closed``, ``month_over`` and what `schemes.require` refuses."""
    theme = _locked(theme)
    if theme.state == ThemeState.CLOSED:
        raise DomainError("theme_closed", _("This theme is worked out; it stays as it was."))
    if Month.parse(theme.month) < Month.of(timezone.localdate()):
        raise DomainError("month_over", _("The month of this theme is over."))
    if theme.state == ThemeState.DRAFT:
        schemes.require(by=by, scheme=theme)
        theme.state = ThemeState.OPEN
        theme.save(update_fields=["state"])
        activity.record(
            by=by,
            verb="theme.state_changed",
            object=theme,
            unit=theme.brand,
            before={"state": ThemeState.DRAFT},
            after={"state": theme.state},
        )
    return theme


@transaction.atomic
def copy_theme(*, by: Person | None, theme: Theme) -> Theme:
    """The same theme as a draft for the month after the brand's last one."""
    last = Theme.objects.filter(brand=theme.brand).order_by("-month").values_list("month")[0][0]
    month = max(Month.parse(last).shifted(1), Month.of(timezone.localdate()))
    names = ("name", "about", "topic", "creator_kind", "steps", "most_posts", "cutoff_days")
    fields = {name: getattr(theme, name) for name in (*names, "months")}
    return add_theme(by=by, brand=theme.brand, month=str(month), **fields)


@transaction.atomic
def close_theme(*, by: Person | None, theme: Theme) -> Theme:
    """Work a theme out with the figures up to its cut-off; the next run books the points.

    Refuses ``theme_not_running`` and ``too_early``.
    """
    theme = _locked(theme)
    if theme.state != ThemeState.OPEN:
        raise DomainError("theme_not_running", _("Only a theme that runs can be worked out."))
    now = timezone.now()
    if now < cutoff_of(theme):
        raise DomainError("too_early", _("Figures still come in until the cut-off."))
    results = results_now(theme)
    ThemeResult.objects.bulk_create(
        (
            ThemeResult(
                theme=theme,
                post_id=result.post,
                creator_id=result.creator,
                interactions=result.interactions,
                points=result.points,
            )
            for result in results
        ),
        batch_size=2000,
    )
    theme.state, theme.closed_at, theme.closed_by = ThemeState.CLOSED, now, by
    theme.content_hash = themes_rules.digest(results)
    theme.save(update_fields=["state", "closed_at", "closed_by", "content_hash"])
    activity.record(
        by=by,
        verb="theme.closed",
        object=theme,
        unit=theme.brand,
        after={
            "posts": len(results),
            "points": sum(result.points for result in results),
            "content_hash": theme.content_hash,
        },
        at=now,
    )
    return theme


def _locked(theme: Theme) -> Theme:
    return Theme.objects.select_for_update(of=("self",)).select_related("brand").get(pk=theme.pk)


def _check_steps(theme: Theme) -> None:
    try:
        steps = themes_rules.steps_from(theme.steps)
    except StepFault as fault:
        raise DomainError("wrong_steps", FAULTS[fault.problem], status=400) from fault
    theme.steps = [[step.at_least, step.points] for step in steps]
