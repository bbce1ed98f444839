"""How the matrix grew, month by month: counted from now on, worked out for the months before."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Person
from accounts.units import add_unit
from content.models import Post
from kosops.lib.periods import Month
from matrix import figures, growth
from matrix.choices import CreatorState
from matrix.models import ChangedUnit, Creator, SocialAccount, UnitFigures
from tests import cast as c
from tests.matrix.test_pages import account, browser_of, names_in, page, post, text_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()
PRESENT = Month.of(timezone.localdate(NOW))


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def past(chengye: c.Cast) -> c.Cast:
    """Zhou joined four months ago, Li three and left one month ago; May two months ago."""
    days = {n: PRESENT.shifted(-n).first_day + dt.timedelta(days=9) for n in range(6)}
    li = c.creator(
        chengye.jingan, "K2", "Li Na", state=CreatorState.LEFT, joined_on=days[3], left_on=days[1]
    )
    Creator.objects.filter(pk=chengye.zhou.pk).update(joined_on=days[4])
    Creator.objects.filter(pk=chengye.may.pk).update(joined_on=days[2])
    c.creator(chengye.tianhe, "C9", "Wait", state=CreatorState.CANDIDATE, joined_on=days[4])
    zhou = account(chengye.zhou, "zhou", opened_on=days[3], followers=50)
    account(li, "li", opened_on=days[2])
    post(zhou, views=10)
    post(zhou, views=None)
    Post.objects.update(published_at=posting_noon(days[2]))
    growth.nightly(NOW)
    return chengye


def posting_noon(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12)))


def paths(*units) -> list[str]:
    return [unit.path for unit in units]


def test_months_before_the_first_count_are_worked_out_from_days(past) -> None:
    months = growth.by_month(paths(past.jingan, past.tianhe), NOW)

    # Oldest first: four months ago until now. Whoever left counts until then.
    assert [month.people for month in months] == [1, 2, 3, 2, 2]
    assert [month.accounts for month in months] == [0, 1, 2, 2, 2]
    assert [month.estimated for month in months] == [True, True, True, True, False]
    assert [month.joined for month in months] == [1, 1, 1, 0, 0]
    assert [month.left for month in months] == [0, 0, 0, 1, 0]


def test_notes_are_counted_in_their_month_and_followers_of_the_past_are_unknown(past) -> None:
    months = growth.by_month(paths(past.jingan), NOW)

    assert [(month.notes, month.active, month.views) for month in months][2] == (2, 1, 10)
    assert [month.followers for month in months] == [None, None, None, None, 50]


def test_the_night_counts_everything_and_a_second_one_adds_nothing(past) -> None:
    rows = UnitFigures.objects.count()
    assert rows == 5 * growth.MONTHS
    assert not ChangedUnit.objects.exists()

    assert growth.backfill(NOW) == 0
    growth.nightly(NOW)

    assert UnitFigures.objects.count() == rows


def test_a_month_that_was_counted_is_never_worked_out_again(chengye) -> None:
    figures.refresh_changed(NOW - dt.timedelta(days=40))
    before = Month.of(timezone.localdate(NOW - dt.timedelta(days=40))).first_day

    growth.nightly(NOW)

    counted = UnitFigures.objects.filter(month=before)
    assert set(counted.values_list("estimated", flat=True)) == {False}


def test_the_page_shows_one_figure_over_time_for_a_part_of_the_tree(past, lin) -> None:
    everything = page(lin, "growth")
    south = page(lin, "growth", unit=past.south.pk, figure="notes", fragment=True)

    assert "≈ 3" in text_of(everything) and "Estimated" in text_of(everything)
    assert everything.context["growth"].kpis[0].value == "2"
    assert "<html" not in text_of(south) and "Nothing to follow yet" in text_of(south)


def test_a_part_that_is_not_ones_own_shows_nothing(past) -> None:
    xu = c.person("xu", (Role.REGION_MANAGER, past.south))

    refused = page(xu, "growth", unit=past.east.pk)

    assert refused.status_code == 422
    assert refused.context["growth"].months == []
    assert page(xu, "growth", unit="nonsense").status_code == 422
    zhou = c.person("zhou", (Role.KOS, past.jingan))
    assert page(zhou, "growth").status_code == 403


def test_figures_of_a_month_lead_to_the_people_behind_them(past, lin) -> None:
    row = page(lin, "growth").context["rows"][2]  # two months ago

    assert names_in(browser_of(lin).get(row.joined)) == ["May"]
    left = page(lin, "growth").context["rows"][1].left
    assert names_in(browser_of(lin).get(left)) == ["Li Na"]
    assert f"since={PRESENT.shifted(-2).first_day}" in row.posts
    assert page(lin, "creators", joined="2026-13").status_code == 422


def test_growth_takes_the_same_queries_for_any_number_of_units(
    past, lin, django_assert_max_num_queries
) -> None:
    browser = browser_of(lin)
    address = reverse("matrix:growth")
    browser.get(address)
    with django_assert_max_num_queries(12) as few:
        browser.get(address)
    queries = len(few)
    for number in range(30):
        store = add_unit(
            by=None, kind="store", code=f"X{number}", name=f"Store {number}", parent=past.south
        )
        account(c.creator(store, f"X{number}", f"Person {number}"), f"a{number}")
    growth.nightly(NOW)
    with django_assert_max_num_queries(queries):
        browser.get(address)
    assert SocialAccount.objects.count() == 32
