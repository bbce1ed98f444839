"""What every filtered list shares: filters in the address, their chips, sorting, one page of rows.

A list has one `ListFilter` class, used by its page and its API. The address is the state: filters,
``sort``, ``columns`` and ``cursor`` are query parameters and nothing else is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import ChoiceField
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext

from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import Page, keyset_page
from kosops.ui.parts import Chip, Text

# Counting goes no further than this: a count of a million rows costs more than the page.
COUNT_LIMIT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListColumn:
    """A column of a list. ``sort`` is one of the filter's sorts, ``define`` a registered definition;
    ``usual`` ones are shown until the person chooses others.
    """

    code: str
    label: Text
    define: str = ""
    numeric: bool = False
    sort: str = ""
    usual: bool = True


class ListFilter(django_filters.FilterSet):
    """Filters of one list. ``sorts`` names the ways to sort it; all their fields are NOT NULL.

    ``columns`` are those that its table can show; the first names the row and always stands.

    Values that mean nothing are refused as a whole: `problems` says which, and `rows` is empty,
    so that nobody takes an unfiltered list for a filtered one.
    """

    sorts: ClassVar[Mapping[str, str]] = {}
    default_sort: ClassVar[str] = ""
    columns: ClassVar[Sequence[ListColumn]] = ()

    @property
    def order(self) -> tuple[str, bool]:
        """(field, descending) of the order asked for, the usual one if that is unknown."""
        wanted = str(self.data.get("sort") or self.default_sort)
        if wanted.removeprefix("-") not in self.sorts:
            wanted = self.default_sort
        return self.sorts[wanted.removeprefix("-")], wanted.startswith("-")

    @property
    def problems(self) -> list[str]:
        """What is wrong with the values in the address, in words."""
        found = [
            self._problem(name, error)
            for name, errors in self.form.errors.as_data().items()
            for error in errors
        ]
        sort = str(self.data.get("sort") or "")
        if sort and sort.removeprefix("-") not in self.sorts:
            found.append(
                gettext("The list cannot be sorted by “%(value)s”.") % {"value": sort[:40]}
            )
        known = {column.code for column in self.columns}
        found += [
            gettext("The list has no column “%(value)s”.") % {"value": code[:40]}
            for code in self._columns_asked
            if code not in known
        ]
        return found

    def _problem(self, name: str, error: ValidationError) -> str:
        label = self.form.fields[name].label or name
        if error.code == "invalid_choice":
            value = str(self.data.get(name, ""))[:40]
            return gettext("%(label)s: “%(value)s” is not known here.") % {
                "label": label,
                "value": value,
            }
        return gettext("%(label)s: %(error)s") % {"label": label, "error": error.messages[0]}

    def rows(self) -> QuerySet[Any]:
        """The rows that pass, none while a value is wrong."""
        return self.queryset.none() if self.problems else self.qs

    def page(self, rows: QuerySet[Any] | None = None) -> Page:
        """One page of ``rows`` (by default of all that pass), in the order asked for."""
        if self.problems:
            return Page(rows=[], next=None, previous=None)
        field, descending = self.order
        return keyset_page(
            self.rows() if rows is None else rows,
            field=field,
            descending=descending,
            cursor=str(self.data.get("cursor") or ""),
        )

    def batches(self, rows: QuerySet[Any], size: int) -> Iterator[list[Any]]:
        """All of ``rows`` in the order asked for, ``size`` at a time and each batch by itself."""
        field, descending = self.order
        cursor: str | None = ""
        while cursor is not None:
            page = keyset_page(rows, field=field, descending=descending, cursor=cursor, size=size)
            yield page.rows
            cursor = page.next

    @property
    def _columns_asked(self) -> list[str]:
        values = self.data.getlist("columns") if isinstance(self.data, QueryDict) else []
        return [code for code in values if code]

    @cached_property
    def shown_columns(self) -> dict[str, ListColumn]:
        """The columns of the table by their codes: those asked for, else the usual ones."""
        asked = set(self._columns_asked)
        return {
            column.code: column
            for place, column in enumerate(self.columns)
            if place == 0 or (column.code in asked if asked else column.usual)
        }

    @cached_property
    def column_labels(self) -> dict[str, str]:
        """What the columns are called, translated once for all rows."""
        return {code: str(column.label) for code, column in self.shown_columns.items()}

    @property
    def column_choices(self) -> list[tuple[ListColumn, bool]]:
        """Every column that can be left away, and whether it is shown."""
        return [(column, column.code in self.shown_columns) for column in self.columns[1:]]

    @property
    def usual_columns(self) -> bool:
        """Whether the table shows what it shows to everybody at first."""
        return self.shown_columns.keys() == {
            column.code for place, column in enumerate(self.columns) if place == 0 or column.usual
        }

    @property
    def active(self) -> dict[str, Any]:
        """The filters that are set, with their values."""
        values = getattr(self.form, "cleaned_data", {}) if self.form.is_valid() else {}
        return {name: value for name, value in values.items() if value not in (None, "", False, [])}

    def chips(self) -> list[Chip]:
        """One removable chip for each filter that is set."""
        return [
            Chip(label=self.describe(name, value), href=self.address_without(name))
            for name, value in self.active.items()
        ]

    def describe(self, name: str, value: Any) -> str:
        """A filter and its value as the person reads it."""
        field = self.form.fields[name]
        label = str(field.label or name)
        if value is True:
            return label
        shown = value
        if isinstance(field, ChoiceField) and not isinstance(value, Model):
            choices: Any = field.choices
            shown = dict(choices).get(value, value)
        return gettext("%(label)s: %(value)s") % {"label": label, "value": shown}

    def address_without(self, *names: str) -> str:
        """This list without these filters, on its first page."""
        return address(self.data, **dict.fromkeys((*names, "cursor"), None))


def address(query: Mapping[str, Any], **changes: Any) -> str:
    """``?…`` with these parameters changed (None takes one away); empty ones are left out."""
    changed = QueryDict(mutable=True)
    for name in query:
        values = query.getlist(name) if isinstance(query, QueryDict) else [query[name]]
        changed.setlist(name, [value for value in values if value != ""])
    for name, value in changes.items():
        changed.pop(name, None)
        if value not in (None, ""):
            changed[name] = str(value)
    return f"?{changed.urlencode()}"


def count_up_to(rows: QuerySet[Any], limit: int = COUNT_LIMIT) -> int:
    """How many rows there are, counting no further than ``limit`` + 1."""
    return rows.order_by()[: limit + 1].count()


def list_response(
    request: HttpRequest,
    found: ListFilter,
    context: dict[str, Any],
    *,
    template: str,
    fragment: str,
    peek: str = "",
) -> HttpResponse:
    """The page or fragment of a list; 422 and the reasons when a value in the address is wrong.

    ``count`` in the context is a function that counts the rows.
    """
    chips = found.chips()
    if "count" in context:
        # Asked for by several parts of the page, and not at all where there is nothing.
        context["count"] = cache(context["count"])
    context |= {
        "filter": found,
        "problems": found.problems,
        "chips": chips,
        "clear": request.path if chips or found.problems else "",
        "count_limit": COUNT_LIMIT,
    }
    response = page_or_fragment(
        request,
        template,
        context,
        fragment=fragment,
        peek=peek,
        status=422 if found.problems else 200,
    )
    if getattr(request, "htmx", None):
        # A form sends its empty fields and the usual columns too; the address leaves them out.
        usual = {"columns": None} if found.usual_columns else {}
        response["HX-Push-Url"] = request.path + address(request.GET, **usual).removesuffix("?")
    return response
