"""Imports of files: the file with its progress, its rows that need a person, and kept mappings."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Job, Person, Unit, scoped_by
from integrations.choices import ImportState, Outcome


class ImportBatch(models.Model):
    """One uploaded file on its way into the product. See docs/imports.md for the states.

    ``cursor`` is the last row that was dealt with; it is saved in the transaction of that row's
    chunk, so a job that was killed goes on behind it.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    format = models.CharField(max_length=40)
    # Which system the file comes from; part of the natural key of orders, and of kept mappings.
    source = models.CharField(max_length=40)
    file = models.FileField(max_length=200)
    original_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    state = models.CharField(
        max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED
    )
    # Kind, encoding, sheets, header row, column names and the first rows of the file.
    preview = models.JSONField(default=dict)
    # Column of the format -> column of the file.
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    checked_counts = models.JSONField(default=dict)
    cursor = models.BigIntegerField(default=0)
    error = models.JSONField(null=True, blank=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.UniqueConstraint(
                "brand",
                "format",
                "sha256",
                condition=~Q(state=ImportState.CANCELLED),
                name="import_of_a_file_once",
            )
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="import_latest")]

    def __str__(self) -> str:
        return self.original_name

    @property
    def is_running(self) -> bool:
        return self.state in (ImportState.CHECKING, ImportState.APPLYING)


class ImportMapping(models.Model):
    """Which column of a source's files means what, as a person chose it last."""

    brand = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    format = models.CharField(max_length=40)
    source = models.CharField(max_length=40)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    updated_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("kept column mapping")
        verbose_name_plural = _("kept column mappings")
        constraints = [
            models.UniqueConstraint("brand", "format", "source", name="import_mapping_once")
        ]

    def __str__(self) -> str:
        return f"{self.format} · {self.source}"


class ImportIssue(models.Model):
    """A row that needs a person: it has faults, or could mean several things.

    ``raw`` keeps the row by the file's column names, ``correction`` what a person typed instead,
    ``choice`` which candidate they took. ``outcome`` becomes the row's new outcome once it is
    settled. Rows with the same ``group`` are settled together.
    """

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="issues")
    line = models.BigIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    # [{column, code, params}] of a faulty row.
    faults = models.JSONField(default=list)
    # [{value, label}] of an ambiguous one.
    candidates = models.JSONField(default=list)
    raw = models.JSONField(default=dict)
    group = models.CharField(max_length=120, blank=True)
    correction = models.JSONField(default=dict)
    choice = models.CharField(max_length=80, blank=True)
    resolved_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("batch__brand").as_manager()

    class Meta:
        verbose_name = _("row to settle")
        verbose_name_plural = _("rows to settle")
        constraints = [models.UniqueConstraint("batch", "line", name="import_issue_once")]
        indexes = [
            models.Index(fields=["batch", "outcome", "line"], name="import_issue_of_batch"),
            models.Index(
                fields=["batch", "group"], condition=~Q(group=""), name="import_issue_group"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line}"
