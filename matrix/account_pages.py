"""HQ pages of accounts: the list, one account with custody and register, and what can be changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, activity
from kosops.lib.errors import DomainError
from kosops.lib.htmx import address_of, page_or_fragment
from kosops.ui import formats
from kosops.ui.listing import count_up_to, list_response
from kosops.ui.parts import Event
from matrix import (
    account_changes,
    custody,
    evidence,
    filters,
    health,
    masking,
    platform_rules,
    recovery,
    takers,
    tree,
    violations,
)
from matrix.account_filters import AccountFilter, EventFilter
from matrix.choices import AccountState, Domain
from matrix.custody_choices import Risk
from matrix.custody_forms import AccountForm, CustodyForm, EventForm, PaperForm, StateForm
from matrix.models import AccountEvent, Custody, Evidence, SocialAccount
from matrix.pages import paired_with

VIEW = "matrix.view"
EDIT = "matrix.edit"
KEEP = "custody.edit"
ACTIVITY_SHOWN = 10


# -- the list ------------------------------------------------------------------


@dataclass(slots=True)
class AccountRow:
    """One line of the list."""

    account: SocialAccount
    custody: Custody | None
    needs: list[health.Need] = field(default_factory=list)

    @property
    def handle(self) -> str:
        return self.account.shown_handle

    @property
    def paired_with(self) -> str:
        return paired_with(self.account)

    @property
    def risks(self) -> list[Risk]:
        """What the column of ownership does not say by itself."""
        said = (Risk.PERSONAL, Risk.AUTHORISED)
        return [risk for risk in _risks(self.account, self.custody) if risk not in said]


@require_safe
@login_required
def accounts(request: HttpRequest) -> HttpResponse:
    """The list of accounts."""
    access.require(request.user, VIEW)
    found = AccountFilter(
        request.GET, queryset=SocialAccount.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    shown = tree.with_pairing(found.ordered(rows)).select_related("creator", "unit")
    page = found.page(shown)
    context = {
        "page": page,
        "rows": _rows(request, page.rows),
        "count": partial(count_up_to, rows),
        "units": partial(filters.unit_choices, request, VIEW, found.active.get("unit")),
    }
    return list_response(
        request, found, context, template="matrix/accounts.html", fragment="matrix/_accounts.html"
    )


def _rows(request: HttpRequest, found: Iterable[SocialAccount]) -> list[AccountRow]:
    ids = [account.pk for account in found]
    held = {
        each.account_id: each
        for each in Custody.objects.for_user(request.user, VIEW)
        .filter(account__in=ids, until=None)
        .select_related("creator", "person")
    }
    public = health.public_accounts(SocialAccount.objects.for_user(request.user, VIEW))
    needs = {
        account.pk: health.needs_of(account)
        for account in health.with_needs(public.filter(pk__in=ids), timezone.now())
    }
    return [
        AccountRow(account, held.get(account.pk), needs.get(account.pk, [])) for account in found
    ]


# -- one account ---------------------------------------------------------------


@require_safe
@login_required
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """An account: whose it is, who held it when, its register, what was changed."""
    return _account_page(request, _account(request, pk, VIEW))


@require_POST
@login_required
def account_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """The same with the personal handle and the phone in full; the look is logged."""
    found = _account(request, pk, KEEP)
    held = custody.open_custody(found)
    phone = custody.show_phone(by=request.user, custody=held) if held else ""
    if found.platform in masking.PERSONAL:
        activity.record(
            by=request.user, verb="account.handles_shown", object=found, unit=found.unit
        )
    return _account_page(request, found, phone=phone, revealed=True)


def _account(request: HttpRequest, pk: int, permission: str) -> SocialAccount:
    access.require(request.user, permission)
    found = SocialAccount.objects.for_user(request.user, permission)
    return get_object_or_404(found.select_related("unit__parent", "creator__store", "brand"), pk=pk)


def _account_page(
    request: HttpRequest, found: SocialAccount, *, phone: str = "", revealed: bool = False
) -> HttpResponse:
    line = list(custody.line_of(found))
    held = next((each for each in line if each.until is None), None)
    known = _known(request, found)
    context = {
        "account": found,
        "handle": found.handle if revealed else found.shown_handle,
        "needs": health.needs_of(known) if known is not None else [],
        "paired_with": paired_with(known) if known else "",
        "paired_since": known.paired_since if known else None,
        "takes_over": _takes_over(found),
        "facts": _facts(found, revealed=revealed),
        "risks": _risks(found, held),
        "held": held,
        "past": [each for each in line if each.until is not None],
        "sides": _sides(request, held) if held else [],
        "phone": phone,
        "revealed": revealed,
        "events": list(violations.of_account(found)),
        "log": [_event_of(row) for row in activity.of(found)[:ACTIVITY_SHOWN]],
        "may_edit": access.reach(request.user, EDIT).covers(found.unit),
        "may_keep": access.reach(request.user, KEEP).covers(found.unit),
        "personal": found.platform in masking.PERSONAL,
        "link_add_url": _link_address(request, found),
    }
    return page_or_fragment(
        request, "matrix/account.html", context, peek="matrix/_account_peek.html"
    )


def _link_address(request: HttpRequest, found: SocialAccount) -> str:
    """Where the link of a post on it is added, if it belongs to a unit; people add their own."""
    if found.creator_id or found.domain != Domain.PUBLIC or found.state == AccountState.CLOSED:
        return ""
    may = access.reach(request.user, "posts.edit").covers(found.unit)
    return address_of("content:link_add", found.pk) if may else ""


def _known(request: HttpRequest, found: SocialAccount) -> Any:
    """The account with its needs and pairing; None for a private or closed one."""
    own = SocialAccount.objects.for_user(request.user, VIEW).filter(pk=found.pk)
    public = health.with_needs(health.public_accounts(own), timezone.now())
    return tree.with_pairing(public).first()


def _takes_over(found: SocialAccount) -> list[str]:
    """The public accounts whose leads a private account takes over."""
    if found.domain != Domain.PRIVATE:
        return []
    return [
        f"{each.public_account.get_platform_display()} · {each.public_account.handle}"
        for each in found.takes_over.filter(until=None).select_related("public_account")
    ]


def _risks(found: SocialAccount, held: Custody | None) -> list[Risk]:
    return recovery.risks(
        platform=found.platform,
        ownership=found.ownership,
        sim_owner=held.sim_owner if held else "",
    )


def _facts(found: SocialAccount, *, revealed: bool) -> list[tuple[str, str]]:
    """Name and value of what is known of the account; what is not known is left out."""
    language = get_language()
    closed = ""
    if found.closed_on:
        closed = f"{formats.day(found.closed_on, language)} · {found.get_closed_why_display()}"
    facts = [
        (_("Platform"), found.get_platform_display()),
        (_("Domain"), found.get_domain_display()),
        (_("Private layer"), found.get_private_layer_display()),
        (_("Ownership"), found.get_ownership_display()),
        (_("Verified by"), found.get_owner_proof_display()),
        (_("Account role"), found.get_role_display()),
        (_("Purpose"), found.get_purpose_display()),
        (_("Store"), found.unit.name),
        (_("Platform id"), found.platform_uid if revealed else found.shown_uid),
        (_("Followers"), "" if found.followers is None else formats.number(found.followers)),
        (_("Opened"), formats.day(found.opened_on, language) if found.opened_on else ""),
        (_("Closed"), closed),
    ]
    return [(label, str(value)) for label, value in facts if value]


@dataclass(frozen=True, slots=True)
class Side:
    """A side of the open custody: who signed, or who may sign now."""

    code: str
    label: Any
    name: str
    at: Any
    on_paper: bool
    may_sign: bool


def _sides(request: HttpRequest, held: Custody) -> list[Side]:
    return [
        Side(
            code=code,
            label=label,
            name=getattr(held, f"{code}_name"),
            at=getattr(held, f"{code}_at"),
            on_paper=getattr(held, f"{code}_on_paper"),
            may_sign=custody.may_sign(by=request.user, custody=held, side=code),
        )
        for code, label in custody.SIDES.items()
    ]


def _event_of(row: Any) -> Event:
    said = activity.entry(row)
    note = " · ".join(
        f"{change.label}: {change.after}" for change in said.changes if change.after is not None
    )
    return Event(
        text=said.done[:1].upper() + said.done[1:], at=row.at, by=row.actor_label, note=note
    )


# -- what can be changed -------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct name, role, purpose and layer."""
    found = _account(request, pk, EDIT)
    form = AccountForm(request.POST or None, account=found)
    if request.method == "POST" and form.is_valid():
        try:
            account_changes.change_account(by=request.user, account=found, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The account is changed."))
            return redirect("matrix:account", found.pk)
    return _form(request, found, form, _("Change the account"), _("Save"))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the account to another state, with the reason."""
    found = _account(request, pk, EDIT)
    was_closed = found.state == AccountState.CLOSED
    form = StateForm(request.POST or None, initial={"state": found.state})
    if request.method == "POST" and form.is_valid():
        try:
            account_changes.change_account_state(
                by=request.user, account=found, **form.cleaned_data
            )
        except DomainError as refusal:
            place = {"reason_needed": "reason", "closed_why_needed": "why"}.get(refusal.code)
            form.add_error(place, str(refusal))
        else:
            messages.success(request, _("The state is changed."))
            if was_closed:
                _warn_of_quota(request, found)
            return redirect("matrix:account", found.pk)
    return _form(request, found, form, _("Change the state"), _("Change the state"))


def _warn_of_quota(request: HttpRequest, found: SocialAccount) -> None:
    """Say that an account more than the platform allows is open; it stays open."""
    use = platform_rules.over_quota(found, timezone.localdate())
    if use is not None:
        messages.warning(
            request,
            _("%(platform)s now has %(used)s accounts of KOS; the quota is %(value)s.")
            % {
                "platform": found.get_platform_display(),
                "used": formats.number(use.used or 0),
                "value": formats.number(use.value),
            },
        )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def custody_begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Name who holds the account from a day on."""
    found = _account(request, pk, KEEP)
    form = CustodyForm(
        request.POST or None, request.FILES or None, holders=takers.colleagues(found.unit)
    )
    if request.method == "POST" and form.is_valid():
        try:
            _begin(request, found, form.cleaned_data)
        except DomainError as refusal:
            form.add_error(CUSTODY_PLACES.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("The custody is noted. Giver and taker sign it next."))
            return redirect("matrix:account", found.pk)
    return _form(request, found, form, _("Give into custody"), _("Give into custody"))


CUSTODY_PLACES = {
    "taker_not_known": "holder",
    "wrong_phone": "phone",
    "phone_needs_sim": "sim_owner",
    "before_last_custody": "since",
    "evidence_kind": "evidence",
    "evidence_too_large": "evidence",
}


@transaction.atomic
def _begin(request: HttpRequest, found: SocialAccount, given: dict[str, Any]) -> None:
    taker = takers.chosen(brand=found.brand, value=given["holder"], number=given["number"])
    file = given["evidence"]
    custody.begin(
        by=request.user,
        account=found,
        creator=taker.creator,
        person=taker.person,
        since=given["since"],
        phone=given["phone"],
        sim_owner=given["sim_owner"],
        note=given["note"],
        evidence=evidence.keep(by=request.user, unit=found.unit, file=file) if file else None,
    )


@require_POST
@login_required
def custody_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign one side of the open custody as the person who is signed in."""
    found = _account(request, pk, VIEW)
    held = custody.open_custody(found)
    if held is None:
        raise Http404
    try:
        custody.sign(by=request.user, custody=held, side=request.POST.get("side", ""))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Signed."))
    return redirect("matrix:account", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def custody_paper(request: HttpRequest, pk: int, side: str) -> HttpResponse:
    """Record a signature that was given on paper."""
    found = _account(request, pk, KEEP)
    held = custody.open_custody(found)
    if held is None or side not in custody.SIDES:
        raise Http404
    names = {custody.TAKER: held.holder_name}
    form = PaperForm(
        request.POST or None, request.FILES or None, initial={"name": names.get(side, "")}
    )
    if request.method == "POST" and form.is_valid():
        try:
            _record_paper(request, held, side, **form.cleaned_data)
        except DomainError as refusal:
            place = "evidence" if refusal.code.startswith(("evidence", "paper")) else None
            form.add_error(place, str(refusal))
        else:
            messages.success(request, _("The signature on paper is recorded."))
            return redirect("matrix:account", found.pk)
    title = _("Signature on paper: %(side)s") % {"side": custody.SIDES[side]}
    return _form(request, found, form, title, _("Record the signature"))


@transaction.atomic
def _record_paper(request: HttpRequest, held: Custody, side: str, name: str, evidence: Any) -> None:
    paper = _keep(request, held.account, evidence)
    custody.record_paper(by=request.user, custody=held, side=side, name=name, evidence=paper)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def event_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Note what the platform did to the account, or what became of an appeal."""
    found = _account(request, pk, EDIT)
    form = EventForm(request.POST or None, request.FILES or None, account=found)
    if request.method == "POST" and form.is_valid():
        try:
            _record_event(request, found, form.cleaned_data)
        except DomainError as refusal:
            place = {"event_in_future": "on", "appeal_about_nothing": "about"}.get(refusal.code)
            form.add_error(place, str(refusal))
        else:
            messages.success(request, _("Noted in the register."))
            return redirect("matrix:account", found.pk)
    return _form(request, found, form, _("Add to the register"), _("Add to the register"))


@transaction.atomic
def _record_event(request: HttpRequest, found: SocialAccount, given: dict[str, Any]) -> None:
    paper = _keep(request, found, given.pop("evidence"))
    violations.record(by=request.user, account=found, evidence=paper, **given)


def _keep(request: HttpRequest, found: SocialAccount, file: Any) -> Evidence | None:
    return evidence.keep(by=request.user, unit=found.unit, file=file) if file else None


def _form(
    request: HttpRequest, found: SocialAccount, form: Any, title: str, submit: str
) -> HttpResponse:
    context = {
        "account": found,
        "handle": found.shown_handle,
        "form": form,
        "title": title,
        "submit": submit,
        "back": reverse("matrix:account", args=[found.pk]),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "matrix/account_form.html", context, status=status)


# -- the register and its papers -----------------------------------------------


@require_safe
@login_required
def violation_list(request: HttpRequest) -> HttpResponse:
    """The register of all accounts, the latest first."""
    access.require(request.user, VIEW)
    found = EventFilter(
        request.GET, queryset=AccountEvent.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    page = found.page(
        violations.with_answer(rows).select_related(
            "account__unit", "account__creator", "recorded_by"
        )
    )
    context = {
        "page": page,
        "rows": [(each, each.account.shown_handle) for each in page.rows],
        "count": partial(count_up_to, rows),
        "units": partial(filters.unit_choices, request, VIEW, found.active.get("unit")),
    }
    return list_response(
        request,
        found,
        context,
        template="matrix/violations.html",
        fragment="matrix/_violations.html",
    )


@require_safe
@login_required
def evidence_file(request: HttpRequest, pk: int) -> FileResponse:
    """A paper or picture, always as a download; who took it is noted."""
    access.require(request.user, KEEP)
    found = get_object_or_404(Evidence.objects.for_user(request.user, KEEP), pk=pk)
    try:
        content = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    evidence.note_download(by=request.user, evidence=found)
    return FileResponse(
        content,
        as_attachment=True,
        filename=evidence.file_name(found),
        content_type=evidence.CONTENT_TYPES[found.kind],
    )
