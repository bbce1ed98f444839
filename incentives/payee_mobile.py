"""The phone page on which somebody says where they are paid, and reads whether they can be."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.recent import require_recent_sign_in
from incentives import payee_words, payees
from incentives.payee_forms import PLACES, OwnAccountForm
from incentives.payout_choices import ConsentWay, DestinationKind
from kosops.lib.errors import DomainError
from matrix.choices import CreatorKind
from matrix.models import Creator
from matrix.own import own_page


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def account(request: HttpRequest, creator: Creator) -> HttpResponse:
    """Where I am paid. Another account asks for the password again."""
    standing = payees.standing_of(creator, timezone.now())
    ask_born = creator.kind == CreatorKind.KOC and (
        standing.payee is None or standing.payee.born is None
    )
    first = {
        "kind": standing.destination.kind if standing.destination else DestinationKind.BANK,
        "holder": creator.name,
    }
    form = OwnAccountForm(request.POST or None, ask_born=ask_born, initial=first)
    if request.method == "POST" and form.is_valid():
        require_recent_sign_in(request)
        try:
            _save(request, creator, form.cleaned_data)
        except DomainError as refusal:
            form.add_error(PLACES.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("Your account is saved."))
            return redirect("mobile:payee")
    notices = list(payees.unread_notices(creator)[:5])
    context = {
        "creator": creator,
        "standing": standing,
        "blocks": payee_words.blocks_of(standing, own=True),
        "notices": [(row, payee_words.notice(row)) for row in notices],
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "mobile/payee.html", context, status=status)


def _save(request: HttpRequest, creator: Creator, facts: dict[str, Any]) -> None:
    if facts.get("born"):
        payees.set_born(by=request.user, creator=creator, born=facts["born"])
    payees.set_destination(
        by=request.user,
        creator=creator,
        kind=facts["kind"],
        holder=facts["holder"],
        account=facts["account"],
        consent=ConsentWay.PHONE,
    )


@require_http_methods(["POST"])
@own_page
def notices_read(request: HttpRequest, creator: Creator) -> HttpResponse:
    payees.read_notices(by=request.user, creator=creator)
    return redirect("mobile:payee")
