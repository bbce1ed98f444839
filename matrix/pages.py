"""HQ pages of the account matrix: the tree, the list of creators, one creator."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access, activity
from kosops.lib.htmx import address_of, page_or_fragment
from kosops.ui import formats
from kosops.ui.listing import address, count_up_to, list_response
from kosops.ui.parts import Kpi
from matrix import (
    bulk,
    filters,
    health,
    layering,
    layers,
    masking,
    personas,
    posting,
    staff_reports,
    tier_steps,
    tree,
)
from matrix.choices import AccountState, Domain, Platform, RoleBadge
from matrix.definitions import MATRIX
from matrix.models import Creator, SocialAccount
from matrix.posting import Posting

VIEW = "matrix.view"
EDIT = "matrix.edit"
PUBLIC_PLATFORMS = (Platform.XIAOHONGSHU, Platform.DOUYIN, Platform.CHANNELS)


# -- the tree ------------------------------------------------------------------


@require_safe
@login_required
def tree_page(request: HttpRequest) -> HttpResponse:
    """The unit tree with counts; ``open`` names the rows that are open, ``needs`` filters."""
    access.require(request.user, VIEW)
    now = timezone.now()
    need = request.GET.get("needs", "")
    unknown = bool(need) and need not in {health.ANY, *health.Need.values}
    found = tree.load(
        request.user,
        open_ids=_ids(request.GET["open"]) if "open" in request.GET else None,
        now=now,
        need="" if unknown else need,
    )
    context = {
        "tree": found,
        "rows": [_TreeLine(row, request) for row in found.rows],
        "platforms": [(platform.value, platform.label) for platform in PUBLIC_PLATFORMS],
        "columns": 7 + len(PUBLIC_PLATFORMS),
        "counts": _one_x_n(found),
        "needs": [(health.ANY, _("Any reason")), *health.Need.choices],
        "need": need,
        "problems": [_("“%(value)s” is not a reason to act.") % {"value": need[:40]}]
        if unknown
        else [],
        "since": timezone.localdate(posting.recent(now)).isoformat(),
        "posts_url": address_of("content:posts"),
        "import_url": _import_address(request),
        "clear": request.path,
    }
    return page_or_fragment(
        request,
        "matrix/tree.html",
        context,
        fragment="matrix/_tree.html",
        status=422 if unknown else 200,
    )


@dataclass(slots=True)
class _TreeLine:
    """A row of the tree with the addresses that it leads to."""

    row: tree.Row
    request: HttpRequest

    @property
    def kind(self) -> str:
        return self.row.kind

    @property
    def toggle(self) -> str:
        opened = ",".join(map(str, getattr(self.row, "toggled", ())))
        # An empty value would leave the parameter out, and so open the topmost rows again.
        return address(self.request.GET, open=opened or "0")

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
        return address(self.request.GET, open=path, needs=health.ANY)

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
        return _paired_with(self.row.account)


def _ids(text: str) -> list[int]:
    """The ids in ``3,17,40``; what is none is passed over, as a shortened link should still open."""
    return [int(part) for part in text.split(",") if part.isascii() and part.isdigit()]


def _one_x_n(found: tree.Tree) -> list[Kpi]:
    """1 + X + N in figures, and how many accounts need somebody."""
    totals = found.totals
    brands, stores = found.units["brand"], found.units["store"]
    regions = found.units["region"]
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
            note=" · ".join(_needs_in_words(totals)),
            help=MATRIX["need_action"],
        ),
    ]


def _needs_in_words(figures: tree.Figures) -> list[str]:
    return [f"{need.label} {formats.number(count)}" for need, count in figures.needs_in_words]


# -- the list of creators ------------------------------------------------------


@dataclass(slots=True)
class CreatorRow:
    """One line of the list."""

    creator: Creator
    posting: Posting
    accounts: list[SocialAccount] = field(default_factory=list)

    @property
    def tier(self) -> tuple[Any, int]:
        return tier_steps.label(self.creator.tier), tier_steps.level(self.creator.tier)

    @property
    def by_platform(self) -> list[tuple[str, int]]:
        """Public accounts by platform, as (name, count)."""
        found: dict[str, int] = defaultdict(int)
        for account in self.accounts:
            found[account.get_platform_display()] += 1
        return list(found.items())

    @property
    def needs(self) -> list[health.Need]:
        """Why any of the accounts needs action, each reason once."""
        wanted = {need for account in self.accounts for need in health.needs_of(account)}
        return [need for need in health.Need if need in wanted]


@require_safe
@login_required
def creators(request: HttpRequest) -> HttpResponse:
    """The list of creators."""
    access.require(request.user, VIEW)
    found = filters.CreatorFilter(
        request.GET, queryset=Creator.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    page = found.page(found.ordered(rows).select_related("store__parent"))
    context = {
        "page": page,
        "rows": _creator_rows(request, page.rows, timezone.now()),
        "bulk": bulk.of_creators(request.user),
        "count": partial(count_up_to, rows),
        "units": partial(filters.unit_choices, request, VIEW, found.active.get("unit")),
        "import_url": _import_address(request),
    }
    return list_response(
        request, found, context, template="matrix/creators.html", fragment="matrix/_creators.html"
    )


def _creator_rows(
    request: HttpRequest, people: Iterable[Creator], now: dt.datetime
) -> list[CreatorRow]:
    found = {creator.pk: CreatorRow(creator, posting.NOTHING) for creator in people}
    visible = SocialAccount.objects.for_user(request.user, VIEW)
    accounts = health.public_accounts(visible.filter(creator__in=found))
    for account in health.with_needs(accounts, now).order_by("platform", "pk") if found else ():
        found[account.creator_id].accounts.append(account)
    for pk, known in posting.of_creators(list(found), now).items():
        found[pk].posting = known
    return list(found.values())


# -- one creator ---------------------------------------------------------------


@require_safe
@login_required
def creator(request: HttpRequest, pk: int) -> HttpResponse:
    """A creator: profile, accounts and pairing, and what other apps know of them."""
    return _creator_page(request, _creator_or_404(request, pk, VIEW), revealed=False)


@require_POST
@login_required
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """The same with personal handles in full; the look is logged."""
    found = _creator_or_404(request, pk, EDIT)
    activity.record(by=request.user, verb="creator.handles_shown", object=found, unit=found.store)
    return _creator_page(request, found, revealed=True)


def _creator_or_404(request: HttpRequest, pk: int, permission: str) -> Creator:
    access.require(request.user, permission)
    people = Creator.objects.for_user(request.user, permission)
    return get_object_or_404(
        people.select_related("store__parent", "brand__layer_thresholds", "persona", "merged_into"),
        pk=pk,
    )


def _creator_page(request: HttpRequest, found: Creator, *, revealed: bool) -> HttpResponse:
    now = timezone.now()
    own = found.social_accounts.exclude(state=AccountState.CLOSED)
    public = _account_lines(own, now, revealed=revealed)
    known = posting.of_creators([found.pk], now).get(found.pk, posting.NOTHING)
    private = [
        (account, _shown(account.platform, account.handle, revealed=revealed))
        for account in own.filter(domain=Domain.PRIVATE).order_by("platform", "handle")
    ]
    platforms = {account.platform for account, _handle in private}
    platforms |= {line.account.paired_platform for line in public}
    context = {
        "creator": found,
        "tier": (tier_steps.label(found.tier), tier_steps.level(found.tier)),
        "figures": _creator_figures(found, public, known, now),
        "accounts": public,
        "private": private,
        "revealed": revealed,
        "can_reveal": not revealed
        and access.reach(request.user, EDIT).covers(found.store)
        and bool(platforms & masking.PERSONAL),
        "reports": staff_reports.of_creator(found),
        "layer": _layer(found, public, known),
        "persona": personas.persona_of(found),
        "can_edit": access.reach(request.user, EDIT).covers(found.store),
        "profile": _profile(found),
        "slots": _slots(request, found),
    }
    return page_or_fragment(
        request,
        "matrix/creator.html",
        context,
        fragment="matrix/_creator_accounts.html",
        peek="matrix/_creator_peek.html",
    )


@dataclass(slots=True)
class AccountLine:
    """A public account on the page of its creator."""

    account: SocialAccount
    posting: Posting
    needs: list[health.Need]
    paired_with: str
    # The second hop, in words; empty without one.
    leads_on: str

    @property
    def differences(self) -> str:
        """What differed when somebody last looked at the profile."""
        return personas.in_words(self.account.differences or ())


def _account_lines(own: QuerySet[Any], now: dt.datetime, *, revealed: bool) -> list[AccountLine]:
    accounts = list(
        personas.with_differences(
            tree.with_pairing(health.with_needs(health.public_accounts(own), now))
        ).order_by("platform", "handle", "pk")
    )
    known = posting.of_accounts([account.pk for account in accounts], now)
    return [
        AccountLine(
            account=account,
            posting=known.get(account.pk, posting.NOTHING),
            needs=health.needs_of(account),
            paired_with=_paired_with(account, revealed=revealed),
            leads_on=f"{Platform(account.hop_platform).label} · {account.hop_handle}"
            if account.hop_platform
            else "",
        )
        for account in accounts
    ]


def _paired_with(account: SocialAccount, *, revealed: bool = False) -> str:
    """The private account that takes over the leads, in words; empty without one."""
    if not account.paired_platform:
        return ""
    handle = _shown(account.paired_platform, account.paired_handle, revealed=revealed)
    return f"{Platform(account.paired_platform).label} · {handle}"


def _shown(platform: str, handle: str, *, revealed: bool) -> str:
    return handle if revealed else masking.shown_handle(platform, handle)


def _creator_figures(
    found: Creator, public: list[AccountLine], known: Posting, now: dt.datetime
) -> list[Kpi]:
    unpaired = sum(health.Need.UNPAIRED in line.needs for line in public)
    posts = address_of("content:posts")
    return [
        Kpi(
            label=_("Posts in 30 days"),
            value=formats.number(known.posts),
            help=MATRIX["recent_posts"],
            href=posts
            + address({}, creator=found.pk, since=timezone.localdate(posting.recent(now)))
            if posts
            else "",
        ),
        Kpi(
            label=_("Best interactions"),
            value=None if known.best is None else formats.number(known.best),
            note=_("of one post"),
            help=MATRIX["best_interactions"],
        ),
        Kpi(
            label=_("Last post"),
            value=formats.day(timezone.localdate(known.last_at), get_language())
            if known.last_at
            else _("None"),
            help=MATRIX["last_post"],
        ),
        Kpi(
            label=_("Public accounts"),
            value=formats.number(len(public)),
            help=MATRIX["own_accounts"],
            note=ngettext("%(count)s not paired", "%(count)s not paired", unpaired)
            % {"count": unpaired}
            if unpaired
            else "",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of the page that another app fills; without script the address is a page."""

    title: str
    address: str
    wide: bool


def _slots(request: HttpRequest, found: Creator) -> list[Slot]:
    wanted = [
        (_("Tier"), "tiers.view", "incentives:creator_tier", False),
        (_("Posts"), "posts.view", "content:creator_posts", True),
        (_("Orders"), "orders.view", "customers:creator_orders", True),
    ]
    slots = [
        Slot(title, address_of(name, found.pk), wide)
        for title, permission, name, wide in wanted
        if access.reach(request.user, permission).covers(found.store)
    ]
    return [slot for slot in slots if slot.address]


def _layer(found: Creator, public: list[AccountLine], known: Posting) -> list[dict[str, Any]]:
    """How the layer comes about, from what the page has read already."""
    followers = [line.account.followers for line in public if line.account.followers is not None]
    facts = layering.facts(known, sum(followers) if followers else None)
    return [
        {
            "label": layering.AXES[mark.axis],
            "value": mark.value,
            "mark": mark.mark,
            "next_at": mark.next_at,
        }
        for mark in layers.decide(facts, layering.thresholds_of(found.brand)).marks
    ]


def _profile(found: Creator) -> list[tuple[str, str]]:
    """Name and value of what is known of the person; what is not known is left out."""
    language = get_language()
    facts = [
        (_("Kind"), found.get_kind_display()),
        (_("KOC kind"), found.get_koc_kind_display()),
        (_("Position"), found.position),
        (_("Role badges"), " · ".join(str(RoleBadge(badge).label) for badge in found.badges)),
        (_("Talent type"), found.get_talent_type_display()),
        (_("Programme"), found.get_programme_display()),
        (_("Number"), found.number),
        (_("Known by"), found.get_identity_display() or _("Not checked yet")),
        (_("Store"), found.store.name),
        (_("Region"), found.store.parent.name if found.store.parent else ""),
        (_("Share code"), found.share_code),
        (_("Joined"), formats.day(found.joined_on, language) if found.joined_on else ""),
        (_("Tier since"), formats.day(found.tier_since, language) if found.tier_since else ""),
        (_("Left"), formats.day(found.left_on, language) if found.left_on else ""),
    ]
    return [(label, str(value)) for label, value in facts if value]


def _import_address(request: HttpRequest) -> str:
    """Where the first data come in, for those who may bring them."""
    if not access.reach(request.user, "imports.run"):
        return ""
    return address_of("integrations:imports")
