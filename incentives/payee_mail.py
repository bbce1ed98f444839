"""E-mails to payees: to the address of their sign-in, which a new account knows nothing of."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from incentives import payee_words
from incentives.models import PayeeNotice
from matrix.notices import mail_works

BATCH = 50


def mail_due() -> int:
    """Send what is due, one transaction each. Without an address or mail it stays on the phone page."""
    if not mail_works():
        return 0
    sent, last = 0, 0
    due = PayeeNotice.objects.filter(mailed_at=None, read_at=None).exclude(
        creator__person__email=""
    )
    due = due.filter(creator__person__isnull=False).order_by("pk")
    while batch := list(due.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        last = batch[-1]
        sent += sum(map(_mail, batch))
    return sent


def _mail(pk: int) -> bool:
    with transaction.atomic():
        notice = (
            PayeeNotice.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("creator__person")
            .filter(pk=pk, mailed_at=None)
            .first()
        )
        if notice is None:
            return False
        # Marked before it goes: a worker that dies must not write to somebody twice.
        notice.mailed_at = timezone.now()
        notice.save(update_fields=["mailed_at"])
    try:
        _send(notice)
    except OSError:
        PayeeNotice.objects.filter(pk=pk).update(mailed_at=None)
        return False
    return True


def _send(notice: PayeeNotice) -> None:
    person = notice.creator.person
    if person is None:
        return
    with translation.override(person.language or settings.LANGUAGE_CODE):
        lines = [payee_words.notice(notice)]
        if settings.SITE_URL:
            lines += ["", settings.SITE_URL.rstrip("/") + reverse("mobile:payee")]
        subject = _("About your payouts")
    send_mail(subject, "\n".join(lines), None, [person.email])
