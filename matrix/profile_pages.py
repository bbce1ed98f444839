"""HQ pages that change a person and their accounts: facts, persona, profile checks, pairing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Case, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from kosops.lib.errors import DomainError
from matrix import domains, personas, profiles, registry
from matrix.choices import CreatorKind, Domain
from matrix.forms import CreatorForm, DomainForm, PairForm, PersonaForm, ProfileForm
from matrix.models import Creator, Pairing, SocialAccount
from matrix.profiles import Shown

EDIT = "matrix.edit"
# Private accounts offered for a pairing: own ones, then those of the same store.
OFFERED = 40


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def creator_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is known of a person."""
    found = _creator(request, pk)
    form = CreatorForm(request.POST or None, creator=found)

    def save() -> None:
        registry.change_creator(by=request.user, creator=found, **form.cleaned_data)

    return _answer(
        request,
        form,
        save,
        said=_("What is known of %(name)s was changed.") % {"name": found.name},
        creator=found,
        context={"title": _("Change %(name)s") % {"name": found.name}, "submit": _("Save")},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def creator_domain(request: HttpRequest, pk: int) -> HttpResponse:
    """Say in which domains a KOC works, against the accounts or as they say."""
    found = _creator(request, pk)
    if found.kind != CreatorKind.KOC:
        raise Http404
    known = {"domain": found.domain_said, "reason": found.domain_reason}
    form = DomainForm(request.POST or None, initial=known)

    def save() -> None:
        domains.change_domain(by=request.user, creator=found, **form.cleaned_data)

    return _answer(
        request,
        form,
        save,
        said=_("The domain was changed."),
        creator=found,
        context={
            "title": _("Domain of %(name)s") % {"name": found.name},
            "words": _(
                "Usually the accounts in use say it. What is said here stands until it is changed."
            ),
            "submit": _("Save"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def persona(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who the person is on all their accounts."""
    found = _creator(request, pk)
    known = personas.persona_of(found)
    names = ("name", "position", "introduction", "avatar")
    initial = (
        {name: getattr(known, name) for name in names}
        if known
        else {"name": found.name, "position": found.position}
    )
    form = PersonaForm(request.POST or None, initial=initial)

    def save() -> None:
        personas.set_persona(by=request.user, creator=found, **form.cleaned_data)

    return _answer(
        request,
        form,
        save,
        said=_("The persona was saved. Profiles that were checked are to check again."),
        creator=found,
        context={
            "title": _("Persona of %(name)s") % {"name": found.name},
            "words": _(
                "A customer who comes from a note has to meet the same person in WeCom: one name,"
                " one picture, one position on every account."
            ),
            "submit": _("Save the persona"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what the profile of an account shows."""
    found = _account(request, pk)
    owner = found.creator
    wanted = personas.wanted_of(found, personas.persona_of(owner))
    form = ProfileForm(request.POST or None, asks_avatar=wanted.avatar)

    def save() -> None:
        said = form.cleaned_data
        shown = Shown(
            name=said["name"],
            position=said["position"],
            store=said["store"],
            affiliation=said["affiliation"],
            avatar=said.get("avatar"),
        )
        check = personas.note_profile(
            by=request.user, account=found, shown=shown, at=timezone.now()
        )
        if check.differences:
            messages.warning(
                request,
                _("The profile differs: %(differences)s. Ask the person to correct it.")
                % {"differences": personas.in_words(check.differences)},
            )
        else:
            messages.success(request, _("The profile shows what it should."))

    return _answer(
        request,
        form,
        save,
        said="",
        creator=owner,
        context={
            "title": _("Profile of %(handle)s") % {"handle": found.shown_handle},
            "words": _("Open the profile on the platform and write down what it shows."),
            "wanted": _wanted_lines(found, wanted),
            "submit": _("Check the profile"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def pair(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose who takes over the leads of a public account, and the brand's account behind."""
    found = _account(request, pk, domain=Domain.PUBLIC)
    form = PairForm(
        request.POST or None,
        private=_offered(request, found),
        brand_accounts=registry.brand_accounts(found.brand_id),
        label=_label,
    )

    def save() -> None:
        registry.pair_accounts(
            by=request.user,
            public=found,
            private=form.cleaned_data["private"],
            brand_account=form.cleaned_data["brand_account"],
            since=timezone.localdate(),
        )

    return _answer(
        request,
        form,
        save,
        said=_("The account is paired."),
        creator=found.creator,
        context={
            "title": _("Pair %(handle)s") % {"handle": found.handle},
            "words": _(
                "Leads of a public account go to one private account, the front to the back. Own"
                " accounts stand first, then those of the store."
            ),
            "submit": _("Pair the accounts"),
        },
    )


@require_POST
@login_required
def pairing_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a pairing today."""
    access.require(request.user, EDIT)
    rows = Pairing.objects.for_user(request.user, EDIT)
    found = get_object_or_404(rows.select_related("public_account__creator"), pk=pk)
    try:
        registry.end_pairing(by=request.user, pairing=found, until=timezone.localdate())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The pairing has ended; the account is to pair again."))
    return _back(found.public_account.creator)


# -- private -------------------------------------------------------------------


def _creator(request: HttpRequest, pk: int) -> Creator:
    access.require(request.user, EDIT)
    people = Creator.objects.for_user(request.user, EDIT)
    return get_object_or_404(people.select_related("store", "persona"), pk=pk)


def _account(request: HttpRequest, pk: int, **wanted: Any) -> SocialAccount:
    access.require(request.user, EDIT)
    rows = SocialAccount.objects.for_user(request.user, EDIT).filter(**wanted)
    return get_object_or_404(
        rows.select_related("creator__persona", "creator__store", "unit__brand"), pk=pk
    )


def _answer(
    request: HttpRequest,
    form: Any,
    save: Callable[[], object],
    *,
    said: str,
    creator: Creator | None,
    context: dict[str, Any],
) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                save()
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                if said:
                    messages.success(request, said)
                return _back(creator)
    context |= {"form": form, "creator": creator}
    return render(request, "matrix/profile_form.html", context, status=status)


def _back(creator: Creator | None) -> HttpResponse:
    if creator is None:
        return redirect("matrix:tree")
    return redirect("matrix:creator", creator.pk)


def _offered(request: HttpRequest, public: SocialAccount) -> QuerySet[Any]:
    own = Case(When(creator=public.creator_id, then=Value(0)), default=Value(1))
    rows = SocialAccount.objects.for_user(request.user, EDIT).filter(
        brand=public.brand_id,
        domain=Domain.PRIVATE,
        state__in=registry.IN_USE,
        unit__in=[public.unit_id, public.brand_id],
    )
    first = rows.order_by(own, "unit_id", "handle", "pk").values_list("pk", flat=True)[:OFFERED]
    # A form narrows its choices further, which a slice does not allow.
    return (
        SocialAccount.objects.for_user(request.user, EDIT)
        .filter(pk__in=list(first))
        .select_related("creator", "unit")
        .order_by(own, "handle", "pk")
    )


def _label(account: SocialAccount) -> str:
    return f"{account.get_platform_display()} · {account.shown_handle} · {account.owner_name}"


def _wanted_lines(account: SocialAccount, wanted: profiles.Wanted) -> list[tuple[str, str]]:
    """What the profile should show, in words."""
    known = personas.persona_of(account.creator)
    texts = {
        profiles.Item.NAME: _either(wanted.names),
        profiles.Item.POSITION: wanted.position,
        profiles.Item.STORE: wanted.store,
        profiles.Item.AFFILIATION: account.unit.brand.name if account.unit.brand else "",
        profiles.Item.AVATAR: known.avatar if known else "",
    }
    return [(str(personas.WORDS[item]), texts[item]) for item in profiles.asked(wanted)]


def _either(names: tuple[str, ...]) -> str:
    known = list(dict.fromkeys(names))
    if len(known) < 2:
        return "".join(known)
    return _("%(name)s or %(other)s") % {"name": known[0], "other": known[1]}
