"""Import format of the members of communities."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.choices import Outcome
from integrations.formats import (
    Choice,
    Column,
    ImportFormat,
    ImportRun,
    Record,
    as_choice,
    as_day,
    as_id,
    as_text,
    register,
)
from matrix import communities
from matrix.figures import CURRENT
from matrix.import_words import CREATOR_KINDS, NUMBER, WORDS, Repeated, padded, refuse_unknown
from matrix.models import CommunityMember, Creator


class MemberList(ImportFormat):
    code = "community_members"
    label = _("Members of communities")
    help = _("One row per person and community. The communities are opened here first.")
    result_url = "matrix:communities"
    words = WORDS | {
        "unknown_community": _("There is no open community called “%(name)s”."),
        "not_of_the_unit": _("%(name)s does not belong to the part that the community is for."),
        "not_in_programme": _("%(name)s is not in the programme today."),
    }
    columns = (
        Column("community", _("Community"), as_text(60), required=True,
               aliases=("社群", "社群名称", "群名", "群名称", "group")),
        Column("number", _("Number of the creator"), as_id, required=True, aliases=NUMBER),
        Column("creator_kind", _("KOS or KOC"), as_choice(CREATOR_KINDS),
               aliases=("身份", "人员类型", "类型")),
        Column("since", _("In it since"), as_day, aliases=("入群时间", "入群日期", "加入时间")),
    )  # fmt: skip

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._repeated = Repeated()

    def resolve(self, records: list[Record]) -> None:
        brand = self.run.brand
        self._communities = communities.brand_communities(
            brand, {record.values["community"] for record in records}
        )
        self._creators: dict[str, list[Creator]] = {}
        numbers = {record.values["number"] for record in records}
        rows = Creator.objects.filter(brand=brand, number__in=numbers).select_related("store")
        for creator in rows:
            self._creators.setdefault(creator.number, []).append(creator)
        self._padded = padded(Creator.objects.filter(brand=brand), "number", numbers)
        inside = communities.open_members().filter(
            community__in=[each.pk for each in self._communities.values()],
            creator__number__in=numbers,
        )
        self._inside = set(inside.values_list("community_id", "creator_id"))
        for record in records:
            self._resolve(record)

    def _resolve(self, record: Record) -> None:
        values = record.values
        community = self._communities.get(values["community"])
        if community is None:
            record.refuse("unknown_community", "community", name=values["community"])
            return
        creator = self._creator(record)
        if creator is None or self._repeated.refuses(record, (community.pk, creator.pk)):
            return
        if not creator.store.path.startswith(community.unit.path):
            record.refuse("not_of_the_unit", "number", name=creator.name)
        elif creator.state not in CURRENT:
            record.refuse("not_in_programme", "number", name=creator.name)
        elif (community.pk, creator.pk) in self._inside:
            record.outcome = Outcome.UNCHANGED
        else:
            record.target = (community, creator)
            record.outcome = Outcome.NEW

    def _creator(self, record: Record) -> Creator | None:
        number, kind = record.values["number"], record.values["creator_kind"]
        found = [one for one in self._creators.get(number, []) if kind in (None, one.kind)]
        chosen = [one for one in found if record.choice == f"creator-{one.pk}"]
        if not found:
            refuse_unknown(
                record,
                "number",
                number,
                self._padded.values(),
                "unknown_creator",
                number=number,
            )
            return None
        if len(chosen or found) > 1:
            record.ask(
                Choice(f"creator-{one.pk}", f"{one.name} ({one.get_kind_display()} {one.number})")
                for one in found
            )
            return None
        return (chosen or found)[0]

    def write(self, records: list[Record]) -> None:
        today = timezone.localdate(self.run.at)
        rows: list[Any] = []
        for record in records:
            community, creator = record.target
            since = record.values["since"] or today
            rows.append(CommunityMember(community=community, creator=creator, since=since))
        CommunityMember.objects.bulk_create(rows)


def register_formats() -> None:
    register(MemberList)
