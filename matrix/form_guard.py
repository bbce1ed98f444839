"""What keeps programs away from the public form and lets people through (A20).

Nothing here shuts a recruitment: too much from one address is refused for an hour, too much for one
recruitment only asks everybody a question that a person answers at a glance, without script and
without seeing a picture. Counts live in PostgreSQL, so they hold while the cache is away.
"""

from __future__ import annotations

import datetime as dt
import secrets
import unicodedata
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kosops.lib import sql
from kosops.lib.errors import DomainError
from kosops.lib.secrets import blind_index
from matrix.models import DoorCount

WINDOW = dt.timedelta(hours=1)
# Nobody reads and fills in the form faster; whoever needs longer gets a new stamp.
FASTEST = dt.timedelta(seconds=3)
LONGEST = dt.timedelta(hours=12)
ANSWER_WITHIN = dt.timedelta(minutes=30)
STAMP, QUESTION = "kosops.apply.stamp", "kosops.apply.question"

WORDS = [
    *(gettext_lazy("one"), gettext_lazy("two"), gettext_lazy("three"), gettext_lazy("four")),
    *(gettext_lazy("five"), gettext_lazy("six"), gettext_lazy("seven"), gettext_lazy("eight")),
    gettext_lazy("nine"),
]


@dataclass(frozen=True, slots=True)
class Stamp:
    """When the form was opened and which one it is; None of both for a forged or missing one."""

    key: uuid.UUID | None = None
    opened: dt.datetime | None = None

    def age(self, now: dt.datetime) -> dt.timedelta | None:
        return now - self.opened if self.opened else None


@dataclass(frozen=True, slots=True)
class Question:
    """A sum in words; ``token`` carries the answer as a digest and is good for one try."""

    text: str
    token: str


# -- counting ------------------------------------------------------------------


def count(kind: str, value: str, *, now: dt.datetime) -> int:
    """Note one more within the hour; returns how many that makes."""
    since = now.replace(minute=0, second=0, microsecond=0)
    found = sql.fetch_one(
        """
        INSERT INTO matrix_doorcount (key, since, count) VALUES (%(key)s, %(since)s, 1)
        ON CONFLICT (key, since) DO UPDATE SET count = matrix_doorcount.count + 1
        RETURNING count
        """,
        {"key": blind_index(f"door:{kind}", value), "since": since},
    )
    return int(found["count"])


def forget_old(*, now: dt.datetime) -> int:
    """Delete counts that no rule asks for any more."""
    return DoorCount.objects.filter(since__lt=now - 2 * max(WINDOW, LONGEST)).delete()[0]


def unusual(*, address: str, recruitment_id: int, now: dt.datetime) -> bool:
    """Count this attempt; whether so much comes from there or for it that a person has to show.

    Refuses ``too_many`` (429) where one address goes on and on.
    """
    of_address = count("address", address, now=now)
    of_recruitment = count("recruitment", str(recruitment_id), now=now)
    if of_address > settings.APPLY_MOST_PER_ADDRESS:
        raise DomainError(
            "too_many",
            gettext_lazy(
                "Too many applications came from this network within an hour. Try again later, or"
                " with mobile data instead of Wi-Fi."
            ),
            status=429,
        )
    return (
        of_address > settings.APPLY_PER_ADDRESS or of_recruitment > settings.APPLY_PER_RECRUITMENT
    )


# -- the stamp of the form -----------------------------------------------------


def new_stamp() -> str:
    return signing.dumps(uuid.uuid4().hex, salt=STAMP)


def read_stamp(text: str) -> Stamp:
    try:
        key = signing.loads(text, salt=STAMP)
        made = signing.b62_decode(text.rsplit(":", 2)[1])
    except (signing.BadSignature, ValueError, IndexError):
        return Stamp()
    return Stamp(uuid.UUID(key), dt.datetime.fromtimestamp(made, tz=dt.UTC))


# -- the question --------------------------------------------------------------


def new_question() -> Question:
    one, other = 1 + secrets.randbelow(9), 1 + secrets.randbelow(9)
    token = signing.dumps([secrets.token_hex(8), _digest(one + other)], salt=QUESTION)
    text = _("How much is %(one)s plus %(other)s? Answer with a number.") % {
        "one": WORDS[one - 1],
        "other": WORDS[other - 1],
    }
    return Question(text, token)


def answered(token: str, answer: str, *, now: dt.datetime | None = None) -> bool:
    """Whether this is the answer. Each question can be tried once."""
    try:
        nonce, digest = signing.loads(token, salt=QUESTION, max_age=ANSWER_WITHIN)
    except (signing.BadSignature, ValueError):
        return False
    if count("question", nonce, now=now or timezone.now()) > 1:
        return False
    digits = unicodedata.normalize("NFKC", answer).strip()
    return (
        digits.isascii()
        and digits.isdigit()
        and constant_time_compare(_digest(int(digits)), digest)
    )


def _digest(number: int) -> str:
    return salted_hmac(QUESTION, str(number), algorithm="sha256").hexdigest()[:32]
