"""The phone page of a creator's own certificate."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from incentives import badges
from kosops.lib.errors import DomainError
from matrix.models import Creator
from matrix.own import own_page


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def certificate(request: HttpRequest, creator: Creator) -> HttpResponse:
    """My certificate of my tier, to show and to print; asked for once, then kept."""
    if request.method == "POST":
        try:
            badges.issue(by=request.user, creator=creator)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        return redirect("mobile:certificate")
    found = badges.current(creator)
    context = {
        "creator": creator,
        "certificate": found,
        "number": badges.spaced(found.number) if found else "",
        "check_url": request.build_absolute_uri(
            reverse("incentives:certificate", args=[found.number])
        )
        if found
        else "",
    }
    return render(request, "mobile/certificate.html", context)
