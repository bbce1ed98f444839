"""Closed lists of rewards."""

from django.db import models
from django.utils.translation import pgettext_lazy


class RuleState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("reward rule", "Waiting for approval")
    APPROVED = "approved", pgettext_lazy("reward rule", "Approved")
    REJECTED = "rejected", pgettext_lazy("reward rule", "Rejected")


class Standing(models.TextChoices):
    """Where a reward stands (`rewards_rule.Reason`)."""

    PAYABLE = "payable", pgettext_lazy("reward", "Payable")
    WAITING = "waiting", pgettext_lazy("reward", "Held until the check")
    BELOW = "below", pgettext_lazy("reward", "Below the first step")
    UNKNOWN = "unknown", pgettext_lazy("reward", "Figures not in yet")
    HIDDEN = "hidden", pgettext_lazy("reward", "Held: hidden")
    IN_REVIEW = "in_review", pgettext_lazy("reward", "Held: in review")
    PROBLEM = "problem", pgettext_lazy("reward", "Held: review found a problem")
    REMOVED = "removed", pgettext_lazy("reward", "None: removed")
    STOPPED = "stopped", pgettext_lazy("reward", "Stopped by hand")
    FLAGGED = "flagged", pgettext_lazy("reward", "Held: figures to look at")
    CAP_PERSON = "cap_person", pgettext_lazy("reward", "Month is full")
    CAP_BUDGET = "cap_budget", pgettext_lazy("reward", "Budget is used up")


class LineKind(models.TextChoices):
    EARNED = "earned", pgettext_lazy("line of a reward", "Earned")
    RELEASED = "released", pgettext_lazy("line of a reward", "Made payable")


class BoostState(models.TextChoices):
    ASKED = "asked", pgettext_lazy("boost", "Asked for")
    APPROVED = "approved", pgettext_lazy("boost", "Approved")
    DECLINED = "declined", pgettext_lazy("boost", "Declined")
    SPENT = "spent", pgettext_lazy("boost", "Spent")
