"""Phone pages of a creator's own posts and the links of what they posted."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from content import posts, reviews, submissions
from content.choices import LinkState
from content.forms import LinkForm
from content.models import PostLink, PostReview
from content.review_words import words_of
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from kosops.ui import offline
from matrix.models import Creator
from matrix.own import own_page

# A thumb scrolls through twenty posts, not fifty.
POSTS = 20
LINKS = 10


@require_safe
@own_page
def own_posts(request: HttpRequest, creator: Creator) -> HttpResponse:
    """My posts with their figures, and what became of the links that I added."""
    page = keyset_page(
        posts.of_creator(creator),
        field="published_at",
        descending=True,
        cursor=request.GET.get("cursor", ""),
        size=POSTS,
    )
    problems = reviews.problems_of(page.rows)
    context = {
        "creator": creator,
        "page": page,
        "rows": [
            (post, posts.interactions(post), _problem(problems.get(post.pk))) for post in page.rows
        ],
        "links": submissions.links_of(creator)[:LINKS] if not page.previous else [],
    }
    return page_or_fragment(
        request, "mobile/posts.html", context, fragment="mobile/_own_posts.html"
    )


@require_POST
@own_page
def corrected(request: HttpRequest, creator: Creator, pk: int) -> HttpResponse:
    """Say that a post with a problem is corrected; it is reviewed again."""
    post = get_object_or_404(posts.of_creator(creator), pk=pk)
    try:
        reviews.corrected(by=request.user, post=post)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Thank you. A second person looks at it again."))
    return redirect("mobile:posts")


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def add(request: HttpRequest, creator: Creator) -> HttpResponse:
    """Add the link of a post. A script that sends what it kept asks for JSON."""
    accounts = submissions.accounts_held(creator)
    if request.method != "POST":
        return _form(request, LinkForm(accounts=accounts, initial={"text": _shared(request)}))
    form = LinkForm(request.POST, accounts=accounts)
    form.is_valid()  # spoilt hidden fields count as missing, an empty text is refused below
    given = form.cleaned_data
    try:
        _check_person(request)
        _check_account(form)
        link = submissions.add_link(
            by=request.user,
            creator=creator,
            text=given.get("text", ""),
            client_key=form.key(),
            noted_at=given.get("noted_at"),
            account=given.get("account"),
            location=given.get("location", ""),
        )
    except DomainError as refusal:
        if _wants_json(request):
            return JsonResponse({"code": refusal.code, "message": str(refusal)}, status=422)
        kept = {name: given.get(name) for name in ("text", "account", "location")}
        again = LinkForm(accounts=accounts, initial=kept)
        return _form(request, again, problem=str(refusal), status=422)
    if _wants_json(request):
        return JsonResponse(
            {"state": link.state, "message": _said(link), "url": reverse("mobile:posts")}
        )
    messages.success(request, _said(link))
    return redirect("mobile:posts")


@require_POST
@own_page
def check(request: HttpRequest, creator: Creator) -> HttpResponse:
    """What the pasted text would be taken for, under the field; nothing is stored."""
    form = LinkForm(request.POST, accounts=submissions.accounts_held(creator))
    form.is_valid()
    text, account = request.POST.get("text", ""), form.cleaned_data.get("account")
    checked = (
        submissions.check(creator=creator, text=text, account=account) if text.strip() else None
    )
    return render(request, "mobile/_link_check.html", {"checked": checked})


# -- private -------------------------------------------------------------------


def _problem(found: PostReview | None) -> dict[str, Any] | None:
    """What a review found, as its author reads it: what has to hold and what to do."""
    if found is None:
        return None
    return {"findings": [words for _code, words in words_of(found.findings)], "note": found.note}


def _form(request: HttpRequest, form: LinkForm, *, problem: str = "", status: int = 200) -> Any:
    # A fresh key for each form that is shown: what is sent from it is one link.
    form.initial = {
        **form.initial,
        "client_key": uuid.uuid4(),
        "noted_at": timezone.now().isoformat(),
    }
    return render(
        request, "mobile/post_add.html", {"form": form, "problem": problem}, status=status
    )


def _shared(request: HttpRequest) -> str:
    """What another app shared with this one, as the manifest's share target names it."""
    parts = (request.GET.get(name, "") for name in ("title", "text", "url"))
    return "\n".join(part for part in parts if part)[:4000]


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _check_person(request: HttpRequest) -> None:
    """A form that one person filled in is not sent in the name of the next on this phone."""
    sender = request.POST.get("person", "")
    if sender and sender != offline.person_key(request.user):
        raise DomainError("other_person", _("Somebody else is signed in now. Open the page anew."))


def _check_account(form: LinkForm) -> None:
    """An account that is chosen and not held is refused; it does not become one's own."""
    if problems := form.errors.get("account"):
        raise DomainError("account_not_held", str(problems[0]))


def _said(link: PostLink) -> str:
    if link.state == LinkState.LINKED:
        return _("The link is added, and the post is known.")
    return _("The link is added. The post shows when its figures are in.")
