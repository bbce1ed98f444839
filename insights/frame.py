"""What the frame says on every page: whose installation this is and how fresh the figures are."""

from __future__ import annotations

from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.access import roles_of
from accounts.choices import Role
from accounts.models import Grant, Unit
from content.models import MetricSnapshot
from customers.models import Order
from kosops.lib import sql
from kosops.ui import formats
from kosops.ui.navigation import Brand, Freshness
from kosops.ui.templatetags.ui import moment

# One question for every page. The newest by index: a maximum over a million rows would cost more
# than the page.
NEWEST = f"""
    SELECT (SELECT captured_at FROM {MetricSnapshot._meta.db_table}
             ORDER BY id DESC LIMIT 1) AS captured_at,
           (SELECT paid_at FROM {Order._meta.db_table}
             ORDER BY paid_at DESC, id DESC LIMIT 1) AS paid_at
"""


def brand_of(person: Any) -> Brand | None:
    """The person's first brand, with the role in which they work."""
    grant = (
        Grant.objects.filter(person=getattr(person, "pk", 0) or 0)
        .select_related("unit__brand")
        .order_by("pk")
        .first()
    )
    unit = grant.unit.brand if grant else Unit.objects.filter(kind="brand").order_by("pk").first()
    if unit is None:
        return None
    # The role may have ended since; a superuser needs none.
    line = Role(grant.role).label if grant and grant.role in roles_of(person) else ""
    return Brand(name=unit.name, line=line)


def freshness(person: Any) -> Freshness | None:
    """When figures of posts last came in, and the last day with orders."""
    newest = sql.fetch_one(NEWEST)
    captured, ordered = newest["captured_at"], newest["paid_at"]
    if captured is None and ordered is None:
        return None
    parts = []
    if captured is not None:
        parts.append(_("Posts as of %(at)s") % {"at": moment(captured, "short")})
    if ordered is not None:
        parts.append(
            _("orders up to %(day)s")
            % {"day": formats.day(localdate(ordered), get_language(), "short")}
        )
    return Freshness(text=" · ".join(parts))
