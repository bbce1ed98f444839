"""Import format of the KOS staff report of Xiaohongshu's company back office (DATA-SHAPES 4.4).

The file holds totals of one period for each staff account, leads among them, and does not say which
period: it is asked for. An account is found by its 24-character id, else by the number on its
profile, else by its name; one that nobody knows is refused, or on request added to the KOS of that
name.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from integrations.choices import Outcome
from integrations.formats import (
    PLATFORM_ZONE,
    Choice,
    Column,
    ImportFormat,
    ImportRun,
    Option,
    Record,
    as_count,
    as_day,
    as_id,
    as_money,
    as_text,
    register,
)
from kosops.lib.errors import DomainError
from matrix import platform_rules
from matrix.choices import AccountState, CreatorKind, CreatorState, Domain, Ownership, Platform
from matrix.import_words import Repeated
from matrix.models import Creator, SocialAccount, StaffReport

FIGURES = (
    "notes",
    "promoted_notes",
    "promotion_spend",
    "interactions",
    "form_leads",
    "dm_inbound",
    "dm_opened",
    "dm_leads",
    "impressions",
    "clicks",
)
REFUSE, ADD = "refuse", "add"
NEW_ACCOUNT = "creator-"
# Longer than any period that the back office exports in one go.
LONGEST_DAYS = 400


class XiaohongshuStaffReport(ImportFormat):
    code = "xiaohongshu_staff"
    label = _("KOS staff report (Xiaohongshu)")
    help = _("Leads and figures per staff account, as the company back office exports them.")
    result_url = "matrix:staff_reports"
    zone = PLATFORM_ZONE
    options = (
        Option(
            "period_from",
            _("First day of the period"),
            kind="day",
            help=_("As chosen at the export; the file does not say it."),
        ),
        Option("period_to", _("Last day of the period"), kind="day"),
        Option(
            "unknown",
            _("Accounts that are not known"),
            default=REFUSE,
            choices=lambda _brand: [
                Choice(REFUSE, _("Refuse the row")),
                Choice(ADD, _("Add them to the KOS of that name")),
            ],
        ),
    )
    columns = (
        Column("name", _("Staff name"), as_text(80), aliases=("员工名称", "员工姓名")),
        Column("uid", _("Account id"), as_id, required=True, aliases=("账号ID", "账号id")),
        Column("public_number", _("Xiaohongshu id"), as_id, aliases=("小红书账号id", "小红书号")),
        Column("handle", _("Account name"), as_text(80), aliases=("小红书昵称", "昵称")),
        Column("region", _("Region"), as_text(120), aliases=("所属地区", "员工所属地域")),
        Column("labels", _("Labels"), as_text(200), aliases=("标签", "员工标签")),
        Column("opened_on", _("Opened on"), as_day, aliases=("开通时间",)),
        Column("notes", _("Notes published"), as_count, aliases=("发布笔记数",)),
        Column("promoted_notes", _("Promoted notes"), as_count, aliases=("投流笔记数",)),
        Column("promotion_spend", _("Spent on promotion"), as_money, aliases=("笔记投流消耗",)),
        Column("interactions", _("Interactions"), as_count, aliases=("总互动数",)),
        Column("form_leads", _("Leads by form"), as_count, aliases=("总表单客资数",)),
        Column("dm_inbound", _("Messages started"), as_count, aliases=("总私信进线数",)),
        Column("dm_opened", _("Customers who wrote"), as_count, aliases=("总私信开口数",)),
        Column("dm_leads", _("Leads by message"), as_count, aliases=("总私信留资数",)),
        Column("impressions", _("Impressions"), as_count, aliases=("笔记曝光量",)),
        Column("clicks", _("Clicks"), as_count, aliases=("笔记点击量",)),
    )
    words = {
        "unknown_account": _(
            "No account on Xiaohongshu has the id %(uid)s, nor the name “%(handle)s”. Add it under "
            "“Social accounts”, or let the import add unknown accounts."
        ),
        "no_kos_of_name": _(
            "The account is not known, and there is no KOS called “%(name)s” to add it to."
        ),
        "not_a_staff_account": _("%(handle)s belongs to nobody of the staff."),
        "over_quota": _("Accounts of KOS over the quotas of platforms"),
    }

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self.period = _period(run.options)
        self._repeated = Repeated()

    @classmethod
    def check_options(cls, options: Mapping[str, str]) -> None:
        first, last = _period(options)
        if last < first:
            raise DomainError(
                "period_reversed",
                _("The last day of the period lies before the first."),
                status=400,
                field="period_to",
            )
        if (last - first).days > LONGEST_DAYS:
            raise DomainError(
                "period_too_long",
                _("A report covers %(days)s days at most. Check the two days."),
                status=400,
                field="period_to",
                days=LONGEST_DAYS,
            )

    # -- what rows mean --------------------------------------------------------------

    def resolve(self, records: list[Record]) -> None:
        self._read_accounts(records)
        names = {record.values["name"] for record in records} - {None}
        self._staff: dict[str, list[Creator]] = defaultdict(list)
        for one in Creator.objects.filter(
            brand=self.run.brand, kind=CreatorKind.KOS, name__in=names
        ).exclude(state=CreatorState.LEFT):
            self._staff[one.name].append(one)
        for record in records:
            self._resolve(record)
        known = [record.target for record in records if isinstance(record.target, SocialAccount)]
        reports = {
            report.account_id: report
            for report in StaffReport.objects.filter(
                account__in=known, period_from=self.period[0], period_to=self.period[1]
            )
        }
        for record in records:
            if not record.outcome:
                self._compare(record, reports)

    def _read_accounts(self, records: list[Record]) -> None:
        ids, handles = set(), set()
        for record in records:
            ids |= {record.values["uid"], record.values["public_number"]}
            handles.add(record.values["handle"])
        ids, handles = ids - {None}, handles - {None}
        rows = SocialAccount.objects.filter(
            Q(platform_uid__in=ids) | Q(public_number__in=ids) | Q(handle__in=handles),
            brand=self.run.brand,
            platform=Platform.XIAOHONGSHU,
        ).select_related("creator", "unit")
        self._by_id: dict[str, SocialAccount] = {}
        self._by_handle: dict[str, list[SocialAccount]] = defaultdict(list)
        for account in rows:
            for number in (account.public_number, account.platform_uid):
                if number:
                    self._by_id[number] = account
            self._by_handle[account.handle].append(account)

    def _resolve(self, record: Record) -> None:
        values = record.values
        if self._repeated.refuses(record, values["uid"]):
            return
        account = self._by_id.get(values["uid"]) or self._by_id.get(values["public_number"] or "")
        if account is None:
            account = self._by_name(record)
        if record.outcome:
            return
        if account is not None and account.creator is None:
            record.refuse("not_a_staff_account", "uid", handle=account.handle)
        elif account is not None:
            record.target = account
        else:
            record.target = self._owner_of_new(record)

    def _by_name(self, record: Record) -> SocialAccount | None:
        """The account of this name whose id is not known yet; two of them are asked about."""
        same = [
            one for one in self._by_handle.get(record.values["handle"], []) if not one.platform_uid
        ]
        chosen = [one for one in same if str(one.pk) == record.choice]
        if len(chosen or same) > 1:
            record.ask(
                Choice(str(one.pk), f"{one.handle} · {one.creator or one.unit}") for one in same
            )
        return (chosen or same)[0] if len(chosen or same) == 1 else None

    def _owner_of_new(self, record: Record) -> Creator | None:
        values = record.values
        if self.run.options.get("unknown", REFUSE) != ADD:
            record.refuse(
                "unknown_account", "uid", uid=values["uid"], handle=values["handle"] or "–"
            )
            return None
        people = self._staff.get(values["name"], [])
        chosen = [one for one in people if f"{NEW_ACCOUNT}{one.pk}" == record.choice]
        if not people:
            record.refuse("no_kos_of_name", "name", name=values["name"] or "–")
        elif len(chosen or people) > 1:
            record.ask(
                Choice(f"{NEW_ACCOUNT}{one.pk}", f"{one.name} ({one.number})") for one in people
            )
        else:
            return (chosen or people)[0]
        return None

    def _compare(self, record: Record, reports: Mapping[int, StaffReport]) -> None:
        if isinstance(record.target, Creator):
            record.target = (record.target, None, None)
            record.outcome = Outcome.NEW
            return
        account: SocialAccount = record.target
        report = reports.get(account.pk)
        record.target = (account.creator, account, report)
        if report is None:
            record.outcome = Outcome.NEW
        else:
            said = _said(record)
            same = all(getattr(report, name) == value for name, value in said.items())
            record.outcome = Outcome.UNCHANGED if same else Outcome.CHANGED

    # -- writing ----------------------------------------------------------------------

    def finish(self) -> Mapping[str, int]:
        """Say by how many accounts the platforms have too many now; nothing is kept out for it."""
        over = platform_rules.accounts_over(self.run.brand, timezone.localdate())
        return {"over_quota": over} if over else {}

    def write(self, records: list[Record]) -> None:
        new_accounts = {
            record.line: self._new_account(record) for record in records if record.target[1] is None
        }
        SocialAccount.objects.bulk_create(new_accounts.values())
        learnt: list[SocialAccount] = []
        added: list[StaffReport] = []
        changed: list[StaffReport] = []
        for record in records:
            _owner, account, report = record.target
            if account is None:
                account = new_accounts[record.line]
            elif _learn(account, record.values):
                learnt.append(account)
            (changed if report else added).append(self._report(record, account, report))
        SocialAccount.objects.bulk_update(learnt, ["platform_uid", "public_number", "opened_on"])
        StaffReport.objects.bulk_create(added)
        StaffReport.objects.bulk_update(
            changed, [*FIGURES, "region", "labels", "raw", "source", "taken_at"]
        )

    def _new_account(self, record: Record) -> SocialAccount:
        owner, values = record.target[0], record.values
        return SocialAccount(
            brand=self.run.brand,
            unit_id=owner.store_id,
            creator=owner,
            platform=Platform.XIAOHONGSHU,
            domain=Domain.PUBLIC,
            # The back office lists accounts that it opened or that staff authorised; only the
            # latter need nothing but the person's word, so it is what can be said for sure.
            ownership=Ownership.EMPLOYEE_AUTHORISED,
            owner_proof=owner.identity,
            handle=values["handle"] or owner.name,
            platform_uid=values["uid"],
            public_number=values["public_number"] or "",
            opened_on=values["opened_on"],
            state=AccountState.ACTIVE if owner.identity else AccountState.CLOSED,
        )

    def _report(
        self, record: Record, account: SocialAccount, known: StaffReport | None
    ) -> StaffReport:
        report = known or StaffReport(
            brand=self.run.brand,
            unit_id=account.unit_id,
            account=account,
            creator_id=account.creator_id,
            period_from=self.period[0],
            period_to=self.period[1],
        )
        for name, value in _said(record).items():
            setattr(report, name, value)
        report.raw, report.source, report.taken_at = record.raw(), self.run.source, self.run.at
        return report


def _said(record: Record) -> dict[str, Any]:
    """What the row says of the period; its blanks are unknown."""
    values = record.values
    return {name: values.get(name) for name in FIGURES} | {
        "region": values.get("region") or "",
        "labels": values.get("labels") or "",
    }


def _learn(account: SocialAccount, values: dict[str, Any]) -> bool:
    """Take over what the register does not know of the account yet."""
    before = (account.platform_uid, account.public_number, account.opened_on)
    account.platform_uid = account.platform_uid or values["uid"]
    account.public_number = account.public_number or values.get("public_number") or ""
    account.opened_on = account.opened_on or values.get("opened_on")
    return before != (account.platform_uid, account.public_number, account.opened_on)


def _period(options: Mapping[str, str]) -> tuple[dt.date, dt.date]:
    first, last = parse_date(options["period_from"]), parse_date(options["period_to"])
    assert first is not None and last is not None  # noqa: S101  the importer has checked them
    return first, last


def register_formats() -> None:
    """Offer the format in the import wizard; called when the app starts."""
    register(XiaohongshuStaffReport)
