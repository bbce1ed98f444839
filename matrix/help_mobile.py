"""Phone pages on which creators ask for help and read the answers."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from matrix import help_requests
from matrix.help_forms import AskForm
from matrix.models import Creator
from matrix.own import own_page

REQUESTS = 20


@require_safe
@own_page
def own_help(request: HttpRequest, creator: Creator) -> HttpResponse:
    """What I asked, the latest first, with the answers."""
    page = keyset_page(
        help_requests.own(creator).select_related("answered_by", "handed_to"),
        field="asked_at",
        descending=True,
        cursor=request.GET.get("cursor", ""),
        size=REQUESTS,
    )
    context = {"creator": creator, "page": page}
    return page_or_fragment(request, "mobile/help.html", context, fragment="mobile/_own_help.html")


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def help_ask(request: HttpRequest, creator: Creator) -> HttpResponse:
    """Ask for help."""
    form = AskForm(request.POST or None, initial={"client_key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data.pop("client_key") or uuid.uuid4()
        try:
            help_requests.ask(by=request.user, creator=creator, client_key=key, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(refusal.params.get("field"), str(refusal))
        else:
            messages.success(request, _("Sent. The answer will stand here."))
            return redirect("mobile:help")
    status = 422 if request.method == "POST" else 200
    return render(request, "mobile/help_ask.html", {"form": form}, status=status)
