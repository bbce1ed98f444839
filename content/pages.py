"""HQ pages of posts: the list, one post, and a creator's posts for the creator's page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.models import Unit
from content import posts, reviews, store_posts
from content.definitions import POSTS
from content.expressions import known_or_last
from content.filters import MISSING, PostFilter
from content.forms import LocationForm
from content.formulas import TIER_INTERACTIONS
from content.models import Post
from kosops.lib.errors import DomainError
from kosops.lib.htmx import PEEK, address_of, page_or_fragment
from kosops.ui import formats
from kosops.ui.bulk import Bulk
from kosops.ui.listing import address, count_up_to, list_response
from kosops.ui.parts import Chart, Kpi, Series, Text
from matrix import communities
from matrix.filters import unit_choices
from matrix.models import Community, Creator
from matrix.posting import recent

VIEW = "posts.view"
EDIT = "posts.edit"
READINGS_SHOWN = 60
POSTS_OF_CREATOR = 8
POSTS_OF_UNIT = 20


@dataclass(slots=True)
class PostRow:
    """One line of the list."""

    post: Post

    @property
    def title(self) -> str:
        return self.post.title or _("Without a title")

    @property
    def url(self) -> str:
        """Where the post is, if that can be a web page: files bring anything."""
        return self.post.url if self.post.url.startswith(("https://", "http://")) else ""

    @property
    def interactions(self) -> int | None:
        return posts.interactions(self.post)

    @property
    def engagement_bp(self) -> int | None:
        return posts.engagement_bp(self.post)

    @property
    def lacks_disclosure(self) -> bool:
        return posts.lacks_disclosure(self.post)

    @property
    def lacks_store(self) -> bool:
        return store_posts.lacks_store(self.post)


def _rows(found: Iterable[Post]) -> list[PostRow]:
    return [PostRow(post) for post in found]


@require_safe
@login_required
def post_list(request: HttpRequest) -> HttpResponse:
    """The list of posts."""
    access.require(request.user, VIEW)
    found = PostFilter(
        request.GET, queryset=Post.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    page = found.page(found.ordered(rows).select_related("account", "creator", "store"))
    context = {
        "page": page,
        "rows": _rows(page.rows),
        "bulk": Bulk(),
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, VIEW, found.active.get("unit")),
        "may_review": bool(access.reach(request.user, "posts.review")),
        "import_url": address_of("integrations:imports")
        if access.reach(request.user, "imports.run")
        else "",
    }
    return list_response(
        request, found, context, template="content/posts.html", fragment="content/_posts.html"
    )


@require_safe
@login_required
def post(request: HttpRequest, pk: int) -> HttpResponse:
    """One post: who posted it from where, its figures and how they came about."""
    access.require(request.user, VIEW)
    return _post_page(request, _post(request, pk, VIEW))


@require_POST
@login_required
def post_location(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the location tag of a post shows; beside the list the answer is the post in short."""
    access.require(request.user, EDIT)
    shown = _post(request, pk, EDIT)
    form = LocationForm(request.POST)
    if form.is_valid():
        try:
            store_posts.set_location(by=request.user, post=shown, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error("location", str(refusal))
    if form.errors:
        return _post_page(request, shown, location=form, status=422)
    if PEEK in request.headers:
        return _post_page(request, _post(request, pk, VIEW))
    messages.success(request, _("The location tag is noted."))
    return redirect("content:post", pk)


def _post(request: HttpRequest, pk: int, permission: str) -> Post:
    visible = Post.objects.for_user(request.user, permission)
    return get_object_or_404(visible.select_related("account", "creator", "store"), pk=pk)


def _post_page(
    request: HttpRequest, shown: Post, *, location: LocationForm | None = None, status: int = 200
) -> HttpResponse:
    history = posts.history(shown.snapshots.all(), READINGS_SHOWN)
    context = {
        "row": PostRow(shown),
        "post": shown,
        "figures": _figures(shown, history),
        "history": history,
        "columns": [(_figure_names()[name], POSTS.get(name, "")) for name in history.columns],
        "readings": [_reading(reading, history) for reading in reversed(history.readings)],
        "falls": [
            _("%(figure)s fell from %(before)s to %(after)s.")
            % {
                "figure": _figure_names()[fall.figure],
                "before": formats.number(fall.before),
                "after": formats.number(fall.after),
            }
            for _at, fall in history.falls
        ],
        "chart": _chart(history),
        "may_see_people": bool(access.reach(request.user, "matrix.view")),
        "location_form": _location_form(request, shown, location),
        "last_review": reviews.history(shown).first() if shown.review else None,
        "may_review": access.reach(request.user, "posts.review").covers(shown.store),
    }
    return page_or_fragment(
        request, "content/post.html", context, peek="content/_post_peek.html", status=status
    )


def _location_form(
    request: HttpRequest, shown: Post, given: LocationForm | None
) -> LocationForm | None:
    """The form to say where the post leads, for those who may."""
    if not access.reach(request.user, EDIT).covers(shown.store):
        return None
    return given or LocationForm(initial={"location": shown.location})


@require_safe
@login_required
def creator_posts(request: HttpRequest, pk: int) -> HttpResponse:
    """The latest posts of a creator, a fragment of the creator's page; alone it is the list."""
    access.require(request.user, VIEW)
    creator = get_object_or_404(Creator.objects.for_user(request.user, VIEW), pk=pk)
    if not request.htmx:
        return redirect(f"{reverse('content:posts')}?creator={creator.pk}")
    latest = (
        Post.objects.for_user(request.user, VIEW)
        .filter(creator=creator)
        .select_related("account")
        .order_by("-published_at", "-pk")
    )
    context = {"rows": _rows(latest[:POSTS_OF_CREATOR])}
    return render(request, "content/_creator_posts.html", context)


@require_safe
@login_required
def unit_posts(request: HttpRequest, pk: int) -> HttpResponse:
    """The latest posts of a store or region, a fragment of its page; alone it is the list."""
    access.require(request.user, VIEW)
    unit = get_object_or_404(Unit.objects.for_user(request.user, VIEW), pk=pk)
    everything = f"{reverse('content:posts')}?unit={unit.pk}"
    if not request.htmx:
        return redirect(everything)
    visible = Unit.objects.for_user(request.user, VIEW)
    below = visible.filter(path__startswith=unit.path).values("pk")
    latest = (
        Post.objects.for_user(request.user, VIEW)
        .filter(store__in=below)
        .select_related("account", "store")
        .order_by("-published_at", "-pk")
    )
    since = timezone.now() - store_posts.ASKED_FOR
    context = {
        "rows": _rows(latest[:POSTS_OF_UNIT]),
        "everything": everything,
        "unplaced": store_posts.without_store(latest).filter(published_at__gte=since).count(),
        "unplaced_url": reverse("content:posts")
        + address({}, unit=unit.pk, location=MISSING, since=timezone.localdate(since).isoformat()),
    }
    return render(request, "content/_unit_posts.html", context)


@require_safe
@login_required
def community_posts(request: HttpRequest, pk: int) -> HttpResponse:
    """The hits of a community's members in 30 days, a fragment of its page; alone it is the list."""
    access.require(request.user, VIEW)
    community = get_object_or_404(Community.objects.for_user(request.user, "matrix.view"), pk=pk)
    if not request.htmx:
        return redirect(f"{reverse('content:posts')}?community={community.pk}")
    best = (
        Post.objects.for_user(request.user, VIEW)
        .filter(
            creator__in=communities.creators_in(community),
            published_at__gte=recent(timezone.now()),
        )
        .select_related("account")
        .annotate(known=known_or_last(TIER_INTERACTIONS))
        .order_by("-known", "-pk")
    )
    context = {"rows": _rows(best[:POSTS_OF_CREATOR]), "caption": _("Best posts in 30 days")}
    return render(request, "content/_creator_posts.html", context)


# -- private -------------------------------------------------------------------


def _figure_names() -> dict[str, str]:
    return {
        "impressions": _("Impressions"),
        "views": _("Views"),
        "likes": _("Likes"),
        "recommends": _("Recommends"),
        "comments": _("Comments"),
        "saves": _("Saves"),
        "shares": _("Shares"),
        "followers_gained": _("Followers gained"),
    }


def _figures(shown: Post, history: posts.History) -> list[Kpi]:
    rate = posts.engagement_bp(shown)
    readings = history.readings
    return [
        _kpi(_("Views"), shown.views, help=POSTS["views"], spark=posts.series(readings, "views")),
        _kpi(
            _("Interactions"),
            posts.interactions(shown),
            help=POSTS["interactions"],
            spark=[reading.interactions for reading in readings],
        ),
        Kpi(
            label=_("Engagement rate"),
            value=None if rate is None else formats.percent_bp(rate, 1),
            help=POSTS["engagement_rate"],
        ),
        _kpi(
            _("Shares"), shown.shares, help=POSTS["shares"], spark=posts.series(readings, "shares")
        ),
        _kpi(
            _("Followers gained"),
            shown.followers_gained,
            help=POSTS["followers_gained"],
            spark=posts.series(readings, "followers_gained"),
        ),
    ]


def _kpi(label: str, value: int | None, *, help: Text, spark: list[int | None]) -> Kpi:
    shown = None if value is None else formats.number(value)
    return Kpi(label=label, value=shown, help=help, spark=spark)


def _reading(reading: posts.Reading, history: posts.History) -> dict[str, Any]:
    """A line of the table: each figure with the value it fell from, where it fell."""
    fell_from = {fall.figure: fall.before for fall in reading.falls}
    return {
        "at": reading.at,
        "source": reading.source,
        "cells": [
            (_figure_names()[name], reading.figures[name], fell_from.get(name))
            for name in history.columns
        ],
    }


def _chart(history: posts.History) -> Chart | None:
    """Likes, saves and comments over time; nothing to draw before the second reading."""
    readings = history.readings
    drawn = [name for name in ("likes", "saves", "comments") if name in history.columns]
    if len(readings) < 2 or not drawn:
        return None
    names = _figure_names()
    language = get_language()
    return Chart(
        id="figures",
        title=_("Interactions over time"),
        labels=[
            formats.day(timezone.localdate(reading.at), language, "short") for reading in readings
        ],
        series=[Series(name=names[name], values=posts.series(readings, name)) for name in drawn],
        summary=ngettext(
            "%(count)s reading from %(first)s to %(last)s.",
            "%(count)s readings from %(first)s to %(last)s.",
            len(readings),
        )
        % {
            "count": len(readings),
            "first": formats.day(timezone.localdate(readings[0].at), language),
            "last": formats.day(timezone.localdate(readings[-1].at), language),
        },
    )
