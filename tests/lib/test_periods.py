"""Business days and months in the brand's zone (T1, T6)."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kosops.lib.errors import DomainError
from kosops.lib.periods import Month, add_months, business_date

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_the_last_hour_of_october_in_utc_is_november_in_shanghai() -> None:
    instant = dt.datetime(2026, 10, 31, 23, 30, tzinfo=dt.UTC)
    assert business_date(instant, SHANGHAI) == dt.date(2026, 11, 1)
    assert Month.of(business_date(instant, SHANGHAI)) == Month(2026, 11)
    assert business_date(instant, ZoneInfo("UTC")) == dt.date(2026, 10, 31)


def test_one_instant_is_one_day_however_its_offset_is_written() -> None:
    written = [
        "2026-10-31T23:30:00+00:00",
        "2026-11-01T07:30:00+08:00",
        "2026-10-31T16:30:00-07:00",
        "2026-11-01T05:00:00+05:30",
    ]
    days = {business_date(dt.datetime.fromisoformat(text), SHANGHAI) for text in written}
    assert days == {dt.date(2026, 11, 1)}


def test_midnight_belongs_to_the_new_day() -> None:
    midnight = dt.datetime(2026, 11, 1, tzinfo=SHANGHAI)
    assert business_date(midnight, SHANGHAI) == dt.date(2026, 11, 1)
    just_before = midnight - dt.timedelta(microseconds=1)
    assert business_date(just_before, SHANGHAI) == dt.date(2026, 10, 31)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(DomainError) as refusal:
        business_date(dt.datetime(2026, 10, 31, 23, 30), SHANGHAI)  # noqa: DTZ001
    assert refusal.value.code == "naive_time"
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-11-15", 0, "2026-11-15"),
    ],
)
def test_the_same_day_of_another_month_is_clipped_to_its_end(
    day: str, months: int, expected: str
) -> None:
    assert add_months(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(expected)


def test_a_month_knows_its_days_and_sorts_by_time() -> None:
    february = Month.parse("2028-02")
    assert (february.first_day, february.last_day) == (dt.date(2028, 2, 1), dt.date(2028, 2, 29))
    assert Month(2027, 12) < february
    assert february.shifted(-2) == Month(2027, 12)
    assert str(Month(2026, 9)) == "2026-09"


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "26-01", "2026-01-01", "２０２６-01", "", "2026-01\n"]
)
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(DomainError) as refusal:
        Month.parse(text)
    assert refusal.value.code == "invalid_month"


@given(st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)), st.integers(-600, 600))
def test_months_away_and_back_is_the_same_month(day: dt.date, months: int) -> None:
    month = Month.of(day)
    assert month.shifted(months).shifted(-months) == month
    assert Month.parse(str(month)) == month
    assert Month.of(add_months(day, months)) == month.shifted(months)


def test_a_refusal_repeats_what_was_written() -> None:
    with pytest.raises(DomainError) as naive:
        business_date(dt.datetime(2026, 10, 31, 23, 30), ZoneInfo("Asia/Shanghai"))  # noqa: DTZ001
    assert "2026-10-31 23:30:00" in str(naive.value)
    with pytest.raises(DomainError) as month:
        Month.parse("2026-13")
    assert (month.value.code, month.value.status) == ("invalid_month", 400)
    assert "2026-13" in str(month.value)
    with pytest.raises(DomainError) as long:
        Month.parse("9" * 5_000)
    assert len(long.value.params["value"]) == 20
