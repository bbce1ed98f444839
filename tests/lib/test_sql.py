"""Set-based writing against what Django itself would write."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from accounts.models import ApiKey, Grant, Person, Unit
from kosops.lib.sql import copy_rows, fetch_all, insert_rows, update_rows
from tests import cast as c

pytestmark = pytest.mark.django_db


def test_changed_rows_are_written_with_every_kind_of_value() -> None:
    people = c.cast()
    changed = [people.zhou, people.may]
    for creator in changed:
        creator.name = "O'Brien \\ “梅” %s"
        creator.joined_on = None
        creator.left_on = dt.date(2026, 9, 30)
        creator.store_id = people.tianhe.pk
    update_rows(changed, ["name", "joined_on", "left_on", "store_id"])
    for creator in changed:
        stored = type(creator).objects.get(pk=creator.pk)
        assert (stored.name, stored.joined_on) == ("O'Brien \\ “梅” %s", None)
        assert stored.left_on == dt.date(2026, 9, 30)
        assert stored.store_id == people.tianhe.pk
        assert stored.number == creator.number, "fields that were not named stay"


def test_rows_that_were_not_given_stay_as_they_are() -> None:
    people = c.cast()
    people.zhou.name = "Somebody"
    update_rows([people.zhou], ["name"])
    people.may.refresh_from_db()
    assert people.may.name == "May"


def test_booleans_and_moments_keep_their_types() -> None:
    someone = c.person("lin")
    someone.is_active = False
    someone.last_login = dt.datetime(2026, 9, 1, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    update_rows([someone], ["is_active", "last_login"])
    stored = Person.objects.get(pk=someone.pk)
    assert stored.is_active is False
    assert stored.last_login == someone.last_login


def test_nothing_to_write_is_no_statement(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        update_rows([], ["name"])


def test_more_rows_than_one_statement_holds_are_all_written() -> None:
    people = c.cast()
    stores = Unit.objects.bulk_create(
        Unit(
            kind="store",
            store_kind="physical",
            code=f"X{number}",
            name="Before",
            parent=people.east,
            brand=people.brand,
        )
        for number in range(2_345)
    )
    for unit in stores:
        unit.name = f"Store {unit.code}"
    update_rows(stores, ["name"])
    assert Unit.objects.filter(name__startswith="Store X").count() == 2_345


def test_copied_rows_keep_awkward_characters_and_unknown_values() -> None:
    awkward = "a\tb\nc\r\\N \\ 梅"
    moment = dt.datetime(2026, 9, 1, 8, 30, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    columns = ["session_key", "session_data", "expire_date"]
    copy_rows("django_session", columns, [("one", awkward, moment), ("two", "", moment)])
    rows = fetch_all("SELECT * FROM django_session ORDER BY session_key")
    assert [row["session_data"] for row in rows] == [awkward, ""]
    assert rows[0]["expire_date"] == moment


def test_none_is_copied_as_unknown() -> None:
    people = c.cast()
    copy_rows("matrix_pairing", ["public_account_id", "private_account_id", "since", "until"], [])
    copy_rows(
        "accounts_grant",
        ["person_id", "role", "unit_id", "since", "until"],
        [(c.person("lin").pk, "operator", people.brand.pk, dt.date(2026, 1, 1), None)],
    )
    assert fetch_all("SELECT until FROM accounts_grant") == [{"until": None}]


COLUMNS = ["person_id", "role", "unit_id", "since", "until"]


@pytest.mark.parametrize("count", [3, 450])
def test_inserted_rows_are_told_of_and_conflicts_are_passed_over(count: int) -> None:
    """Few rows go by VALUES, many by COPY; nobody can tell the difference."""
    people = c.cast()
    someone = c.person("lin")
    first = dt.date(2020, 1, 1)
    rows = [
        (someone.pk, "operator", people.brand.pk, first + dt.timedelta(days=number), None)
        for number in range(count)
    ]
    then = "ON CONFLICT DO NOTHING RETURNING since, until"
    assert insert_rows("accounts_grant", COLUMNS, rows[:1], then) == [(first, None)]
    added = insert_rows("accounts_grant", COLUMNS, rows, then)
    assert [since for since, _until in added] == [row[3] for row in rows[1:]]
    assert Grant.objects.filter(person=someone).count() == count
    # A second time in the same transaction.
    assert insert_rows("accounts_grant", COLUMNS, rows, then) == []


def test_many_rows_of_bytes_booleans_and_json_arrive_as_they_are() -> None:
    people = c.cast()
    moment = dt.datetime(2026, 9, 1, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    keys = [b"\x00\\x41\t\n" + bytes([number % 256]) * 28 for number in range(300)]
    insert_rows(
        "accounts_apikey",
        ["name", "unit_id", "prefix", "digest", "scopes", "created_by_id", "created_at"],
        [
            (f"Key {n}", people.brand.pk, f"p{n}", key, '["orders:read"]', by, moment)
            for by in [c.person("lin").pk]
            for n, key in enumerate(keys)
        ],
    )
    stored = ApiKey.objects.order_by("pk")
    assert [bytes(key.digest) for key in stored] == keys
    assert stored[0].scopes == ["orders:read"]
    assert stored[0].created_at == moment


def test_nothing_to_insert_is_no_statement(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert insert_rows("accounts_grant", COLUMNS, []) == []
