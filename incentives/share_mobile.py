"""The phone page of one's own share code, with codes to scan, and their files."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incentives import share_rules, sharing, words
from kosops.lib.periods import Month
from kosops.ui import qr
from matrix.models import Creator
from matrix.own import own_page, own_page_after_leaving
from matrix.registry import code_works

FILES = {"png": ("image/png", qr.png), "svg": ("image/svg+xml", qr.svg)}


@require_safe
@own_page_after_leaving
def share(request: HttpRequest, creator: Creator) -> HttpResponse:
    """My code, what an order by it earns, what it earned this month, and addresses to share.

    Who left reads that the code ended, and nothing to share.
    """
    today = timezone.localdate()
    works = bool(creator.share_code) and code_works(creator, today)
    links = list(sharing.running(creator.brand_id, today)) if works else []
    brings = sharing.brings(creator, today, [link.sku for link in links]) if works else None
    month = Month.of(today)
    context = {
        "creator": creator,
        "works": works,
        "links": [
            (
                link,
                share_rules.address(link.template, creator.share_code),
                share_rules.host_of(link.template),
                brings.by_sku.get(link.sku, "") if brings else "",
            )
            for link in links
        ],
        "brings": brings,
        "ways": sharing.other_ways(creator, today) if works else [],
        "earned": sharing.earned(creator, month),
        "month_name": words.month_name(str(month)),
    }
    return render(request, "mobile/share.html", context)


@require_safe
@own_page
def share_qr(request: HttpRequest, creator: Creator, share_id: int, file: str) -> HttpResponse:
    """The code to scan of one link with my code, as a file to keep or to print."""
    today = timezone.localdate()
    if file not in FILES or not creator.share_code or not code_works(creator, today):
        raise Http404
    link = get_object_or_404(sharing.running(creator.brand_id, today), pk=share_id)
    content_type, draw = FILES[file]
    content = draw(share_rules.address(link.template, creator.share_code))
    response = HttpResponse(content, content_type)
    response["Content-Disposition"] = f'attachment; filename="share-{link.pk}.{file}"'
    return response
