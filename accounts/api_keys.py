"""API keys: made by a person for a unit, shown once, stored as a keyed digest.

``kos_live_<8 prefix>_<43 random>``. The random part has 256 bits, so a fast keyed hash is right: a
slow password hash on each request would be an overload of our own making.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission

from accounts import activity
from accounts.access import SCOPES
from accounts.models import ApiKey, Person, Unit
from kosops.lib.errors import DomainError

# Who reports sales must not release money.
NEVER_TOGETHER = frozenset({"orders:write", "payouts:approve"})

_LEAD = "kos_live_"
_SECRET = re.compile(rf"{_LEAD}([a-z0-9]{{8}})_([A-Za-z0-9_-]{{43}})", re.ASCII)
# No letters that look alike; no x, which type setting turns into a times sign between digits.
_PREFIX_LETTERS = "abcdefghijkmnpqrstuvwyz23456789"
# One write a minute per key at most, however busy it is.
USE_NOTED_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class NewKey:
    """A key with its secret, which exists only in this answer."""

    key: ApiKey
    secret: str


# -- commands ------------------------------------------------------------------


@transaction.atomic
def create_key(
    *,
    by: Person,
    unit: Unit,
    name: str,
    scopes: Iterable[str],
    expires_at: dt.datetime | None = None,
) -> NewKey:
    """Make a key that reaches ``unit`` and below. Its secret cannot be shown again.

    Refuses ``unknown_scope``, ``no_scopes``, ``scopes_conflict`` and ``expiry_passed``.
    """
    wanted = sorted(set(scopes))
    now = timezone.now()
    check_scopes(wanted)
    if expires_at is not None and expires_at <= now:
        raise DomainError(
            "expiry_passed", _("Choose an end for the key that lies ahead."), status=400
        )
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _place in range(8))
    secret = f"{_LEAD}{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        name=name,
        unit=unit,
        prefix=prefix,
        digest=_digests(secret)[0],
        scopes=wanted,
        created_by=by,
        expires_at=expires_at,
    )
    activity.record(
        by=by,
        verb="api_key.added",
        object=key,
        unit=unit,
        after={
            "scopes": wanted,
            "expires_at": expires_at.isoformat() if expires_at else None,
        },
        at=now,
    )
    return NewKey(key, secret)


def check_scopes(scopes: list[str]) -> None:
    """Refuse scopes that do not exist, none at all, and those one key must not join."""
    if not scopes:
        raise DomainError("no_scopes", _("Choose at least one scope."), status=400)
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise DomainError(
            "unknown_scope",
            _("There is no scope %(scope)s."),
            status=400,
            scope=unknown[0][:40],
        )
    if NEVER_TOGETHER.issubset(scopes):
        raise DomainError(
            "scopes_conflict",
            _(
                "A key that reports orders cannot approve payouts. Make two keys and give them to "
                "different teams."
            ),
            status=400,
        )


@transaction.atomic
def revoke_key(*, by: Person, key: ApiKey) -> ApiKey:
    """End the key at once. Revoking it again changes nothing."""
    key = ApiKey.objects.select_for_update().get(pk=key.pk)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        activity.record(by=by, verb="api_key.revoked", object=key, unit=key.unit)
    return key


# -- checking a secret ---------------------------------------------------------


def find_key(secret: str) -> ApiKey | None:
    """The live key that ``secret`` belongs to, or nothing: wrong, expired, revoked, maker gone."""
    match = _SECRET.fullmatch(secret)
    if match is None:
        return None
    key = ApiKey.objects.select_related("unit", "created_by").filter(prefix=match[1]).first()
    # The comparison is made also where no key is found, so that the answer takes the same time.
    stored = bytes(key.digest) if key else bytes(32)
    fits = [hmac.compare_digest(stored, digest) for digest in _digests(secret)]
    return key if key and any(fits) and is_live(key) else None


def is_live(key: ApiKey) -> bool:
    """Whether the key works now. It dies with the person who made it (A7)."""
    return (
        key.revoked_at is None
        and (key.expires_at is None or key.expires_at > timezone.now())
        and key.created_by.is_active
        and key.unit.active
    )


def _digests(secret: str) -> list[bytes]:
    """One digest for each of ``DATA_KEYS``: new keys use the first, older ones stay good
    while their data key is still listed.
    """
    return [
        hmac.new(
            hashlib.sha256(f"kosops.api_key:{data_key}".encode()).digest(),
            secret.encode(),
            hashlib.sha256,
        ).digest()
        for data_key in settings.DATA_KEYS
    ]


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    ApiKey.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY), pk=key.pk
    ).update(last_used_at=now)


# -- the door of the REST API --------------------------------------------------

# A view that any live key may use says so in this word; no scope is called so.
ANY_KEY = "any key"


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer kos_live_...``; nowhere else, so that no key ends up in a log."""

    def authenticate(self, request: Any) -> tuple[ApiKey, ApiKey] | None:
        header = get_authorization_header(request)
        if not header:
            return None
        scheme, _space, secret = header.decode("latin-1").partition(" ")
        key = find_key(secret.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise AuthenticationFailed(_("This key is not valid."))
        _note_use(key)
        return key, key

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="kosops"'


class MissingScope(PermissionDenied):
    """The key is good but may not do this; names what it lacks."""

    default_code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(_("This key lacks the scope %(scope)s.") % {"scope": scope})
        self.scope = scope


class HasScope(BasePermission):
    """Deny by default: a view that does not say which scope it asks for is refused."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if not isinstance(request.auth, ApiKey):
            return False
        scope = getattr(view, "required_scope", None)
        if isinstance(scope, dict):
            scope = scope.get(request.method)
        if scope == ANY_KEY:
            return True
        if not scope or scope not in request.auth.scopes:
            raise MissingScope(scope or "")
        return True


def needs_scope(scope: str | dict[str, str]) -> Callable[[Any], Any]:
    """Say which scope a function view asks for; a dict names one per method. Stands on top."""

    def mark(view: Any) -> Any:
        view.cls.required_scope = scope
        return view

    return mark
