"""Fields that are not for everybody: who sees which of them behind which door (A4).

Each field holds a word that stands nowhere else. The doors that show it are listed; one that is
not listed fails this test, and so does a role that sees a field which is not for it.
"""

from __future__ import annotations

import datetime as dt
import io
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from accounts.choices import Role
from accounts.models import Activity
from incentives import payees, perks
from integrations import exporting
from matrix import custody
from matrix.registry import add_account
from tests import cast as c
from tests import test_doors as doors
from tests.api import ROOT, Program
from tests.matrix import recruits
from tests.test_api_doors import DOORS as API

pytestmark = pytest.mark.django_db

PHONE = "13911112222"
BANK = "6222998877665544"
WECHAT = "zhou-private-wx"
WECHAT_UID = "wxid-of-zhou-private"
APPLICANT = "Ouyang Secretname"
APPLICANT_PHONE = "13733334444"
APPLICANT_EMAIL = "secret.applicant@example.com"
APPLICANT_WECHAT = "ouyang-private-wx"
ADDRESS = "Flat 9 of Secret Lane"
BORN = dt.date(1991, 7, 23)
HOLDER = "Zhou Accountholder"
FIELDS = {
    "phone": (PHONE, "139 1111 2222"),
    "bank": (BANK, "6222 9988 7766 5544"),
    "holder": (HOLDER,),
    "wechat": (WECHAT,),
    "wechat id": (WECHAT_UID,),
    "applicant": (APPLICANT,),
    "applicant phone": (APPLICANT_PHONE, "137 3333 4444"),
    "applicant email": (APPLICANT_EMAIL,),
    "applicant wechat": (APPLICANT_WECHAT,),
    "address": (ADDRESS,),
    "born": ("1991-07-23", "Jul 23, 1991", "July 23, 1991", "23 Jul 1991", "1991年7月23日"),
}
HQ = (Role.OPERATOR, Role.ANALYST, Role.REVIEWER, Role.FINANCE, Role.AUDITOR)
LEADS = (Role.REGION_MANAGER, Role.STORE_MANAGER)
ROLES = (*HQ, *LEADS, Role.KOS, Role.KOC)
KEEPERS = {Role.OPERATOR, *LEADS}
SENDERS = {Role.OPERATOR, *LEADS}
# Whoever asks for them in full leaves a line in the log. Whoever sends a parcel needs its address.
SHOWN: dict[str, tuple[set[str], set[str]]] = {
    "POST matrix:account_reveal": ({"phone"}, KEEPERS),
    "POST matrix:reveal": ({"wechat"}, {Role.OPERATOR}),
    "POST matrix:application_reveal": (
        {"applicant", "applicant phone", "applicant email", "applicant wechat"},
        {Role.OPERATOR},
    ),
    "GET incentives:redemption": ({"address"}, SENDERS),
    "peek incentives:redemption": ({"address"}, SENDERS),
}
REVEALS = ("matrix:account_reveal", "matrix:reveal", "matrix:application_reveal")


def a_world(settings: Any, tmp_path: Any) -> doors.World:
    world = doors.a_world(settings, tmp_path)
    zhou, brand = world.chengye.zhou, world.chengye.brand
    custody.begin(
        by=None,
        account=world.custody.account,
        creator=world.chengye.may,
        since=dt.date(2026, 9, 3),
        phone=PHONE,
        sim_owner="company",
        evidence=c.paper(world.chengye.jingan),
    )
    add_account(
        by=None,
        creator=zhou,
        platform="wechat",
        handle=WECHAT,
        platform_uid=WECHAT_UID,
        ownership="personal",
    )
    payees.set_destination(by=None, creator=zhou, holder=HOLDER, account=BANK)
    payees.verify_identity(by=None, creator=world.chengye.may, born=BORN, source="id_card")
    offered = perks.add_reward(
        by=None,
        brand=brand,
        kind="gift",
        name="Sent Cream",
        delivery="post",
        price=0,
        per_person=30_000,
        opens_on=dt.date(2026, 9, 1),
        state="open",
    )
    world.redemption = perks.redeem(
        by=None, creator=zhou, reward=offered, client_key=uuid.uuid4(), address=ADDRESS
    )
    world.application = recruits.apply(
        world.application.recruitment,
        name=APPLICANT,
        phone=APPLICANT_PHONE,
        email=APPLICANT_EMAIL,
        accounts=[recruits.NamedAccount(platform="wechat", handle=APPLICANT_WECHAT, followers=5)],
    )
    return world


def text_of(answer: Any) -> str:
    """What a person can read of the answer, of a workbook the text of its cells."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content.startswith(b"PK"):
        rows = load_workbook(io.BytesIO(content)).active.values
        return "\n".join(str(cell) for row in rows for cell in row)
    return content.decode("utf-8", "replace")


def seen(answer: Any) -> set[str]:
    said = text_of(answer)
    return {name for name, words in FIELDS.items() if any(word in said for word in words)}


def behind_doors(browser: Client, world: doors.World, names: list[str]) -> Iterator[Any]:
    """(door, what is seen there) of each address by GET, of each list as a file, of the search."""
    for name in names:
        address = reverse(name, kwargs=doors.arguments_of(name, world))
        yield f"GET {name}", seen(browser.get(address))
        if name in PEEKS:
            yield f"peek {name}", seen(browser.get(address, headers=PEEK))
    for code in exporting._exports:
        for kind in exporting.CONTENT_TYPES:
            form = {"list": code, "query": "", "type": kind}
            answer = browser.post(reverse("integrations:export"), form)
            yield f"{kind} {code}", seen(answer)
    for words in ("Zhou", "Ouyang", "Li", "K001"):
        yield f"find {words}", seen(browser.get(reverse("accounts:find"), {"q": words}))


PEEKS = {"matrix:creator", "matrix:account", "matrix:application", "incentives:payee",
         "incentives:statement", "incentives:redemption", "matrix:handover"}  # fmt: skip
PEEK = {"HX-Request": "true", "Kos-Peek": "1"}


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> doors.World:
    return a_world(settings, tmp_path)


def test_no_other_door_shows_a_field_that_is_not_for_everybody(world: doors.World) -> None:
    """A4: whoever reaches everything still has to ask for what is in full."""
    admin = doors.browser_of(c.person("admin", is_superuser=True, is_staff=True))
    names = [name for name, _arguments in doors.OWN]
    found = {door: fields for door, fields in behind_doors(admin, world, names) if fields}
    known = {
        door: fields for door, (fields, _roles) in SHOWN.items() if not door.startswith("POST")
    }
    assert found == known


def test_what_is_in_full_is_for_those_roles_alone(world: doors.World) -> None:
    """A4: each role at the brand, at each door that shows such a field at all."""
    wrong = []
    for role in ROLES:
        person = c.person(f"of-{role}", (role, world.chengye.brand))
        browser = doors.browser_of(person)
        for door, (fields, roles) in SHOWN.items():
            method, name = door.split()
            address = reverse(name, kwargs=doors.arguments_of(name, world))
            more = {"headers": PEEK} if method == "peek" else {}
            answer = (browser.post if method == "POST" else browser.get)(address, **more)
            found = seen(answer)
            if found != (fields if role in roles else set()):
                wrong.append(f"{role}: {door}: {answer.status_code} {found}")
    assert wrong == []


def test_whoever_asks_for_it_in_full_is_noted(world: doors.World) -> None:
    lin = doors.browser_of(world.lin)
    for name in REVEALS:
        before = Activity.objects.filter(actor=world.lin).count()
        lin.post(reverse(name, kwargs=doors.arguments_of(name, world)))
        assert Activity.objects.filter(actor=world.lin).count() > before, name


def test_the_log_itself_holds_none_of_it(world: doors.World) -> None:
    lin = doors.browser_of(world.lin)
    for name in REVEALS:
        lin.post(reverse(name, kwargs=doors.arguments_of(name, world)))
    rows = Activity.objects.values_list("object_label", "before", "after")
    said = "\n".join(str(row) for row in rows)
    assert {name for name, words in FIELDS.items() if any(word in said for word in words)} == set()


def test_a_colleague_s_phone_shows_nothing_of_it(world: doors.World) -> None:
    names = [name for name, _arguments in doors.OWN if name.startswith("mobile:")]
    for creator, role in ((c.creator(world.chengye.jingan, "K009", "He"), Role.KOS),
                          (world.chengye.may, Role.KOC)):  # fmt: skip
        creator.person = c.person(f"own-{role}", (role, world.chengye.jingan))
        creator.save()
        browser = doors.browser_of(creator.person)
        for name in names:
            address = reverse(name, kwargs=doors.arguments_of(name, world))
            found = (
                seen(browser.get(address)) - {"born"} - ({"phone"} if role == Role.KOC else set())
            )
            assert found == set(), f"{role}: {name}"


def test_no_program_is_told_any_of_it(world: doors.World) -> None:
    scopes = {door.scope for door in API.values() if door.body is None}
    program = Program(world.lin, world.chengye.brand, *sorted(scopes))
    found = {
        name: seen(program.follow(ROOT + door.path(world)))
        for name, door in API.items()
        if door.body is None
    }
    assert {name: fields for name, fields in found.items() if fields} == {}


# What somebody earned is seen by those who look after money, of their own part.
MONEY = ("incentives:statements", "incentives:statement", "incentives:payouts",
         "incentives:payout_batch", "incentives:settlements", "incentives:settlement",
         "incentives:statement_file", "incentives:payees", "incentives:payee")  # fmt: skip
NOT_MONEY = (Role.REVIEWER, Role.STORE_MANAGER, Role.KOS, Role.KOC)


@pytest.mark.parametrize("role", NOT_MONEY)
def test_what_others_earn_is_not_for_every_role(world: doors.World, role: str) -> None:
    browser = doors.browser_of(c.person(f"of-{role}", (role, world.chengye.brand)))
    for name in MONEY:
        address = reverse(name, kwargs=doors.arguments_of(name, world))
        assert browser.get(address).status_code in (403, 404), name
    for code in ("statements", "rewards"):
        form = {"list": code, "query": "", "type": "csv"}
        assert browser.post(reverse("integrations:export"), form).status_code == 403, code


def test_finance_does_see_what_somebody_earns(world: doors.World) -> None:
    """The twin: the same doors open for whom they are meant."""
    browser = doors.browser_of(c.person("of-finance", (Role.FINANCE, world.chengye.brand)))
    for name in MONEY:
        address = reverse(name, kwargs=doors.arguments_of(name, world))
        assert browser.get(address).status_code == 200, name
