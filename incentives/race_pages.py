"""HQ pages of races: all seasons, the board of one, a participant, the result and its prizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import access, activity, brands
from incentives import (
    race_disputes,
    race_part,
    race_prizes,
    race_screens,
    race_standings,
    race_words,
    races,
    scheme_words,
    schemes,
)
from incentives.models import Race, RaceDispute, RaceEntry, RaceScreen, RaceStanding
from incentives.race_choices import DisputeState, RaceKind, RaceScheme, RaceState
from incentives.race_definitions import RACES
from incentives.race_forms import DisputeForm
from incentives.race_rules import Formula
from incentives.races import APPROVE, EDIT, VIEW
from integrations.sheets.writing import csv_lines
from kosops.lib.errors import DomainError
from kosops.lib.htmx import address_of, page_or_fragment
from kosops.lib.lists import keyset_page
from kosops.ui import formats
from kosops.ui.listing import address
from kosops.ui.parts import CalcRow, Kpi

DISPUTE = "races.dispute"
RACES_SHOWN = 100
OWN_SHOWN = 5
AWARDS_SHOWN = 200
# Which list shows what stands behind a fact.
LISTS = {
    "sales_net": "customers:orders",
    "orders": "customers:orders",
    "new_buyers": "customers:orders",
    "posts": "content:posts",
    "interactions": "content:posts",
    "organic_interactions": "content:posts",
    "organic_posts": "content:posts",
}


# -- all races -----------------------------------------------------------------


@require_safe
@login_required
def race_list(request: HttpRequest) -> HttpResponse:
    """Races that run, drafts and past ones, and the schemes to begin with."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    may_edit = access.reach(request.user, EDIT).covers(brand)
    found = races.visible_to(request.user).filter(brand=brand)
    if not may_edit:
        found = found.exclude(state=RaceState.DRAFT)
    rows = list(
        found.annotate(
            participants=Count("entries", distinct=True),
            doubts=Count("disputes", filter=Q(disputes__state=DisputeState.OPEN), distinct=True),
        ).order_by("-first_day", "-pk")[:RACES_SHOWN]
    )
    context = {
        "brand": brand,
        "rows": [(race, race_words.season(race), race_part.when(race)) for race in rows],
        "may_edit": may_edit,
        "schemes": RaceScheme.choices,
    }
    return render(request, "incentives/races.html", context)


# -- the board -----------------------------------------------------------------


@require_safe
@login_required
def race(request: HttpRequest, race_id: int) -> HttpResponse:
    """The leaderboard: season, fair groups, podium, table, and the person's own stores on top."""
    shown = _visible(request, race_id)
    formula = races.formula_of(shown)
    leagues = race_part.leagues_of(shown, formula)
    own = _own(request, shown)
    wanted = [request.GET.get("league", ""), *(each.entry.league for each in own)]
    league = race_part.chosen(leagues, *wanted)
    standings = race_part.in_league(shown, league)
    page = keyset_page(
        standings, field="rank", descending=False, cursor=request.GET.get("cursor", "")
    )
    own = [each for each in own if each.entry.league == league]
    doubted = race_standings.disputed(shown)
    mine = [each.entry_id for each in own]
    lines = race_part.rows(shown, formula, [*page.rows, *own], mine, doubted)
    page.rows[:] = lines[: len(page.rows)]
    within = access.reach(request.user, VIEW)
    context = race_part.head(shown, formula) | {
        "leagues": race_part.tabs(leagues, league, request.path) if len(leagues) > 1 else [],
        "league": league,
        "page": page,
        "paging": page if page.next or page.previous else None,
        "places": [] if request.GET.get("cursor") else race_part.steps(page.rows),
        "may_open": {row.entry_id for row in page.rows if within.covers(row.standing.entry.store)},
        "own": lines[len(page.rows) :],
        "is_store": shown.kind == RaceKind.STORE,
        "figures": _figures(formula, leagues),
    }
    if not request.htmx:
        context |= _doing(request, shown) | {"doubts": len(doubted)}
    return page_or_fragment(
        request, "incentives/race.html", context, fragment="incentives/_race_board.html"
    )


def _figures(formula: Formula, leagues: list[race_part.League]) -> list[Kpi]:
    prizes = sum(formula.prizes) * len(leagues)
    return [
        Kpi(
            label=_("Participants"),
            value=formats.number(sum(league.count for league in leagues)),
            help=RACES["race_participants"],
        ),
        Kpi(label=_("Prizes"), value=formats.money(prizes), help=RACES["race_cost"]),
    ]


def _visible(request: HttpRequest, race_id: int) -> Race:
    """A race that the person may see; drafts are for those who may change them."""
    found = races.visible_to(request.user).select_related("brand", "formula", "approved_by")
    shown = get_object_or_404(found, pk=race_id)
    drafting = access.reach(request.user, EDIT).covers(shown.brand)
    if shown.state == RaceState.DRAFT and not drafting:
        raise Http404
    return shown


def _own(request: HttpRequest, shown: Race) -> list[RaceStanding]:
    """The first standings of the person's own part, for whom it is not the whole brand."""
    within = access.reach(request.user, VIEW)
    if within.covers(shown.brand):
        return []
    visible = RaceEntry.objects.for_user(request.user, VIEW).filter(race=shown)
    found = race_standings.current(shown).filter(entry__in=visible)
    return list(found.order_by("rank", "pk")[:OWN_SHOWN])


def _doing(request: HttpRequest, shown: Race) -> dict[str, Any]:
    """What the person may do now, and what stands beside the board."""
    may_edit = access.reach(request.user, EDIT).covers(shown.brand)
    may_approve = access.reach(request.user, APPROVE).covers(shown.brand)
    over = timezone.localdate() > shown.cut_off_on
    fixed = shown.state == RaceState.FROZEN
    total = race_prizes.total_of(shown) if fixed else 0
    return {
        "may_edit": may_edit,
        "may_file": bool(shown.standings_at)
        and access.reach(request.user, VIEW).covers(shown.brand),
        "panel": scheme_words.panel(shown, schemes.latest(shown)) if may_edit else None,
        "may_freeze": may_edit and over and shown.state in races.RUNNING,
        "may_approve": may_approve and fixed and total and not shown.approved_at,
        "total": total,
        "proof": race_standings.proofs_of(shown).first() if fixed else None,
    }


@require_safe
@login_required
def race_file(request: HttpRequest, race_id: int) -> StreamingHttpResponse:
    """The whole board with every figure and its points, as CSV. The export is noted."""
    shown = _visible(request, race_id)
    access.require(request.user, VIEW, shown.brand)
    activity.record(by=request.user, verb="race.exported", object=shown, unit=shown.brand)
    response = StreamingHttpResponse(
        csv_lines(_file_rows(shown)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="race-{shown.pk}.csv"'
    return response


def _file_rows(shown: Race) -> Iterator[tuple[Any, ...]]:
    formula = races.formula_of(shown)
    names = [race_words.fact_name(key) for key in formula.facts]
    points = [_("%(figure)s: points") % {"figure": name} for name in names]
    pairs = [heading for pair in zip(names, points, strict=True) for heading in pair]
    yield (
        *(_("Group"), _("Place"), _("Participant"), _("Store"), _("Active heads"), _("Score")),
        *pairs,
    )
    for row in race_standings.current(shown).iterator(2000):
        yield (
            race_words.league_name(shown, formula, row.entry.league),
            row.rank,
            race_words.entry_name(shown, row.entry),
            row.entry.store.name,
            row.heads,
            race_words.score(row.score),
            *(
                text
                for each in row.points
                for text in (
                    race_words.plain(each["fact"], each["value"]),
                    race_words.score(each["points"]),
                )
            ),
        )


# -- a participant -------------------------------------------------------------


@require_safe
@login_required
def race_entry(request: HttpRequest, race_id: int, entry_id: int) -> HttpResponse:
    """How a store or a person came to the points, and what would close the gap."""
    shown = _visible(request, race_id)
    entry = _entry(request, shown, entry_id)
    return _entry_page(request, shown, entry, None)


def _entry(request: HttpRequest, shown: Race, entry_id: int) -> RaceEntry:
    visible = RaceEntry.objects.for_user(request.user, VIEW).select_related("store", "creator")
    return get_object_or_404(visible, pk=entry_id, race=shown)


def _entry_page(
    request: HttpRequest,
    shown: Race,
    entry: RaceEntry,
    form: DisputeForm | None,
    status: int = 200,
) -> HttpResponse:
    formula = races.formula_of(shown)
    standing = race_standings.current(shown).filter(entry=entry).first()
    context = race_part.head(shown, formula) | {
        "entry": entry,
        "name": race_words.entry_name(shown, entry),
        "league": race_words.league_name(shown, formula, entry.league),
        "standing": standing,
        "disputes": race_disputes.of_race(shown).filter(entry=entry),
        "may_dispute": _may(request, DISPUTE, entry) and shown.state in races.RUNNING,
        "may_edit": access.reach(request.user, EDIT).covers(shown.brand),
        "form": form or DisputeForm(formula=formula),
    }
    if standing:
        ahead = race_part.next_ahead(standing)
        gap, steps = race_part.gaps(formula, standing, ahead)
        history = list(entry.standings.order_by("day").values_list("day", "score"))
        context |= {
            "score": race_words.score(standing.score),
            "rows": _term_rows(request, shown, formula, standing),
            "sum": race_words.score(standing.score),
            "ahead": ahead,
            "ahead_name": race_words.entry_name(shown, ahead.entry) if ahead else "",
            "gap": gap,
            "steps": steps,
            "history": [score / 100 for _day, score in history],
            "awards": race_prizes.awards_of(shown).filter(entry=entry),
        }
    return render(request, "incentives/race_entry.html", context, status=status)


def _may(request: HttpRequest, permission: str, entry: RaceEntry) -> bool:
    return access.reach(request.user, permission).covers(entry.store)


def _term_rows(
    request: HttpRequest, shown: Race, formula: Any, standing: RaceStanding
) -> list[CalcRow]:
    placed = race_standings.standing_of(standing)
    rows = [
        CalcRow(
            label=race_words.fact_name(term.fact),
            how=race_words.points_sentence(term, points, standing.heads),
            value=race_words.score(points.points),
            href=_behind(shown, standing.entry, term.fact),
        )
        for term, points in zip(formula.terms, placed.points, strict=True)
    ]
    return [
        *rows,
        CalcRow(label=_("Score"), value=race_words.score(standing.score), kind="sum"),
    ]


def _behind(shown: Race, entry: RaceEntry, fact: str) -> str:
    """The list of rows that a fact was counted from."""
    page = address_of(LISTS[fact]) if fact in LISTS else ""
    if not page:
        return ""
    whose = {"creator": entry.creator_id} if entry.creator_id else {"unit": entry.store_id}
    return page + address({}, since=shown.first_day, until=shown.last_day, **whose)


@require_POST
@login_required
def race_dispute(request: HttpRequest, race_id: int, entry_id: int) -> HttpResponse:
    """Ask about points; HQ answers before the result is fixed."""
    shown = _visible(request, race_id)
    entry = _entry(request, shown, entry_id)
    access.require(request.user, DISPUTE, entry.store)
    form = DisputeForm(request.POST, formula=races.formula_of(shown))
    if form.is_valid():
        try:
            race_disputes.raise_dispute(by=request.user, entry=entry, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Headquarters will look at it. The line is marked."))
            return redirect("incentives:race_entry", shown.pk, entry.pk)
    return _entry_page(request, shown, entry, form, status=422)


# -- doing ---------------------------------------------------------------------


@require_POST
@login_required
def race_act(request: HttpRequest, race_id: int) -> HttpResponse:
    """Start, work out, fix, prove, or let the prizes into the books: what ``act`` says."""
    shown = _visible(request, race_id)
    act = request.POST.get("act", "")
    if act not in _ACTS:
        raise Http404
    permission, command = _ACTS[act]
    access.require(request.user, permission, shown.brand)
    try:
        messages.success(request, command(request, shown))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    page = "incentives:race_result" if act in ("prove", "approve") else "incentives:race"
    return redirect(page, shown.pk)


def _start(request: HttpRequest, shown: Race) -> str:
    started = races.start(by=request.user, race=shown)
    if timezone.localdate() >= started.first_day:
        race_standings.refresh(by=request.user, race=started)
    return _("The race runs. Its formula and groups stay as they are until the end.")


def _refresh(request: HttpRequest, shown: Race) -> str:
    race_standings.refresh(by=request.user, race=shown)
    return _("Everybody's points are worked out anew.")


def _freeze(request: HttpRequest, shown: Race) -> str:
    race_standings.freeze(by=request.user, race=shown)
    return _("The result is fixed. Finance can approve the prizes.")


def _prove(request: HttpRequest, shown: Race) -> str:
    proof = race_standings.prove(by=request.user, race=shown)
    if proof.same:
        return _("The same result came out, to the last digit.")
    return ngettext(
        "%(n)s value is different now. The result stays as it was fixed.",
        "%(n)s values are different now. The result stays as it was fixed.",
        proof.differences,
    ) % {"n": formats.number(proof.differences)}


def _approve(request: HttpRequest, shown: Race) -> str:
    people = race_prizes.approve(by=request.user, race=shown)
    return ngettext(
        "The prize of %(n)s person is in the books and payable.",
        "The prizes of %(n)s people are in the books and payable.",
        people,
    ) % {"n": formats.number(people)}


_ACTS: dict[str, Any] = {
    "start": (EDIT, _start),
    "refresh": (EDIT, _refresh),
    "freeze": (EDIT, _freeze),
    "prove": (VIEW, _prove),
    "approve": (APPROVE, _approve),
}


# -- the result ----------------------------------------------------------------


@require_safe
@login_required
def race_result(request: HttpRequest, race_id: int) -> HttpResponse:
    """The fixed result: its digest and proofs, the prizes, and who let them into the books."""
    shown = _visible(request, race_id)
    access.require(request.user, VIEW, shown.brand)
    if shown.state != RaceState.FROZEN:
        return redirect("incentives:race", shown.pk)
    formula = races.formula_of(shown)
    awards = list(race_prizes.awards_of(shown)[: AWARDS_SHOWN + 1])
    proof = race_standings.proofs_of(shown).first()
    context = (
        race_part.head(shown, formula)
        | _doing(request, shown)
        | {
            "awards": [
                (award, race_words.entry_name(shown, award.entry))
                for award in awards[:AWARDS_SHOWN]
            ],
            "more_awards": len(awards) > AWARDS_SHOWN,
            "proofs": race_standings.proofs_of(shown)[:10],
            "differences": _differences(shown, proof) if proof else [],
        }
    )
    return render(request, "incentives/race_result.html", context)


def _differences(shown: Race, proof: Any) -> list[tuple[str, str, str, str]]:
    ids = {each["entry"] for each in proof.examples}
    entries = shown.entries.select_related("store", "creator").in_bulk(ids)
    return [
        (
            race_words.entry_name(shown, entries[each["entry"]]),
            race_words.difference_name(each["what"]),
            race_words.difference_value(each["what"], each["was"]),
            race_words.difference_value(each["what"], each["now"]),
        )
        for each in proof.examples
    ]


# -- questions about points ----------------------------------------------------


@require_safe
@login_required
def race_disputes_page(request: HttpRequest, race_id: int) -> HttpResponse:
    """What stores doubt, open ones first."""
    shown = _visible(request, race_id)
    visible = RaceDispute.objects.for_user(request.user, VIEW).filter(race=shown)
    found = visible.select_related(
        "entry__store", "entry__creator", "raised_by", "answered_by"
    ).order_by("state", "-raised_at")[:RACES_SHOWN]
    context = race_part.head(shown, races.formula_of(shown)) | {
        "disputes": [
            (each, race_words.entry_name(shown, each.entry), race_words.fact_name(each.fact))
            for each in found
        ],
        "may_edit": access.reach(request.user, EDIT).covers(shown.brand),
        "answers": DisputeState.choices[1:],
    }
    return render(request, "incentives/race_disputes.html", context)


@require_POST
@login_required
def race_dispute_answer(request: HttpRequest, dispute_id: int) -> HttpResponse:
    visible = RaceDispute.objects.for_user(request.user, VIEW).select_related("race__brand")
    dispute = get_object_or_404(visible, pk=dispute_id)
    access.require(request.user, EDIT, dispute.race.brand)
    try:
        race_disputes.answer(
            by=request.user,
            dispute=dispute,
            state=request.POST.get("state", ""),
            text=request.POST.get("text", ""),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The store reads your answer on its page of the race."))
    return redirect("incentives:race_disputes", dispute.race_id)


# -- screens -------------------------------------------------------------------


@require_safe
@login_required
def race_screens_page(request: HttpRequest, race_id: int) -> HttpResponse:
    """The links for televisions; a new one is shown once, right after it was made."""
    shown = _visible(request, race_id)
    access.require(request.user, EDIT, shown.brand)
    return _screens_page(request, shown)


def _screens_page(
    request: HttpRequest, shown: Race, made: race_screens.NewScreen | None = None
) -> HttpResponse:
    link = reverse("incentives:race_screen", args=[made.token]) if made else ""
    context = race_part.head(shown, races.formula_of(shown)) | {
        "screens": race_screens.open_screens(shown)[:RACES_SHOWN],
        "stores": shown.entries.filter(creator=None)
        .order_by("store__name")
        .values_list("store_id", "store__name"),
        "link": request.build_absolute_uri(link) if link else "",
        "made": made.screen if made else None,
    }
    return render(request, "incentives/race_screens.html", context)


@require_POST
@login_required
def race_screen_add(request: HttpRequest, race_id: int) -> HttpResponse:
    shown = _visible(request, race_id)
    access.require(request.user, EDIT, shown.brand)
    wanted = request.POST.get("store", "")
    entry = shown.entries.filter(creator=None, store_id=wanted if wanted.isdigit() else None)
    found = entry.select_related("store").first()
    try:
        made = race_screens.open_screen(
            by=request.user, race=shown, store=found.store if found else None
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("incentives:race_screens", shown.pk)
    return _screens_page(request, shown, made)


@require_POST
@login_required
def race_screen_end(request: HttpRequest, screen_id: int) -> HttpResponse:
    visible = RaceScreen.objects.for_user(request.user, EDIT).select_related("race")
    screen = get_object_or_404(visible, pk=screen_id)
    race_screens.end_screen(by=request.user, screen=screen)
    messages.success(request, _("The link opens nothing any more."))
    return redirect("incentives:race_screens", screen.race_id)
