"""Amounts are whole minor units; anything that only looks like one is refused (M32), splits are
exact (M27)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kosops.lib.errors import DomainError
from kosops.lib.money import MAX_MINOR, check_amount, parse_amount, plain_amount, share_of, split


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("0", 0),
        ("12.50", 1250),
        ("12.5", 1250),
        (" 7 ", 700),
        ("0.01", 1),
        ("007.10", 710),
        ("1000000000.00", MAX_MINOR),
    ],
)
def test_plain_amounts_are_read(text: str, minor: int) -> None:
    assert parse_amount(text) == minor


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "1e400",
        "1e2",
        "0.001",
        "１２",  # full-width digits
        "١٢",  # Arabic digits
        "1,000.00",
        "1 000",
        "1.",
        ".5",
        "+5",
        "--5",
        "0x10",
        "1_000",
        "12.5元",
        "12\n",
        "\t12",
        "12\N{NO-BREAK SPACE}",
        "",
        " ",
        "9" * 13,
        "9" * 5000,
    ],
)
def test_what_is_not_a_plain_amount_is_refused_naming_the_field(text: str) -> None:
    with pytest.raises(DomainError) as refusal:
        parse_amount(text, field="paid_amount", allow_negative=True)
    assert refusal.value.code == "invalid_amount"
    assert refusal.value.status == 400
    assert "paid_amount" in str(refusal.value)
    assert len(str(refusal.value)) < 200, "a long value is not repeated in full"


@pytest.mark.parametrize("value", [None, 12, 12.5, True, b"12", ["12"]])
def test_only_text_is_parsed(value: object) -> None:
    with pytest.raises(DomainError, match="amount"):
        parse_amount(value)  # type: ignore[arg-type]


def test_negative_amounts_are_for_those_who_ask_for_them() -> None:
    assert parse_amount("-12.50", allow_negative=True) == -1250
    with pytest.raises(DomainError) as refusal:
        parse_amount("-12.50")
    assert refusal.value.code == "amount_out_of_range"
    assert parse_amount("-0.00") == 0


@pytest.mark.parametrize("minor", [MAX_MINOR + 1, -MAX_MINOR - 1, 10**30])
def test_amounts_beyond_the_limit_are_refused(minor: int) -> None:
    with pytest.raises(DomainError) as refusal:
        check_amount(minor, field="amount", allow_negative=True)
    assert refusal.value.code == "amount_out_of_range"
    assert refusal.value.status == 400


@pytest.mark.parametrize("value", [1.0, float("nan"), float("inf"), "5", None, True, False])
def test_only_whole_numbers_are_amounts(value: object) -> None:
    with pytest.raises(DomainError) as refusal:
        check_amount(value)
    assert refusal.value.code == "invalid_amount"


@given(st.integers(-MAX_MINOR, MAX_MINOR))
def test_what_is_written_with_two_decimals_is_read_back(minor: int) -> None:
    sign = "-" if minor < 0 else ""
    text = f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"
    assert parse_amount(text, allow_negative=True) == minor


# -- shares and splits ---------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "rate_bp", "share"),
    [
        (12_990, 500, 649),  # 649.5
        (1, 9_999, 0),
        (-1, 9_999, 0),
        (-12_990, 500, -649),
        (10_000, 10_000, 10_000),
        (0, 500, 0),
    ],
)
def test_a_share_is_rounded_toward_zero(base: int, rate_bp: int, share: int) -> None:
    assert share_of(base, rate_bp) == share


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.integers(0, 10_000))
def test_a_share_of_a_refund_mirrors_that_of_the_sale(base: int, rate_bp: int) -> None:
    assert share_of(-base, rate_bp) == -share_of(base, rate_bp)


def test_one_cent_among_three_goes_to_the_first() -> None:
    assert split(1, [1, 1, 1]) == [1, 0, 0]
    assert split(-1, [1, 1, 1]) == [-1, 0, 0]
    assert split(2, [1, 1, 1]) == [1, 1, 0]


def test_the_largest_remainder_comes_first() -> None:
    assert split(10, [1, 2, 4]) == [1, 3, 6]  # 1.43, 2.86, 5.71
    assert split(100, [0, 1, 0]) == [0, 100, 0]


@pytest.mark.parametrize("weights", [[], [0], [0, 0, 0]])
def test_a_split_over_nothing_is_refused(weights: list[int]) -> None:
    with pytest.raises(DomainError) as refusal:
        split(1, weights)
    assert refusal.value.code == "no_weights"


def test_negative_weights_are_refused() -> None:
    with pytest.raises(DomainError) as refusal:
        split(10, [5, -1])
    assert refusal.value.code == "negative_weight"


WEIGHTS = st.lists(st.integers(0, MAX_MINOR), min_size=1, max_size=12).filter(sum)


@given(st.integers(-MAX_MINOR, MAX_MINOR), WEIGHTS)
def test_parts_sum_exactly_are_fair_and_mirror(pot: int, weights: list[int]) -> None:
    parts = split(pot, weights)
    assert sum(parts) == pot
    assert split(-pot, weights) == [-part for part in parts]
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * total - pot * weight) < total, "nobody is more than a cent off"
        if weight == 0:
            assert part == 0


@given(WEIGHTS, st.data())
def test_a_split_within_the_weights_stays_within_each(
    weights: list[int], data: st.DataObject
) -> None:
    """What refunds rely on: no line is refunded beyond what was paid for it."""
    pot = data.draw(st.integers(0, sum(weights)))
    assert all(
        0 <= part <= weight for part, weight in zip(split(pot, weights), weights, strict=True)
    )


@given(st.integers(-MAX_MINOR, MAX_MINOR))
def test_a_plain_amount_is_read_as_it_was_written(minor: int) -> None:
    assert parse_amount(plain_amount(minor), allow_negative=True) == minor


def test_a_refusal_names_the_field_and_repeats_what_was_written() -> None:
    for text, code in (("12,50", "invalid_amount"), ("1000000000.01", "amount_out_of_range")):
        with pytest.raises(DomainError) as refused:
            parse_amount(text, field="prize")
        assert (refused.value.code, refused.value.status) == (code, 400)
        assert str(refused.value).startswith("prize: ")
        assert text.replace(".", "") in str(refused.value)
    with pytest.raises(DomainError) as refused:
        check_amount(1.5, field="pot")
    assert refused.value.status == 400
    assert str(refused.value).startswith("pot ")


def test_where_no_field_is_named_it_is_the_amount() -> None:
    for refuse in (lambda: parse_amount("ten"), lambda: check_amount("ten")):
        with pytest.raises(DomainError) as refused:
            refuse()
        assert refused.value.params["field"] == "amount"


def test_only_the_first_forty_signs_of_a_wrong_amount_are_repeated() -> None:
    with pytest.raises(DomainError) as refused:
        parse_amount("9" * 5_000)
    assert refused.value.params["value"] == "9" * 40


def test_only_spaces_around_an_amount_are_passed_over() -> None:
    assert parse_amount("  12.50 ") == 12_50
    for text in ("X12.50X", "\t12.50", "¥12.50"):
        with pytest.raises(DomainError):
            parse_amount(text)


def test_a_bare_amount_below_zero_is_refused() -> None:
    with pytest.raises(DomainError):
        check_amount(-1)


def test_nothing_is_written_without_a_sign() -> None:
    assert [plain_amount(minor) for minor in (0, 1, -1)] == ["0.00", "0.01", "-0.01"]


@pytest.mark.parametrize(
    ("weights", "code"), [([1, -1, 5], "negative_weight"), ([0, 0], "no_weights")]
)
def test_a_split_that_cannot_be_is_refused_in_words(weights: list[int], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        split(100, weights)
    assert (refused.value.code, refused.value.status) == (code, 400)
    assert "share" in str(refused.value)
