"""What the admin of every app shares: look without touching, and a row of the log per change."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest

from accounts import activity
from accounts.models import Unit


class EstimatePaginator(Paginator):
    """Takes the planner's estimate for an unfiltered list: counting a million rows costs a second."""

    @cached_property
    def count(self) -> int:
        query = self.object_list.query  # type: ignore[union-attr]
        if not query.where and not query.distinct:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
                    [query.get_meta().db_table],
                )
                (estimate,) = cursor.fetchone()
            if estimate > 10_000:
                return int(estimate)
        return int(super().count)


class BigTable(admin.ModelAdmin):
    """Lists that stay quick: no count of everything, no select of ten thousand names."""

    paginator = EstimatePaginator
    show_full_result_count = False
    list_per_page = 50
    ordering = ("-pk",)


class Looking(BigTable):
    """Strictly read-only, for superusers too: money, facts and the log are never edited by hand."""

    actions = None

    def has_add_permission(self, request: HttpRequest, *_more: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LookingInline(admin.TabularInline):
    """Rows of another table shown on a page, as read-only as `Looking`."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, *_more: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Repairing(BigTable):
    """Changes by a superuser, each with a row of the activity log. Nothing is deleted here.

    The row names the fields and not their values, which may be personal.
    """

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and not form.changed_data:
            return
        self.record(request, obj, "changed" if change else "added", form.changed_data)

    def record(self, request: HttpRequest, obj: Model, done: str, fields: list[str]) -> None:
        activity.record(
            by=request.user,  # type: ignore[arg-type]
            verb=f"{obj._meta.model_name}.{done}",
            object=obj,
            unit=self.unit_of(obj),
            after={"fields": sorted(fields)},
        )

    def unit_of(self, obj: Any) -> Unit | None:
        """The unit that the change is filed under."""
        for name in ("unit", "store", "brand"):
            unit = getattr(obj, name, None)
            if isinstance(unit, Unit):
                return unit
        return None
