"""What the frame says on every page: whose installation this is and how fresh the figures are."""

from __future__ import annotations

from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.access import grants_of, roles_of
from accounts.choices import Role
from accounts.models import Person, Unit
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
    grants = grants_of(person) if isinstance(person, Person) else []
    if not grants:
        unit = Unit.objects.filter(kind="brand").order_by("pk").first()
        return Brand(name=unit.name, line="") if unit else None
    # The role may have ended since; a superuser needs none.
    role = grants[0].role
    line = Role(role).label if role in roles_of(person) else ""
    return Brand(name=grants[0].brand, line=line)


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
