"""Tax on cash. The numbers of the cases are those of docs/tax.md."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from incentives import tax

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
    text = (Path(settings.BASE_DIR) / "docs/tax.md").read_text()
    named = set(re.findall(r"^\| (4\d) \|", text, re.MULTILINE))
    tested = {name[5:7] for name in globals() if re.match(r"test_4\d_", name)}
    assert named == tested
