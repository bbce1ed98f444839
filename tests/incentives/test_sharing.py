"""Share and earn: addresses that headquarters allows, the own code on the phone, and who reads it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Activity
from incentives import sharing
from incentives.models import ShareLink
from incentives.plans import NewRate
from kosops.lib.periods import Month
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import accrue, code_of
from tests.incentives.test_points import people, today
from tests.incentives.test_points_pages import browser

__all__ = ["people", "today"]

SHOP = "https://shop.example/p/1?from={code}"
DAY = dt.date(2026, 9, 20)


def add(people: c.Cast, **fields: Any) -> ShareLink:
    facts = {"name": "Shop", "template": SHOP, "first_day": dt.date(2026, 9, 1)} | fields
    return sharing.add_link(by=None, brand=people.brand, **facts)


@pytest.mark.django_db
def test_links_are_added_changed_and_stopped_with_a_trace(people: c.Cast, today: Any) -> None:
    link = add(people)
    moved = sharing.edit_link(by=None, link=link, template="https://new.example/{code}", place=5)
    assert (moved.template, moved.place) == ("https://new.example/{code}", 5)
    assert list(sharing.running(people.brand.pk, DAY)) == [link]
    sharing.stop_link(by=None, link=link)
    assert not sharing.running(people.brand.pk, DAY)
    rows = Activity.objects.filter(verb__startswith="share_link.").order_by("pk")
    assert [row.verb for row in rows] == [
        "share_link.added",
        "share_link.changed",
        "share_link.ended",
    ]
    assert rows[0].after == {"host": "shop.example", "address": SHOP}
    assert rows[1].before == {"address": SHOP, "place": 100}


@pytest.mark.django_db
def test_what_is_wrong_is_refused(people: c.Cast, today: Any) -> None:
    link = add(people)
    assert code_of(lambda: add(people)) == "link_name_taken"
    assert code_of(lambda: add(people, name="B", template="http://x/")) == "address_not_https"
    early = {"first_day": DAY, "last_day": DAY - dt.timedelta(days=1)}
    assert code_of(lambda: add(people, name="B", **early)) == "link_ends_before_start"
    edit = {"by": None, "link": link}
    assert code_of(lambda: sharing.edit_link(**edit, template="x")) == "address_not_https"
    for number in range(sharing.MOST_LINKS - 1):
        add(people, name=f"Link {number}")
    assert code_of(lambda: add(people, name="One more")) == "too_many_links"
    sharing.stop_link(**edit)
    assert code_of(lambda: sharing.stop_link(**edit)) == "link_stopped"
    assert code_of(lambda: sharing.edit_link(**edit, name="Again")) == "link_stopped"
    # The name is free again.
    add(people)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "template",
    ["http://shop.example/{code}", "https://a@b.example/{code}", "https://shop.example/", "x"],
)
def test_the_database_refuses_such_addresses_too(people: c.Cast, today: Any, template: str) -> None:
    link = add(people)
    with pytest.raises(IntegrityError), transaction.atomic():
        ShareLink.objects.filter(pk=link.pk).update(template=template)


@pytest.mark.django_db
def test_only_links_of_the_day_are_shared(people: c.Cast, today: Any) -> None:
    second = add(people, name="Second", place=20)
    first = add(people, name="First", place=10, last_day=DAY)
    add(people, name="Over", last_day=DAY - dt.timedelta(days=1))
    add(people, name="Upcoming", first_day=DAY + dt.timedelta(days=1))
    assert list(sharing.running(people.brand.pk, DAY)) == [first, second]
    assert not sharing.running(c.cast_of_another_brand().pk, DAY)


# -- the phone -----------------------------------------------------------------


@pytest.fixture
def may(people: c.Cast, today: Any) -> Any:
    """May, signed in, with a code of her own."""
    person = c.person("may", (Role.KOC, people.jingan))
    Creator.objects.filter(pk=people.may.pk).update(person=person, share_code="MAYK7QM3")
    return browser(person)


@pytest.mark.django_db
def test_the_page_shows_ones_own_code_address_and_qr(people: c.Cast, may: Any) -> None:
    Creator.objects.filter(pk=people.zhou.pk).update(share_code="ZHOUX888")
    add(people)
    page = may.get(reverse("mobile:share")).content.decode()
    assert "MAYK7QM3" in page and "ZHOUX888" not in page
    assert "https://shop.example/p/1?from=MAYK7QM3" in page and "<svg" in page
    assert "nothing is paid for sharing itself" in page
    assert "There is no commission plan today" in page


@pytest.mark.django_db
def test_the_code_to_scan_is_kept_as_a_file(people: c.Cast, may: Any) -> None:
    link = add(people)
    png = may.get(reverse("mobile:share_qr", args=[link.pk, "png"]))
    svg = may.get(reverse("mobile:share_qr", args=[link.pk, "svg"]))
    assert png["Content-Type"] == "image/png" and png.content.startswith(b"\x89PNG")
    assert svg["Content-Type"] == "image/svg+xml" and b"<svg" in svg.content
    assert png["Content-Disposition"] == f'attachment; filename="share-{link.pk}.png"'
    assert may.get(reverse("mobile:share_qr", args=[link.pk, "exe"])).status_code == 404
    sharing.stop_link(by=None, link=link)
    assert may.get(reverse("mobile:share_qr", args=[link.pk, "png"])).status_code == 404
    other = sharing.add_link(
        by=None, brand=c.cast_of_another_brand(), name="X", template=SHOP, first_day=DAY
    )
    assert may.get(reverse("mobile:share_qr", args=[other.pk, "png"])).status_code == 404


@pytest.mark.django_db
def test_who_left_reads_that_the_code_ended_and_shares_nothing(people: c.Cast, may: Any) -> None:
    link = add(people)
    Creator.objects.filter(pk=people.may.pk).update(
        state="left", left_on="2026-09-10", share_code_until="2026-09-10"
    )
    answer = may.get(reverse("mobile:share"))
    page = answer.content.decode()
    assert answer.status_code == 200 and "Your code ended" in page and "<path" in page
    assert "from=MAYK7QM3" not in page
    assert may.get(reverse("mobile:share_qr", args=[link.pk, "png"])).status_code == 403
    # Other pages stay closed to who left.
    assert may.get(reverse("mobile:money")).status_code == 403


@pytest.mark.django_db
def test_a_code_that_ends_soon_says_so_and_one_without_waits(people: c.Cast, may: Any) -> None:
    Creator.objects.filter(pk=people.may.pk).update(share_code_until="2026-09-30")
    assert "works until 30 Sep 2026" in may.get(reverse("mobile:share")).content.decode()
    Creator.objects.filter(pk=people.may.pk).update(share_code="", share_code_until=None)
    assert "No code yet" in may.get(reverse("mobile:share")).content.decode()


@pytest.mark.django_db
def test_who_is_no_creator_has_no_such_page(people: c.Cast, today: Any) -> None:
    lin = browser(c.person("lin", (Role.OPERATOR, people.brand)))
    assert lin.get(reverse("mobile:share")).status_code == 403


@pytest.mark.django_db
def test_the_page_says_what_an_order_earns_by_the_plan_of_the_day(people: c.Cast, may: Any) -> None:
    c.plan(
        people.brand,
        NewRate("sharer", 300),
        NewRate("sharer", 500, category="care"),
        # Of another tier and another kind: not hers.
        NewRate("sharer", 900, tier="senior"),
        NewRate("sharer", 900, creator_kind="kos"),
        NewRate("sharer", 700, sku="S2"),
        NewRate("seller", 800),
    )
    add(people)
    brings = sharing.brings(Creator.objects.get(pk=people.may.pk), DAY, ["S1", "S2", ""])
    assert brings is not None
    assert brings.usual == ["3% of the line", "5% of the line for category care"]
    assert brings.by_sku == {"S2": "7% of the line for article S2"}
    page = may.get(reverse("mobile:share")).content.decode()
    assert "5% of the line for category care" in page and "9%" not in page and "8%" not in page


@pytest.mark.django_db
def test_what_the_code_earned_is_that_of_the_sharer_alone(people: c.Cast, today: Any) -> None:
    c.plan(people.brand)
    facts = {"day": "2026-09-05", "seller": people.zhou, "sharer": people.may}
    c.order(people, "A1", 10_000, **facts)
    c.order(people, "A2", 10_000, **facts)
    c.order(people, "A3", 10_000, day="2026-09-05", seller=people.may)
    accrue(people.brand, "2026-09-06")
    assert sharing.earned(people.may, Month(2026, 9)) == sharing.Earned(400, 2)
    assert sharing.earned(people.zhou, Month(2026, 9)) == sharing.Earned(0, 0)


@pytest.mark.django_db
def test_nothing_earned_is_nothing(people: c.Cast, today: Any) -> None:
    assert sharing.earned(people.may, Month(2026, 9)) == sharing.Earned(0, 0)


# -- headquarters --------------------------------------------------------------


@pytest.mark.django_db
def test_headquarters_adds_changes_and_stops_links(people: c.Cast, today: Any) -> None:
    lin = browser(c.person("lin", (Role.OPERATOR, people.brand)))
    address = reverse("incentives:share_links")
    form = {"name": "Shop", "template": SHOP, "first_day": "2026-09-01", "place": "1"}
    refused = lin.post(address, form | {"template": "javascript:alert({code})"})
    assert refused.status_code == 422 and not ShareLink.objects.exists()
    saved = lin.post(address, form, follow=True).content.decode()
    assert "The link leads to shop.example." in saved
    link = ShareLink.objects.get()
    edit = reverse("incentives:share_link", args=[link.pk])
    assert lin.get(edit).status_code == 200
    assert lin.post(edit, form | {"template": "http://x/{code}"}).status_code == 422
    assert lin.post(edit, form | {"name": "The shop"}).status_code == 302
    assert lin.post(reverse("incentives:share_link_stop", args=[link.pk])).status_code == 302
    assert lin.get(edit).status_code == 404


@pytest.mark.django_db
def test_who_only_looks_changes_nothing(people: c.Cast, today: Any) -> None:
    link = add(people)
    ana = browser(c.person("ana", (Role.ANALYST, people.brand)))
    address = reverse("incentives:share_links")
    assert "shop.example" in ana.get(address).content.decode()
    assert ana.post(address, {}).status_code == 403
    assert ana.get(reverse("incentives:share_link", args=[link.pk])).status_code == 403
    for name in ("incentives:share_link_stop",):
        assert ana.post(reverse(name, args=[link.pk])).status_code == 403
    assert ana.post(reverse("incentives:share_codes_give")).status_code == 403
    link.refresh_from_db()
    assert link.stopped_at is None


@pytest.mark.django_db
def test_the_button_gives_codes_to_those_without(people: c.Cast, today: Any) -> None:
    Creator.objects.update(share_code="")
    lin = browser(c.person("lin", (Role.OPERATOR, people.brand)))
    assert "2 active creators have no share code." in (
        lin.get(reverse("incentives:share_links")).content.decode()
    )
    assert lin.post(reverse("incentives:share_codes_give")).status_code == 302
