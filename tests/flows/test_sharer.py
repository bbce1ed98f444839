"""Somebody who is willing but neither writes much nor leads a group: the sharer's way, to the end.

Applies, is shown the route, joins, gets a code, shares it; an order that names it pays commission
after the return time, one that comes back does not. Nothing is paid for sharing itself.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from customers import import_orders
from customers.intake import RefundFacts, take_refunds
from customers.models import Order
from incentives import commission_runs, rewards, share_report, sharing
from incentives.choices import LedgerKind
from incentives.models import LedgerAccount, RewardRule
from incentives.share_report import Window
from kosops.lib.periods import Month
from matrix import trials
from matrix.models import Creator
from matrix.recruiting_choices import Route
from tests import cast as c
from tests.incentives.money import code_of, differences, owed
from tests.incentives.test_points_pages import browser
from tests.integrations.passing import bring_in, figures
from tests.integrations.trying import csv_file
from tests.matrix import recruits as r

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def joined(people: c.Cast, lin: Any) -> Creator:
    """From the application to a place in the programme."""
    willing = r.apply(r.recruitment(people), willingness=2, content=0, network=0)
    assert willing.route == Route.SHARER
    r.invite(willing)
    trials.give_address(by=None, trial=willing.trial, address=r.STREET)
    trials.send(by=None, trial=willing.trial, carrier="SF", parcel="SF1", on=TODAY)
    trials.receive(by=None, trial=willing.trial, on=TODAY)
    trials.hand_in(by=None, trial=willing.trial, link="https://xhslink.com/a", on=TODAY)
    trials.finish(by=lin, trial=willing.trial)
    person = c.person("lina", (Role.KOC, people.jingan))
    return trials.graduate(
        by=lin,
        application=willing,
        store=people.jingan,
        koc_kind="",
        identity_checked=True,
        person=person,
    )


def test_a_sharer_from_the_application_to_the_commission() -> None:
    people = c.cast()
    lin, zhao = c.person("lin", (Role.OPERATOR, people.brand)), c.finance(people, "zhao")
    c.plan(people.brand, hold_days=0)
    creator = joined(people, lin)
    assert len(creator.share_code) == 8
    sharing.add_link(
        by=lin,
        brand=people.brand,
        name="Shop",
        template="https://shop.example/?from={code}",
        first_day=TODAY,
    )
    note = {
        "source": "note",
        "steps": [{"at_least": 0, "amount": 500}],
        "check_days": 7,
        "count_days": 30,
        "watch_days": 60,
    }
    rule = {"by": lin, "brand": people.brand, "name": "Notes", "first_day": TODAY}
    rewards.approve(by=zhao, rule=rewards.propose(terms=note, **rule))
    # A gift for the tap cannot even be written down.
    assert code_of(lambda: rewards.propose(terms=note | {"source": "share"}, **rule)) == (
        "unknown_source"
    )
    assert RewardRule.objects.count() == 1

    phone = browser(creator.person)
    page = phone.get(reverse("mobile:share")).content.decode()
    assert f"https://shop.example/?from={creator.share_code}" in page
    assert "2% of the line" in page and "nothing is paid for sharing itself" in page
    assert "A note you publish" in page and "¥5.00" in page

    # Two customers buy by it; the shop's file names the code. Nobody sold these orders.
    import_orders.register_formats()
    rows = [
        f"S{n},1,小程序,{people.jingan.code},{TODAY} 00:00,已完成,S1,Cream,护肤,1,{paid},"
        f"{creator.share_code}"
        for n, paid in ((1, "200.00"), (2, "100.00"))
    ]
    names = (
        "订单号,行号,渠道,门店编码,支付时间,订单状态,商品编码,商品名称,品类,数量,实付金额,分享码"
    )
    batch = bring_in(
        lin, people.brand, "orders", csv_file("\n".join([names, *rows]) + "\n"), source="shop"
    )
    assert figures(batch) == {"new": 2}
    assert {order.sharer for order in Order.objects.all()} == {creator}
    assert {order.seller for order in Order.objects.all()} == {None}

    commission_runs.accrue(by=None, brand=people.brand, as_of=TODAY)
    assert owed(creator, LedgerKind.ACCRUED) == 600
    back = RefundFacts("shop", "S2", "R1", 10_000, timezone.now())
    assert [each.result for each in take_refunds(brand=people.brand, rows=[back])] == ["created"]
    commission_runs.accrue(by=None, brand=people.brand, as_of=TODAY)
    assert sharing.earned(creator, Month.of(TODAY)) == sharing.Earned(400, 2)
    assert "¥4.00" in phone.get(reverse("mobile:share")).content.decode()

    share_report.refresh(by=None, brand=people.brand)
    days = share_report.visible_days(lin, people.brand, None)
    here = Window(TODAY, TODAY + dt.timedelta(1))
    found, _before = share_report.measures(days, here, here.before())
    assert (found.orders, found.net, found.commission, found.people) == (2, 20_000, 400, 1)
    assert not any(differences().values())
    # Nobody but the sharer has anything of it.
    assert {account.creator_id for account in LedgerAccount.objects.filter(kind="accrued")} == {
        creator.pk
    }
