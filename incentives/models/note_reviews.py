"""What a person said about the figures of a note that rose at once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import scoped_by
from content.models import Post


class NoteReview(models.Model):
    """Whether a note counts in contests, for what was known at ``at``; the latest holds. Append-only."""

    post = models.ForeignKey(Post, models.PROTECT, related_name="contest_reviews")
    counts = models.BooleanField()
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = scoped_by("post__store").as_manager()

    class Meta:
        verbose_name = _("look at a note")
        verbose_name_plural = _("looks at notes")
        constraints = [
            models.CheckConstraint(
                condition=Q(counts=True) | ~Q(reason=""), name="note_review_out_with_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.post} {self.at:%Y-%m-%d}"
