"""What creators ask headquarters and their store managers for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import scoped_by
from matrix.choices import HelpKind, HelpState
from matrix.models.people import Creator


class HelpRequest(models.Model):
    """A creator's request for help with its one answer; who has more to ask asks again.

    ``answer`` is what the creator reads: the answer, or why the request was closed without one.
    """

    creator = models.ForeignKey(Creator, models.PROTECT, related_name="help_requests")
    kind = models.CharField(max_length=10, choices=HelpKind.choices)
    text = models.TextField()
    link = models.URLField(max_length=300, blank=True)
    state = models.CharField(max_length=8, choices=HelpState.choices, default=HelpState.WAITING)
    asked_at = models.DateTimeField()
    # Of the form that was sent: a form that is sent twice is one request.
    client_key = models.UUIDField()
    handed_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("request for help")
        verbose_name_plural = _("requests for help")
        constraints = [
            models.UniqueConstraint("creator", "client_key", name="help_request_form_once"),
            models.CheckConstraint(
                condition=Q(state=HelpState.WAITING, answer="", answered_at=None)
                | (
                    Q(state__in=[HelpState.ANSWERED, HelpState.CLOSED], answered_at__isnull=False)
                    & ~Q(answer="")
                ),
                name="help_request_answered_with_words",
            ),
        ]
        indexes = [
            models.Index(fields=["creator", "asked_at", "id"], name="help_request_of_creator"),
            models.Index(
                fields=["asked_at"],
                condition=Q(state=HelpState.WAITING),
                name="help_request_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.creator}"

    @property
    def waits(self) -> bool:
        return self.state == HelpState.WAITING
