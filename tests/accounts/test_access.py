"""Who sees what: every role only its part of the tree, nobody anything by accident."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.access import HQ_ROLES, PERMISSIONS, brands_of, is_hq, reach, require, roles_of
from accounts.choices import Role, UnitKind
from accounts.models import Grant, Person, ScopedQuerySet, Unit
from accounts.units import add_unit
from matrix.models import Creator, Pairing
from tests.cast import LONG_AGO, Cast, cast, person

pytestmark = pytest.mark.django_db
ROLES = [role for role in Role if role in HQ_ROLES]


@pytest.fixture
def chengye() -> Cast:
    return cast()


def codes(person: object, permission: str) -> set[str]:
    return {unit.code for unit in Unit.objects.for_user(person, permission)}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reaches_its_unit_and_below_and_nothing_beside(chengye: Cast, role: str) -> None:
    he = person("he", (role, chengye.east))
    assert codes(he, "matrix.view") == {"EAST", "SH0001"}
    assert reach(he, "matrix.view").covers(chengye.jingan)
    assert not reach(he, "matrix.view").covers(chengye.brand)
    assert not reach(he, "matrix.view").covers(chengye.tianhe)


@pytest.mark.parametrize("role", [Role.KOS, Role.KOC])
def test_kos_and_koc_reach_no_unit_at_all(chengye: Cast, role: str) -> None:
    zhou = person("zhou", (role, chengye.brand))
    for permission in set().union(*PERMISSIONS.values()):
        assert codes(zhou, permission) == set()
    assert not is_hq(zhou)


def test_a_role_opens_only_what_it_names(chengye: Cast) -> None:
    he = person("he", (Role.STORE_MANAGER, chengye.jingan))
    assert codes(he, "orders.view") == {"SH0001"}
    for refused in ("commission.view", "payouts.approve", "people.manage", "api_keys.manage"):
        assert codes(he, refused) == set()
        with pytest.raises(PermissionDenied):
            require(he, refused)
    require(he, "orders.view", chengye.jingan)
    with pytest.raises(PermissionDenied):
        require(he, "orders.view", chengye.tianhe)


def test_a_permission_that_no_role_has_reaches_nothing(chengye: Cast) -> None:
    lin = person("lin", (Role.OPERATOR, chengye.brand))
    assert codes(lin, "matrix.veiw") == set()


@pytest.mark.parametrize("nobody", [None, AnonymousUser(), object(), "lin"])
def test_somebody_unknown_sees_nothing(chengye: Cast, nobody: object) -> None:
    assert codes(nobody, "matrix.view") == set()
    assert roles_of(nobody) == frozenset()
    assert not is_hq(nobody)


def test_an_inactive_person_sees_nothing_even_as_superuser(chengye: Cast) -> None:
    lin = person("lin", (Role.OPERATOR, chengye.brand), is_active=False)
    admin = person("admin", is_active=False, is_superuser=True)
    assert codes(lin, "matrix.view") == codes(admin, "matrix.view") == set()


def test_a_superuser_sees_everything_with_brands(chengye: Cast) -> None:
    admin = person("admin", is_superuser=True)
    assert codes(admin, "matrix.view") == {"CY", "EAST", "SOUTH", "SH0001", "GZ0001"}
    assert brands_of(admin, "matrix.view") == [chengye.brand]


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [(-10, None, True), (0, 0, True), (-10, -1, False), (1, None, False)],
    ids=["open", "today only", "ended yesterday", "begins tomorrow"],
)
def test_a_grant_holds_between_its_days(
    chengye: Cast, since: int, until: int | None, holds: bool
) -> None:
    today = timezone.localdate()
    lin = person("lin")
    Grant.objects.create(
        person=lin,
        role=Role.OPERATOR,
        unit=chengye.brand,
        since=today + dt.timedelta(days=since),
        until=None if until is None else today + dt.timedelta(days=until),
    )
    assert bool(codes(lin, "matrix.view")) is holds
    assert is_hq(lin) is holds


def test_several_grants_add_up(chengye: Cast) -> None:
    xu = person("xu", (Role.REGION_MANAGER, chengye.east), (Role.STORE_MANAGER, chengye.tianhe))
    assert codes(xu, "orders.view") == {"EAST", "SH0001", "GZ0001"}
    assert codes(xu, "commission.view") == {"EAST", "SH0001"}
    assert brands_of(xu, "orders.view") == [chengye.brand]


def test_a_path_is_compared_by_whole_ids(chengye: Cast) -> None:
    """Unit 1 is not unit 11: the path ends with a slash."""
    others = [
        add_unit(by=None, kind=UnitKind.BRAND, code=f"B{n}", name=f"Brand {n}") for n in range(12)
    ]
    for other in others:
        lin = person(f"lin{other.pk}", (Role.OPERATOR, other))
        assert codes(lin, "matrix.view") == {other.code}


def test_a_unit_without_a_path_opens_nothing(chengye: Cast) -> None:
    lin = person("lin", (Role.OPERATOR, chengye.brand))
    Unit.objects.filter(pk=chengye.brand.pk).update(path="")
    assert codes(lin, "matrix.view") == set()


def test_a_role_that_the_code_does_not_know_opens_nothing(chengye: Cast) -> None:
    ghost = person("ghost", ("emperor", chengye.brand))
    assert codes(ghost, "matrix.view") == set()


def test_rows_are_found_through_their_unit(chengye: Cast) -> None:
    he = person("he", (Role.STORE_MANAGER, chengye.jingan))
    xu = person("xu", (Role.REGION_MANAGER, chengye.south))
    assert set(Creator.objects.for_user(he, "matrix.view")) == {chengye.zhou, chengye.may}
    assert not Creator.objects.for_user(xu, "matrix.view").exists()


def test_a_model_that_does_not_name_its_unit_raises_instead_of_showing_all(chengye: Cast) -> None:
    lin = person("lin", (Role.OPERATOR, chengye.brand))
    with pytest.raises(TypeError, match="does not say"):
        ScopedQuerySet(Pairing).for_user(lin, "matrix.view")
    with pytest.raises(TypeError, match="does not say"):
        ScopedQuerySet(Pairing).for_user(AnonymousUser(), "matrix.view")


def test_people_are_reached_through_their_grants(chengye: Cast) -> None:
    lin = person("lin", (Role.OPERATOR, chengye.east))
    he = person("he", (Role.STORE_MANAGER, chengye.jingan), (Role.KOS, chengye.jingan))
    left = person("left")
    Grant.objects.create(
        person=left, role=Role.KOS, unit=chengye.jingan, since=LONG_AGO, until=LONG_AGO
    )
    person("tian", (Role.STORE_MANAGER, chengye.tianhe))
    person("new")
    assert list(Person.objects.for_user(lin, "people.manage").order_by("pk")) == [lin, he, left]
    assert not Person.objects.for_user(he, "people.manage").exists()


def test_grants_are_read_once_per_request(chengye: Cast, django_assert_num_queries) -> None:
    lin = person("lin", (Role.OPERATOR, chengye.brand))
    with django_assert_num_queries(1):
        reach(lin, "matrix.view")
        reach(lin, "orders.view")
        roles_of(lin)
