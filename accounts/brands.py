"""Which brand a page shows, for people who work for several."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.access import brands_of
from accounts.models import Unit

SESSION_KEY = "brand"


def current(request: HttpRequest, permission: str) -> Unit | None:
    """The brand chosen by ``?brand=CODE`` or before, else the first the person may see.

    None when the person holds the permission nowhere.
    """
    brands = brands_of(request.user, permission)
    wanted = request.GET.get("brand") or request.session.get(SESSION_KEY)
    chosen = next((brand for brand in brands if brand.code == wanted), None)
    if chosen is not None and "brand" in request.GET:
        request.session[SESSION_KEY] = chosen.code
    return chosen or (brands[0] if brands else None)


def required(request: HttpRequest, permission: str) -> Unit:
    """`current` where the page makes no sense without a brand; else PermissionDenied (403)."""
    brand = current(request, permission)
    if brand is None:
        raise PermissionDenied(permission)
    return brand
