"""HQ pages of tiers: the ladder, who would move, other rules on trial, and why somebody moved."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from accounts.models import Unit
from content.formulas import value_of
from content.models import Post
from incentives import ladders, tier_notices, tier_review, tier_runs, tier_words, tiers
from incentives.choices import tier_label
from incentives.models import LadderVersion, TierChange, TierRun
from incentives.tier_forms import LadderForm, StartForm
from incentives.tiers import Ladder, Outcome
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from kosops.lib.periods import Month
from kosops.ui import formats
from kosops.ui.listing import address
from kosops.ui.parts import Choice, Rung
from matrix.choices import CreatorKind
from matrix.filters import CURRENT_STATES
from matrix.models import Creator
from matrix.tier_steps import Whose

VIEW = "tiers.view"
RUN = "tiers.run"
MOVERS = {
    Outcome.PROMOTED: gettext_lazy("Up"),
    Outcome.DEMOTED: gettext_lazy("Down"),
    Outcome.AT_RISK: gettext_lazy("At risk"),
}
# Asks for the ready ladder of store staff as the start of a trial.
STARS = "stars"
RUNS_SHOWN = 10
MOVES_SHOWN = 10
TRIED_SHOWN = 20
CHANGES_SHOWN = 10


@dataclass(frozen=True)
class DecidingPost:
    """A post that counted, with its interactions by the ladder's formula."""

    post: Post
    interactions: int | None


# -- the ladder ----------------------------------------------------------------


@require_safe
@login_required
def tier_list(request: HttpRequest) -> HttpResponse:
    """The ladder with head counts, and the past runs.

    Who would move takes a look at every post, so the page asks for it afterwards; without script
    it is a link to the same address with ``moves=1``.
    """
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    kind, today = _kind(request), timezone.localdate()
    context: dict[str, Any] = {"brand": brand, "kind": kind, "today": today}
    if request.htmx or "moves" in request.GET:
        context |= _moves(request, brand, kind)
    if not request.htmx:
        context |= _ladder(request, brand, kind, today)
        context["may_run"] = _may_run(request, brand)
        context["runs"] = (
            TierRun.objects.for_user(request.user, VIEW)
            .filter(brand=brand, ladder__creator_kind=kind)
            .select_related("started_by")
            .order_by("-as_of", "-id")[:RUNS_SHOWN]
        )
        context["waiting"] = (
            tier_review.waiting(request.user, VIEW)
            .filter(creator__brand=brand, creator__kind=kind)
            .count()
        )
    return page_or_fragment(
        request, "incentives/tiers.html", context, fragment="incentives/_tier_moves.html"
    )


@require_POST
@login_required
def tier_start(request: HttpRequest) -> HttpResponse:
    """Give the brand the standard rules."""
    brand = brands.required(request, VIEW)
    access.require(request.user, RUN, brand)
    ladders.start_ladders(by=request.user, brand=brand, valid_from=timezone.localdate())
    return redirect("incentives:tiers")


@require_POST
@login_required
def tier_evaluate(request: HttpRequest) -> HttpResponse:
    """Evaluate now, with what is known today, instead of tonight."""
    brand = brands.required(request, VIEW)
    access.require(request.user, RUN, brand)
    try:
        runs = tier_runs.evaluate(by=request.user, brand=brand, as_of=timezone.localdate())
    except DomainError as refusal:
        tell = messages.info if refusal.code == "already_evaluated" else messages.error
        tell(request, str(refusal))
    else:
        messages.success(request, _what_happened(runs))
    return redirect(f"{reverse('incentives:tiers')}?kind={_kind(request)}")


@require_safe
@login_required
def tier_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """Whom one evaluation moved."""
    shown = get_object_or_404(
        TierRun.objects.for_user(request.user, VIEW).select_related("ladder", "started_by"),
        pk=run_id,
    )
    visible = TierChange.objects.for_user(request.user, VIEW)
    changes = visible.filter(run=shown).select_related("creator__store")
    context = {
        "run": shown,
        "heads": [
            (tier_words.tier_name(t, shown.ladder), shown.counts["heads"].get(t, 0))
            for t in _order()
        ],
        "page": keyset_page(
            changes, field="id", descending=False, cursor=request.GET.get("cursor", "")
        ),
    }
    return page_or_fragment(
        request, "incentives/tier_run.html", context, fragment="incentives/_tier_changes.html"
    )


def _kind(request: HttpRequest) -> str:
    wanted = request.POST.get("kind") or request.GET.get("kind", "")
    return wanted if wanted in CreatorKind.values else CreatorKind.KOC


def _order() -> list[str]:
    """Tiers from the top, and those without one."""
    return [*reversed(tiers.TIERS), tiers.NO_TIER]


def _may_run(request: HttpRequest, brand: Unit) -> bool:
    return access.reach(request.user, RUN).covers(brand)


def _ladder(request: HttpRequest, brand: Unit, kind: str, today: dt.date) -> dict[str, Any]:
    version = ladders.ladder_on(brand, kind, today)
    coming = [v for v in ladders.coming_ladders(brand, today) if v.creator_kind == kind]
    context: dict[str, Any] = {
        "kinds": [
            Choice(label=label, href=f"?kind={value}", selected=value == kind)
            for value, label in CreatorKind.choices[::-1]
        ],
        "version": version,
        "coming": coming,
    }
    if version is None:
        return context
    ladder = ladders.rules_of(version)
    heads = tier_runs.heads_now(brand, kind, access.reach(request.user, VIEW))
    return context | {
        "rungs": _rungs(ladder, heads, kind),
        "without": heads[tiers.NO_TIER],
        "grace": tier_words.grace_sentence(ladder.grace_days),
        "review": tier_words.review_sentence(ladder.review),
        "formula": tier_words.formula_sentence(ladder.formula),
        "moves_url": f"?{request.GET.urlencode()}" if request.GET else f"?kind={kind}",
    }


def _rungs(ladder: Ladder, heads: dict[str, int], kind: str) -> list[Rung]:
    everybody = sum(heads.values())
    return [
        Rung(
            name=rule.name or tier_label(rule.tier, kind),
            level=level,
            heads=heads[rule.tier],
            share_bp=formats.share_bp(heads[rule.tier], everybody),
            rules=tier_words.rule_sentences(rule.reach, rule.reach_any),
            keeps=tier_words.rule_sentences(rule.keep, rule.keep_any),
            href=reverse("matrix:creators")
            + address({}, kind=kind, tier=rule.tier, state=CURRENT_STATES),
        )
        for level, rule in enumerate(ladder.tiers, start=1)
    ]


def _what_happened(runs: list[TierRun]) -> str:
    counts = {
        name: sum(run.counts[name] for run in runs) for name in ("promoted", "demoted", "at_risk")
    }
    sentences = [
        ngettext("%(n)s creator rose.", "%(n)s creators rose.", counts["promoted"]),
        ngettext("%(n)s fell.", "%(n)s fell.", counts["demoted"]),
        ngettext("%(n)s is at risk.", "%(n)s are at risk.", counts["at_risk"]),
    ]
    return " ".join(
        sentence % {"n": formats.number(count)}
        for sentence, count in zip(sentences, counts.values(), strict=True)
    )


# -- who would move ------------------------------------------------------------


def _moves(request: HttpRequest, brand: Unit, kind: str) -> dict[str, Any]:
    today = timezone.localdate()
    on = _preview_day(request, today)
    preview = tier_runs.preview(
        brand=brand,
        kind=kind,
        as_of=on,
        within=access.reach(request.user, VIEW),
        listed=MOVES_SHOWN,
    )
    return {
        "on": on,
        "today": today,
        "preview": preview,
        "days": _days(today, on, kind),
        "posts": _posts_of(request, preview),
        "all_moves": True,
        "moves_query": f"?kind={kind}&on={on.isoformat()}",
    }


@require_safe
@login_required
def tier_moves(request: HttpRequest, outcome: str) -> HttpResponse:
    """Everybody who would rise, fall or be at risk on a day, page by page."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    kind, today = _kind(request), timezone.localdate()
    on = _preview_day(request, today)
    number = _page_number(request)
    preview = tier_runs.preview(
        brand=brand,
        kind=kind,
        as_of=on,
        within=access.reach(request.user, VIEW),
        listed=tier_runs.LISTED,
        skip=(number - 1) * tier_runs.LISTED,
    )
    if preview is None:
        return redirect(f"{reverse('incentives:tiers')}?kind={kind}")
    total = preview.counts[outcome]
    page = Paginator(range(total), tier_runs.LISTED).get_page(number)
    if page.number != number:
        # The list has become shorter since.
        return redirect(f"{request.path}?kind={kind}&on={on.isoformat()}&page={page.number}")
    context = {
        "kind": kind,
        "on": on,
        "title": MOVERS[Outcome(outcome)],
        "moves": preview.of(outcome),
        "total": total,
        "posts": _posts_of(request, preview),
        "page": page,
    }
    return render(request, "incentives/tier_moves.html", context)


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _preview_day(request: HttpRequest, today: dt.date) -> dt.date:
    """The day asked for, within what a preview can say."""
    try:
        day = dt.date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        return today
    return min(max(day, today), today + dt.timedelta(days=tier_runs.MOST_DAYS_AHEAD))


def _days(today: dt.date, on: dt.date, kind: str) -> list[Choice]:
    week, month = today + dt.timedelta(days=7), Month.of(today).shifted(1).first_day
    language = get_language()
    choices = [
        (today, _("Today")),
        *((d, formats.day(d, language, "short")) for d in (week, month)),
    ]
    return [
        Choice(
            label=label,
            href=f"{reverse('incentives:tiers')}?kind={kind}&on={day.isoformat()}",
            selected=day == on,
        )
        for day, label in choices
    ]


def _posts_of(request: HttpRequest, preview: tier_runs.Preview | None) -> dict[int, Post]:
    """The posts that decide, by id, as far as this person may see posts."""
    ids = {post for move in (preview.moves if preview else ()) for post in move.posts}
    return Post.objects.for_user(request.user, "posts.view").in_bulk(ids)


# -- other rules on trial ------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tier_preview(request: HttpRequest) -> HttpResponse:
    """Change thresholds and see who would move, before anything is saved; then save them."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    kind, today = _kind(request), timezone.localdate()
    version = ladders.ladder_on(brand, kind, today)
    if version is None:
        return redirect(f"{reverse('incentives:tiers')}?kind={kind}")
    if request.method == "POST":
        return _save(request, brand, kind, version)
    tried = any(name.endswith("at_least") for name in request.GET)
    form = LadderForm(request.GET if tried else None, ladder=_base(request, version), kind=kind)
    return _preview_page(request, brand, kind, version, form, StartForm())


def _base(request: HttpRequest, version: LadderVersion) -> Ladder:
    """The rules that the form starts from: those in force, or the ready ladder of stars."""
    if (request.POST or request.GET).get("start") == STARS:
        return ladders.checked(tiers.star_rules())
    return ladders.rules_of(version)


def _save(request: HttpRequest, brand: Unit, kind: str, version: LadderVersion) -> HttpResponse:
    access.require(request.user, RUN, brand)
    form = LadderForm(request.POST, ladder=_base(request, version), kind=kind)
    start = StartForm(request.POST)
    if form.is_valid() and start.is_valid():
        try:
            saved = ladders.save_ladder(
                by=request.user,
                brand=brand,
                kind=kind,
                rules=form.rules(),
                valid_from=start.cleaned_data["valid_from"],
            )
        except DomainError as refusal:
            start.add_error("valid_from", str(refusal))
        else:
            day = formats.day(saved.valid_from, get_language())
            messages.success(request, _("The new rules hold from %(day)s.") % {"day": day})
            return redirect(f"{reverse('incentives:tiers')}?kind={kind}")
    return _preview_page(request, brand, kind, version, form, start, status=422)


def _preview_page(
    request: HttpRequest,
    brand: Unit,
    kind: str,
    version: LadderVersion,
    form: LadderForm,
    start: StartForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "brand": brand,
        "kind": kind,
        "whose": Whose(brand.pk, kind),
        "kind_label": CreatorKind(kind).label,
        "version": version,
        "form": form,
        "start": start,
        "from_stars": (request.POST or request.GET).get("start") == STARS,
        "today": timezone.localdate(),
        "may_run": _may_run(request, brand),
    }
    if form.is_bound and form.is_valid():
        context |= _comparison(request, brand, kind, form.rules())
    elif form.is_bound:
        status = 422
    return page_or_fragment(
        request,
        "incentives/tier_preview.html",
        context,
        fragment="incentives/_tier_trial.html",
        status=status,
    )


def _comparison(
    request: HttpRequest, brand: Unit, kind: str, rules: dict[str, Any]
) -> dict[str, Any]:
    """The tiers of today, and as they would be by the present and by the tried rules."""
    within, today = access.reach(request.user, VIEW), timezone.localdate()
    tried = tier_runs.preview(
        brand=brand,
        kind=kind,
        as_of=today,
        ladder=ladders.checked(rules),
        within=within,
        listed=TRIED_SHOWN,
    )
    present = tier_runs.preview(brand=brand, kind=kind, as_of=today, within=within, listed=0)
    now = tier_runs.heads_now(brand, kind, within)
    return {
        "preview": tried,
        "posts": _posts_of(request, tried),
        "all_moves": False,
        "moves_query": "",
        "on": today,
        "changed": present is not None and rules != _rules_json(brand, kind, today),
        "comparison": [
            (
                tier_words.tier_name(tier, Whose(brand.pk, kind)),
                tier_words.tier_level(tier),
                now[tier],
                present.heads[tier] if present else None,
                tried.heads[tier] if tried else None,
            )
            for tier in _order()
        ],
        "movements": [
            (
                label,
                present.counts[outcome] if present else None,
                tried.counts[outcome] if tried else None,
            )
            for outcome, label in MOVERS.items()
        ],
    }


def _rules_json(brand: Unit, kind: str, day: dt.date) -> dict[str, Any]:
    version = ladders.ladder_on(brand, kind, day)
    return tiers.ladder_to_json(ladders.rules_of(version)) if version else {}


# -- why -----------------------------------------------------------------------


@require_safe
@login_required
def tier_change(request: HttpRequest, change_id: int) -> HttpResponse:
    """One change of tier: the rule, the facts against the thresholds, the posts that decided."""
    access.require(request.user, VIEW)
    shown = get_object_or_404(
        TierChange.objects.for_user(request.user, VIEW).select_related(
            "creator__store", "run__ladder", "run__started_by", "pin__created_by"
        ),
        pk=change_id,
    )
    if shown.run is None:
        return _pinned_change(request, shown)
    ladder = ladders.rules_of(shown.run.ladder)
    context = {
        "change": shown,
        "sentence": tier_words.change_sentence(
            shown.creator.name,
            shown.from_tier,
            shown.to_tier,
            shown.effective_on,
            shown.creator,
        ),
        "findings": tier_runs.explained(shown.explanation),
        "since": _since(shown),
        "formula": tier_words.formula_sentence(ladder.formula),
        "posts": _deciding(request, shown.explanation, ladder),
        "history": tier_runs.history_of(shown.creator)[:CHANGES_SHOWN],
    }
    return page_or_fragment(
        request, "incentives/tier_change.html", context, peek="incentives/_tier_change_peek.html"
    )


def _pinned_change(request: HttpRequest, shown: TierChange) -> HttpResponse:
    """A change that a person made by hand: who, until when and why."""
    context = {
        "change": shown,
        "sentence": tier_words.change_sentence(
            shown.creator.name,
            shown.from_tier,
            shown.to_tier,
            shown.effective_on,
            shown.creator,
        ),
        "history": tier_runs.history_of(shown.creator)[:CHANGES_SHOWN],
    }
    return page_or_fragment(
        request,
        "incentives/tier_change_by_hand.html",
        context,
        peek="incentives/_tier_change_by_hand_peek.html",
    )


@require_safe
@login_required
def creator_tier(request: HttpRequest, creator_id: int) -> HttpResponse:
    """A creator's tier, what the next one needs and the past changes: for the creator's page."""
    access.require(request.user, VIEW)
    creator = get_object_or_404(
        Creator.objects.for_user(request.user, VIEW).select_related("brand", "store"),
        pk=creator_id,
    )
    context = {
        "creator": creator,
        "progress": tier_runs.progress_of(creator, timezone.localdate()),
        "history": tier_runs.history_of(creator)[:CHANGES_SHOWN],
        "notice": tier_notices.open_of(creator),
        "may_pin": access.reach(request.user, "tiers.pin").covers(creator.store),
    }
    return page_or_fragment(
        request, "incentives/creator_tier.html", context, fragment="incentives/_creator_tier.html"
    )


def _since(change: TierChange) -> dt.date | None:
    """Since when the creator was at risk, for who fell."""
    text = change.explanation.get("since")
    return dt.date.fromisoformat(text) if text else None


def _deciding(
    request: HttpRequest, explanation: dict[str, Any], ladder: Ladder
) -> list[DecidingPost]:
    found = Post.objects.for_user(request.user, "posts.view").select_related("account")
    posts = found.in_bulk(explanation["posts"])
    return [
        DecidingPost(post, value_of(ladder.formula, vars(post)))
        for pk in dict.fromkeys(explanation["posts"])
        if (post := posts.get(pk))
    ]
