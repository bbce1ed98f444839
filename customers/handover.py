"""What a handover says of orders: their commission stays with who earned it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy, ngettext

from customers.models import Order
from kosops.ui.formats import number
from matrix.custody_choices import HandoverPath
from matrix.handover_parts import Found, Part, Text
from matrix.models import Handover, HandoverItem


class Orders(Part):
    """Orders that the person sold or shared. Nobody takes them over."""

    code = "orders"
    label = gettext_lazy("Orders")
    help = gettext_lazy("Commission of these orders is settled and paid to who earned it")
    order = 70

    def find(self, cases: Sequence[Handover]) -> Iterable[tuple[Handover, Found]]:
        counted: dict[int, int] = {}
        people = [case.creator_id for case in cases]
        for role in ("seller", "sharer"):
            rows = Order.objects.filter(**{f"{role}__in": people})
            if role == "sharer":
                # Who sold it as well has it counted once.
                rows = rows.filter(~Q(seller=F("sharer")) | Q(seller=None))
            for row in rows.order_by().values(role).annotate(count=Count("pk")):
                counted[row[role]] = counted.get(row[role], 0) + row["count"]
        for case in cases:
            if case.creator_id in counted:
                yield (
                    case,
                    Found(key="orders", path=HandoverPath.KEEP, count=counted[case.creator_id]),
                )

    def words(self, item: HandoverItem) -> Text:
        count = item.count or 0
        return ngettext("%(count)s order", "%(count)s orders", count) % {"count": number(count)}

    def why_open(self, item: HandoverItem) -> Text:
        return ""
