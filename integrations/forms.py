"""Input of the import wizard. What a command may refuse is left to the command."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Unit
from integrations.formats import Column, ImportFormat, Option
from integrations.importing import kind_of, questions_of
from integrations.models import ImportBatch

LEAVE_OUT = ""


class NewImportForm(forms.Form):
    brand = forms.ModelChoiceField(label=_("Brand"), queryset=Unit.objects.none())
    format = forms.ChoiceField(label=_("What is in the file"))
    source = forms.CharField(
        label=_("Where it comes from"),
        max_length=40,
        help_text=_(
            "A short name of the system, such as youzan-main. Your choice of columns is kept for it."
        ),
    )
    file = forms.FileField(label=_("Choose a file or drop it here"))

    def __init__(
        self, *args: Any, brands: list[Unit], formats: Iterable[type[ImportFormat]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["brand"]
        field.queryset = Unit.objects.filter(pk__in=[brand.pk for brand in brands])
        if len(brands) == 1:
            field.initial = brands[0].pk
            field.widget = forms.HiddenInput()
        kinds: Any = self.fields["format"]
        kinds.choices = [("", _("Choose")), *((kind.code, kind.label) for kind in formats)]
        self.fields["source"].widget.attrs |= {"list": "sources", "autocomplete": "off"}


@dataclass(frozen=True)
class MappedColumn:
    """A column that is wanted, the field that chooses it, and what the file has there."""

    column: Column
    field: BoundField
    sample: str


@dataclass(frozen=True)
class Question:
    """An option with its fields; ``find`` is the search field of a lookup."""

    option: Option
    field: BoundField
    find: BoundField | None = None


class OpenField(forms.CharField):
    """An answer in text. Whether one that is needed was given is judged by form and command."""

    def validate(self, value: Any) -> None:
        """Nothing to say about an empty one."""


class AnswerField(forms.ChoiceField):
    """An answer to choose; an empty one is judged by form and command."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class MappingForm(forms.Form):
    """Which column means what, and the answers to the format's questions."""

    use_required_attribute = False

    def __init__(
        self, data: Any = None, *, batch: ImportBatch, person: Person, searching: bool = False
    ) -> None:
        super().__init__(data)
        self.batch, self.person, self._searching = batch, person, searching
        self._options = questions_of(batch)
        names = [(name, name) for name in batch.preview["names"]]
        for column in kind_of(batch).columns:
            self.fields[f"column_{column.name}"] = forms.ChoiceField(
                label=str(column.label),
                required=False,
                choices=[(LEAVE_OUT, _("Leave out")), *names],
                initial=batch.mapping.get(column.name, LEAVE_OUT),
            )
        for option in self._options:
            self._add_option(option)

    def _add_option(self, option: Option) -> None:
        name, initial = f"option_{option.name}", self.batch.options.get(option.name, option.default)
        common: dict[str, Any] = {
            "label": option.label,
            "required": option.required,
            "help_text": option.help,
        }
        if option.kind == "choice":
            assert option.choices is not None  # noqa: S101
            choices = [(one.value, one.label) for one in option.choices(self.batch.brand)]
            self.fields[name] = AnswerField(choices=choices, initial=initial, **common)
        elif option.kind == "day":
            self.fields[name] = OpenField(initial=initial, max_length=10, **common)
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})
        elif option.kind == "moment":
            self.fields[name] = OpenField(initial=initial, max_length=40, **common)
            self.fields[name].widget.attrs["placeholder"] = "2026-11-21 18:30"
        else:
            self.fields[f"find_{option.name}"] = OpenField(max_length=80, **common)
            self.fields[name] = AnswerField(
                label=_("Found"),
                required=option.required,
                initial=initial,
                widget=forms.RadioSelect,
                choices=self._found(option),
            )

    def _found(self, option: Option) -> list[tuple[str, Any]]:
        """The answers of a lookup to show: the one that is chosen, and those that are found."""
        assert option.find is not None and option.named is not None  # noqa: S101
        data = self.data if self.is_bound else {}
        chosen = data.get(f"option_{option.name}") or self.batch.options.get(option.name, "")
        current = option.named(self.batch.brand, self.person, chosen) if chosen else None
        text = (data.get(f"find_{option.name}") or "").strip()
        found = list(option.find(self.batch.brand, self.person, text)) if text else []
        if current is not None and current not in found:
            found.insert(0, current)
        return [(one.value, one.label) for one in found]

    def clean(self) -> dict[str, Any]:
        """A search that finds one answer is an answer; one that finds several asks to choose."""
        cleaned = super().clean() or {}
        for option in self._options:
            name = f"option_{option.name}"
            if option.kind != "lookup" or cleaned.get(name):
                continue
            found = self.fields[name].choices  # type: ignore[attr-defined]
            if len(found) == 1 and cleaned.get(f"find_{option.name}"):
                cleaned[name] = found[0][0]
            elif found and not self._searching:
                self.add_error(name, _("Choose one of these."))
            elif found:
                continue
            elif cleaned.get(f"find_{option.name}"):
                self.add_error(f"find_{option.name}", _("Nothing was found by this."))
            elif option.required:
                self.add_error(f"find_{option.name}", _("Search and choose."))
        return cleaned

    def columns(self) -> list[MappedColumn]:
        rows = self.batch.preview["rows"]
        names = self.batch.preview["names"]
        found = []
        for column in kind_of(self.batch).columns:
            field = self[f"column_{column.name}"]
            chosen = field.value()
            place = names.index(chosen) if chosen in names else None
            values = dict.fromkeys(
                row["cells"][place]
                for row in rows
                if place is not None and place < len(row["cells"]) and row["cells"][place]
            )
            found.append(MappedColumn(column, field, " · ".join(list(values)[:3])))
        return found

    def questions(self) -> list[Question]:
        return [
            Question(
                option,
                self[f"option_{option.name}"],
                self[f"find_{option.name}"] if option.kind == "lookup" else None,
            )
            for option in self._options
        ]

    def mapping(self) -> dict[str, str]:
        return self._part("column_")

    def options(self) -> dict[str, str]:
        return self._part("option_")

    def _part(self, prefix: str) -> dict[str, str]:
        return {
            name.removeprefix(prefix): value
            for name, value in self.cleaned_data.items()
            if name.startswith(prefix) and value
        }

    def refuse(self, name: str, message: str) -> None:
        """Show a command's refusal at the field that it names."""
        for field in (f"column_{name}", f"find_{name}", f"option_{name}"):
            if field in self.fields:
                self.add_error(field, message)
                return
        self.add_error(None, message)
