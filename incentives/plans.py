"""Commission plans: drafted by one person, approved by another, dated, and never edited after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from customers import intake
from incentives.commission import MANAGER, NAMED, Rate
from incentives.commission_month import MonthRate, Step
from incentives.models import PlanBand, PlanMargin, PlanRate, PlanVersion
from incentives.plan_choices import BandMode, Base, PlanState, SelfPurchase
from kosops.lib.errors import DomainError
from kosops.lib.money import BASIS_POINTS


@dataclass(frozen=True)
class NewRate:
    """A rate to be saved with a plan version; empty text means any. Amounts in minor units.

    ``steps`` are (from so much in a month, basis points).
    """

    role: str
    rate_bp: int
    category: str = ""
    tier: str = ""
    creator_kind: str = ""
    sku: str = ""
    unit_id: int | None = None
    channel: str = ""
    buyer: str = ""
    priority: int = 0
    fixed_amount: int | None = None
    per_piece: bool = False
    base: str = Base.LINE
    month_cap: int | None = None
    steps: tuple[tuple[int, int], ...] = ()

    @property
    def case(self) -> tuple[Any, ...]:
        """What it is for: two rates of a plan never share it."""
        return (
            *(self.role, self.category, self.tier, self.creator_kind, self.sku, self.unit_id),
            *(self.channel, self.buyer),
        )

    @property
    def highest_bp(self) -> int:
        return max([self.rate_bp, *(rate_bp for _start, rate_bp in self.steps)])


@dataclass(frozen=True)
class PlanTerms:
    """What a plan version says besides its rates. Amounts in minor units, parts in basis points."""

    name: str
    valid_from: dt.date
    valid_until: dt.date | None = None
    hold_days: int = 15
    cap_bp: int = 3000
    order_cap: int | None = None
    person_cap: int | None = None
    band_mode: str = BandMode.MARGINAL
    shield_days: int = 0
    self_purchase: str = SelfPurchase.ALLOWED
    self_bp: int = 5000

    @property
    def days(self) -> DateRange:
        end = self.valid_until + dt.timedelta(days=1) if self.valid_until else None
        return DateRange(self.valid_from, end)

    @property
    def facts(self) -> dict[str, Any]:
        """The columns of the version that it fills."""
        kept = {**self.__dict__}
        del kept["valid_from"], kept["valid_until"]
        return {**kept, "valid": self.days}


Margins = Sequence[tuple[str, int]]


# -- queries -------------------------------------------------------------------


def rates_of(version: PlanVersion) -> list[Rate]:
    """The rates of a version in the form that the rule reads."""
    return [as_rule(rate) for rate in version.rates.select_related("unit").order_by("pk")]


def as_rule(rate: PlanRate) -> Rate:
    return Rate(
        id=rate.pk,
        role=rate.role,
        rate_bp=rate.rate_bp,
        category=rate.category,
        tier=rate.tier,
        kind=rate.creator_kind,
        sku=rate.sku,
        store=rate.unit.path if rate.unit else "",
        channel=rate.channel,
        buyer=rate.buyer,
        priority=rate.priority,
        fixed=rate.fixed_amount,
        per_piece=rate.per_piece,
        of_seller=rate.base == Base.SELLER,
    )


def month_rates_of(version: PlanVersion) -> list[MonthRate]:
    """The rates of a version as the rule of the month reads them."""
    return [
        MonthRate(
            id=rate.pk,
            rate_bp=rate.rate_bp,
            steps=tuple(Step(band.from_amount, band.rate_bp) for band in rate.bands.all()),
            cap=rate.month_cap,
        )
        for rate in version.rates.prefetch_related("bands").order_by("pk")
    ]


def monthly(version: PlanVersion) -> bool:
    """Whether a person's month by this version is more than the sum of its lines."""
    return version.person_cap is not None or any(
        rate.steps or rate.cap is not None for rate in month_rates_of(version)
    )


def own_part(version: PlanVersion) -> int:
    """The part of a rate that counts for own orders, in basis points."""
    parts = {SelfPurchase.NOTHING: 0, SelfPurchase.REDUCED: version.self_bp}
    return parts.get(SelfPurchase(version.self_purchase), BASIS_POINTS)


def is_wide(version: PlanVersion) -> bool:
    """Whether runs need more for it than category, tier and kind."""
    return (
        version.order_cap is not None
        or version.shield_days > 0
        or version.self_purchase != SelfPurchase.ALLOWED
        or any(not rate.simple for rate in rates_of(version))
        or monthly(version)
    )


def in_force(brand: Unit, day: dt.date) -> PlanVersion | None:
    """The version that applies to orders paid on ``day``."""
    return PlanVersion.objects.filter(
        brand=brand, valid__contains=day, state=PlanState.APPROVED
    ).first()


def before(version: PlanVersion) -> PlanVersion | None:
    """The version that ended where this one begins; its rates are what a shield keeps."""
    return PlanVersion.objects.filter(
        brand=version.brand_id, valid__endswith=version.valid.lower, state=PlanState.APPROVED
    ).first()


# -- commands ------------------------------------------------------------------


@transaction.atomic
def draft(
    *,
    by: Person | None,
    brand: Unit,
    terms: PlanTerms,
    rates: Sequence[NewRate],
    margins: Margins = (),
) -> PlanVersion:
    """Begin a version that nothing goes by yet. Refusals as for `edit`."""
    _check(terms, rates)
    version = PlanVersion.objects.create(
        brand=brand, created_by=by, edited_by=by, state=PlanState.DRAFT, **terms.facts
    )
    _write_parts(version, rates, margins)
    activity.record(
        by=by,
        verb="commission_plan.drafted",
        object=version,
        unit=brand,
        after={"valid_from": terms.valid_from.isoformat()},
    )
    return version


@transaction.atomic
def edit(
    *,
    by: Person,
    version: PlanVersion,
    terms: PlanTerms,
    rates: Sequence[NewRate],
    margins: Margins = (),
) -> PlanVersion:
    """Say a draft anew, as a whole.

    Refuses `not_a_draft`, `dates_reversed`, `no_rates`, `repeated_rate`, `cap_out_of_range`,
    `rate_above_cap`, `override_needs_cap`, `steps_not_here`, `steps_above_cap`.
    """
    version = _locked(version, PlanState.DRAFT, "not_a_draft")
    _check(terms, rates)
    for name, value in terms.facts.items():
        setattr(version, name, value)
    version.edited_by = by
    version.save()
    PlanBand.objects.filter(rate__version=version).delete()
    version.rates.all().delete()
    version.margins.all().delete()
    _write_parts(version, rates, margins)
    activity.record(by=by, verb="commission_plan.edited", object=version, unit=version.brand)
    return version


@transaction.atomic
def submit(*, by: Person | None, version: PlanVersion) -> PlanVersion:
    """Hand a draft to the second person.

    Refuses `not_a_draft`, `above_margin` naming the category, and `plan_overlaps` naming the
    approved version that stands in the way.
    """
    version = _locked(version, PlanState.DRAFT, "not_a_draft")
    _check_margins(version)
    _check_days(version, _cut_short(version))
    version.state = PlanState.SUBMITTED
    version.submitted_by, version.submitted_at = by, timezone.now()
    version.sent_back = ""
    version.save(update_fields=["state", "submitted_by", "submitted_at", "sent_back"])
    activity.record(by=by, verb="commission_plan.submitted", object=version, unit=version.brand)
    return version


@transaction.atomic
def send_back(*, by: Person, version: PlanVersion, reason: str) -> PlanVersion:
    """Make a submitted version a draft again. Refuses `not_submitted` and `reason_needed`."""
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why the plan is sent back."), status=400)
    version = _locked(version, PlanState.SUBMITTED, "not_submitted")
    version.state, version.sent_back = PlanState.DRAFT, reason.strip()
    version.save(update_fields=["state", "sent_back"])
    activity.record(
        by=by,
        verb="commission_plan.sent_back",
        object=version,
        unit=version.brand,
        after={"reason": version.sent_back},
    )
    return version


@transaction.atomic
def drop(*, by: Person, version: PlanVersion) -> PlanVersion:
    """Give up a draft. Refuses `not_a_draft`."""
    version = _locked(version, PlanState.DRAFT, "not_a_draft")
    version.state = PlanState.DROPPED
    version.save(update_fields=["state"])
    activity.record(by=by, verb="commission_plan.dropped", object=version, unit=version.brand)
    return version


@transaction.atomic
def approve(*, by: Person | None, version: PlanVersion) -> PlanVersion:
    """Put a submitted version in force from its first day.

    An open-ended version before it ends the day before. The next run looks at orders of the days
    that change again: what is credited keeps its rate, what was not may be now. Refuses
    `not_submitted`, `own_plan` for whoever drafted, edited or submitted it, and `plan_overlaps`
    naming the other version (M17).
    """
    # Two approvals at once would each see no other.
    Unit.objects.select_for_update(no_key=True).get(pk=version.brand_id)
    version = _locked(version, PlanState.SUBMITTED, "not_submitted")
    if by is not None and by.pk in (
        *(version.created_by_id, version.edited_by_id, version.submitted_by_id),
    ):
        raise DomainError("own_plan", _("Who made a plan cannot approve it."), status=403)
    open_before = _cut_short(version)
    _check_days(version, open_before)
    if open_before is not None:
        open_before.valid = DateRange(open_before.valid.lower, version.valid.lower)
        open_before.save(update_fields=["valid"])
    version.state = PlanState.APPROVED
    version.approved_by, version.approved_at = by, timezone.now()
    version.save(update_fields=["state", "approved_by", "approved_at"])
    # Days behind the new version lose the plan that was cut short, and with it its cap.
    intake.look_again(
        brand=version.brand,
        first=version.valid.lower,
        until=None if open_before else version.valid.upper,
    )
    activity.record(
        by=by,
        verb="commission_plan.saved",
        object=version,
        unit=version.brand,
        after={
            "valid_from": version.valid.lower.isoformat(),
            "hold_days": version.hold_days,
            "cap_bp": version.cap_bp,
        },
    )
    return version


def save_version(
    *,
    by: Person | None,
    brand: Unit,
    name: str,
    valid_from: dt.date,
    rates: Sequence[NewRate],
    margins: Margins = (),
    approved_by: Person | None = None,
    **terms: Any,
) -> PlanVersion:
    """Draft, submit and approve in one go: for setting a brand up, trials and the demo.

    Refusals as for the three steps. A version that a person made needs ``approved_by``.
    """
    with transaction.atomic():
        version = draft(
            by=by,
            brand=brand,
            terms=PlanTerms(name=name, valid_from=valid_from, **terms),
            rates=rates,
            margins=margins,
        )
        return approve(by=approved_by, version=submit(by=by, version=version))


# -- behind the commands -------------------------------------------------------


def _locked(version: PlanVersion, state: str, refusal: str) -> PlanVersion:
    found = PlanVersion.objects.select_for_update(of=("self",)).select_related("brand")
    locked = found.get(pk=version.pk)
    if locked.state != state:
        raise DomainError(
            refusal,
            _("“%(name)s” is no longer a draft.")
            if state == PlanState.DRAFT
            else _("“%(name)s” does not wait for approval."),
            name=locked.name,
        )
    return locked


def _write_parts(version: PlanVersion, rates: Sequence[NewRate], margins: Margins) -> None:
    written = PlanRate.objects.bulk_create(
        PlanRate(
            version=version,
            **{key: value for key, value in rate.__dict__.items() if key != "steps"},
        )
        for rate in rates
    )
    PlanBand.objects.bulk_create(
        PlanBand(rate=saved, from_amount=start, rate_bp=rate_bp)
        for saved, rate in zip(written, rates, strict=True)
        for start, rate_bp in rate.steps
    )
    PlanMargin.objects.bulk_create(
        PlanMargin(version=version, category=category, margin_bp=margin_bp)
        for category, margin_bp in margins
    )


def _cut_short(version: PlanVersion) -> PlanVersion | None:
    """The open-ended version that this one would end."""
    return (
        PlanVersion.objects.select_for_update()
        .filter(
            brand=version.brand_id,
            state=PlanState.APPROVED,
            valid__startswith__lt=version.valid.lower,
            valid__upper_inf=True,
        )
        .first()
    )


def _check_days(version: PlanVersion, open_before: PlanVersion | None) -> None:
    other = (
        PlanVersion.objects.filter(
            brand=version.brand_id, state=PlanState.APPROVED, valid__overlap=version.valid
        )
        .exclude(pk=open_before.pk if open_before else 0)
        .first()
    )
    if other is not None:
        raise DomainError(
            "plan_overlaps",
            _("The plan “%(other)s” already applies on some of these days."),
            other=other.name,
        )


def _check(terms: PlanTerms, rates: Sequence[NewRate]) -> None:
    if terms.valid_until is not None and terms.valid_until < terms.valid_from:
        raise DomainError("dates_reversed", _("The last day is before the first."), status=400)
    if not rates:
        raise DomainError("no_rates", _("A plan needs at least one rate."), status=400)
    if not 0 <= terms.cap_bp <= BASIS_POINTS:
        raise DomainError(
            "cap_out_of_range", _("The cap must lie between 0 and 100 percent."), status=400
        )
    if len({rate.case for rate in rates}) < len(rates):
        raise DomainError("repeated_rate", _("Two rates are for the same case."), status=400)
    for rate in rates:
        _check_rate(terms, rate)
    stepped = any(rate.steps for rate in rates)
    if stepped and _highest(rates) > terms.cap_bp:
        raise DomainError(
            "steps_above_cap",
            _("With its highest steps all roles together come to %(sum)s %%, above the cap."),
            status=400,
            sum=f"{_highest(rates) / 100:g}",
        )


def _check_rate(terms: PlanTerms, rate: NewRate) -> None:
    of_line = rate.base == Base.LINE
    if rate.rate_bp < 0 or rate.highest_bp > (terms.cap_bp if of_line else BASIS_POINTS):
        raise DomainError(
            "rate_above_cap",
            _("A rate must lie between 0 and the plan's cap of %(cap)s %%."),
            status=400,
            cap=f"{terms.cap_bp / 100:g}",
        )
    if rate.role == MANAGER and (rate.month_cap is None or rate.fixed_amount is not None):
        raise DomainError(
            "override_needs_cap",
            _("A manager's rate is a percentage with a limit per month."),
            status=400,
        )
    if rate.steps and (rate.role not in NAMED or rate.fixed_amount is not None):
        raise DomainError(
            "steps_not_here",
            _("Only percentages of sellers and sharers can rise in steps."),
            status=400,
        )


def _highest(rates: Iterable[NewRate], category: str | None = None) -> int:
    """What all roles together can come to on a line at most, of a category or of any."""
    highest: dict[str, int] = {}
    for rate in rates:
        if category is None or rate.category in ("", category):
            part = rate.highest_bp
            if rate.base == Base.SELLER:
                continue
            highest[rate.role] = max(highest.get(rate.role, 0), part)
    overrides = [rate.highest_bp for rate in rates if rate.base == Base.SELLER]
    of_seller = max(overrides, default=0) * highest.get("seller", 0)
    # The part of a part, rounded up.
    highest[MANAGER] = max(highest.get(MANAGER, 0), -(-of_seller // BASIS_POINTS))
    return sum(highest.values())


def new_rates_of(version: PlanVersion) -> list[NewRate]:
    """The rates of a version as they were entered."""
    names = [name for name in NewRate.__dataclass_fields__ if name != "steps"]
    return [
        NewRate(
            **{name: getattr(rate, name) for name in names},
            steps=tuple((band.from_amount, band.rate_bp) for band in rate.bands.all()),
        )
        for rate in version.rates.prefetch_related("bands").order_by("pk")
    ]


def margin_faults(version: PlanVersion) -> list[tuple[str, int, int]]:
    """Categories where the rates together exceed the margin: (category, rates, margin), C60."""
    rates = new_rates_of(version)
    known = {margin.category: margin.margin_bp for margin in version.margins.all()}
    faults = []
    for category, margin_bp in sorted(known.items()):
        together = min(version.cap_bp, _highest(rates, category))
        if together > margin_bp:
            faults.append((category, together, margin_bp))
    return faults


def _check_margins(version: PlanVersion) -> None:
    for category, together, margin in margin_faults(version):
        raise DomainError(
            "above_margin",
            _("%(category)s: all roles together get up to %(sum)s %%, the margin is %(margin)s %%.")
            if category
            else _("All roles together get up to %(sum)s %%, the margin is %(margin)s %%."),
            category=category,
            sum=f"{together / 100:g}",
            margin=f"{margin / 100:g}",
        )
