"""Why a creator has a tier, why somebody stands where in a race, why a post is rewarded or not."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_keys import needs_scope
from accounts.models import Unit
from content.models import Post
from incentives import (
    api_names,
    ladders,
    race_part,
    race_prizes,
    race_standings,
    race_words,
    races,
    rewards_rule,
    rewards_words,
    tier_runs,
    tier_words,
)
from incentives.commission_api import rows_of
from incentives.models import RaceEntry, RewardItem, TierChange
from incentives.race_choices import RaceState
from incentives.tier_runs import Finding
from incentives.tiers import condition_to_json
from kosops.lib import api
from matrix.models import Creator

TIERS = "tiers.view"
RACES = "races.view"
REWARDS = "rewards.view"
READ = "tiers:read"
CHANGES_SHOWN = 50
# Each takes some queries of its own.
RACES_SHOWN = 5
NO_RULE = "no_rule"


# -- a tier --------------------------------------------------------------------


@needs_scope(READ)
@api_view(["GET"])
def tier(request: Request) -> Response:
    """The tier of a creator: what keeps it, what the next one needs, and every change with its why."""
    found = api.parameters(request, creator=api.text)
    api.need(found, "creator")
    person = api_names.find_creator(request.auth, TIERS, found["creator"])
    today = timezone.localdate()
    progress = tier_runs.progress_of(person, today)
    version = ladders.ladder_on(person.brand, person.kind, today)
    answer: dict[str, Any] = {
        "creator": api_names.creator(person),
        "tier": person.tier or None,
        "as_of": api.day(today),
        "rule": {
            "valid_from": api.day(version.valid_from),
            "formula": ladders.rules_of(version).formula,
            "text": tier_words.formula_sentence(ladders.rules_of(version).formula),
        }
        if version
        else None,
        "missing": None if version else "no_ladder",
        "history": [_change(each) for each in tier_runs.history_of(person)[:CHANGES_SHOWN]],
    }
    if progress is None:
        return Response(answer)
    risk, pin = progress.risk, progress.pin
    return Response(
        answer
        | {
            "next_tier": progress.next_tier or None,
            "reach": _findings(progress.reach),
            "reach_any": progress.reach_any,
            "keep": _findings(progress.keep),
            "keep_any": progress.keep_any,
            "blocked_by": _findings(progress.blocked_by),
            "gates": {
                "evaluated": not progress.stands_still,
                "set_by_hand_until": api.day(pin.last_day) if pin else None,
                "waits_for_a_person": progress.waiting is not None,
                "declined_until": api.day(progress.declined.rests_until)
                if progress.declined
                else None,
            },
            "risk": {
                "to_tier": risk.to_tier or None,
                "since": api.day(risk.since),
                "falls_on": api.day(risk.falls_on),
                "text": tier_words.risk_sentence(risk.to_tier, risk.falls_on, person),
            }
            if risk
            else None,
        }
    )


def _findings(found: list[Finding]) -> list[dict[str, Any]]:
    """Facts against thresholds, and what would close each gap."""
    return [
        {
            **condition_to_json(finding.condition),
            "value": finding.value,
            "met": finding.met,
            "missing": finding.missing,
            "text": tier_words.finding_sentence(finding),
            "would_change": tier_words.gap_sentence(finding) or None,
        }
        for finding in found
    ]


def _change(change: TierChange) -> dict[str, Any]:
    number = change.creator.number
    pin, run = change.pin, change.run
    return {
        "on": api.day(change.effective_on),
        "from": change.from_tier or None,
        "to": change.to_tier or None,
        "by": "rule" if run else "hand",
        "rule_valid_from": api.day(run.ladder.valid_from) if run else None,
        "facts": _findings(tier_runs.explained(change.explanation)) if run else [],
        "reason": pin.reason if pin else None,
        "until": api.day(pin.last_day) if pin else None,
        "text": tier_words.change_sentence(
            number, change.from_tier, change.to_tier, change.effective_on, change.creator
        ),
    }


# -- a place in a race ---------------------------------------------------------


@needs_scope(READ)
@api_view(["GET"])
def race(request: Request) -> Response:
    """Where a creator or a store stands in each race that runs or was fixed lately, and why."""
    found = api.parameters(request, creator=api.text, store=api.text)
    if (found["creator"] is None) == (found["store"] is None):
        raise api.BadParameter("creator", "required", _("Name either a creator or a store."))
    entries = RaceEntry.objects.for_user(request.auth, RACES)
    if found["creator"]:
        person = api_names.find_creator(request.auth, RACES, found["creator"])
        entries = entries.filter(creator=person)
        whose: dict[str, Any] = {"creator": api_names.creator(person)}
    else:
        store = Unit.objects.for_user(request.auth, RACES).filter(code=found["store"]).first()
        if store is None:
            raise Http404
        entries = entries.filter(store=store, creator=None)
        whose = {"store": store.code}
    entries = (
        entries.exclude(race__state=RaceState.DRAFT)
        .select_related("race__brand", "race__formula", "store", "creator")
        .order_by("-race__last_day", "-pk")
    )
    return Response(whose | {"items": [_place(entry) for entry in entries[:RACES_SHOWN]]})


def _place(entry: RaceEntry) -> dict[str, Any]:
    shown = entry.race
    formula = races.formula_of(shown)
    standing = race_standings.current(shown).filter(entry=entry).first()
    answer: dict[str, Any] = {
        "race": {
            "name": shown.name,
            "first_day": api.day(shown.first_day),
            "last_day": api.day(shown.last_day),
            "late_data_until": api.day(shown.cut_off_on),
            "state": shown.state,
            "formula_version": shown.formula.version if shown.formula else None,
            "digest": shown.digest or None,
        },
        "league": race_words.league_name(shown, formula, entry.league),
        "entered_on": api.day(entry.entered_on),
        "place": None,
        "missing": None if standing else "no_standing_yet",
    }
    if standing is None:
        return answer
    placed = race_standings.standing_of(standing)
    gap, steps = race_part.gaps(formula, standing, race_part.next_ahead(standing))
    return answer | {
        "place": standing.rank,
        # Hundredths of a point, as the formula counts.
        "score": standing.score,
        "heads": standing.heads,
        "as_of": api.day(standing.day),
        "terms": [
            {
                "fact": term.fact,
                "label": race_words.fact_name(term.fact),
                "weight": term.weight,
                "value": points.value,
                "points": points.points,
                "how": race_words.points_sentence(term, points, standing.heads),
            }
            for term, points in zip(formula.terms, placed.points, strict=True)
        ],
        "would_change": {"to_the_next_place": gap or None, "any_of": steps},
        "prizes": [
            api.money(award.amount, award.currency)
            for award in race_prizes.awards_of(shown).filter(entry=entry)
        ],
    }


# -- the reward of a post ------------------------------------------------------


@needs_scope("commissions:read")
@api_view(["GET"])
def reward(request: Request) -> Response:
    """What each rule gives for a post, and why; or that no rule took it in."""
    found = api.parameters(request, platform=api.text, post=api.text)
    api.need(found, "platform", "post")
    post = (
        Post.objects.for_user(request.auth, REWARDS)
        .filter(platform=found["platform"], platform_post_id=found["post"])
        .select_related("creator__store")
        .first()
    )
    if post is None:
        raise Http404
    items = (
        RewardItem.objects.for_user(request.auth, REWARDS)
        .filter(post=post)
        .select_related("rule__coupon", "creator__store", "post")
        .prefetch_related("lines__run")
        .order_by("pk")
    )
    rewards = [_reward(item) for item in items]
    return Response(
        {
            "post": {
                "platform": post.platform,
                "id": post.platform_post_id,
                "state": post.state,
                "published_at": api.moment(post.published_at),
                "figures_at": api.moment(post.figures_at),
            },
            "creator": _creator_of(post.creator),
            "items": rewards,
            "missing": None if rewards else NO_RULE,
            "text": None if rewards else _("No rule took this post in."),
        }
    )


def _creator_of(person: Creator | None) -> dict[str, Any] | None:
    return api_names.creator(person) if person else None


def _reward(item: RewardItem) -> dict[str, Any]:
    terms = rewards_rule.terms_from_json(item.rule.terms)
    coupon, currency = rewards_words.coupon_name(item.rule), item.rule.currency
    return {
        "rule": {
            "code": item.code,
            "name": item.rule.name,
            "valid_from": api.day(item.rule.period.lower),
            "terms": item.rule.terms,
            "text": [
                *rewards_words.step_sentences(terms, coupon),
                *rewards_words.condition_sentences(terms, item.brand_id),
                *rewards_words.day_sentences(terms, coupon),
            ],
        },
        "state": item.standing,
        "text": rewards_words.standing_sentence(item),
        "facts": {"value": item.value, "step": item.step, **item.frozen},
        "earned": api.money(item.earned, currency),
        "released": api.money(item.released, currency),
        "calculation": rows_of(rewards_words.calculation(item)),
        "dates": {
            "done_on": api.day(item.done_on),
            "watched_until": api.day(item.watched_until),
            "posted": [
                {
                    "on": api.day(line.run.as_of),
                    "kind": line.kind,
                    "amount": api.money(line.amount, currency),
                }
                for line in item.lines.all()
            ],
        },
        "would_change": rewards_words.next_sentence(item) or None,
    }
