"""Phone page of the accounts that a creator holds: sign for what is taken over or given."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kosops.lib.errors import DomainError
from matrix import custody
from matrix.models import Creator
from matrix.own import own_page


@require_safe
@own_page
def own_accounts(request: HttpRequest, creator: Creator) -> HttpResponse:
    """What I hold, and what waits for my signature first."""
    held = [(each, custody.side_of(creator, each)) for each in custody.of_creator(creator)]
    context = {
        "creator": creator,
        "to_sign": [(each, side) for each, side in held if side],
        "held": [each for each, side in held if not side and each.creator_id == creator.pk],
    }
    return render(request, "mobile/custody.html", context)


@require_POST
@own_page
def sign(request: HttpRequest, creator: Creator, pk: int) -> HttpResponse:
    """Sign my side of one of them."""
    found = next((each for each in custody.of_creator(creator) if each.pk == pk), None)
    if found is None:
        raise Http404
    try:
        custody.sign(by=request.user, custody=found, side=request.POST.get("side", ""))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Signed. Thank you."))
    return redirect("mobile:custody")
