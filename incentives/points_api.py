"""Points by API: the same gift as by hand, with the same second person above the limit."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.api_keys import needs_scope
from accounts.idempotency import idempotent, key_of
from incentives import api_names, points
from incentives.choices import POINTS
from incentives.models import PointGrant
from incentives.models.points import MOST_POINTS
from kosops.lib import api
from kosops.lib.errors import DomainError, NotAllowed

GRANT = "points.grant"
WRITE = "points:write"


@needs_scope(WRITE)
@api_view(["POST"])
@idempotent
def grants(request: Request) -> Response:
    """Give points to a creator, or take them below zero. Above the limit a second person decides.

    Refuses what `points.give` refuses, and ``maker_may_not`` where whoever made the key may not give
    points in that store themself.
    """
    api.parameters(request)
    asked = api.body(
        request,
        creator=(api.words(60), api.NEEDED),
        points=(api.whole(-MOST_POINTS, MOST_POINTS), api.NEEDED),
        reason=(api.words(points.MAX_REASON), api.NEEDED),
        months=(api.whole(1, 120), 12),
    )
    person = api_names.find_creator(request.auth, GRANT, asked.pop("creator"))
    maker = request.auth.created_by
    if not access.reach(maker, GRANT).covers(person.store):
        raise NotAllowed(
            "maker_may_not", _("Whoever made this key may not give points in that store.")
        )
    grant = points.give(
        by=maker,
        creator=person,
        # Also after the answer is forgotten the same key gives nothing twice.
        client_key=uuid.uuid5(uuid.NAMESPACE_URL, f"{request.auth.prefix}:{key_of(request)}"),
        api_key=request.auth,
        **asked,
    )
    was = {"points": grant.points, "reason": grant.reason, "months": grant.months}
    if was != asked or grant.creator_id != person.pk:
        raise DomainError(
            "idempotency_key_reused",
            _("Another request was sent with this key. Nothing was changed."),
            status=422,
        )
    return Response(written(grant), status=201)


@needs_scope(WRITE)
@api_view(["GET"])
def grant(request: Request, grant_id: str) -> Response:
    """What became of points that were asked for."""
    api.parameters(request)
    number = re.fullmatch(r"pgr_([0-9]{1,18})", grant_id, re.ASCII)
    visible = PointGrant.objects.for_user(request.auth, GRANT).select_related("creator__store")
    found = visible.filter(pk=int(number[1])).first() if number else None
    if found is None:
        raise Http404
    return Response(written(found))


def written(grant: PointGrant) -> dict[str, Any]:
    return {
        "id": f"pgr_{grant.pk}",
        "creator": api_names.creator(grant.creator),
        "points": api.money(grant.points, POINTS),
        "reason": grant.reason,
        "months": grant.months,
        "state": grant.state,
        "answer": grant.answer or None,
        "created_at": api.moment(grant.created_at),
        "decided_at": api.moment(grant.decided_at),
    }
