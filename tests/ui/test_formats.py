from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from kosops.ui import formats
from kosops.ui.templatetags import ui


@pytest.mark.parametrize(
    ("value", "en", "zh", "ja"),
    [
        (0, "0", "0", "0"),
        (8_412, "8,412", "8,412", "8,412"),
        (99_999, "99,999", "99,999", "99,999"),
        (412_600, "412.6K", "41.3万", "41.3万"),
        (1_264_000, "1.26M", "126.4万", "126.4万"),
        (31_840_000, "31.8M", "3,184.0万", "3,184.0万"),
        (126_000_000, "126.0M", "1.26亿", "1.26億"),
        (-1_264_000, "−1.26M", "−126.4万", "−126.4万"),
    ],
)
def test_short_numbers_use_the_units_of_the_language(value, en, zh, ja):
    assert formats.short_number(value, "en") == en
    assert formats.short_number(value, "zh-hans") == zh
    assert formats.short_number(value, "ja") == ja


@pytest.mark.parametrize(
    ("minor", "shown"),
    [
        (284_650, "¥2,846.50"),
        (-31_200, "−¥312.00"),
        (5, "¥0.05"),
        (0, "¥0.00"),
        (100_000_000_000, "¥1,000,000,000.00"),
    ],
)
def test_money_is_always_exact(minor, shown):
    assert formats.money(minor) == shown


def test_the_other_currency_with_the_same_sign_says_which_it_is():
    assert formats.money(120_000, "JPY", home="CNY") == "JP¥1,200"
    assert formats.money(120_000, "JPY", home="JPY") == "¥1,200"
    assert formats.money(120_000, "CNY", home="JPY") == "CN¥1,200.00"
    assert formats.money(120_000, "XTS") == "XTS\u00a01,200.00"


def test_short_money_follows_the_language():
    assert formats.short_money(684_200_000, "CNY", "en") == "¥6.84M"
    assert formats.short_money(684_200_000, "CNY", "zh-hans") == "¥684.2万"
    assert formats.short_money(41_238_000, "CNY", "en") == "¥412,380"
    assert formats.short_money(41_238_000, "CNY", "zh-hans") == "¥41.2万"


def test_basis_points_keep_what_a_rate_needs():
    assert formats.percent_bp(1240) == "12.4%"
    assert formats.percent_bp(500) == "5%"
    assert formats.percent_bp(1225) == "12.25%"
    assert formats.percent_bp(5700, 1) == "57.0%"
    assert formats.percent_bp(-320) == "−3.2%"
    assert formats.percent_bp(0) == "0%"


def test_change_needs_something_to_compare_with():
    assert formats.change_bp(112, 100) == 1200
    assert formats.change_bp(5, 0) is None
    assert formats.change_bp(None, 100) is None


def test_dates_follow_the_language():
    saturday = date(2026, 11, 21)
    assert formats.day(saturday, "en") == "21 Nov 2026"
    assert formats.day(saturday, "zh-hans") == "2026年11月21日"
    assert formats.day(saturday, "en", "weekday") == "Saturday 21 November"
    assert formats.day(saturday, "zh-hans", "weekday") == "11月21日 星期六"
    assert formats.day(saturday, "ja", "weekday") == "11月21日(土)"
    assert formats.day(saturday, "en", "month") == "November 2026"


@pytest.mark.parametrize(
    ("first", "last", "en", "zh"),
    [
        (date(2026, 11, 1), date(2026, 11, 20), "1 – 20 Nov 2026", "2026年11月1日–20日"),
        (date(2026, 10, 28), date(2026, 11, 3), "28 Oct – 3 Nov 2026", "2026年10月28日–11月3日"),
        (
            date(2025, 12, 30),
            date(2026, 1, 2),
            "30 Dec 2025 – 2 Jan 2026",
            "2025年12月30日–2026年1月2日",
        ),
        (date(2026, 11, 1), date(2026, 11, 1), "1 Nov 2026", "2026年11月1日"),
    ],
)
def test_ranges_leave_out_what_is_said_already(first, last, en, zh):
    assert formats.day_range(first, last, "en") == en
    assert formats.day_range(first, last, "zh-hans") == zh


def test_moments_are_shown_in_the_time_zone_of_the_brand(settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    late_in_london = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
    with translation.override("en"):
        assert ui.moment(late_in_london) == "21 Nov 2026, 02:30"
        assert ui.day(late_in_london) == "21 Nov 2026"
        assert ui.moment(late_in_london, "time") == "02:30"


@pytest.mark.parametrize(
    "show", [ui.number, ui.short_number, ui.money, ui.short_money, ui.percent_bp]
)
def test_what_is_unknown_is_never_zero(show):
    with translation.override("en"):
        assert show(None) == "not in yet"
        assert show(0) != "not in yet"


def test_a_short_range_leaves_the_year_to_the_reader():
    first, last = date(2026, 10, 28), date(2026, 11, 3)
    assert formats.day_range_short(first, last, "en") == "28 Oct – 3 Nov"
    assert formats.day_range_short(first, last, "zh-hans") == "10月28日–11月3日"
    assert formats.day_range_short(last, date(2026, 11, 9), "en") == "3 – 9 Nov"
    assert formats.day_range_short(last, date(2026, 11, 9), "ja") == "11月3日–9日"


def test_whole_money_is_rounded_and_never_shortened():
    assert formats.whole_money(34_280_050) == "¥342,801"
    assert formats.whole_money(-34_280_049) == "−¥342,800"
    assert formats.whole_money(100, "JPY") == "JP¥1"
