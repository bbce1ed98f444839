"""Import formats of the organisation: stores with their regions, creators, social accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.choices import StoreKind, UnitKind
from accounts.models import Unit
from integrations.choices import Outcome
from integrations.formats import (
    Choice,
    Column,
    ImportFormat,
    ImportRun,
    Record,
    as_choice,
    as_day,
    as_text,
    register,
)
from integrations.sheets.text import name_key
from kosops.lib import sql
from matrix import handover, purchases, share_codes
from matrix.choices import PROOF_OF_KIND, CreatorKind, CreatorState
from matrix.code_rules import spelt
from matrix.import_accounts import AccountList
from matrix.import_words import (
    CODE,
    CREATOR_KINDS,
    CREATOR_STATES,
    DOMAINS,
    KOC_KINDS,
    NUMBER,
    PROGRAMMES,
    SHARE_CODE,
    STORE_CODE,
    STORE_KINDS,
    TALENT_TYPES,
    WORDS,
    YES_OR_NO,
    Repeated,
    padded,
    refuse_unknown_store,
    zeros_decided,
)
from matrix.models import Creator, SocialAccount
from matrix.registry import NEXT_STATES


class StoreList(ImportFormat):
    code = "stores"
    label = _("Stores and regions")
    help = _("One row per store. Regions that are not known yet are added.")
    result_url = "matrix:tree"
    words = WORDS
    columns = (
        Column("code", _("Store code"), CODE, required=True, aliases=STORE_CODE),
        Column(
            "name",
            _("Store name"),
            as_text(120),
            required=True,
            aliases=("门店名称", "门店", "店铺名称", "店名", "store_name"),
        ),
        Column(
            "kind", _("Kind of store"), as_choice(STORE_KINDS), aliases=("门店类型", "店铺类型")
        ),
        Column(
            "region_code",
            _("Region code"),
            CODE,
            aliases=("大区编码", "区域编码", "大区编号", "region_code"),
        ),
        Column(
            "region_name",
            _("Region name"),
            as_text(120),
            aliases=("大区", "区域", "大区名称", "区域名称", "region"),
        ),
        Column("city", _("City"), as_text(60), aliases=("城市", "所在城市")),
        Column("active", _("In business"), as_choice(YES_OR_NO), aliases=("营业状态", "是否营业")),
    )

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._repeated = Repeated()
        # Codes of the file by what they name: a code names a store or a region, never both.
        self._named: dict[str, str] = {}

    def resolve(self, records: list[Record]) -> None:
        brand = self.run.brand
        self._regions = list(Unit.objects.filter(brand=brand, kind=UnitKind.REGION))
        codes = {record.values["code"] for record in records}
        codes |= {record.values["region_code"] for record in records}
        self._padded = padded(Unit.objects.filter(brand=brand), "code", codes)
        codes |= set(self._padded.values())
        self._units = {unit.code: unit for unit in Unit.objects.filter(brand=brand, code__in=codes)}
        for record in records:
            self._resolve(record)

    def _resolve(self, record: Record) -> None:
        values = record.values
        if self._repeated.refuses(record, values["code"]):
            return
        unit = self._units.get(values["code"])
        if unit is None and values["code"] in self._padded:
            if not zeros_decided(record, "code", self._padded[values["code"]]):
                return
            unit = self._units.get(values["code"])
        named = self._named.setdefault(values["code"], UnitKind.STORE)
        if named != UnitKind.STORE or (unit is not None and unit.kind != UnitKind.STORE):
            record.refuse("not_a_store", "code", code=values["code"])
            return
        region = self._region(record)
        if record.outcome:
            return
        record.target = unit
        if unit is None:
            record.outcome = Outcome.NEW
        else:
            parent = region if region is not None else unit.parent_id
            same = parent == unit.parent_id and all(
                getattr(unit, name) == value for name, value in _store_fields(values).items()
            )
            record.outcome = Outcome.UNCHANGED if same else Outcome.CHANGED

    def _region(self, record: Record) -> int | str | None:
        """The id of the row's region, its code if it has yet to be added, None if not given."""
        code, name = record.values["region_code"], record.values["region_name"]
        if code is None and name is None:
            return None
        if code is not None:
            unit = self._units.get(code)
            named = self._named.setdefault(code, UnitKind.REGION)
            if unit is None and code in self._padded:
                record.refuse("zeros_lost", "region_code", code=code, known=self._padded[code])
            elif unit is None and name is None:
                record.refuse("required", "region_name")
            elif named != UnitKind.REGION or (unit is not None and unit.kind != UnitKind.REGION):
                record.refuse("not_a_region", "region_code", code=code)
            return unit.pk if unit else code
        same = [unit for unit in self._regions if name_key(unit.name) == name_key(name)]
        chosen = [unit for unit in same if str(unit.pk) == record.choice]
        if len(chosen or same) == 1:
            return (chosen or same)[0].pk
        if same:
            record.ask(Choice(str(unit.pk), f"{unit.name} ({unit.code})") for unit in same)
        else:
            record.refuse("no_code_for_region", "region_name", name=name[:40])
        return None

    def write(self, records: list[Record]) -> None:
        brand = self.run.brand
        new_regions = {
            record.values["region_code"]: record.values["region_name"]
            for record in records
            if record.values["region_code"] and record.values["region_code"] not in self._units
        }
        _add_units(
            Unit(brand=brand, parent=brand, kind=UnitKind.REGION, code=code, name=name)
            for code, name in new_regions.items()
        )
        found = Unit.objects.filter(brand=brand, kind=UnitKind.REGION)
        by_code = {unit.code: unit for unit in found}
        by_id = {unit.pk: unit for unit in by_code.values()}
        added: list[Unit] = []
        changed: list[Unit] = []
        for record in records:
            wanted = self._region(record)
            region = by_code.get(wanted) if isinstance(wanted, str) else by_id.get(wanted or 0)
            unit = record.target or Unit(
                brand=brand,
                parent=brand,
                kind=UnitKind.STORE,
                code=record.values["code"],
                store_kind=StoreKind.PHYSICAL,
            )
            for name, value in _store_fields(record.values).items():
                setattr(unit, name, value)
            if region is not None:
                unit.parent = region
                unit.path = f"{region.path}{unit.pk}/"
            (changed if record.target else added).append(unit)
        _add_units(added)
        Unit.objects.bulk_update(
            changed, ["name", "store_kind", "city", "active", "parent", "path"]
        )


def _store_fields(values: dict[str, Any]) -> dict[str, Any]:
    fields = {
        "name": values["name"],
        "store_kind": values["kind"],
        "city": values["city"],
        "active": values["active"],
    }
    return {name: value for name, value in fields.items() if value is not None}


def _add_units(units: Iterable[Unit]) -> None:
    """Insert units under parents that have a path already, and give them theirs."""
    added = Unit.objects.bulk_create(list(units))
    Unit.objects.filter(pk__in=[unit.pk for unit in added]).update(
        path=Concat(
            _parent_path(), Cast(F("pk"), TextField()), Value("/"), output_field=TextField()
        )
    )


def _parent_path() -> Subquery:
    return Subquery(Unit.objects.filter(pk=OuterRef("parent")).values("path")[:1])


# Columns of a person that are fields of the same name; a blank cell leaves them as they are.
_KEPT = ("koc_kind", "talent_type", "share_code", "state", "joined_on", "programme")


# What only a KOC has.
OF_KOC = ("koc_kind", "domain", "programme")


class CreatorList(ImportFormat):
    code = "creators"
    label = _("Creators (KOS and KOC)")
    help = _("One row per person. Stores must be known already.")
    result_url = "matrix:creators"
    words = WORDS
    columns = (
        Column(
            "number",
            _("Employee or member number"),
            CODE,
            required=True,
            aliases=(*NUMBER, "kos_employee_no"),
        ),
        Column(
            "name",
            pgettext_lazy("person", "Name"),
            as_text(80),
            required=True,
            aliases=("姓名", "员工姓名", "员工名称", "name"),
        ),
        Column(
            "kind",
            _("KOS or KOC"),
            as_choice(CREATOR_KINDS),
            required=True,
            aliases=("类型", "身份", "人员类型", "kind"),
        ),
        Column("store_code", _("Store code"), CODE, required=True, aliases=STORE_CODE),
        Column("koc_kind", _("KOC kind"), as_choice(KOC_KINDS), aliases=("KOC类型",)),
        Column("talent_type", _("Talent type"), as_choice(TALENT_TYPES), aliases=("人才类型",)),
        Column("share_code", _("Share code"), SHARE_CODE, aliases=("分享码", "推荐码", "邀请码")),
        Column("state", _("State"), as_choice(CREATOR_STATES), aliases=("状态", "在职状态")),
        Column("joined_on", _("Joined on"), as_day, aliases=("入职日期", "加入日期", "开通时间")),
        Column(
            "domain",
            _("Domain of a KOC"),
            as_choice(DOMAINS),
            aliases=("域", "公私域", "经营域", "domain"),
        ),
        Column(
            "programme",
            _("Programme"),
            as_choice(PROGRAMMES),
            aliases=("项目", "项目类型", "合作模式", "programme"),
        ),
        Column("left_on", _("Left on"), as_day, aliases=("离职日期", "退出日期")),
    )  # fmt: skip

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._repeated = Repeated()

    def resolve(self, records: list[Record]) -> None:
        brand = self.run.brand
        self._stores = {
            unit.code: unit for unit in Unit.objects.filter(brand=brand, kind=UnitKind.STORE)
        }
        for record in records:
            if record.values["share_code"]:
                record.values["share_code"] = spelt(record.values["share_code"])
        numbers = {record.values["number"] for record in records}
        codes = {record.values["share_code"] for record in records} - {None}
        creators = Creator.objects.filter(brand=brand)
        self._padded = {
            kind: padded(creators.filter(kind=kind), "number", numbers) for kind in CreatorKind
        }
        numbers |= {
            known for padded_ones in self._padded.values() for known in padded_ones.values()
        }
        self._known = {(one.kind, one.number): one for one in creators.filter(number__in=numbers)}
        self._codes = share_codes.holders(brand, codes)
        for record in records:
            self._resolve(record)

    def _resolve(self, record: Record) -> None:
        values = record.values
        key = (values["kind"], values["number"])
        if self._repeated.refuses(record, key):
            return
        with_zeros = self._padded[values["kind"]].get(values["number"])
        if key not in self._known and with_zeros:
            if not zeros_decided(record, "number", with_zeros):
                return
            key = (values["kind"], values["number"])
        known = self._known.get(key)
        if values["store_code"] not in self._stores:
            refuse_unknown_store(record, "store_code", values["store_code"], self._stores)
        for column in OF_KOC if values["kind"] != CreatorKind.KOC else ():
            if values[column]:
                record.refuse(f"{column}_of_kos", column)
        holder = self._codes.get(values["share_code"])
        if holder is not None and (holder.kind, holder.number) != key:
            record.refuse(
                "share_code_taken", "share_code", code=values["share_code"], name=holder.name
            )
        elif values["share_code"] and holder is None:
            # Later rows of this chunk must not take the same code.
            self._codes[values["share_code"]] = known or Creator(
                kind=key[0], number=key[1], name=values["name"]
            )
        if known is not None and known.merged_into_id:
            record.refuse("merged_row", "number", number=known.number)
        elif known is not None:
            _check_state(record, known)
        if record.outcome:
            return
        record.target = known
        record.outcome = Outcome.NEW if known is None else self._compared(known, values)

    def _compared(self, known: Creator, values: dict[str, Any]) -> str:
        same = all(
            getattr(known, name) == value for name, value in self._fields(known, values).items()
        )
        return Outcome.UNCHANGED if same else Outcome.CHANGED

    def _fields(self, known: Creator | None, values: dict[str, Any]) -> dict[str, Any]:
        """What the row says; a blank cell leaves what is known as it is."""
        fields = {
            "name": values["name"],
            "store_id": self._stores[values["store_code"]].pk,
            **{name: values[name] for name in _KEPT if values[name] is not None},
        }
        if values["domain"] and (known is None or known.domain_said != values["domain"]):
            fields |= {"domain_said": values["domain"], "domain_reason": ""}
        state = values["state"] or (known.state if known else CreatorState.ACTIVE)
        if state == CreatorState.LEFT:
            fields["left_on"] = (
                values["left_on"] or (known.left_on if known else None) or self._today()
            )
            fields["share_code_until"] = fields["left_on"]
        elif values["state"]:
            fields["left_on"] = fields["share_code_until"] = None
        return fields

    def _today(self) -> dt.date:
        return timezone.localdate(self.run.at)

    def write(self, records: list[Record]) -> None:
        added: list[Creator] = []
        changed: list[Creator] = []
        for record in records:
            known = record.target
            creator = known or Creator(
                brand=self.run.brand, kind=record.values["kind"], number=record.values["number"]
            )
            # The list of HR or of the member centre names them: that is how they are known.
            creator.identity = creator.identity or PROOF_OF_KIND[CreatorKind(creator.kind)]
            for name, value in self._fields(known, record.values).items():
                setattr(creator, name, value)
            (changed if known else added).append(creator)
        share_codes.fill(self.run.brand.pk, [*added, *changed])
        Creator.objects.bulk_create(added)
        sql.update_rows(
            changed,
            ["name", "store", *_KEPT, "left_on", "share_code_until", "identity", "domain_said",
             "domain_reason"],
        )  # fmt: skip
        # The accounts of a person stand where the person stands.
        store = Creator.objects.filter(pk=OuterRef("creator")).values("store")
        accounts = SocialAccount.objects.filter(creator__in=changed)
        accounts.exclude(unit=F("creator__store")).update(unit=Subquery(store))
        # Who left according to the list has to hand over what they hold.
        left = Creator.objects.filter(
            pk__in=[creator.pk for creator in changed], state=CreatorState.LEFT
        )
        handover.open_for_leavers(by=self.run.by, people=list(left.select_related("store")))

    def finish(self) -> Mapping[str, int]:
        purchases.follow(self.run.brand)
        return {}


def _check_state(record: Record, known: Creator) -> None:
    state = record.values["state"]
    if state and state != known.state and state not in NEXT_STATES[known.state]:
        record.refuse(
            "wrong_state_change",
            "state",
            name=known.name,
            before=str(CreatorState(known.state).label),
            after=str(CreatorState(state).label),
        )


def register_formats() -> None:
    """Offer the formats in the import wizard; called when the app starts."""
    for kind in (StoreList, CreatorList, AccountList):
        register(kind)
