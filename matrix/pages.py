"""HQ pages of people in the account matrix: the list of creators, one creator."""

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
    communities,
    domains,
    filters,
    handover,
    health,
    layering,
    layers,
    masking,
    personas,
    platforms,
    posting,
    purchase_pages,
    purchase_proofs,
    staff_reports,
    tier_steps,
    tree,
)
from matrix.choices import AccountState, CreatorState, Domain, RoleBadge
from matrix.definitions import MATRIX
from matrix.models import Creator, SocialAccount
from matrix.posting import Posting
from matrix.purchase_choices import Shown

VIEW = "matrix.view"
EDIT = "matrix.edit"
HAND_OVER = "handover.edit"


# -- the list of creators ------------------------------------------------------


@dataclass(slots=True)
class CreatorRow:
    """One line of the list."""

    creator: Creator
    posting: Posting
    accounts: list[SocialAccount] = field(default_factory=list)

    @property
    def tier(self) -> tuple[Any, int]:
        return tier_steps.label(self.creator.tier, self.creator), tier_steps.level(
            self.creator.tier
        )

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

    @property
    def bought(self) -> Any:
        """Whether a purchase is shown; None for a KOS."""
        return Shown(self.creator.shown) if self.creator.shown else None

    @property
    def domain(self) -> str:
        return domains.words_of(self.creator)


@require_safe
@login_required
def creators(request: HttpRequest) -> HttpResponse:
    """The list of creators."""
    access.require(request.user, VIEW)
    found = filters.CreatorFilter(
        request.GET, queryset=Creator.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    page = found.page(found.with_columns(found.ordered(rows)).select_related("store__parent"))
    context = {
        "page": page,
        "rows": _creator_rows(request, page.rows, timezone.now()),
        "bulk": bulk.of_creators(request.user),
        "count": partial(count_up_to, rows),
        "units": partial(filters.unit_choices, request, VIEW, found.active.get("unit")),
        "import_url": import_address(request),
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
    people = communities.with_names(Creator.objects.for_user(request.user, permission))
    people = domains.with_domain(purchase_proofs.with_days(handover.with_open_case(people)))
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
        "tier": (tier_steps.label(found.tier, found), tier_steps.level(found.tier)),
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
        "bought": purchase_pages.card(request, found),
        "slots": _slots(request, found),
        "may_hand_over": found.state != CreatorState.LEFT
        and access.reach(request.user, HAND_OVER).covers(found.store),
        "open_case": found.open_case
        if access.reach(request.user, "handover.view").covers(found.store)
        else None,
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
            paired_with=paired_with(account, revealed=revealed),
            leads_on=f"{platforms.label_of(account.brand_id, account.hop_platform)} · {account.hop_handle}"
            if account.hop_platform
            else "",
        )
        for account in accounts
    ]


def paired_with(account: SocialAccount, *, revealed: bool = False) -> str:
    """The private account that takes over the leads, in words; empty without one."""
    if not account.paired_platform:
        return ""
    handle = _shown(account.paired_platform, account.paired_handle, revealed=revealed)
    platform = platforms.label_of(account.brand_id, account.paired_platform)
    return f"{platform} · {handle}"


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
        (_("Domain"), _domain(found)),
        (_("Number"), found.number),
        (_("Known by"), found.get_identity_display() or _("Not checked yet")),
        (_("Purchase"), Shown(found.shown).label if found.shown else ""),
        (_("Store"), found.store.name),
        (_("Region"), found.store.parent.name if found.store.parent else ""),
        (_("Share code"), found.share_code),
        (
            _("Share code ends"),
            formats.day(found.share_code_until, language) if found.share_code_until else "",
        ),
        (_("Joined"), formats.day(found.joined_on, language) if found.joined_on else ""),
        (_("Tier since"), formats.day(found.tier_since, language) if found.tier_since else ""),
        (_("Communities"), " · ".join(found.community_names)),
        (_("Left"), formats.day(found.left_on, language) if found.left_on else ""),
    ]
    return [(label, str(value)) for label, value in facts if value]


def _domain(found: Creator) -> str:
    """Where a KOC works, and who says so."""
    words = domains.words_of(found)
    if not words or not found.works_in:
        return words
    if not found.domain_said:
        return _("%(domain)s, by the accounts") % {"domain": words}
    if not found.domain_reason:
        return _("%(domain)s, by a file") % {"domain": words}
    return _("%(domain)s: %(reason)s") % {"domain": words, "reason": found.domain_reason}


def import_address(request: HttpRequest) -> str:
    """Where the first data come in, for those who may bring them."""
    if not access.reach(request.user, "imports.run"):
        return ""
    return address_of("integrations:imports")
