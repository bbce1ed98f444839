"""HQ pages of reviews: posts that wait for a second person, and one post with its checklist."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from content import reviews
from content.choices import HELD_BY_REVIEW, ReviewState
from content.filters import REVIEW, ReviewFilter
from content.forms import ReviewForm
from content.models import Post
from content.pages import PostRow
from content.review_words import WORDS, words_of
from kosops.lib.errors import DomainError
from kosops.lib.htmx import PEEK, page_or_fragment
from kosops.ui.listing import count_up_to, list_response
from kosops.ui.parts import Event
from matrix.choices import AccountPurpose
from matrix.filters import unit_choices


@dataclass(slots=True)
class ReviewRow(PostRow):
    """One line of the queue."""

    days: int = 0

    @property
    def is_recruiting(self) -> bool:
        return self.post.account.purpose == AccountPurpose.RECRUITING


@require_safe
@login_required
def review_list(request: HttpRequest) -> HttpResponse:
    """Posts that wait for a review or to be corrected, the earliest first."""
    access.require(request.user, REVIEW)
    held = Post.objects.for_user(request.user, REVIEW).filter(review__in=sorted(HELD_BY_REVIEW))
    found = ReviewFilter(request.GET, queryset=held, request=request)
    rows = found.rows()
    page = found.page(rows.select_related("account", "creator", "store"))
    now = timezone.now()
    context = {
        "page": page,
        "rows": [ReviewRow(post, days=(now - post.published_at).days) for post in page.rows],
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, REVIEW, found.active.get("unit")),
    }
    return list_response(
        request, found, context, template="content/reviews.html", fragment="content/_reviews.html"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """One post with what is looked at. What was decided leads on to the next that waits."""
    access.require(request.user, REVIEW)
    visible = Post.objects.for_user(request.user, REVIEW).exclude(review=ReviewState.NOT_ASKED)
    post = get_object_or_404(visible.select_related("account", "creator", "store", "brand"), pk=pk)
    items = [(item.value, WORDS[item].wrong) for item in reviews.checklist_of(post)]
    form = ReviewForm(request.POST if request.method == "POST" else None, items=items)
    if request.method != "POST" or not form.is_valid():
        return _answer(request, post, form)
    given = form.cleaned_data
    try:
        reviews.review(by=request.user, post=post, findings=given["findings"], note=given["note"])
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _answer(request, post, form)
    if PEEK in request.headers:
        post.refresh_from_db(fields=["review"])
        return _answer(request, post, ReviewForm(items=items), decided=True)
    messages.success(request, _("The review is kept. This is the next post that waits."))
    following = reviews.waiting(Post.objects.for_user(request.user, REVIEW)).first()
    return redirect("content:review", following.pk) if following else redirect("content:reviews")


# -- private -------------------------------------------------------------------


def _answer(
    request: HttpRequest, post: Post, form: ReviewForm, *, decided: bool = False
) -> HttpResponse:
    context = {
        "row": PostRow(post),
        "post": post,
        "form": form,
        "decided": decided,
        "may_review": reviews.may_review(request.user, post),
        "events": events_of(post),
    }
    return page_or_fragment(
        request,
        "content/review.html",
        context,
        peek="content/_review_peek.html",
        status=422 if form.errors else 200,
    )


def events_of(post: Post) -> list[Event]:
    """What reviews of a post said, the latest first."""
    icons = {"clear": "circle-check", "problem": "triangle-alert", "corrected": "pencil"}
    states = {"clear": "good", "problem": "bad"}
    return [
        Event(
            text=each.get_outcome_display(),
            at=each.at,
            by=each.by.name,
            icon=icons[each.outcome],
            state=states.get(each.outcome, ""),
            note=" · ".join(
                filter(
                    None,
                    [*(str(words.wrong) for _code, words in words_of(each.findings)), each.note],
                )
            ),
        )
        for each in reviews.history(post)
    ]
