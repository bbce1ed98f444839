"""Tax withheld on cash for people who are not employees, as rules that finance can read.

All amounts are minor units (fen), rates basis points. Each tax is rounded once, half up, to the
fen; deduction and base are shown rounded the same way. Worked cases with numbers: docs/tax.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Changes whenever a figure below changes; it stands on every payout that was taxed by it.
LABOUR_VERSION = "cn-labour-2019"
CUMULATIVE_VERSION = "cn-cumulative-2025"

WHOLE = 10_000  # basis points
# Up to here the deduction is a fixed sum, beyond it a share.
SMALL_INCOME = 4_000_00
SMALL_DEDUCTION = 800_00
COST_BP = 2_000
# What everybody may earn in a month before the cumulative method takes anything.
MONTHLY_ALLOWANCE = 5_000_00


@dataclass(frozen=True)
class Band:
    """``up_to`` is the highest base of the band, None for the last one."""

    up_to: int | None
    rate_bp: int
    quick: int


LABOUR_BANDS = (
    Band(20_000_00, 2_000, 0),
    Band(50_000_00, 3_000, 2_000_00),
    Band(None, 4_000, 7_000_00),
)

YEAR_BANDS = (
    Band(36_000_00, 300, 0),
    Band(144_000_00, 1_000, 2_520_00),
    Band(300_000_00, 2_000, 16_920_00),
    Band(420_000_00, 2_500, 31_920_00),
    Band(660_000_00, 3_000, 52_920_00),
    Band(960_000_00, 3_500, 85_920_00),
    Band(None, 4_500, 181_920_00),
)


@dataclass(frozen=True)
class Withholding:
    """How much is withheld from a payment of ``gross``, and how it was worked out.

    ``income`` is what the tax is worked out on: this payment and those before it in the month or
    the year. ``tax_on_income`` is due on all of it, ``withheld`` was taken before, and ``tax`` is
    what this payment bears.
    """

    gross: int
    income: int
    deduction: int
    base: int
    rate_bp: int
    quick: int
    tax_on_income: int
    withheld: int
    tax: int
    version: str

    @property
    def net(self) -> int:
        return self.gross - self.tax


def labour(gross: int, *, earlier: int = 0, withheld: int = 0) -> Withholding:
    """Labour remuneration. ``earlier`` and ``withheld`` are the payments of the same month to the
    same person and the tax taken from them; both are 0 where each payment stands for itself.

    800 yuan are deducted from an income of up to 4,000 yuan, a fifth from a larger one. What was
    withheld before is taken off; it is never given back here, as only the tax office does that.
    """
    income = earlier + gross
    if income <= SMALL_INCOME:
        base = max(0, income - SMALL_DEDUCTION) * WHOLE
    else:
        base = income * (WHOLE - COST_BP)
    return _withholding(gross, income, base, LABOUR_BANDS, withheld, LABOUR_VERSION)


def cumulative(
    gross: int, *, earlier: int = 0, withheld: int = 0, months: int = 1, other: int = 0
) -> Withholding:
    """The cumulative method of internet platforms, off by default.

    ``earlier`` and ``withheld`` count since the start of the year, ``months`` those in which the
    person worked for us this year, this one included; ``other`` are further deductions of law.
    """
    income = earlier + gross
    allowed = MONTHLY_ALLOWANCE * months + other
    base = max(0, income * (WHOLE - COST_BP) - allowed * WHOLE)
    return _withholding(gross, income, base, YEAR_BANDS, withheld, CUMULATIVE_VERSION)


def nothing(gross: int) -> Withholding:
    """Wages: payroll withholds, not we."""
    return Withholding(gross, gross, 0, 0, 0, 0, 0, 0, 0, "")


def _withholding(
    gross: int,
    income: int,
    exact_base: int,
    bands: Sequence[Band],
    withheld: int,
    version: str,
) -> Withholding:
    """``exact_base`` is in ten-thousandths of a fen, so that only the tax is ever rounded."""
    band = _band(exact_base, bands)
    on_income = half_up(exact_base * band.rate_bp - band.quick * WHOLE * WHOLE, WHOLE * WHOLE)
    base = half_up(exact_base, WHOLE)
    return Withholding(
        gross=gross,
        income=income,
        deduction=income - base,
        base=base,
        rate_bp=band.rate_bp if base else 0,
        quick=band.quick,
        tax_on_income=on_income,
        withheld=withheld,
        tax=min(gross, max(0, on_income - withheld)),
        version=version,
    )


def _band(exact_base: int, bands: Sequence[Band]) -> Band:
    """The band that the base is in; the last one has no end."""
    return next(b for b in bands if b.up_to is None or exact_base <= b.up_to * WHOLE)


def half_up(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` to the nearest whole number, a half away from zero."""
    whole = (abs(numerator) * 2 + denominator) // (denominator * 2)
    return whole if numerator >= 0 else -whole
