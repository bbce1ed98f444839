"""Cells as they stand in real exports, each read right or refused by name."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from integrations.sheets import values
from integrations.sheets.faults import ValueFault
from integrations.sheets.text import clean, name_key, title_key

SHANGHAI = ZoneInfo("Asia/Shanghai")


def fault(parser, cell) -> str:
    with pytest.raises(ValueFault) as caught:
        parser(cell)
    return caught.value.code


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("0", 0),
        ("1,234", 1234),
        ("1.4万", 14_000),
        ("422.9万", 4_229_000),
        ("541.2K", 541_200),
        ("3w", 30_000),
        ("1.25亿", 125_000_000),
        ("2.5M", 2_500_000),
        ("4294967297", 4_294_967_297),
        ("9,223,372,036,854,775,807", 2**63 - 1),
        (" 12 ", 12),
        ("12\u200b", 12),
        ("12.0", 12),
        (12.0, 12),
        (7, 7),
        ("-", None),
        ("--", None),
        ("", None),
        ("   ", None),
        ("未知", None),
        ("数据较少", None),
        ("N/A", None),
        (None, None),
    ],
)
def test_counts(cell, expected):
    assert values.count()(cell) == expected


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("很多", "not_a_count"),
        ("12a", "not_a_count"),
        ("1.5", "not_a_count"),
        (1.5, "not_a_count"),
        ("1,23", "not_a_count"),
        ("１２", "not_a_count"),
        ("NaN", "not_a_count"),
        ("Infinity", "not_a_count"),
        (float("nan"), "not_a_count"),
        (True, "not_a_count"),
        (dt.datetime(2026, 1, 1), "not_a_count"),  # noqa: DTZ001
        ("-3", "negative_count"),
        ("1e400", "count_too_large"),
        ("9223372036854775808", "count_too_large"),
        ("#N/A", "error_in_cell"),
    ],
)
def test_a_word_in_a_count_is_a_fault_and_never_zero(cell, code):
    assert fault(values.count(), cell) == code


def test_followers_can_be_lost():
    assert values.count(signed=True)("-3") == -3


@pytest.mark.parametrize(
    ("cell", "plain", "expected"),
    [
        ("12.5%", "fraction", "0.125"),
        ("12.5％", "percent", "0.125"),
        ("0.0875", "fraction", "0.0875"),
        (0.0875, "fraction", "0.0875"),
        ("8.75", "percent", "0.0875"),
        ("100%", "fraction", "1"),
        ("1", "fraction", "1"),
        ("-", "fraction", None),
        ("数据较少", "percent", None),
    ],
)
def test_rates_as_declared(cell, plain, expected):
    read = values.rate(plain=plain)(cell)
    assert read == (Decimal(expected) if expected else None)


@pytest.mark.parametrize(
    ("cell", "code"),
    [("8.75", "rate_out_of_range"), ("101%", "rate_out_of_range"), ("-1%", "rate_out_of_range"),
     ("high", "not_a_rate")],
)  # fmt: skip
def test_a_rate_that_cannot_be_a_share_is_refused(cell, code):
    assert fault(values.rate(), cell) == code


@pytest.mark.parametrize(
    ("cell", "milliseconds"),
    [
        ("14.73秒", 14_730),
        ("9.53", 9_530),
        (9.53, 9_530),
        ("18秒", 18_000),
        ("1分20秒", 80_000),
        ("1小时2分", 3_720_000),
        ("00:14", 14_000),
        ("1:02:03", 3_723_000),
        (dt.timedelta(seconds=4), 4_000),
        (dt.time(0, 1, 5), 65_000),
        ("-", None),
        (None, None),
    ],
)
def test_durations(cell, milliseconds):
    assert values.duration(cell) == milliseconds


@pytest.mark.parametrize("cell", ["long", "1:2", "秒", "-4", True])
def test_a_duration_that_is_none_is_refused(cell):
    assert fault(values.duration, cell) == "not_a_duration"


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        ("129.9", 12_990),
        ("129.90", 12_990),
        ("0", 0),
        ("1,000.00", 100_000),
        ("12,345,678.05", 1_234_567_805),
        ("¥88", 8_800),
        ("￥88.5", 8_850),
        ("88.50元", 8_850),
        (129.9, 12_990),
        (0.1 + 0.2, 30),
        (29.900000000000002, 2_990),
        (100, 10_000),
        ("", None),
    ],
)
def test_money_in_minor_units(cell, minor):
    assert values.money()(cell) == minor


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("NaN", "not_an_amount"),
        ("Infinity", "not_an_amount"),
        ("1e400", "not_an_amount"),
        ("1e2", "not_an_amount"),
        ("0.001", "not_an_amount"),
        (0.001, "not_an_amount"),
        (float("nan"), "not_an_amount"),
        (float("inf"), "not_an_amount"),
        ("１２．５０", "not_an_amount"),
        ("1,00.00", "not_an_amount"),
        ("10.", "not_an_amount"),
        ("free", "not_an_amount"),
        (True, "not_an_amount"),
        ("-5", "amount_out_of_range"),
        ("1000000000.01", "amount_out_of_range"),
        ("999999999999", "amount_out_of_range"),
    ],
)
def test_what_is_no_amount_is_refused(cell, code):
    assert fault(values.money(), cell) == code


def test_money_may_be_negative_or_without_decimals_when_the_column_says_so():
    assert values.money(signed=True)("-5.10") == -510
    assert values.money(decimals=0)("1,200.00") == 1200
    assert fault(values.money(decimals=0), "1200.50") == "not_an_amount"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026年07月24日12时00分00秒", "2026-07-24T12:00:00+08:00"),
        ("2026年7月4日", "2026-07-04T00:00:00+08:00"),
        ("2025.08.07", "2025-08-07T00:00:00+08:00"),
        ("2016/11/14", "2016-11-14T00:00:00+08:00"),
        ("2016/1/4 9:05", "2016-01-04T09:05:00+08:00"),
        ("2026-07-18 14:11:20", "2026-07-18T14:11:20+08:00"),
        ("2026-07-18T14:11:20Z", "2026-07-18T14:11:20+00:00"),
        ("2026-07-18T14:11:20.123456789+0900", "2026-07-18T14:11:20.123456+09:00"),
        ("2026-07-18T14:11:20-03:30", "2026-07-18T14:11:20-03:30"),
        ("1785000000", "2026-07-25T17:20:00+00:00"),
        ("1785000000123", "2026-07-25T17:20:00.123000+00:00"),
        (1785000000, "2026-07-25T17:20:00+00:00"),
        (1785000000000.0, "2026-07-25T17:20:00+00:00"),
        ("20260724", "2026-07-24T00:00:00+08:00"),
        ("20260724120000", "2026-07-24T12:00:00+08:00"),
        (dt.datetime(2026, 7, 24, 12), "2026-07-24T12:00:00+08:00"),  # noqa: DTZ001
        (dt.date(2026, 7, 24), "2026-07-24T00:00:00+08:00"),
        ("\u200e2025.08.07", "2025-08-07T00:00:00+08:00"),
    ],
)
def test_times_are_beijing_time_unless_they_say_otherwise(cell, expected):
    assert values.moment(SHANGHAI)(cell) == dt.datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("46227.5", "serial_date"),
        (46227.5, "serial_date"),
        (46227, "serial_date"),
        ("01/02/2026", "day_or_month_first"),
        ("2026-02-30", "not_a_time"),
        ("2026-13-01", "not_a_time"),
        ("yesterday", "not_a_time"),
        ("2026-07/18", "not_a_time"),
        ("99999999999999999999", "not_a_time"),
        (True, "not_a_time"),
        ("0001-01-01", "time_out_of_range"),
        ("2190-01-01", "time_out_of_range"),
    ],
)
def test_times_that_could_mean_two_things_are_refused(cell, code):
    assert fault(values.moment(SHANGHAI), cell) == code


def test_declared_date_formats():
    assert values.moment(SHANGHAI, declared="dmy")("01/02/2026").isoformat()[:10] == "2026-02-01"
    assert values.moment(SHANGHAI, declared="mdy")("01/02/2026").isoformat()[:10] == "2026-01-02"
    serial = values.moment(SHANGHAI, declared="serial")
    assert serial(46227.5).isoformat() == "2026-07-24T12:00:00+08:00"
    assert serial("46227").isoformat() == "2026-07-24T00:00:00+08:00"
    assert values.day(SHANGHAI)("2026-07-24T23:30:00Z") == dt.date(2026, 7, 25)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("E20261121000001", "E20261121000001"),
        ("0012", "0012"),
        ("7512345678901234567", "7512345678901234567"),
        ("66e012345678901234567890", "66e012345678901234567890"),
        ("17850.0", "17850"),
        (" export/UzFf \u200b", "export/UzFf"),
        ("", None),
        (None, None),
    ],
)
def test_ids_are_text(cell, expected):
    assert values.identifier()(cell) == expected


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("7.5e+18", "id_in_scientific_form"),
        ("1.23E+17", "id_in_scientific_form"),
        ("1E+17", "id_in_scientific_form"),
        (7.5e18, "id_lost_digits"),
        (1234567890123456, "id_lost_digits"),
        (12, "id_not_text"),
        (12.0, "id_not_text"),
        (12.5, "id_not_text"),
        ("x" * 65, "too_long"),
        ("a\x00b", "control_character"),
        ("#REF!", "error_in_cell"),
    ],
)
def test_ids_that_lost_something_are_refused(cell, code):
    assert fault(values.identifier(), cell) == code


def test_number_cells_are_ids_when_a_person_said_so():
    read = values.identifier(numbers="accept")
    assert (read(12), read(12.0)) == ("12", "12")
    assert fault(read, 1234567890123456) == "id_lost_digits"


def test_text_loses_what_nobody_sees_and_keeps_the_rest():
    assert values.text()("\u200b早\u202e安 \u2066好\u2069\ufeff ") == "早安 好"
    assert clean("👨\u200d👩\u200d👧 家") == "👨\u200d👩\u200d👧 家"
    assert fault(values.text(maximum=3), "abcd") == "too_long"
    assert fault(values.text(), "bell\x07") == "control_character"
    assert values.text()("line\nbreak") == "line\nbreak"
    assert values.text()(12) == "12"


def test_choices_ignore_case_width_and_blanks():
    read = values.choice({"paid": "paid", "已付款": "paid"})
    assert (read("ＰＡＩＤ "), read("已 付款"), read("")) == ("paid", "paid", None)
    assert fault(read, "lost") == "not_a_choice"


def test_quantities_have_bounds():
    read = values.whole_number(minimum=1, maximum=100)
    assert read("12") == 12
    assert fault(read, "0") == fault(read, "101") == "number_out_of_range"


def test_keys_for_matching():
    assert name_key(" Ｎame \u200bOf\u3000Shop ") == "nameofshop"
    assert title_key("夏日✨防晒！ ＡＢＣ-1？") == title_key("夏日防晒 abc 1") == "夏日防晒abc1"
    assert title_key("✨！？") == ""
