"""Which platforms a brand works on, what it thinks of each, and which trade it is in (K21, K25, C05)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import activity
from accounts.access import reach
from accounts.models import Person, Unit
from kosops.lib.errors import DomainError
from matrix import platform_advice
from matrix.choices import (
    OFF_AT_FIRST,
    PLATFORM_DOMAIN,
    REGULATED,
    AccountState,
    Domain,
    Platform,
    RuleState,
    Trade,
)
from matrix.models import BrandPlatform, BrandTrade, SocialAccount
from matrix.models.platforms import changed_by_brands, forget, label_of

__all__ = [
    "add_platform", "change_platform", "domain_of", "is_in_use", "is_regulated", "label_of",
    "names_of", "of_brand", "offered", "set_trade", "trade_of", "used_by",
]  # fmt: skip

MAX_ADVICE = 400
MOST_COLUMNS = 3
Text = str | Promise


@dataclass(frozen=True, slots=True)
class Standing:
    """A platform as a brand has it."""

    code: str
    name: Text
    domain: str
    in_use: bool
    own: bool
    order: int
    accounts: int
    advice: Text
    # Whether the advice is the brand's own, and whether the shipped one puts the platform first.
    rewritten: bool
    recommended: bool
    # What to warn of: a quota that is full, or spend that is too low.
    mark: RuleState | None = None

    @property
    def domain_label(self) -> Text:
        return Domain(self.domain).label


# -- queries -------------------------------------------------------------------


def of_brand(brand: Unit) -> list[Standing]:
    """All platforms that the brand can have, in their order, with the accounts not closed."""
    trade = trade_of(brand)
    rows = {row.code: row for row in BrandPlatform.objects.filter(brand=brand)}
    counts = _accounts_by_platform(brand)
    codes = [*Platform.values, *(code for code in rows if code not in Platform)]
    found = [_standing(code, rows.get(code), trade, counts.get(code, 0)) for code in codes]
    return sorted(found, key=lambda each: (not each.in_use, each.order, codes.index(each.code)))


def one_of(brand: Unit, code: str) -> Standing | None:
    return next((each for each in of_brand(brand) if each.code == code), None)


def used_by(brands: Iterable[int], domain: str = "") -> list[tuple[str, Text]]:
    """(code, name) of the platforms that any of the brands has in use, in their order."""
    return _listed(brands, domain, in_use=True)


def offered(person: Any, permission: str, domain: str = "") -> list[tuple[str, Text]]:
    """What a filter offers a person: all that their brands use or have used. Costs no query."""
    return _listed(_brand_ids(person, permission), domain, in_use=False)


def used_where(person: Any, permission: str, domain: str) -> list[tuple[str, Text]]:
    """Platforms in use where the person holds the permission. Costs no query."""
    return used_by(_brand_ids(person, permission), domain)


def every_code() -> list[tuple[str, Text]]:
    """(code, name) of all platforms of all brands, to check what an address names."""
    own = {
        code: row.name
        for rows in changed_by_brands().values()
        for code, row in rows.items()
        if code not in Platform
    }
    return [*Platform.choices, *own.items()]


def columns(person: Any, permission: str, accounts: Mapping[str, int]) -> list[tuple[str, Text]]:
    """The public platforms in use with the most ``accounts``, as many as a table has room for.

    They stand in the order of the platforms, so that two pages look alike.
    """
    used = used_by(_brand_ids(person, permission), Domain.PUBLIC)
    first = sorted(used, key=lambda each: -accounts.get(each[0], 0))[:MOST_COLUMNS]
    return [each for each in used if each in first]


def is_in_use(brand_id: int, code: str) -> bool:
    """Whether a new account may be on it; False too for a code that the brand does not have."""
    row = changed_by_brands().get(brand_id, {}).get(code)
    return row.in_use if row else code in Platform and code not in OFF_AT_FIRST


def domain_of(brand_id: int, code: str) -> Domain | None:
    """None for a code that the brand does not have."""
    if code in Platform:
        return PLATFORM_DOMAIN[Platform(code)]
    row = changed_by_brands().get(brand_id, {}).get(code)
    return Domain(row.domain) if row else None


def names_of(brand_id: int) -> dict[str, str]:
    """Code by name and code of the brand's own platforms, as files may call them."""
    rows = [row for row in changed_by_brands().get(brand_id, {}).values() if row.name]
    return {row.code: row.code for row in rows} | {row.name: row.code for row in rows}


def trade_of(brand: Unit) -> Trade:
    row = BrandTrade.objects.filter(brand=brand).first()
    return Trade(row.trade) if row else Trade.GENERAL


def is_regulated(brand: Unit) -> bool:
    """Whether the brand's trade asks for stricter review of what is published (K21)."""
    return trade_of(brand) in REGULATED


# -- commands ------------------------------------------------------------------


@transaction.atomic
def add_platform(
    *, by: Person | None, brand: Unit, code: str, name: str, domain: str
) -> BrandPlatform:
    """Add a platform that the product does not know, in use at once.

    Refuses ``platform_known`` (a shipped code or name), ``platform_code_taken`` and
    ``platform_name_taken``.
    """
    code, name = code.strip().lower(), name.strip()
    if code in Platform or name.casefold() in {str(label).casefold() for label in Platform.labels}:
        raise DomainError(
            "platform_known", _("“%(name)s” is in the list already: switch it on there."), name=name
        )
    row = BrandPlatform(brand=brand, code=code, name=name, domain=domain)
    _save(row)
    activity.record(
        by=by,
        verb="platform.added",
        object=row,
        unit=brand,
        after={"code": code, "name": name, "domain": str(domain)},
    )
    return row


@transaction.atomic
def change_platform(
    *,
    by: Person | None,
    brand: Unit,
    code: str,
    in_use: bool | None = None,
    name: str = "",
    advice: str | None = None,
    trade: str = "",
    even_with_accounts: bool = False,
) -> BrandPlatform:
    """Switch a platform, rename one of the brand's own, or write its advice for a trade.

    What is left out stays; advice that is empty or the shipped one takes the shipped one back.
    Accounts on a platform that is switched off stay, so this asks first: refuses
    ``platform_in_use`` unless ``even_with_accounts``; ``unknown_platform``,
    ``platform_name_taken``.
    """
    Unit.objects.select_for_update().get(pk=brand.pk)
    row = BrandPlatform.objects.filter(brand=brand, code=code).first()
    if row is None:
        if code not in Platform:
            raise DomainError("unknown_platform", _("The brand has no platform with this code."))
        row = BrandPlatform(
            brand=brand,
            code=code,
            domain=PLATFORM_DOMAIN[Platform(code)],
            in_use=code not in OFF_AT_FIRST,
        )
    before = _facts(row, trade)
    if in_use is not None and in_use != row.in_use:
        if not in_use and not even_with_accounts:
            _refuse_if_used(brand, row)
        row.in_use = in_use
    if name and row.name:
        row.name = name.strip()
    if advice is not None:
        own = " ".join(advice.split())
        shipped = str(platform_advice.advice(code, trade or Trade.GENERAL))
        row.advice = {**row.advice, trade or Trade.GENERAL: own}
        if own in ("", shipped):
            row.advice.pop(trade or Trade.GENERAL)
    after = _facts(row, trade)
    if before == after:
        return row
    _save(row)
    changed = [key for key in after if after[key] != before[key]]
    activity.record(
        by=by,
        verb="platform.changed",
        object=row,
        unit=brand,
        before={key: before[key] for key in changed},
        after={key: after[key] for key in changed},
    )
    return row


@transaction.atomic
def set_trade(*, by: Person | None, brand: Unit, trade: str) -> Trade:
    """Say what the brand deals in; the same again changes nothing.

    In a regulated trade posts are reviewed that are published from now on.
    """
    Unit.objects.select_for_update().get(pk=brand.pk)
    row = BrandTrade.objects.filter(brand=brand).first() or BrandTrade(brand=brand)
    before, row.trade = row.trade, Trade(trade)
    if before != row.trade:
        begun = row.regulated_from or timezone.now()
        row.regulated_from = begun if row.trade in REGULATED else None
        row.save()
        activity.record(
            by=by,
            verb="brand_trade.changed",
            object=row,
            unit=brand,
            before={"trade": before or None},
            after={"trade": str(trade)},
        )
    return Trade(trade)


# -- private -------------------------------------------------------------------


def _standing(code: str, row: BrandPlatform | None, trade: Trade, accounts: int) -> Standing:
    own = (row.advice if row else {}).get(trade, "")
    return Standing(
        code=code,
        name=row.name if row and row.name else label_of(None, code),
        domain=row.domain if row else PLATFORM_DOMAIN[Platform(code)],
        in_use=row.in_use if row else code not in OFF_AT_FIRST,
        own=code not in Platform,
        order=row.order if row else 100,
        accounts=accounts,
        advice=own or platform_advice.advice(code, trade),
        rewritten=bool(own),
        recommended=platform_advice.is_recommended(code, trade),
    )


def _listed(brands: Iterable[int], domain: str, *, in_use: bool) -> list[tuple[str, Text]]:
    changed = changed_by_brands()
    found: dict[str, Text] = {}
    brands = list(brands)
    for code in Platform:
        rows = [changed.get(brand, {}).get(code) for brand in brands]
        at_first = code not in OFF_AT_FIRST
        wanted = any((row.in_use or not in_use) if row else at_first for row in rows)
        if wanted and domain in ("", PLATFORM_DOMAIN[code]):
            found[code.value] = code.label
    for brand in brands:
        for row in sorted(changed.get(brand, {}).values(), key=lambda row: (row.order, row.name)):
            if row.name and (row.in_use or not in_use) and domain in ("", row.domain):
                found.setdefault(row.code, row.name)
    return list(found.items())


def _brand_ids(person: Any, permission: str) -> list[int]:
    within = reach(person, permission)
    if within.everything:
        # A superuser: whoever has said something of platforms, and anybody who has not.
        return [*changed_by_brands(), 0]
    return sorted({int(path.split("/")[1]) for path in within.paths})


def _accounts(brand: Unit) -> QuerySet[Any]:
    return SocialAccount.objects.filter(brand=brand).exclude(state=AccountState.CLOSED)


def _accounts_by_platform(brand: Unit) -> dict[str, int]:
    rows = _accounts(brand).order_by().values("platform").annotate(count=Count("pk"))
    return dict(rows.values_list("platform", "count"))


def _refuse_if_used(brand: Unit, row: BrandPlatform) -> None:
    count = _accounts(brand).filter(platform=row.code).count()
    if count:
        raise DomainError(
            "platform_in_use",
            ngettext_lazy(
                "%(count)s account is on it. It stays and can be read, but nobody can add another."
                " Confirm to switch the platform off.",
                "%(count)s accounts are on it. They stay and can be read, but nobody can add"
                " another. Confirm to switch the platform off.",
                count,
            ),
            field="in_use",
            count=count,
        )


def _facts(row: BrandPlatform, trade: str) -> dict[str, Any]:
    return {
        "in_use": row.in_use,
        "name": row.name,
        "advice": row.advice.get(trade or Trade.GENERAL),
    }


def _save(row: BrandPlatform) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        broken = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
        if broken == "brand_platform_code_once":
            raise DomainError(
                "platform_code_taken",
                _("The brand already has a platform with the code %(code)s."),
                field="code",
                code=row.code,
            ) from error
        if broken == "brand_platform_name_once":
            raise DomainError(
                "platform_name_taken",
                _("The brand already has a platform called %(name)s."),
                field="name",
                name=row.name,
            ) from error
        raise
    forget()
    transaction.on_commit(forget)
