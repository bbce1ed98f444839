"""What a handover says of posts: they and their figures stay where they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Count
from django.utils.translation import gettext_lazy, ngettext

from content.models import Post
from kosops.ui.formats import number
from matrix.custody_choices import HandoverPath
from matrix.handover_parts import Found, Part, Text
from matrix.models import Handover, HandoverItem


class Posts(Part):
    """Posts of the person. Nothing is handed over: they are kept with who wrote them."""

    code = "posts"
    label = gettext_lazy("Posts")
    help = gettext_lazy("Posts and their figures stay archived with who posted them")
    order = 60

    def find(self, cases: Sequence[Handover]) -> Iterable[tuple[Handover, Found]]:
        by_creator = {case.creator_id: case for case in cases}
        rows = Post.objects.filter(creator__in=by_creator).order_by().values("creator")
        for row in rows.annotate(count=Count("pk")):
            case = by_creator[row["creator"]]
            yield case, Found(key="posts", path=HandoverPath.KEEP, count=row["count"])

    def words(self, item: HandoverItem) -> Text:
        count = item.count or 0
        return ngettext("%(count)s post", "%(count)s posts", count) % {"count": number(count)}

    def why_open(self, item: HandoverItem) -> Text:
        return ""
