"""Imports as they went; the wizard is where they are worked on."""

from django.contrib import admin

from accounts.admin_base import Looking
from integrations.models import ImportBatch, ImportIssue, ImportMapping


@admin.register(ImportBatch)
class ImportBatchAdmin(Looking):
    list_display = (
        "original_name",
        "format",
        "source",
        "brand",
        "state",
        "size",
        "created_by",
        "created_at",
        "ended_at",
    )
    list_select_related = ("brand", "created_by")
    list_filter = ("state", "format")
    search_fields = ("=sha256", "original_name")


@admin.register(ImportIssue)
class ImportIssueAdmin(Looking):
    list_display = ("batch", "line", "outcome", "group", "resolved_by", "resolved_at")
    list_select_related = ("batch", "resolved_by")
    list_filter = ("outcome",)


@admin.register(ImportMapping)
class ImportMappingAdmin(Looking):
    list_display = ("format", "source", "brand", "updated_by", "updated_at")
    list_select_related = ("brand", "updated_by")
