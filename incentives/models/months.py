"""What a person's month as a whole adds to or takes from their lines: steps and monthly caps."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import scoped_by
from incentives.models.plans import PlanVersion
from incentives.models.runs import CommissionRun
from matrix.models import Creator


class MonthLine(models.Model):
    """What a run posted for a person's month by a plan version, beside the order lines.

    ``target`` is owed for the month now, ``amount`` = target - what was posted before. Lines of
    accrual runs name the version; those of release runs, for all versions together, do not.
    Append-only. The journals are those of source ``month:<run>``.
    """

    run = models.ForeignKey(CommissionRun, models.PROTECT, related_name="month_lines")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="month_lines")
    month = models.DateField(help_text=_("The first day of the month."))
    version = models.ForeignKey(
        PlanVersion, models.PROTECT, null=True, blank=True, related_name="+"
    )
    sequence = models.PositiveIntegerField()
    # What the order lines of the month gave, and the net sales they rest on.
    lines_amount = models.BigIntegerField(default=0)
    base = models.BigIntegerField(default=0)
    target = models.BigIntegerField()
    amount = models.BigIntegerField()

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("month line")
        verbose_name_plural = _("month lines")
        constraints = [
            models.UniqueConstraint(
                fields=["creator", "month", "version", "sequence"],
                nulls_distinct=False,
                name="month_line_once",
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="month_line_not_zero"),
            models.CheckConstraint(condition=Q(month__day=1), name="month_line_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.creator_id} {self.month:%Y-%m} {self.amount}"


class ChangedMonth(models.Model):
    """A person's month whose lines a run changed; the run works it out and deletes the row."""

    creator = models.ForeignKey(Creator, models.CASCADE, related_name="+")
    brand_id = models.BigIntegerField()
    month = models.DateField()

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("changed month")
        verbose_name_plural = _("changed months")
        constraints = [models.UniqueConstraint("creator", "month", name="changed_month_once")]

    def __str__(self) -> str:
        return f"{self.creator_id} {self.month:%Y-%m}"
