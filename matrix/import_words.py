"""What the files of the organisation have in common: their words, their refusals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Func, QuerySet, TextField, Value
from django.utils.translation import gettext_lazy as _

from accounts.choices import StoreKind
from integrations.formats import Choice, IdReader, Issue, Record
from matrix.choices import (
    AccountState,
    CreatorKind,
    CreatorState,
    KocKind,
    Ownership,
    Platform,
    PrivateLayer,
    Programme,
    TalentType,
    WorksIn,
)

STORE_KINDS = {value: value for value in StoreKind.values} | {
    "直营店": StoreKind.PHYSICAL,
    "直营": StoreKind.PHYSICAL,
    "实体店": StoreKind.PHYSICAL,
    "门店": StoreKind.PHYSICAL,
    "线上": StoreKind.ONLINE,
    "网店": StoreKind.ONLINE,
    "直播间": StoreKind.LIVE,
    "加盟店": StoreKind.FRANCHISE,
    "加盟": StoreKind.FRANCHISE,
    "微商城": StoreKind.MICRO_MALL,
    "全渠道": StoreKind.OMNICHANNEL,
}
YES_OR_NO = {
    "yes": True, "no": False, "true": True, "false": False, "1": True, "0": False,
    "是": True, "否": False, "营业": True, "营业中": True, "停业": False, "闭店": False, "关闭": False,
    "open": True, "closed": False, "active": True,
}  # fmt: skip
CREATOR_KINDS = {"KOS": CreatorKind.KOS, "KOC": CreatorKind.KOC, "导购": CreatorKind.KOS,
                 "员工": CreatorKind.KOS, "会员": CreatorKind.KOC}  # fmt: skip
KOC_KINDS = {value: value for value in KocKind.values} | {
    "品牌爱用者": KocKind.BRAND_LOVE,
    "孵化": KocKind.INCUBATED,
    "签约": KocKind.CONTRACTED,
}
DOMAINS = {value: value for value in WorksIn.values} | {
    "公域": WorksIn.PUBLIC,
    "私域": WorksIn.PRIVATE,
    "公私域": WorksIn.BOTH,
    "公域+私域": WorksIn.BOTH,
    "全域": WorksIn.BOTH,
}
PROGRAMMES = {value: value for value in Programme.values} | {
    "种草": Programme.SEEDING,
    "分销": Programme.DISTRIBUTION,
}
TALENT_TYPES = {value: value for value in TalentType.values} | {
    "导购型": TalentType.SHOPPING_ASSISTANT,
    "话题专家": TalentType.TOPIC_EXPERT,
    "私域伙伴": TalentType.PRIVATE_PARTNER,
}
CREATOR_STATES = {value: value for value in CreatorState.values} | {
    "候选": CreatorState.CANDIDATE,
    "入职中": CreatorState.ONBOARDING,
    "在职": CreatorState.ACTIVE,
    "正常": CreatorState.ACTIVE,
    "暂停": CreatorState.PAUSED,
    "离职": CreatorState.LEFT,
    "退出": CreatorState.LEFT,
}
PLATFORMS = {value: value for value in Platform.values} | {
    "小红书": Platform.XIAOHONGSHU,
    "RED": Platform.XIAOHONGSHU,
    "抖音": Platform.DOUYIN,
    "视频号": Platform.CHANNELS,
    "企业微信": Platform.WECOM,
    "企微": Platform.WECOM,
    "微信": Platform.WECHAT,
    "个人微信": Platform.WECHAT,
    "公众号": Platform.OFFICIAL_ACCOUNT,
    "小程序": Platform.MINI_PROGRAMME,
    "微信群": Platform.GROUP,
    "社群": Platform.GROUP,
    "大众点评": Platform.DIANPING,
    "点评": Platform.DIANPING,
    "微博": Platform.WEIBO,
    "好好住": Platform.HAOHAOZHU,
    "妈妈网": Platform.MAMA,
}
OWNERSHIPS = {value: value for value in Ownership.values} | {
    "公司开通": Ownership.COMPANY_OPENED,
    "公司": Ownership.COMPANY_OPENED,
    "员工授权": Ownership.EMPLOYEE_AUTHORISED,
    "个人": Ownership.PERSONAL,
}
LAYERS = {value: value for value in PrivateLayer.values} | {
    "关系层": PrivateLayer.RELATION,
    "服务层": PrivateLayer.SERVICE,
    "兴趣层": PrivateLayer.INTEREST,
}
ACCOUNT_STATES = {value: value for value in AccountState.values} | {
    "正常": AccountState.ACTIVE,
    "限流": AccountState.LIMITED,
    "封号": AccountState.BANNED,
    "封禁": AccountState.BANNED,
    "注销": AccountState.CLOSED,
}

# As long as the register keeps them.
CODE = IdReader(40)
SHARE_CODE = IdReader(30)

STORE_CODE = ("门店编码", "门店编号", "门店代码", "店铺编码", "店号", "store_code", "store code")
NUMBER = ("员工号", "工号", "员工编号", "会员号", "编号", "employee_no", "staff_no", "number")

WORDS = {
    "unknown_store": _("There is no store with the code %(code)s."),
    "zeros_lost": _(
        "There is no %(code)s, but there is %(known)s: the zeros in front were lost. Format the "
        "column as text and export again."
    ),
    "no_code_for_region": _("The region “%(name)s” is not known; give it a code."),
    "not_a_region": _("%(code)s is not a region."),
    "not_a_store": _("%(code)s is not a store."),
    "koc_kind_of_kos": _("Only a KOC has a KOC kind."),
    "domain_of_kos": _("Only a KOC works in a domain of their own."),
    "programme_of_kos": _("Only a KOC takes part in a KOC programme."),
    "merged_row": _(
        "%(number)s was found to be a person with another number. Give that number in the file."
    ),
    "wrong_state_change": _("%(name)s is “%(before)s” and cannot become “%(after)s” from there."),
    "share_code_taken": _("The share code %(code)s belongs to %(name)s."),
    "unknown_creator": _("There is no creator with the number %(number)s."),
    "two_owners": _("An account belongs to a store or to a creator, not to both."),
    "platform_not_in_use": _("%(platform)s is not in use; headquarters switches platforms on."),
    "owner_has_left": _("%(name)s has left; no account can be added."),
    "owner_not_verified": _(
        "Nobody has checked yet who %(name)s is; no account of theirs can be in use before that."
    ),
    "layer_of_public_account": _("Only an account of the private domain has a layer."),
    "over_quota": _("Accounts of KOS over the quotas of platforms"),
}


def refuse_unknown_store(record: Record, column: str, code: str, known: Iterable[str]) -> None:
    """Refuse a store code; says so when only its leading zeros are missing."""
    refuse_unknown(record, column, code, known, "unknown_store", code=code)


def refuse_unknown(
    record: Record, column: str, value: str, known: Iterable[str], fault: str, **params: Any
) -> None:
    bare = value.lstrip("0")
    padded = next((one for one in known if one != value and one.lstrip("0") == bare), None)
    if padded and value.isdigit():
        record.refuse("zeros_lost", column, code=value, known=padded)
    else:
        record.refuse(fault, column, **params)


NEW = "new"


def zeros_decided(record: Record, column: str, known: str) -> bool:
    """Whether a person said what an id is that is known with zeros in front, ``known``.

    Asks where nobody did. Where the zeros were lost the row goes on with ``known``.
    """
    code = record.values[column]
    if record.choice == known:
        record.values[column] = known
    elif record.choice != NEW:
        record.issues.append(Issue("zeros_lost", column, {"code": code, "known": known}))
        record.ask(
            (
                Choice(known, _("%(known)s: the zeros were lost") % {"known": known}),
                Choice(
                    NEW, _("%(code)s is new, beside %(known)s") % {"code": code, "known": known}
                ),
            )
        )
        return False
    return True


def padded(rows: QuerySet[Any], field: str, wanted: Iterable[str | None]) -> dict[str, str]:
    """Known ids with zeros in front, by those of ``wanted`` that a program made of them."""
    bare = {one for one in wanted if one and one.isdigit() and one[0] != "0"}
    if not bare:
        return {}
    found = rows.annotate(bare=Func(field, Value("0"), function="ltrim", output_field=TextField()))
    return dict(
        found.filter(bare__in=bare, **{f"{field}__startswith": "0"}).values_list("bare", field)
    )


class Repeated:
    """Finds rows that name the same thing twice in one file."""

    def __init__(self) -> None:
        self._first: dict[Any, int] = {}

    def refuses(self, record: Record, key: Any) -> bool:
        first = self._first.setdefault(key, record.line)
        if first != record.line:
            record.refuse("repeated_row", first=first)
        return first != record.line
