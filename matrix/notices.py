"""What applicants are told: each decision in the language in which they applied.

The text stands on their status page at once. Where they gave an e-mail and the installation sends
mail, it goes out by `tasks.mail_notices`; all of it can be had as a file for the SCRM.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts import activity
from accounts.models import Person
from kosops.lib import queue
from kosops.lib.secrets import decrypt
from kosops.ui import formats
from matrix.models import Application, Notice, Recruitment
from matrix.recruiting_choices import MailState, NoticeKind, Reason

TASK = "matrix.tasks.mail_notices"
BATCH = 50


def mail_works() -> bool:
    """Whether mail leaves the machine, rather than standing in the log."""
    return not settings.EMAIL_BACKEND.endswith(("console.EmailBackend", "dummy.EmailBackend"))


def status_path(application: Application) -> str:
    """The applicant's private address; whoever knows it sees the state of the application."""
    return reverse("matrix:apply_status", args=[decrypt(application.status_token)])


def tell(
    *,
    by: Person | None,
    applications: Iterable[Application],
    kind: str,
    at: dt.datetime,
    words: Callable[[Application], str] | None = None,
) -> int:
    """Write the notice of a decision to each of them, inside the transaction of the decision.

    ``applications`` come with their recruitment. ``words`` makes the text where it differs from the
    usual one; it is called in the language of the application.
    """
    mails = mail_works()
    rows = []
    for application in applications:
        with translation.override(application.language):
            text = (words or _WORDS[NoticeKind(kind)])(application)
        mail = MailState.DUE if mails and application.email else MailState.NONE
        rows.append(Notice(application=application, kind=kind, text=text, at=at, by=by, mail=mail))
    Notice.objects.bulk_create(rows, batch_size=1000)
    if any(row.mail for row in rows):
        queue.after_commit(TASK)
    return len(rows)


def told(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Those to whom a notice went out: by e-mail, or in a file that somebody took."""
    out = Notice.objects.filter(application=OuterRef("pk")).filter(
        Q(mail=MailState.SENT) | Q(exported_at__isnull=False)
    )
    return applications.filter(Exists(out))


def with_notice(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Those to whom something was said, on their page at least."""
    return applications.filter(Exists(Notice.objects.filter(application=OuterRef("pk"))))


def not_exported(applications: QuerySet[Application]) -> QuerySet[Notice]:
    """Notices that no file and no e-mail has taken out yet, the oldest first."""
    return (
        Notice.objects.filter(application__in=applications.values("pk"), exported_at=None)
        .exclude(mail=MailState.SENT)
        .order_by("pk")
    )


# -- as a file -----------------------------------------------------------------


@transaction.atomic
def take_file(
    *,
    by: Person,
    recruitment: Recruitment,
    applications: QuerySet[Application],
    full_phones: bool,
    origin: str,
    most: int,
) -> tuple[list[list[str]], int]:
    """Rows for the SCRM that sends them, headings first, and how many notices they hold.

    Whoever is in the file counts as told. ``origin`` stands before the path of each link. The log
    says who took it, and whether with whole phone numbers.
    """
    rows = list(
        not_exported(applications)
        .select_for_update(of=("self",))
        .select_related("application")[:most]
    )
    table = [[pgettext("person", "Name"), _("Phone"), _("Notice"), _("Text"), _("Link")]]
    for row in rows:
        application = row.application
        phone = decrypt(application.phone) if full_phones else f"•••{application.phone_last4}"
        table.append(
            [
                application.name,
                phone,
                str(row.get_kind_display()),
                row.text,
                origin + status_path(application),
            ]
        )
    Notice.objects.filter(pk__in=[row.pk for row in rows]).update(exported_at=timezone.now())
    if rows:
        activity.record(
            by=by,
            verb="notices.exported",
            object=recruitment,
            unit=recruitment.unit,
            after={"rows": len(rows), "full_phones": full_phones},
        )
    return table, len(rows)


# -- e-mail --------------------------------------------------------------------


def mail_due() -> int:
    """Send what is due, one transaction each; what cannot be sent is marked and stays for the file."""
    sent = 0
    while batch := _due():
        sent += sum(map(_mail, batch))
    return sent


def _due() -> list[int]:
    rows = Notice.objects.filter(mail=MailState.DUE).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:BATCH])


def _mail(pk: int) -> bool:
    with transaction.atomic():
        notice = (
            Notice.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("application__recruitment")
            .filter(pk=pk, mail=MailState.DUE)
            .first()
        )
        if notice is None:
            return False
        # Marked before it goes: a worker that dies must not write to somebody twice.
        notice.mail, notice.mailed_at = MailState.SENT, timezone.now()
        notice.save(update_fields=["mail", "mailed_at"])
    try:
        _send(notice)
    except OSError:
        Notice.objects.filter(pk=pk).update(mail=MailState.FAILED, mailed_at=None)
        return False
    return True


def _send(notice: Notice) -> None:
    application = notice.application
    with translation.override(application.language):
        subject = _("Your application: %(name)s") % {"name": application.recruitment.name}
        lines = [notice.text]
        if settings.SITE_URL:
            where = settings.SITE_URL.rstrip("/") + status_path(application)
            lines += ["", _("Where your application stands: %(address)s") % {"address": where}]
    # SMTPException is an OSError.
    send_mail(subject, "\n".join(lines), None, [decrypt(application.email or b"")])


# -- the words -----------------------------------------------------------------


def reason_words(reason: str) -> str:
    """Why, as the applicant reads it."""
    return {
        Reason.PLACES: _("There were more applications than places."),
        Reason.INCOMPLETE: _("Some details that we need are missing."),
        Reason.ACCOUNT: _("We could not open the account that you named, or it is not yours."),
        Reason.TWICE: _("You already take part, or have applied a second time."),
        Reason.CRITERIA: _("Others fitted this task better."),
        Reason.TRIAL: _("The note of the trial did not arrive in time."),
        Reason.OTHER: "",
    }[Reason(reason)]


def _invited(application: Application) -> str:
    what = application.recruitment.product
    hello = _("You are invited to “%(name)s”.") % {"name": application.recruitment.name}
    if not what:
        return f"{hello} " + _("Your page says what to do and until when.")
    return f"{hello} " + _("Tell us on your page where we may send %(product)s.") % {
        "product": what
    }


def _declined(application: Application) -> str:
    parts = [
        _("We cannot take you in for “%(name)s” this time.")
        % {"name": application.recruitment.name},
        reason_words(application.reason),
        application.reason_text,
    ]
    if days := application.recruitment.reapply_days:
        day = timezone.localdate(application.stage_since) + dt.timedelta(days=days)
        parts.append(
            _("You can apply again from %(day)s on.")
            % {"day": formats.day(day, translation.get_language())}
        )
    return " ".join(filter(None, parts))


def _sent(application: Application) -> str:
    trial = application.trial
    return _(
        "%(product)s is on its way: %(carrier)s %(parcel)s. Tell us on your page when it has arrived."
    ) % {
        "product": application.recruitment.product,
        "carrier": trial.carrier,
        "parcel": trial.parcel,
    }


def _extended(application: Application) -> str:
    return _("You have more time: your note is due on %(day)s.") % {"day": _due_day(application)}


def _reminder(application: Application) -> str:
    return _("Your note is due on %(day)s. Add its link on your page.") % {
        "day": _due_day(application)
    }


def _due_day(application: Any) -> str:
    return formats.day(application.trial.due_on, translation.get_language())


def _failed(application: Application) -> str:
    return _declined(application)


def _welcome(application: Application) -> str:
    return _("Welcome to the programme. Headquarters will contact you with your first task.")


def _taken_back(application: Application) -> str:
    return _("We have taken our last decision back and look at your application once more.")


_WORDS: dict[NoticeKind, Callable[[Any], str]] = {
    NoticeKind.INVITED: _invited,
    NoticeKind.DECLINED: _declined,
    NoticeKind.SENT: _sent,
    NoticeKind.EXTENDED: _extended,
    NoticeKind.REMINDER: _reminder,
    NoticeKind.FAILED: _failed,
    NoticeKind.WELCOME: _welcome,
    NoticeKind.TAKEN_BACK: _taken_back,
}


def next_step(application: Application) -> str:
    """What happens next, as the applicant reads it, by the stage alone."""
    return {
        "applied": _("Somebody reads your application. You need not do anything."),
        "screening": _("We look at it more closely. You need not do anything."),
        "trial": _("You take part in the trial. Below is what to do next."),
        "active": _("You take part in the programme."),
        "declined": _("Nothing more happens with this application."),
        "withdrawn": pgettext("application", "You have withdrawn it. Nothing more happens."),
    }[application.stage]
