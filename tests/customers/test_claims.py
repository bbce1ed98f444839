"""Two people claim one order: one is credited by a stated rule, the other stays visible (M18)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from customers import intake
from customers.claims import SELLER, SHARER, Claim, settled
from customers.models import ContestedClaim, Order
from incentives import explaining, words
from incentives.models import CommissionLine
from tests import cast as c
from tests.incentives.money import Office, accrue, differences, held
from tests.incentives.races import Race, keep, own_database, put_back
from tests.refusals import RESTRICTED, refused, sql

ZHOU, HE = 1, 2


def claim(creator_id: int, by: str = "explicit", role: str = SELLER) -> Claim:
    return Claim(role, creator_id, by)


@pytest.mark.parametrize(
    ("claims", "credited", "contested"),
    [
        ([], None, []),
        ([claim(ZHOU)], ZHOU, []),
        ([claim(ZHOU), claim(HE)], ZHOU, [HE]),
        ([claim(HE), claim(ZHOU)], HE, [ZHOU]),
        ([claim(ZHOU, "share_code"), claim(HE)], HE, [ZHOU]),
        ([claim(ZHOU, "channel_code"), claim(HE, "share_code")], HE, [ZHOU]),
        ([claim(ZHOU, "rule"), claim(HE, "channel_code")], HE, [ZHOU]),
        ([claim(ZHOU, ""), claim(HE, "rule")], HE, [ZHOU]),
        # The same person by two ways is no contest.
        ([claim(ZHOU, "rule"), claim(ZHOU)], ZHOU, []),
        ([claim(ZHOU, "rule"), claim(HE, "share_code"), claim(ZHOU)], ZHOU, [HE]),
    ],
)
def test_the_stronger_evidence_counts_and_of_equal_ones_the_first(
    claims: list[Claim], credited: int | None, contested: list[int]
) -> None:
    winner, others = settled(claims)
    assert (winner.creator_id if winner else None) == credited
    assert [each.creator_id for each in others] == contested


# -- at intake -----------------------------------------------------------------


@pytest.fixture
def office(db: None) -> Office:
    return Office()


@pytest.fixture
def he(office: Office) -> Any:
    return c.creator(office.people.jingan, "K002", "He Lin")


def contested(order: Order) -> list[tuple[str, str, str]]:
    rows = order.claims.order_by("pk").values_list("role", "creator__name", "by")
    return list(rows)


@pytest.mark.django_db
def test_who_is_named_beside_the_seller_is_kept_as_contested(office: Office, he: Any) -> None:
    claims = (claim(he.pk), claim(office.may.pk, "share_code", SHARER))
    order = office.order("E1", 10_000, claims=claims)
    assert (order.seller, order.sharer) == (office.zhou, office.may)
    assert contested(order) == [("seller", "He Lin", "explicit")]
    accrue(office.brand, "2026-09-30")
    assert (held(office.zhou), held(he), held(office.may)) == (500, 0, 200)
    assert office.order("E1", 10_000, claims=claims).facts_version == 1, "the same again is no news"
    assert ContestedClaim.objects.count() == 1


@pytest.mark.django_db
def test_a_name_on_the_order_beats_a_rule_that_came_first(office: Office, he: Any) -> None:
    (outcome,) = intake.take_orders(
        brand=office.brand,
        rows=[
            c.order_facts(
                office.people, "E1", 10_000, claims=(claim(office.zhou.pk, "rule"), claim(he.pk))
            )
        ],
    )
    order = Order.objects.get(pk=outcome.id)
    assert (order.seller, order.seller_by) == (he, "explicit")
    assert contested(order) == [("seller", "Zhou Min", "rule")]


@pytest.mark.django_db
def test_the_newer_word_of_the_shop_replaces_the_older_and_both_are_seen(
    office: Office, he: Any
) -> None:
    office.order("E1", 10_000)
    accrue(office.brand, "2026-09-20")
    order = office.order("E1", 10_000, seller=he)
    accrue(office.brand, "2026-09-30")
    assert contested(order) == [("seller", "Zhou Min", "explicit")]
    assert (held(office.zhou), held(he)) == (0, 500)
    assert differences() == {}
    back = office.order("E1", 10_000, seller=office.zhou)
    assert contested(back) == [("seller", "Zhou Min", "explicit"), ("seller", "He Lin", "explicit")]


@pytest.mark.django_db
def test_the_page_shows_who_is_contested_now(client: Client, office: Office, he: Any) -> None:
    office.order("E1", 10_000)
    office.order("E1", 10_000, seller=he)
    order = office.order("E1", 10_000)  # Zhou Min again: He Lin is the one who is contested
    client.force_login(c.person("lin", (Role.OPERATOR, office.brand)))
    answer = client.get(reverse("customers:order", args=[order.pk]))
    assert [each.creator for each in answer.context["contested"]] == [he]
    assert "Contested" in answer.text and "Named as well, but not credited" in answer.text
    plain = office.order("E2", 10_000)
    assert "Contested" not in client.get(reverse("customers:order", args=[plain.pk])).text


@pytest.mark.django_db
def test_the_explanation_says_that_somebody_else_is_credited(office: Office, he: Any) -> None:
    order = office.order("E1", 10_000, claims=(claim(he.pk),))
    found = explaining.explain(line=order.lines.get(), creator=he, role=SELLER)
    assert found.missing == explaining.CONTESTED
    assert "One person is paid for each part" in str(words.MISSING[found.missing])
    stranger = c.creator(office.people.jingan, "K003", "Nobody")
    found = explaining.explain(line=order.lines.get(), creator=stranger, role=SELLER)
    assert found.missing == explaining.NOT_NAMED


@pytest.mark.django_db
def test_a_claim_is_never_edited(office: Office, he: Any) -> None:
    office.order("E1", 10_000, claims=(claim(he.pk),))
    for statement in (
        "UPDATE customers_contestedclaim SET by = 'rule'",
        "DELETE FROM customers_contestedclaim",
    ):
        with refused(RESTRICTED):
            sql(statement)


# -- at once -------------------------------------------------------------------


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Other connections see only what is committed."""
    with django_db_blocker.unblock(), own_database("claims"):
        keep()
        yield
        put_back()


def both_at_once(monkeypatch: pytest.MonkeyPatch) -> tuple[Office, Any, list[Any]]:
    """Two shops' systems report the same new order with different sellers at the same moment."""
    office, race = Office(), Race()
    he = c.creator(office.people.jingan, "K002", "He Lin")
    with monkeypatch.context() as patch:
        patch.setattr(intake, "_insert_orders", race.before(intake._insert_orders))
        ends = race.run(
            lambda: office.order("E1", 10_000), lambda: office.order("E1", 10_000, seller=he)
        )
    assert [end.code for end in ends] == ["", ""]
    accrue(office.brand, "2026-09-30")
    return office, he, ends


def test_two_sellers_reported_at_once_are_one_seller_and_one_contested(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, he, _ends = both_at_once(monkeypatch)
    order = Order.objects.get()
    assert order.seller in (office.zhou, he)
    (other,) = order.claims.all()
    assert {other.creator, order.seller} == {office.zhou, he}
    assert CommissionLine.objects.count() == 1
    assert held(office.zhou) + held(he) == 500, "never above what the order gives"
    assert differences() == {}


def test_without_the_key_of_orders_both_sellers_would_be_paid(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: taken away is the unique key, so that both find nothing and insert."""
    sql("ALTER TABLE customers_order DROP CONSTRAINT IF EXISTS order_once")
    sql("DROP INDEX IF EXISTS order_once")
    insert = intake.sql.insert_rows

    def without_conflict(table: str, columns: Any, rows: Any, then: str = "") -> Any:
        if table == "customers_order":
            then = then.replace("ON CONFLICT (brand_id, source, external_id) DO NOTHING", "")
        return insert(table, columns, rows, then)

    monkeypatch.setattr(intake.sql, "insert_rows", without_conflict)
    office, he, _ends = both_at_once(monkeypatch)
    assert (Order.objects.count(), ContestedClaim.objects.count()) == (2, 0)
    assert held(office.zhou) + held(he) == 1_000
    assert connection.in_atomic_block is False
