"""Import format of social accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import UnitKind
from accounts.models import Unit
from integrations.choices import Outcome
from integrations.formats import (
    Choice,
    Column,
    ImportFormat,
    ImportRun,
    Record,
    as_choice,
    as_count,
    as_day,
    as_id,
    as_text,
)
from integrations.sheets import values
from integrations.sheets.faults import ValueFault
from kosops.lib import sql
from matrix import platform_rules, platforms
from matrix.choices import (
    AccountState,
    CreatorState,
    Domain,
    OwnerProof,
    Ownership,
)
from matrix.import_words import (
    ACCOUNT_STATES,
    CREATOR_KINDS,
    LAYERS,
    NUMBER,
    OWNERSHIPS,
    PLATFORMS,
    STORE_CODE,
    WORDS,
    Repeated,
    padded,
    refuse_unknown,
    refuse_unknown_store,
)
from matrix.models import Creator, SocialAccount
from matrix.registry import IN_USE


class AccountList(ImportFormat):
    code = "social_accounts"
    label = _("Social accounts")
    help = _("One row per account. Without a creator or a store it belongs to the brand.")
    result_url = "matrix:tree"
    words = WORDS
    columns = (
        Column("platform", _("Platform"), as_text(40), required=True,
               aliases=("平台", "所属平台")),
        Column("handle", _("Account name"), as_text(80), required=True,
               aliases=("账号名称", "账号昵称", "昵称", "小红书昵称", "账号", "handle")),
        Column("uid", _("Platform id"), as_id,
               aliases=("账号ID", "平台ID", "小红书账号id", "uid", "platform_uid")),
        Column("number", _("Number of the creator"), as_id, aliases=(*NUMBER, "kos_employee_no")),
        Column("creator_kind", _("KOS or KOC"), as_choice(CREATOR_KINDS),
               aliases=("身份", "人员类型", "类型")),
        Column("store_code", _("Store code"), as_id, aliases=STORE_CODE),
        Column("ownership", _("Ownership"), as_choice(OWNERSHIPS),
               aliases=("账号归属", "归属", "开通方式")),
        Column("layer", _("Private layer"), as_choice(LAYERS), aliases=("私域层级", "层级")),
        Column("state", _("State"), as_choice(ACCOUNT_STATES), aliases=("账号状态", "状态")),
        Column("followers", _("Followers"), as_count, aliases=("粉丝数", "粉丝量", "粉丝")),
        Column("opened_on", _("Opened on"), as_day, aliases=("开通时间", "开通日期", "注册日期")),
    )  # fmt: skip

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._repeated = Repeated()
        # A brand's own platforms are words here too, so the cell is read once the brand is known.
        self._platforms = values.choice(PLATFORMS | platforms.names_of(run.brand.pk))

    def resolve(self, records: list[Record]) -> None:
        brand = self.run.brand
        records = [record for record in records if self._has_platform(record)]
        self._stores = {
            unit.code: unit for unit in Unit.objects.filter(brand=brand, kind=UnitKind.STORE)
        }
        numbers = {record.values["number"] for record in records} - {None}
        self._creators: dict[str, list[Creator]] = {}
        people = Creator.objects.filter(brand=brand, number__in=numbers)
        for creator in people.select_related("merged_into"):
            # A number that leads to another row means that row.
            self._creators.setdefault(creator.number, []).append(creator.merged_into or creator)
        self._padded = padded(Creator.objects.filter(brand=brand), "number", numbers)
        handles = {record.values["handle"] for record in records}
        uids = {record.values["uid"] for record in records} - {None}
        self._by_uid: dict[tuple[str, str], SocialAccount] = {}
        self._by_handle: dict[tuple[str, str], list[SocialAccount]] = {}
        for account in SocialAccount.objects.filter(
            Q(handle__in=handles) | Q(platform_uid__in=uids), brand=brand
        ).select_related("unit", "creator"):
            if account.platform_uid:
                self._by_uid[account.platform, account.platform_uid] = account
            self._by_handle.setdefault((account.platform, account.handle), []).append(account)
        for record in records:
            self._resolve(record)

    def _has_platform(self, record: Record) -> bool:
        """Put the code of the platform for its name; refuses what the brand does not have."""
        try:
            record.values["platform"] = self._platforms(record.values["platform"])
        except ValueFault as fault:
            record.refuse(fault.code, "platform", **fault.params)
            return False
        return True

    def _resolve(self, record: Record) -> None:
        values = record.values
        key: tuple[Any, ...] = (values["platform"], values["uid"])
        if values["uid"] is None:
            names = ("platform", "handle", "number", "store_code")
            key = tuple(values[name] for name in names)
        if self._repeated.refuses(record, key):
            return
        owner = self._owner(record)
        if values["layer"] and self._domain(values["platform"]) != Domain.PRIVATE:
            record.refuse("layer_of_public_account", "layer")
        known = None if record.outcome else self._known(record, owner)
        if record.outcome:
            return
        if known is None and isinstance(owner, Creator) and owner.state == CreatorState.LEFT:
            record.refuse("owner_has_left", "number", name=owner.name)
            return
        if known is None and not platforms.is_in_use(self.run.brand.pk, values["platform"]):
            label = platforms.label_of(self.run.brand.pk, values["platform"])
            record.refuse("platform_not_in_use", "platform", platform=str(label))
            return
        state = values["state"] or (known.state if known else AccountState.ACTIVE)
        if isinstance(owner, Creator) and not owner.identity and state in IN_USE:
            record.refuse("owner_not_verified", "number", name=owner.name)
            return
        fields = self._fields(values, owner, known)
        record.target = (known, fields)
        if known is None:
            record.outcome = Outcome.NEW
        else:
            same = all(getattr(known, name) == value for name, value in fields.items())
            record.outcome = Outcome.UNCHANGED if same else Outcome.CHANGED

    def _domain(self, platform: str) -> Domain | None:
        return platforms.domain_of(self.run.brand.pk, platform)

    def _owner(self, record: Record) -> Creator | Unit | None:
        """Whose account it is; refuses or asks when the row does not say it clearly."""
        values = record.values
        number, store_code, kind = values["number"], values["store_code"], values["creator_kind"]
        if store_code and store_code not in self._stores:
            refuse_unknown_store(record, "store_code", store_code, self._stores)
            return None
        if not number:
            return self._stores[store_code] if store_code else self.run.brand
        found = [one for one in self._creators.get(number, []) if kind in (None, one.kind)]
        chosen = [one for one in found if record.choice == f"creator-{one.pk}"]
        if not found:
            refuse_unknown(
                record, "number", number, self._padded.values(), "unknown_creator", number=number
            )
        elif len(chosen or found) > 1:
            record.ask(
                Choice(f"creator-{one.pk}", f"{one.name} ({one.get_kind_display()} {one.number})")
                for one in found
            )
        elif store_code and self._stores[store_code].pk != (chosen or found)[0].store_id:
            record.refuse("two_owners", "store_code")
        else:
            return (chosen or found)[0]
        return None

    def _known(self, record: Record, owner: Creator | Unit | None) -> SocialAccount | None:
        """The account that the row means: by platform id, else by name and owner, else by name."""
        values = record.values
        if values["uid"]:
            known = self._by_uid.get((values["platform"], values["uid"]))
            if known is not None:
                return known
        same = [
            one
            for one in self._by_handle.get((values["platform"], values["handle"]), [])
            if not (values["uid"] and one.platform_uid)
        ]
        own = [one for one in same if (one.creator or one.unit) == owner]
        chosen = [one for one in same if record.choice == str(one.pk)]
        if record.choice == "new" or not same:
            return None
        if record.choice.startswith("creator-"):
            # A row is asked about once: its owner is settled, so is whose account it is.
            return own[0] if own else None
        if len(chosen or own) == 1:
            return (chosen or own)[0]
        if (
            values["uid"] is None
            and len(same) == 1
            and not (values["number"] or values["store_code"])
        ):
            return same[0]
        record.ask(
            [
                *(Choice(str(one.pk), f"{one} · {one.creator or one.unit}") for one in same),
                Choice("new", _("Add another account of this name")),
            ]
        )
        return None

    def _fields(
        self, values: dict[str, Any], owner: Creator | Unit | None, known: SocialAccount | None
    ) -> dict[str, Any]:
        creator = owner if isinstance(owner, Creator) else None
        fields: dict[str, Any] = {
            "handle": values["handle"],
            "platform_uid": values["uid"],
            "ownership": values["ownership"],
            "private_layer": values["layer"],
            "state": values["state"],
            "followers": values["followers"],
            "opened_on": values["opened_on"],
        }
        fields = {name: value for name, value in fields.items() if value is not None}
        named = values["number"] or values["store_code"]
        if known is None or named:
            fields["creator_id"] = creator.pk if creator else None
            fields["unit_id"] = creator.store_id if creator else owner.pk  # type: ignore[union-attr]
        proof = creator.identity if creator else OwnerProof.COMPANY
        if known is None or named:
            fields["owner_proof"] = proof
        if known is None:
            fields.setdefault(
                "ownership", Ownership.PERSONAL if creator else Ownership.COMPANY_OPENED
            )
        return fields

    def write(self, records: list[Record]) -> None:
        added: list[SocialAccount] = []
        changed: list[SocialAccount] = []
        for record in records:
            known, fields = record.target
            platform = record.values["platform"]
            account = known or SocialAccount(brand=self.run.brand, platform=platform)
            account.domain = self._domain(platform) or account.domain
            for name, value in fields.items():
                setattr(account, name, value)
            (changed if known else added).append(account)
        SocialAccount.objects.bulk_create(added)
        sql.update_rows(
            changed,
            ["handle", "platform_uid", "ownership", "private_layer", "state", "followers",
             "opened_on", "creator", "unit", "owner_proof"],
        )  # fmt: skip

    def finish(self) -> Mapping[str, int]:
        """Say by how many accounts the platforms have too many now; nothing is kept out for it."""
        over = platform_rules.accounts_over(self.run.brand, timezone.localdate())
        return {"over_quota": over} if over else {}
