"""The account matrix at HQ as a tree of units with their figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import push_url, reswap, retarget

from accounts import access
from kosops.lib.htmx import address_of, page_or_fragment
from kosops.ui import formats
from kosops.ui.listing import address
from kosops.ui.parts import Kpi
from matrix import filters, health, platforms, posting, tree
from matrix.definitions import MATRIX
from matrix.map_pages import map_page
from matrix.pages import import_address, paired_with
from matrix.part import VIEW, page_of, tabs


@require_safe
@login_required
def tree_page(request: HttpRequest) -> HttpResponse:
    """The unit tree with counts; ``open`` names the rows that are open, ``needs`` filters.

    ``row`` opens or closes one row more than the page that htmx asks from shows, and answers where
    it can with that row alone. ``view=map`` shows the same as a map, a level at a time: that under
    the unit ``at``.
    """
    access.require(request.user, VIEW)
    if request.GET.get("view") == "map":
        return map_page(request)
    now = timezone.now()
    query, row = _asked(request)
    need = query.get("needs", "")
    unknown = bool(need) and need not in {health.ANY, *health.Need.values}
    found = tree.load(
        request.user,
        open_ids=_ids(query["open"]) if "open" in query else None,
        now=now,
        need="" if unknown else need,
        toggle=row,
    )
    shown = platforms.columns(request.user, VIEW, found.totals.platforms)
    context = {
        "tree": found,
        "rows": [_TreeLine(each, query) for each in found.rows],
        "platforms": shown,
        "columns": 7 + len(shown),
        "account_span": 2 + len(shown),
        # Only the whole page shows them.
        "counts": lambda: _one_x_n(found, tree.units_by_kind(request.user)),
        "needs": [(health.ANY, _("Any reason")), *health.Need.choices],
        "need": need,
        "problems": [_("“%(value)s” is not a reason to act.") % {"value": need[:40]}]
        if unknown
        else [],
        "tabs": tabs("tree"),
        "since": timezone.localdate(posting.recent(now)).isoformat(),
        "posts_url": address_of("content:posts"),
        "import_url": import_address(request),
        "clear": request.path,
    }
    response = page_or_fragment(
        request,
        "matrix/tree.html",
        context,
        fragment="matrix/_tree_rows.html" if found.within else "matrix/_tree.html",
        status=422 if unknown else 200,
    )
    if row is None:
        return response
    # What is open stands in the address, so that it can be sent to somebody and gone back to.
    opened = ",".join(map(str, found.opened)) or "0"
    push_url(response, request.path + address(query, open=opened))
    patch_vary_headers(response, ["HX-Current-URL"])
    if found.within:
        return reswap(retarget(response, f"#unit-{found.within}"), "outerHTML")
    return retarget(response, "#tree")


@dataclass(slots=True)
class _TreeLine:
    """A row of the tree with the addresses that it leads to."""

    row: tree.Row
    query: QueryDict

    @property
    def kind(self) -> str:
        return self.row.kind

    @property
    def toggle(self) -> str:
        opened = ",".join(map(str, getattr(self.row, "toggled", ())))
        # An empty value would leave the parameter out, and so open the topmost rows again.
        return address(self.query, open=opened or "0")

    @property
    def toggle_words(self) -> str:
        words = _("Close %(name)s") if self.row.is_open else _("Open %(name)s")
        return words % {"name": self.row.unit.name}

    @property
    def needing_words(self) -> str:
        count = self.row.needing if self.kind == "person" else self.row.figures.needing
        return ngettext("%(count)s account", "%(count)s accounts", count) % {
            "count": formats.number(count)
        }

    @property
    def needing_address(self) -> str:
        """The way down to the accounts that need action in this unit."""
        path = self.row.unit.path.strip("/").replace("/", ",")
        return address(self.query, open=path, needs=health.ANY)

    @property
    def page(self) -> str:
        """The page of the unit itself."""
        return page_of(self.row.unit)

    @property
    def paired_bp(self) -> int | None:
        figures = self.row.figures
        return formats.share_bp(figures.paired, figures.accounts)

    @property
    def paired_words(self) -> str:
        """Of how many accounts how many are paired, of a unit or of a person."""
        part, whole = (
            (self.row.paired, len(self.row.accounts))
            if self.kind == "person"
            else (self.row.figures.paired, self.row.figures.accounts)
        )
        return _("%(part)s of %(whole)s") % {
            "part": formats.number(part),
            "whole": formats.number(whole),
        }

    @property
    def address(self) -> str:
        """A person's page, or all people of a unit."""
        if self.kind == "person":
            return reverse("matrix:creator", args=[self.row.creator.pk])
        query = address({}, unit=self.row.unit.pk, state=filters.CURRENT_STATES)
        return reverse("matrix:creators") + query

    @property
    def paired_with(self) -> str:
        return paired_with(self.row.account)


def _asked(request: HttpRequest) -> tuple[QueryDict, int | None]:
    """What the page shows, and the row to open or close on it.

    Rows that were opened one by one are known from the address that htmx asks from.
    """
    wanted = _ids(request.GET.get("row", ""))
    if not wanted or not request.htmx:
        return request.GET, None
    return QueryDict(urlsplit(request.htmx.current_url or "").query), wanted[0]


def _ids(text: str) -> list[int]:
    """The ids in ``3,17,40``; what is none is passed over, as a shortened link should still open."""
    return [int(part) for part in text.split(",") if part.isascii() and part.isdigit()]


def _one_x_n(found: tree.Tree, units: Counter[str]) -> list[Kpi]:
    """1 + X + N in figures, and how many accounts need somebody."""
    totals = found.totals
    brands, stores, regions = units["brand"], units["store"], units["region"]
    return [
        Kpi(
            label=_("Brand (the 1)") if brands else _("Regions"),
            value=formats.number(brands or regions),
            help=MATRIX["units_brand"] if brands else MATRIX["units_regions"],
            note=ngettext("%(count)s region", "%(count)s regions", regions) % {"count": regions}
            if brands
            else "",
        ),
        Kpi(
            label=_("Stores (the X)"),
            value=formats.number(stores),
            help=_("Active stores of every kind: physical, online, live rooms, franchise."),
        ),
        Kpi(
            label=_("People (the N)"),
            value=formats.number(totals.people),
            note=_("%(kos)s KOS · %(koc)s KOC")
            % {"kos": formats.number(totals.kos), "koc": formats.number(totals.koc)},
            help=_("People who take part today; candidates and leavers are not counted."),
        ),
        Kpi(
            label=_("Public accounts"),
            value=formats.number(totals.accounts),
            note=_("%(share)s paired")
            % {
                "share": formats.percent_bp(
                    formats.share_bp(totals.paired, totals.accounts) or 0, 0
                )
            }
            if totals.accounts
            else "",
            help=_(
                "Accounts on Xiaohongshu, Douyin and WeChat Channels that are not closed. Paired"
                " ones have a private account that takes over their leads."
            ),
        ),
        Kpi(
            label=_("Need action"),
            value=formats.number(totals.needing),
            note=health.counted_in_words(totals.needs),
            help=MATRIX["need_action"],
        ),
    ]
