"""The list of stores, and the page of a store or a region: people, posts, what to fix."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.choices import Role, UnitKind
from accounts.models import Grant, Unit
from kosops.lib.htmx import address_of, page_or_fragment
from kosops.ui import formats
from kosops.ui.bulk import Bulk
from kosops.ui.listing import address, count_up_to, list_response
from kosops.ui.parts import Choice, Kpi
from matrix import figures, filters, health, posting, tree
from matrix.definitions import MATRIX
from matrix.figures import Figures
from matrix.growth_pages import growth_of
from matrix.health import Need
from matrix.models import Creator, SocialAccount
from matrix.pages import import_address, paired_with
from matrix.part import VIEW, page_of, tabs
from matrix.posting import Posting

EDIT = "matrix.edit"
# A tab shows so many; the list behind it shows all.
SHOWN = 50
FIXES = 5
MANAGERS = {UnitKind.STORE: Role.STORE_MANAGER, UnitKind.REGION: Role.REGION_MANAGER}


# -- the list ------------------------------------------------------------------


@dataclass(slots=True)
class StoreRow:
    """One line of the list."""

    unit: Unit
    figures: Figures

    @property
    def href(self) -> str:
        return page_of(self.unit)

    @property
    def paired_bp(self) -> int | None:
        return formats.share_bp(self.figures.paired, self.figures.accounts)

    @property
    def paired_words(self) -> str:
        return _part_words(self.figures.paired, self.figures.accounts)

    @property
    def needing_words(self) -> str:
        return ngettext("%(count)s account", "%(count)s accounts", self.figures.needing) % {
            "count": formats.number(self.figures.needing)
        }

    @property
    def needing_href(self) -> str:
        return self.href + "#fix"

    @property
    def needs(self) -> str:
        return health.counted_in_words(self.figures.needs)


@require_safe
@login_required
def store_list(request: HttpRequest) -> HttpResponse:
    """The list of stores."""
    access.require(request.user, VIEW)
    visible = Unit.objects.for_user(request.user, VIEW).filter(kind=UnitKind.STORE)
    found = filters.StoreFilter(request.GET, queryset=visible, request=request)
    rows = found.rows()
    page = found.page(found.ordered(rows).select_related("parent"))
    chosen = found.active.get("unit")
    context = {
        "page": page,
        "rows": store_rows(page.rows, timezone.now()),
        "bulk": Bulk(),
        "count": partial(count_up_to, rows),
        "units": partial(filters.unit_choices, request, VIEW, chosen),
        "import_url": import_address(request),
        "tabs": tabs("stores", chosen),
    }
    return list_response(
        request, found, context, template="matrix/stores.html", fragment="matrix/_stores.html"
    )


def store_rows(units: Iterable[Unit], now: dt.datetime) -> list[StoreRow]:
    found = list(units)
    standing = figures.standing([unit.pk for unit in found], now)
    return [StoreRow(unit, standing.of_unit[unit.pk]) for unit in found]


def _part_words(part: int, whole: int) -> str:
    return _("%(part)s of %(whole)s") % {
        "part": formats.number(part),
        "whole": formats.number(whole),
    }


# -- one store or region -------------------------------------------------------


@require_safe
@login_required
def store(request: HttpRequest, pk: int) -> HttpResponse:
    """A store: figures, trend, what to fix, and tabs of what belongs to it."""
    return _unit_page(request, pk, UnitKind.STORE)


@require_safe
@login_required
def region(request: HttpRequest, pk: int) -> HttpResponse:
    """A region: the same over all of its stores, which are the first tab."""
    return _unit_page(request, pk, UnitKind.REGION)


def _unit_page(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    access.require(request.user, VIEW)
    visible = Unit.objects.for_user(request.user, VIEW)
    unit = get_object_or_404(visible.select_related("parent"), pk=pk, kind=kind)
    now = timezone.now()
    below = list(visible.filter(path__startswith=unit.path).order_by("name"))
    standing = figures.standing([each.pk for each in below], now)
    total = Figures()
    for each in standing.of_unit.values():
        total.add(each)
    chosen = _tab(request, kind)
    context = {
        "unit": unit,
        "lead": _lead(request, unit),
        "rank": _rank(request, unit, total),
        "kpis": _kpis(unit, total, now),
        "growth": growth_of(request, [unit.path], now, {"unit": unit.pk}),
        "fixes": _fixes(request, unit, below, standing.of_unit, now),
        "fixes_more": max(0, total.needing - FIXES),
        "needing_url": _needing_address(unit),
        "behind": standing.behind,
        "counted_at": standing.counted_at,
        "tab": chosen,
        "tab_choices": _tabs(request, unit, chosen, total),
        **_tab_context(request, unit, chosen, below, standing.of_unit, now),
    }
    return page_or_fragment(request, "matrix/unit.html", context, fragment="matrix/_unit.html")


def _lead(request: HttpRequest, unit: Unit) -> list[str]:
    """Who manages it today: those who hold the manager's role at this very unit."""
    grants = Grant.objects.for_user(request.user, VIEW).current(timezone.localdate())
    held = grants.filter(unit=unit, role=MANAGERS[UnitKind(unit.kind)], person__is_active=True)
    return list(held.order_by("person__name").values_list("person__name", flat=True).distinct())


def _rank(request: HttpRequest, unit: Unit, total: Figures) -> dict[str, Any] | None:
    """Its place among the open stores beside it by posts in 30 days, as last counted."""
    if unit.kind != UnitKind.STORE or unit.parent is None or not unit.active:
        return None
    posts = figures.posts_beside(unit, timezone.now())
    if not posts:
        return None
    sees_all = access.reach(request.user, VIEW).covers(unit.parent)
    query = address({}, unit=unit.parent.pk, sort="-posts")
    return {
        "place": 1 + sum(other > total.posts for other in posts),
        "of": 1 + len(posts),
        "within": unit.parent.name,
        "href": reverse("matrix:stores") + query if sees_all else "",
    }


def _kpis(unit: Unit, total: Figures, now: dt.datetime) -> list[Kpi]:
    people = reverse("matrix:creators") + address({}, unit=unit.pk, state=filters.CURRENT_STATES)
    posts = address_of("content:posts")
    since = timezone.localdate(posting.recent(now)).isoformat()
    return [
        Kpi(
            label=_("People"),
            value=formats.number(total.people),
            note=_("%(kos)s KOS · %(koc)s KOC")
            % {"kos": formats.number(total.kos), "koc": formats.number(total.koc)},
            help=MATRIX["people_of_unit"],
            href=people,
        ),
        Kpi(
            label=_("Public accounts"),
            value=formats.number(total.accounts),
            note=_("%(share)s paired")
            % {"share": formats.percent_bp(formats.share_bp(total.paired, total.accounts) or 0, 0)}
            if total.accounts
            else "",
            help=MATRIX["accounts_of_unit"],
            href="?tab=accounts",
        ),
        Kpi(
            label=_("Followers"),
            value=None
            if total.followers is None
            else formats.short_number(total.followers, get_language()),
            help=MATRIX["followers"],
        ),
        Kpi(
            label=_("Posts in 30 days"),
            value=formats.number(total.posts),
            help=MATRIX["recent_posts"],
            href=posts + address({}, unit=unit.pk, since=since) if posts else "",
        ),
        Kpi(
            label=_("Need action"),
            value=formats.number(total.needing),
            note=health.counted_in_words(total.needs),
            help=MATRIX["need_action"],
            href="#fix",
        ),
    ]


# -- what to fix ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fix:
    """Something to put right: what, why, and the way to it."""

    title: str
    line: str
    needs: Sequence[Need]
    href: str
    button: str
    words: str = ""


def _fixes(
    request: HttpRequest,
    unit: Unit,
    below: Sequence[Unit],
    of_unit: dict[int, Figures],
    now: dt.datetime,
) -> list[Fix]:
    """Accounts of a store, most pressing first; of a region the stores with most of them."""
    if unit.kind == UnitKind.REGION:
        worst = sorted(below, key=lambda each: (-of_unit[each.pk].needing, each.name))
        return [
            Fix(
                title=each.name,
                line=health.counted_in_words(of_unit[each.pk].needs),
                needs=(),
                href=page_of(each) + ("#fix" if each.pk != unit.pk else ""),
                button=_("Open"),
                words=ngettext("%(count)s account", "%(count)s accounts", count)
                % {"count": formats.number(count)},
            )
            for each in worst[:FIXES]
            if (count := of_unit[each.pk].needing)
        ]
    accounts = health.needing(
        health.with_needs(
            health.public_accounts(
                SocialAccount.objects.for_user(request.user, VIEW).filter(unit=unit)
            ),
            now,
        ),
        health.ANY,
    )
    found = accounts.select_related("creator").order_by(
        "-banned", "-leaver", "-unpaired", "handle", "pk"
    )
    may_edit = access.reach(request.user, EDIT).covers(unit)
    return [_fix(account, may_edit=may_edit) for account in found[:FIXES]]


def _fix(account: SocialAccount, *, may_edit: bool) -> Fix:
    needs = health.needs_of(account)
    words = {
        Need.BANNED: _("See why"),
        Need.LEAVER: _("Hand over"),
        Need.UNPAIRED: _("Pair"),
        Need.SILENT: _("Look"),
    }
    if needs[0] == Need.LEAVER and account.creator_id:
        # The case of a leaver, which a staff list opens by itself, stands on their page.
        href = reverse("matrix:creator", args=[account.creator_id])
    else:
        pairs = may_edit and needs[0] == Need.UNPAIRED
        href = reverse("matrix:pair" if pairs else "matrix:account", args=[account.pk])
    return Fix(
        title=account.handle,
        line=" · ".join(
            filter(
                None,
                [account.get_platform_display(), account.creator.name if account.creator else ""],
            )
        ),
        needs=needs,
        href=href,
        button=words[needs[0]],
    )


def _needing_address(unit: Unit) -> str:
    opened = unit.path.strip("/").replace("/", ",")
    return reverse("matrix:tree") + address({}, open=opened, needs=health.ANY)


# -- tabs ----------------------------------------------------------------------


def _tab_names(kind: str) -> dict[str, str]:
    names = {
        "stores": _("Stores"),
        "people": _("People"),
        "posts": _("Posts"),
        "leads": _("Leads"),
        "orders": _("Orders"),
        "accounts": _("Accounts"),
    }
    if kind == UnitKind.STORE:
        names.pop("stores")
    return names


def _tab(request: HttpRequest, kind: str) -> str:
    names = list(_tab_names(kind))
    asked = request.GET.get("tab", "")
    return asked if asked in names else names[0]


# What higher apps show of a unit: the permission to see it, and the fragment.
SLOTS = {
    "posts": ("posts.view", "content:unit_posts"),
    "leads": ("leads.view", "customers:unit_leads"),
    "orders": ("orders.view", "customers:unit_orders"),
}


def _slot(request: HttpRequest, unit: Unit, tab: str) -> str:
    permission, name = SLOTS[tab]
    may = access.reach(request.user, permission).covers(unit)
    return address_of(name, unit.pk) if may else ""


def _tabs(request: HttpRequest, unit: Unit, chosen: str, total: Figures) -> list[Choice]:
    counts = {"people": total.people, "accounts": total.accounts}
    return [
        Choice(
            label=label,
            href=address(request.GET, tab=code) + "#more",
            selected=code == chosen,
            count=counts.get(code),
        )
        for code, label in _tab_names(unit.kind).items()
        if code not in SLOTS or _slot(request, unit, code)
    ]


def _tab_context(
    request: HttpRequest,
    unit: Unit,
    tab: str,
    below: Sequence[Unit],
    of_unit: dict[int, Figures],
    now: dt.datetime,
) -> dict[str, Any]:
    ids = [each.pk for each in below]
    match tab:
        case "stores":
            stores = [each for each in below if each.kind == UnitKind.STORE and each.active]
            return {
                "stores": [StoreRow(each, of_unit[each.pk]) for each in stores[:SHOWN]],
                "all_url": reverse("matrix:stores") + address({}, unit=unit.pk),
            }
        case "people":
            return {
                "people": _people(request, ids, now),
                "all_url": reverse("matrix:creators")
                + address({}, unit=unit.pk, state=filters.CURRENT_STATES),
            }
        case "accounts":
            accounts = address_of("matrix:accounts")
            return {
                "accounts": _accounts(request, ids, now),
                "all_url": accounts + address({}, unit=unit.pk) if accounts else "",
            }
    return {"slot": _slot(request, unit, tab)}


@dataclass(slots=True)
class PersonLine:
    creator: Creator
    posting: Posting
    accounts: list[SocialAccount] = field(default_factory=list)

    @property
    def platforms(self) -> str:
        return " · ".join(
            dict.fromkeys(str(account.get_platform_display()) for account in self.accounts)
        )

    @property
    def needs(self) -> list[Need]:
        wanted = {need for account in self.accounts for need in health.needs_of(account)}
        return [need for need in Need if need in wanted]


def _people(request: HttpRequest, ids: Sequence[int], now: dt.datetime) -> list[PersonLine]:
    people = Creator.objects.for_user(request.user, VIEW).filter(
        store__in=ids, state__in=figures.CURRENT
    )
    shown = list(people.order_by("-kind", "name", "pk")[:SHOWN])
    known = posting.of_creators([creator.pk for creator in shown], now)
    held: dict[int, list[SocialAccount]] = defaultdict(list)
    accounts = SocialAccount.objects.for_user(request.user, VIEW).filter(
        creator__in=[creator.pk for creator in shown]
    )
    for account in health.with_needs(health.public_accounts(accounts), now).order_by("platform"):
        held[account.creator_id].append(account)
    return [
        PersonLine(creator, known.get(creator.pk, posting.NOTHING), held[creator.pk])
        for creator in shown
    ]


@dataclass(frozen=True, slots=True)
class AccountLine:
    account: SocialAccount
    needs: list[Need]
    paired_with: str


def _accounts(request: HttpRequest, ids: Sequence[int], now: dt.datetime) -> list[AccountLine]:
    """Public accounts, the unit's own first."""
    accounts: QuerySet[Any] = health.public_accounts(
        SocialAccount.objects.for_user(request.user, VIEW).filter(unit__in=ids)
    )
    found = (
        tree.with_pairing(health.with_needs(accounts, now))
        .annotate(own=Q(creator=None))
        .select_related("creator", "unit")
    )
    return [
        AccountLine(account, health.needs_of(account), paired_with(account))
        for account in found.order_by("-own", "platform", "handle", "pk")[:SHOWN]
    ]
