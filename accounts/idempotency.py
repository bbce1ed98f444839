"""Money by API happens once: the answer to a request is kept with its effect and given again.

Whoever asks for money to move sends an ``Idempotency-Key``. The key is written first, in the
transaction of the effect, and the unique key of the table lets only one request at a time have it;
the answer is written last, before the commit. So there is either both or neither, and a caller whose
connection broke asks again with the same key and learns which. A refusal changes nothing and is not
kept: the same key may be sent again once its reason is gone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg2.errorcodes import LOCK_NOT_AVAILABLE
from rest_framework.renderers import JSONRenderer

from accounts.models import ApiKey, KeptAnswer
from kosops.lib.errors import DomainError
from kosops.lib.json_bodies import canonical

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_FOR = dt.timedelta(hours=72)
# So long a repetition waits for the first request to end before it is told to come again.
PATIENCE = "2s"

_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_INSERT = """
    INSERT INTO accounts_keptanswer (api_key_id, key, fingerprint, created_at)
    VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id
"""

View = Callable[..., Any]


def idempotent(view: View) -> View:
    """A view of the REST API whose effect happens once for each key. Stands below ``api_view``.

    Refuses ``idempotency_key_required`` (400), ``idempotency_key_reused`` (422: another request had
    this key) and ``idempotency_key_in_use`` (409: the first one is still running).
    """

    @wraps(view)
    def once(request: Any, *args: Any, **kwargs: Any) -> Any:
        key = _key_of(request)
        fingerprint = fingerprint_of(request)
        with transaction.atomic():
            claimed = _claim(request.auth, key, fingerprint)
            if claimed is None:
                return _again(request.auth, key, fingerprint)
            response = view(request, *args, **kwargs)
            if not 200 <= response.status_code < 300:
                transaction.set_rollback(True)
                return response
            body = JSONRenderer().render(response.data)
            KeptAnswer.objects.filter(pk=claimed).update(
                status=response.status_code, body=body.decode()
            )
        return _answer(response.status_code, body)

    return once


def key_of(request: Any) -> str:
    """The key of a request that `idempotent` has let pass."""
    return str(request.headers[HEADER])


def fingerprint_of(request: Any) -> bytes:
    """The same for requests that ask for the same: method, path and what the body means."""
    head = f"{request.method}\n{request.get_full_path()}\n".encode()
    return hashlib.sha256(head + canonical(request.data)).digest()


def forget(*, now: dt.datetime | None = None) -> int:
    """Delete answers whose time is over; how many."""
    oldest = (now or timezone.now()) - KEPT_FOR
    return KeptAnswer.objects.filter(created_at__lt=oldest).delete()[0]


def _key_of(request: Any) -> str:
    key = request.headers.get(HEADER, "")
    if not key:
        raise DomainError(
            "idempotency_key_required",
            _("Send an Idempotency-Key, a new one for each request that is not a repetition."),
            status=400,
        )
    if not _KEY.fullmatch(key):
        raise DomainError(
            "idempotency_key_invalid",
            _("An Idempotency-Key has 1 to 255 letters, digits and signs, without spaces."),
            status=400,
        )
    return str(key)


def _claim(api_key: ApiKey, key: str, fingerprint: bytes) -> int | None:
    """The row of a key that nobody has, for this transaction alone; None where it is answered."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = %s", [PATIENCE])
            cursor.execute(_INSERT, [api_key.pk, key, fingerprint, timezone.now()])
            row = cursor.fetchone()
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != LOCK_NOT_AVAILABLE:
            raise
        raise DomainError(
            "idempotency_key_in_use",
            _("The first request with this key is still running. Send it again in a moment."),
        ) from error
    return int(row[0]) if row else None


def _again(api_key: ApiKey, key: str, fingerprint: bytes) -> HttpResponse:
    """The kept answer, for the same request."""
    kept = KeptAnswer.objects.get(api_key=api_key, key=key)
    if bytes(kept.fingerprint) != fingerprint:
        raise DomainError(
            "idempotency_key_reused",
            _("Another request was sent with this key. Nothing was changed."),
            status=422,
        )
    response = _answer(int(kept.status or 0), kept.body.encode())
    response[REPLAYED] = "true"
    return response


def _answer(status: int, body: bytes) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json")
