"""How signing in behaves here: nobody signs up by themselves, HQ makes people.

allauth does the pages and the second factor, axes counts wrong passwords per name and address.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import is_hq, roles_of
from accounts.choices import Role
from accounts.models import Person

# Roles that see or move other people's data for the whole brand.
SECOND_FACTOR_ROLES = frozenset(
    {Role.OPERATOR, Role.ANALYST, Role.REVIEWER, Role.FINANCE, Role.AUDITOR}
)
# Only somebody who knows the password can be locked out by wrong codes, so a count per person does
# not let strangers shut people out.
MAX_CODE_FAILURES = 10
CODE_LOCK = dt.timedelta(minutes=15)
HQ_SESSION_SECONDS = 12 * 3600
SIGNED_IN_AT = "signed_in_at"


def has_second_factor(person: Any) -> bool:
    return is_mfa_enabled(person, [Authenticator.Type.TOTP])


def needs_second_factor(person: Any) -> bool:
    """Whether the person must set up a second factor before doing anything else."""
    return bool(
        settings.SECOND_FACTOR_REQUIRED
        and (person.is_superuser or roles_of(person) & SECOND_FACTOR_ROLES)
        and not has_second_factor(person)
    )


def lower_username(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """The name that wrong passwords are counted under: LIN and lin are one person."""
    name = (credentials or {}).get("username") or request.POST.get("login")
    return name.strip().lower() if name else None


def note_sign_in(sender: Any, request: HttpRequest, user: Person, **_more: Any) -> None:
    """Remember in the session since when it lasts."""
    request.session[SIGNED_IN_AT] = time.time()


def ends_at(request: HttpRequest) -> dt.datetime | None:
    """When the session ends for lack of a proof: HQ signs in once a working day.

    A proof that an act asks for (`accounts.recent`) counts as well. None for store staff, who sign
    in once a week (``SESSION_COOKIE_AGE``).
    """
    if not is_hq(request.user):
        return None
    proofs = get_authentication_records(request, request.user)
    last = max([request.session.get(SIGNED_IN_AT, 0), *(proof["at"] for proof in proofs)])
    return dt.datetime.fromtimestamp(last + HQ_SESSION_SECONDS, tz=dt.UTC)


# -- allauth -------------------------------------------------------------------


class AccountAdapter(DefaultAccountAdapter):
    # In the tone of the rest; allauth's Chinese addresses the reader another way.
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("The username or the password is not correct."),
        "enter_current_password": _("Enter the password that you have now."),
        "incorrect_password": _("The password is wrong."),
        "rate_limited": _("Too many tries. Wait a few minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Who has a second factor confirms with that; the password alone is not enough then."""
        methods = super().get_reauthentication_methods(user)
        stronger = [method for method in methods if method["id"] != "reauthenticate"]
        return stronger or methods


class MFAAdapter(DefaultMFAAdapter):
    """TOTP seeds and recovery codes are stored encrypted with the data keys (A8)."""

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def encrypt(self, text: str) -> str:
        from kosops.lib.secrets import encrypt

        return encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        from kosops.lib.secrets import decrypt

        return decrypt(encrypted_text.encode())


class CodeLock:
    """Mixed into allauth's forms: ten wrong codes in a row lock the second factor for a while."""

    user: Person

    def clean_code(self) -> str:
        refuse_locked(self.user)
        try:
            code = super().clean_code()  # type: ignore[misc]
        except ValidationError:
            note_wrong_code(self.user)
            raise
        if not note_right_code(self.user, code):
            raise get_adapter().validation_error("incorrect_code")
        return str(code)


class CodeForm(CodeLock, AuthenticateForm):
    pass


class CodeAgainForm(CodeLock, ReauthenticateForm):
    pass


def refuse_locked(person: Person) -> None:
    locked_until = Person.objects.values_list("code_locked_until", flat=True).get(pk=person.pk)
    if locked_until and locked_until > timezone.now():
        raise ValidationError(
            _("Too many wrong codes. Wait a quarter of an hour, then try again."), "locked"
        )


def note_right_code(person: Person, code: str) -> bool:
    """Keep the code as used; false where it was used before within its half minute."""
    moment = int(time.time() // mfa_settings.TOTP_PERIOD)
    used = hashlib.sha256(f"{code}:{moment}".encode()).hexdigest()
    unused = Person.objects.filter(pk=person.pk).exclude(code_used=used)
    return bool(unused.update(code_used=used, code_failures=0, code_locked_until=None))


def note_wrong_code(person: Person) -> None:
    row = Person.objects.filter(pk=person.pk)
    row.update(code_failures=F("code_failures") + 1)
    row.filter(code_failures__gte=MAX_CODE_FAILURES).update(
        code_failures=0, code_locked_until=timezone.now() + CODE_LOCK
    )


# -- the first sign-in ---------------------------------------------------------


def password_path(person: Person) -> str:
    """The address at which the person chooses a password: works once, for three days.

    Nobody at HQ ever knows a password; the second factor is asked for as always.
    """
    from allauth.account.forms import default_token_generator

    return reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(person),
            "key": default_token_generator.make_token(person),
        },
    )
