"""Every address of the REST API against every key that might try it: scope, unit, brand, method."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.access import SCOPES
from accounts.models import Unit
from incentives.models import PointGrant, StandingMonth
from kosops.lib.periods import Month
from tests.api import ROOT, Program, code
from tests.test_doors import ROUTES, World, a_world, mingwang

pytestmark = pytest.mark.django_db
__all__ = ["mingwang"]

ORDER = "source=shop&external_id=ORDER-OF-CHENGYE"


@dataclass(frozen=True)
class Door:
    """An address of Chengye's things, with the scope it asks for. ``of_all``: of a whole brand, not
    of its parts.
    """

    scope: str
    path: Callable[[World], str]
    is_list: bool = False
    of_all: bool = False
    body: dict[str, Any] | None = None
    status: int = 200


GIFT = {"creator": "kos:K001", "points": 3, "reason": "Door"}
MONEY, PAYOUTS, TIERS, POINTS = "commissions:read", "payouts:read", "tiers:read", "points:write"
PRICES = "prices:read"

DOORS = {
    "api:commissions": Door(MONEY, lambda w: "commissions", is_list=True),
    "api:commission_explain": Door(MONEY, lambda w: f"commissions/explain?{ORDER}"),
    "api:statements": Door(MONEY, lambda w: "statements", is_list=True),
    "api:statement": Door(MONEY, lambda w: "statements/2026-09/kos:K001"),
    "api:settlements": Door(MONEY, lambda w: "settlements", is_list=True, of_all=True),
    "api:payout_batches": Door(PAYOUTS, lambda w: "payout-batches", is_list=True, of_all=True),
    "api:payout_batch": Door(
        PAYOUTS, lambda w: f"payout-batches/{w.payout_batch.number}", of_all=True
    ),
    "api:payouts": Door(PAYOUTS, lambda w: "payouts", is_list=True),
    "api:explain_tier": Door(TIERS, lambda w: "explain/tier?creator=kos:K001"),
    "api:explain_race": Door(TIERS, lambda w: "explain/race?store=SH0001"),
    "api:explain_reward": Door(MONEY, lambda w: "explain/reward?platform=xiaohongshu&post=66f0"),
    "api:member_prices": Door(PRICES, lambda w: "member-prices", is_list=True),
    "api:point_grants": Door(POINTS, lambda w: "point-grants", body=GIFT, status=201),
    "api:point_grant": Door(POINTS, lambda w: f"point-grants/pgr_{w.point_grant.pk}"),
}
# Says about the key itself; tests/accounts/test_api_keys.py.
OF_THE_KEY = {"api:me"}


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> World:
    made = a_world(settings, tmp_path)
    type(made.post).objects.filter(pk=made.reward.post_id).update(platform_post_id="66f0")
    StandingMonth.objects.create(
        standing=made.standing,
        creator=made.chengye.zhou,
        month=str(Month.of(timezone.localdate())),
        notes=2,
        orders=1,
        is_new=False,
        met=True,
    )
    return made


def ask(program: Program, door: Door, world: World) -> Any:
    if door.body is None:
        return program.follow(ROOT + door.path(world))
    return program.post(door.path(world), door.body, str(uuid.uuid4()))


def test_every_address_of_the_api_has_a_case() -> None:
    routes = {name for name, _arguments in ROUTES if name.startswith("api:")}
    assert routes - OF_THE_KEY == set(DOORS)


def test_without_a_key_nothing_opens(world: World) -> None:
    for name, door in DOORS.items():
        address = ROOT + door.path(world)
        for answer in (
            Client().get(address),
            Client().post(address, "{}", content_type="application/json"),
            Client().get(address, headers={"Authorization": "Bearer kos_live_no"}),
        ):
            assert code(answer) == (401, "unauthenticated"), name
            assert answer["WWW-Authenticate"].startswith("Bearer"), name
    # Whoever is signed in on the pages is nobody here.
    browser = Client()
    browser.force_login(world.lin)
    assert browser.get(f"{ROOT}statements").status_code == 401


def test_the_right_key_opens_each_and_shows_something(world: World) -> None:
    """The cases are real, or refusals would say nothing."""
    for name, door in DOORS.items():
        answer = ask(Program(world.lin, world.chengye.brand, door.scope), door, world)
        assert answer.status_code == door.status, (name, answer.content)
        assert not door.is_list or answer.json()["items"], name
        assert answer["Content-Type"] == "application/json", name


def test_every_other_scope_is_refused_and_the_missing_one_named(world: World) -> None:
    before = PointGrant.objects.count()
    for name, door in DOORS.items():
        others = sorted(set(SCOPES) - {door.scope, "orders:write"})
        answer = ask(Program(world.lin, world.chengye.brand, *others), door, world)
        assert code(answer) == (403, "insufficient_scope"), name
        assert answer.json()["scope"] == door.scope, name
    assert PointGrant.objects.count() == before


def beyond(world: World, unit: Unit, *, whole: bool = True) -> list[str]:
    """The addresses that show a key of ``unit`` anything of Chengye."""
    opened = []
    for name, door in DOORS.items():
        answer = ask(Program(world.lin, unit, door.scope), door, world)
        said = answer.content.decode()
        nothing = answer.json()["items"] == [] if door.is_list else answer.status_code == 404
        if (not nothing or "K001" in said or "Zhou" in said) and (whole or not door.of_all):
            opened.append(name)
    return opened


def test_things_of_another_brand_do_not_exist(world: World, mingwang: Unit) -> None:
    before = PointGrant.objects.count()
    assert beyond(world, mingwang) == []
    assert PointGrant.objects.count() == before


def test_things_of_another_region_or_store_do_not_exist(world: World) -> None:
    before = PointGrant.objects.count()
    assert beyond(world, world.chengye.south) == []
    assert beyond(world, world.chengye.tianhe) == []
    assert PointGrant.objects.count() == before


def test_a_key_of_the_store_reads_its_own_and_nothing_of_the_brand_as_a_whole(
    world: World,
) -> None:
    opened = set(beyond(world, world.chengye.jingan))
    assert opened == {name for name, door in DOORS.items() if not door.of_all}


def test_other_methods_are_not_offered(world: World) -> None:
    for name, door in DOORS.items():
        program = Program(world.lin, world.chengye.brand, door.scope)
        address = ROOT + door.path(world)
        for method in ("put", "patch", "delete", "get" if door.body else "post"):
            answer = getattr(program.browser, method)(address, headers=program.headers())
            assert code(answer) in {(405, "method_not_allowed"), (403, "insufficient_scope")}, name
    assert world.point_grant.state == "waiting"


def test_a_key_whose_maker_may_not_give_there_gives_nothing(world: World) -> None:
    """Who lost the role keeps no way around it through a key made before."""
    program = Program(world.lin, world.chengye.brand, "points:write")
    world.lin.grants.update(role="analyst")
    before = PointGrant.objects.count()
    assert code(ask(program, DOORS["api:point_grants"], world)) == (403, "maker_may_not")
    assert PointGrant.objects.count() == before


def test_nobody_is_shown_by_name_or_account(world: World) -> None:
    """Numbers name people; an account stands there masked."""
    full = f"6222 0210 0112 {world.chengye.zhou.pk:08d}"
    for name, door in DOORS.items():
        scopes = {door.scope, "payouts:read"}
        answer = ask(Program(world.lin, world.chengye.brand, *scopes), door, world)
        said = answer.content.decode()
        assert "Zhou Min" not in said, name
        assert full not in said and full.replace(" ", "") not in said, name
