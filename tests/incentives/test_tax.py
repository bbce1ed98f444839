"""Tax on cash. The numbers of the cases are those of docs/tax.md."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives import tax
from tests import tables

# income, tax: the check values of the table, in fen.
CHECKED = [
    (800_00, 0),
    (3_000_00, 440_00),
    (4_000_00, 640_00),
    (4_000_01, 640_00),
    (5_000_00, 800_00),
    (25_000_00, 4_000_00),
    (30_000_00, 5_200_00),
    (62_500_00, 13_000_00),
    (100_000_00, 25_000_00),
]


@pytest.mark.parametrize(("income", "due"), CHECKED)
def test_40_a_payment_is_taxed_by_the_table(income: int, due: int) -> None:
    worked = tax.labour(income)
    assert (worked.tax, worked.net) == (due, income - due)
    assert worked.income - worked.deduction == worked.base


def test_41_up_to_800_yuan_nothing_is_withheld() -> None:
    assert tax.labour(800_00).tax == 0
    assert tax.labour(800_01).tax == 0, "a fifth of a fen"
    assert tax.labour(800_03).tax == 1, "three fifths of a fen are one"


def test_42_half_a_fen_counts_as_one() -> None:
    # No income in whole fen gives exactly half a fen of tax, so the rounding itself is looked at.
    assert [tax.half_up(n, 2) for n in (0, 1, 2, 3, -1, -3)] == [0, 1, 1, 2, -1, -2]


def test_43_a_second_payment_of_the_month_bears_what_the_sum_owes_more() -> None:
    first = tax.labour(3_000_00)
    second = tax.labour(2_000_00, earlier=3_000_00, withheld=first.tax)
    assert (first.tax, second.tax_on_income, second.tax) == (440_00, 800_00, 360_00)
    assert first.tax + second.tax == tax.labour(5_000_00).tax


def test_44_by_the_payment_each_has_its_own_deduction() -> None:
    assert tax.labour(3_000_00).tax + tax.labour(2_000_00).tax == 440_00 + 240_00


def test_45_what_was_withheld_too_much_is_not_given_back() -> None:
    worked = tax.labour(100_00, earlier=500_00, withheld=50_00)
    assert (worked.tax, worked.net) == (0, 100_00)


def test_46_small_payments_of_a_month_are_taxed_once_they_pass_800_yuan() -> None:
    paid, withheld, seen = 0, 0, []
    for gross in (500_00, 500_00, 500_00):
        worked = tax.labour(gross, earlier=paid, withheld=withheld)
        paid, withheld = paid + gross, withheld + worked.tax
        seen.append(worked.tax)
    assert seen == [0, 40_00, 100_00]


def test_47_cumulatively_5000_yuan_a_month_are_free() -> None:
    assert tax.cumulative(6_250_00).tax == 0, "four fifths of it are 5,000"
    worked = tax.cumulative(10_000_00)
    assert (worked.base, worked.rate_bp, worked.tax) == (3_000_00, 300, 90_00)


def test_48_cumulatively_the_year_is_taxed_as_one() -> None:
    first = tax.cumulative(60_000_00)
    second = tax.cumulative(60_000_00, earlier=60_000_00, withheld=first.tax, months=2)
    assert (first.base, first.tax) == (43_000_00, 1_780_00)
    assert (second.base, second.tax_on_income) == (86_000_00, 6_080_00)
    assert second.tax == 6_080_00 - 1_780_00


def test_49_wages_are_not_taxed_here() -> None:
    assert (tax.nothing(9_000_00).tax, tax.nothing(9_000_00).net) == (0, 9_000_00)


@given(st.lists(st.integers(1, 30_000_00), min_size=1, max_size=8))
def test_in_a_month_the_parts_bear_what_the_sum_bears(parts: list[int]) -> None:
    paid = withheld = 0
    for gross in parts:
        worked = tax.labour(gross, earlier=paid, withheld=withheld)
        paid, withheld = paid + gross, withheld + worked.tax
    assert withheld == tax.labour(paid).tax


@given(st.integers(0, 500_000_00), st.integers(0, 100_00))
def test_more_income_never_bears_less_tax_and_never_all_of_it(income: int, more: int) -> None:
    low, high = tax.labour(income), tax.labour(income + more)
    assert low.tax <= high.tax
    assert high.tax - low.tax <= more
    assert low.tax < income or income == 0


def test_the_worked_cases_in_the_docs_have_the_numbers_of_the_tests() -> None:
    text = (tables.ROOT / "docs/tax.md").read_text()
    named = set(re.findall(r"^\| (4\d) \|", text, re.MULTILINE))
    tested = {name[5:7] for name in globals() if re.match(r"test_4\d_", name)}
    assert named == tested


# base, rate, quick deduction: what finance looks up in the tables. The last fen of a band is in it.
LABOUR = [
    (500_00, 0, 0, 0),
    (800_00, 0, 0, 0),
    (4_000_00, 3_200_00, 2_000, 0),
    (25_000_00, 20_000_00, 2_000, 0),
    (25_000_01, 20_000_01, 3_000, 2_000_00),
    (62_500_00, 50_000_00, 3_000, 2_000_00),
    (62_500_01, 50_000_01, 4_000, 7_000_00),
]


@pytest.mark.parametrize(("income", "base", "rate_bp", "quick"), LABOUR)
def test_a_withholding_names_the_band_it_was_worked_out_in(income, base, rate_bp, quick) -> None:
    worked = tax.labour(income)
    assert (worked.base, worked.rate_bp, worked.quick) == (base, rate_bp, quick)
    assert (worked.gross, worked.withheld, worked.version) == (income, 0, tax.LABOUR_VERSION)


# The year's table: highest base of each band, rate, and the tax on that base.
YEAR = [
    (36_000_00, 300, 1_080_00),
    (144_000_00, 1_000, 11_880_00),
    (300_000_00, 2_000, 43_080_00),
    (420_000_00, 2_500, 73_080_00),
    (660_000_00, 3_000, 145_080_00),
    (960_000_00, 3_500, 250_080_00),
]


@pytest.mark.parametrize(("base", "rate_bp", "due"), YEAR)
def test_the_bands_of_the_year_meet_without_a_jump(base: int, rate_bp: int, due: int) -> None:
    # Four fifths count, and the 5,000 of the month are free.
    income = (base + 5_000_00) * 5 // 4
    worked = tax.cumulative(income)
    assert (worked.base, worked.rate_bp, worked.tax) == (base, rate_bp, due)
    one_fen_more = tax.cumulative(income + 1)
    assert (one_fen_more.rate_bp > rate_bp, one_fen_more.tax) == (True, due)


def test_the_highest_band_has_no_end() -> None:
    # 1,000,000 at 45 % less 181,920.
    assert tax.cumulative(1_256_250_00, months=1).tax == 268_080_00


def test_further_deductions_of_law_are_free_as_well() -> None:
    # 8,000 count; 5,000 and 1,000 are free.
    worked = tax.cumulative(10_000_00, other=1_000_00)
    assert (worked.base, worked.tax, worked.version) == (2_000_00, 60_00, tax.CUMULATIVE_VERSION)
    assert tax.cumulative(1_000_00).base == 0
    assert tax.cumulative(1_000_00).rate_bp == 0


def test_a_later_payment_shows_what_was_withheld_before() -> None:
    worked = tax.labour(2_000_00, earlier=3_000_00, withheld=440_00)
    assert (worked.gross, worked.income, worked.withheld) == (2_000_00, 5_000_00, 440_00)


def test_wages_show_no_deduction_no_rate_and_no_table() -> None:
    worked = tax.nothing(9_000_00)
    assert (worked.gross, worked.income) == (9_000_00, 9_000_00)
    steps = (worked.deduction, worked.base, worked.rate_bp, worked.quick)
    assert (steps, worked.tax_on_income, worked.withheld) == ((0, 0, 0, 0), 0, 0)
    assert worked.version == ""
