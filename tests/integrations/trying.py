"""A format of the simplest kind to try the importer with, and small files."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from accounts.choices import UnitKind
from accounts.models import Unit
from accounts.units import add_unit
from integrations import formats
from integrations.choices import Outcome
from integrations.formats import Choice, Column, ImportFormat, Option


class RegionList(ImportFormat):
    """Regions by code; a name that two regions have already must be decided by a person."""

    code = "test_regions"
    label = "Regions"
    columns = (
        Column("code", "Region code", formats.as_id, aliases=("大区编码",)),
        Column("name", "Name", formats.as_text(40), required=True, aliases=("名称", "大区")),
        Column("stores", "Stores", formats.as_count, aliases=("门店数",)),
        Column("since", "Since", formats.as_day, aliases=("日期",)),
    )
    options = (
        Option(
            "kind",
            "Kind of regions",
            choices=lambda _brand: [Choice("sales", "Sales"), Choice("service", "Service")],
            default="sales",
        ),
    )
    words = {"closed_region": "The region %(code)s is closed.", "test": "Rows for trying"}

    calls = 0

    def __init__(self, run):
        super().__init__(run)
        self.first_lines = {}

    def resolve(self, records):
        known = Unit.objects.filter(brand=self.run.brand, kind=UnitKind.REGION)
        by_code = {unit.code: unit for unit in known}
        for record in records:
            self._resolve(record, by_code)

    def _resolve(self, record, by_code):
        code, name = record.values["code"], record.values["name"]
        if code is None:
            same = [unit for unit in by_code.values() if unit.name == name]
            if record.choice in by_code:
                record.values["code"] = code = record.choice
            elif same:
                record.ask(Choice(unit.code, f"{unit.name} ({unit.code})") for unit in same)
                return
            else:
                record.refuse("required", "code")
                return
        unit = by_code.get(code)
        first = self.first_lines.setdefault(code, record.line)
        if name == "TEST":
            record.skip("test")
        elif first != record.line:
            record.refuse("repeated_row", "code", first=first)
        elif unit is None:
            record.outcome = Outcome.NEW
        elif not unit.active:
            record.refuse("closed_region", "code", code=code)
        else:
            record.target = unit
            changed = unit.name != name
            record.outcome = Outcome.CHANGED if changed else Outcome.UNCHANGED

    def write(self, records):
        type(self).calls += 1
        for record in records:
            if record.outcome == Outcome.NEW:
                add_unit(
                    by=self.run.by,
                    kind=UnitKind.REGION,
                    code=record.values["code"],
                    name=record.values["name"],
                    parent=self.run.brand,
                )
            else:
                Unit.objects.filter(pk=record.target.pk).update(name=record.values["name"])


def csv_file(text: str, name: str = "regions.csv", encoding: str = "utf-8") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(encoding), "text/csv")


def xlsx_file(*rows, name: str = "regions.xlsx") -> SimpleUploadedFile:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return SimpleUploadedFile(name, content.getvalue())
