"""A recruitment of the tests and people who apply to it."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from typing import Any

from django.utils import timezone

from matrix import applications, recruiting
from matrix.applications import Filled, NamedAccount
from matrix.choices import Platform, Programme
from matrix.models import Application, Recruitment, RecruitmentChannel
from matrix.recruiting_choices import ChannelKind, Mode, Purpose, Stage
from matrix.trials import Address
from tests import cast as c

CONSENT = "We use what you write to choose participants and delete it a year after the decision."
STREET = Address("Li Na", "13800138000", "Kaixuan Road 1")
_numbers = itertools.count(1)


def recruitment(people: c.Cast, **fields: Any) -> Recruitment:
    """Open from yesterday on, with one channel; the east looks for two people."""
    today = timezone.localdate()
    values = {
        "unit": people.east,
        "name": "Cream trial",
        "purpose": Purpose.TRIAL,
        "programme": Programme.SEEDING,
        "mode": Mode.ONE_OFF,
        "places": 2,
        "opens_on": today - dt.timedelta(days=1),
        "closes_on": today + dt.timedelta(days=10),
        "about": "Use the cream for two weeks and write what you think.",
        "asked": "One honest note.",
        "product": "Barrier cream",
        **fields,
    }
    added = recruiting.add_recruitment(by=None, consent=CONSENT, **values)
    channel(added, "Official account")
    return recruiting.change_state(by=None, recruitment=added, state="open")


def channel(of: Recruitment, name: str = "") -> RecruitmentChannel:
    if not name:
        return of.channels.order_by("pk")[0]
    return recruiting.add_channel(by=None, recruitment=of, kind=ChannelKind.WECHAT, name=name)


def phone(number: int) -> str:
    return f"138{number:08d}"


def filled(**fields: Any) -> Filled:
    number = next(_numbers)
    values = {
        "name": f"Applicant {number}",
        "phone": phone(number),
        "willingness": 1,
        "content": 1,
        "network": 0,
        "accounts": [
            NamedAccount(platform=Platform.XIAOHONGSHU, handle=f"handle{number}", followers=900)
        ],
        **fields,
    }
    return Filled(**values)


def apply(to: Recruitment, **fields: Any) -> Application:
    token = applications.apply(
        channel=channel(to), filled=filled(**fields), form_key=uuid.uuid4(), language="en"
    )
    found = applications.by_status_token(token)
    assert found is not None
    return found


def invite(*some: Application) -> list[int]:
    rows = Application.objects.filter(pk__in=[each.pk for each in some])
    moved = applications.decide(by=None, applications=rows, stage=Stage.TRIAL)
    for each in some:
        each.refresh_from_db()
    return moved


def form_data(number: int = 0, **more: str) -> dict[str, str]:
    """What a person fills into the public form."""
    return {
        "name": "Li Na",
        "phone": f"138 0013 {8000 + number}",
        "willingness": "2",
        "content": "1",
        "network": "0",
        "platform_1": "xiaohongshu",
        "handle_1": f"lina{number}",
        "followers_1": "1200",
        "adult": "on",
        "consent": "on",
        **more,
    }
