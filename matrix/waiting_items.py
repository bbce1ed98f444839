"""What the account matrix has waiting for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import waiting
from accounts.models import Person
from kosops.ui.formats import number
from kosops.ui.parts import Waiting
from matrix import platform_rules
from matrix.choices import AccountState, CreatorState, HelpState
from matrix.custody import UNSIGNED
from matrix.custody_choices import HandoverState
from matrix.health import Need, public_accounts
from matrix.models import Custody, Handover, HelpRequest, PlatformRule, Receipt, SocialAccount
from matrix.purchase_choices import Shown

# Whoever may change the matrix acts; the others see it there.
EDIT = "matrix.edit"
KEEP = "custody.edit"
HAND_OVER = "handover.edit"


@waiting.question("held_by_leavers")
def _held_by_leavers(person: Person) -> QuerySet[Any, Any]:
    accounts = public_accounts(SocialAccount.objects.for_user(person, EDIT))
    return waiting.figure(accounts.filter(creator__state=CreatorState.LEFT))


@waiting.question("banned_accounts")
def _banned_accounts(person: Person) -> QuerySet[Any, Any]:
    accounts = public_accounts(SocialAccount.objects.for_user(person, EDIT))
    return waiting.figure(accounts.filter(state=AccountState.BANNED))


@waiting.question("custody_to_sign")
def _custody_to_sign(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(Custody.objects.for_user(person, KEEP).filter(UNSIGNED))


@waiting.register
def signatures(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["custody_to_sign"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> account waits for a signature of giver or taker",
                    "<b>{count}</b> accounts wait for a signature of giver or taker",
                    count,
                ),
                count=number(count),
            ),
            href=f"{reverse('matrix:accounts')}?custody=unsigned",
            icon="pencil",
            rank="notice",
        )


@waiting.question("help_waiting")
def _help_waiting(person: Person) -> QuerySet[Any, Any]:
    """With nobody yet, or with this person."""
    requests = HelpRequest.objects.for_user(person, "help.answer").filter(state=HelpState.WAITING)
    return waiting.figure(requests.filter(Q(handed_to=None) | Q(handed_to=person.pk)))


@waiting.question("open_handovers")
def _open_handovers(person: Person) -> QuerySet[Any, Any]:
    cases = Handover.objects.for_user(person, HAND_OVER)
    return waiting.figure(cases.filter(state=HandoverState.OPEN))


@waiting.register
def handovers(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["open_handovers"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> handover is open",
                    "<b>{count}</b> handovers are open",
                    count,
                ),
                count=number(count),
            ),
            href=f"{reverse('matrix:handovers')}?state=open",
            icon="arrow-left-right",
            rank="must",
            note=_("Name a taker for each account and sign"),
        )


@waiting.register
def leavers(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["held_by_leavers"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> account is held by someone who left",
                    "<b>{count}</b> accounts are held by people who left",
                    count,
                ),
                count=number(count),
            ),
            href=f"{reverse('matrix:tree')}?needs={Need.LEAVER}",
            icon="arrow-left-right",
            rank="must",
            note=_("Hand over before followers are lost"),
        )


@waiting.register
def banned(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["banned_accounts"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> account is banned by its platform",
                    "<b>{count}</b> accounts are banned by their platforms",
                    count,
                ),
                count=number(count),
            ),
            href=f"{reverse('matrix:tree')}?needs={Need.BANNED}",
            icon="shield",
            rank="notice",
        )


@waiting.question("platform_rules")
def _platform_rules(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(_rules_of(person))


def _rules_of(person: Person) -> QuerySet[Any, Any]:
    rules = PlatformRule.objects.for_user(person, EDIT)
    return platform_rules.in_force(rules, timezone.localdate())


@waiting.register
def broken_rules(person: Person) -> Iterator[Waiting]:
    if not waiting.facts_of(person)["platform_rules"]:
        return
    found = platform_rules.uses(_rules_of(person), timezone.localdate())
    broken = [each for each in found if each.state in platform_rules.BROKEN]
    if broken:
        only = len({each.platform for each in broken}) == 1
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> rule of a platform is not kept",
                    "<b>{count}</b> rules of platforms are not kept",
                    len(broken),
                ),
                count=number(len(broken)),
            ),
            href=reverse("matrix:platform", args=[broken[0].platform])
            if only
            else reverse("matrix:platforms"),
            icon="circle-alert",
            rank="notice",
            note=_("Too many accounts, or too little spent"),
        )


@waiting.question("receipts")
def _receipts(person: Person) -> QuerySet[Any, Any]:
    """Nobody looks at a receipt of their own."""
    rows = Receipt.objects.for_user(person, EDIT).filter(waiting=True)
    return waiting.figure(rows.exclude(handed_in_by=person.pk))


@waiting.register
def receipts(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["receipts"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> receipt of a KOC is to look at",
                    "<b>{count}</b> receipts of KOC are to look at",
                    count,
                ),
                count=number(count),
            ),
            href=f"{reverse('matrix:creators')}?kind=koc&purchase={Shown.WAITING}",
            icon="receipt",
            rank="notice",
        )


def help_count(person: Person) -> int:
    """Requests for help that this person could answer, for the navigation."""
    return waiting.facts_of(person)["help_waiting"]


@waiting.register
def help_requests(person: Person) -> Iterator[Waiting]:
    if count := help_count(person):
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> creator asks for help",
                    "<b>{count}</b> requests for help wait",
                    count,
                ),
                count=number(count),
            ),
            href=reverse("matrix:help"),
            icon="circle-help",
            rank="notice",
            note=_("The best creators first"),
        )
