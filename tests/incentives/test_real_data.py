"""The trials on real data, on a few rows of the same shape."""

import datetime as dt
import io
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from customers import complete_journey as real
from customers.models import Order
from incentives.management.commands import trial_full_plan, trial_online_retail
from incentives.models import Settlement, Statement

pytestmark = pytest.mark.django_db

BASKETS = [
    real.Basket(
        id=number,
        household=900 + number,
        store=330 + number % 2,
        at=dt.datetime(2017, 1 + number % 2, 5, 12, number),  # noqa: DTZ001 - local times
        lines=((7, 1, 10.0), (8, 1, 20.0)),
    )
    for number in range(6)
]
INVOICES = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
570001,85123A,WHITE HANGING HEART,6,2011-09-07 08:26:00,2.55,17850.0,United Kingdom
570001,71053,WHITE METAL LANTERN,2,2011-09-07 08:26:00,3.39,17850.0,United Kingdom
570001,71053,WHITE METAL LANTERN,2,2011-09-07 08:26:00,3.39,17850.0,United Kingdom
570001,POST,POSTAGE,1,2011-09-07 08:26:00,18.00,17850.0,United Kingdom
570002,22752,SET 7 BABUSHKA,1,2011-10-11 10:00:00,7.65,,United Kingdom
570003,22752,damaged,-3,2011-10-12 10:00:00,0.0,,United Kingdom
570004,22752,,5,2011-10-12 10:00:00,0.0,,United Kingdom
A563185,B,Adjust bad debt,1,2011-11-12 14:50:00,11062.06,,United Kingdom
C570005,85123A,WHITE HANGING HEART,-2,2011-10-01 09:41:00,2.55,17850.0,United Kingdom
C570006,85123A,WHITE HANGING HEART,-9,2011-10-02 09:41:00,2.55,17850.0,United Kingdom
C570007,22752,SET 7 BABUSHKA,-1,2011-11-02 09:41:00,7.65,,United Kingdom
C570008,21733,RED HANGING HEART,-1,2011-11-02 09:41:00,2.55,13047.0,United Kingdom
"""


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six baskets in place of 155,848."""
    monkeypatch.setattr(real, "folder", lambda: Path("unused"))
    monkeypatch.setattr(real, "read_baskets", lambda _path: iter(BASKETS))
    monkeypatch.setattr(
        real,
        "read_products",
        lambda _path: {7: real.Product("DELI", "CHEESE"), 8: real.Product("FUEL", "GAS")},
    )


def run(name: str, *arguments: object, **options: object) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_real_baskets_are_settled_and_what_is_assigned_by_rule_is_said(package: None) -> None:
    said = run("demo_real")
    assert "Assigned by rule" in said
    assert "SHA-256 of the household's number" in said
    assert "0 differences" in said
    assert list(Settlement.objects.order_by("period").values_list("period", flat=True)) == [
        "2017-01",
        "2017-02",
    ]
    # 2 % of the cheese and nothing of the fuel.
    assert sum(Statement.objects.values_list("earned", flat=True)) == 6 * 20


def test_loading_the_baskets_again_changes_nothing(package: None) -> None:
    run("demo_real")
    before = list(Order.objects.order_by("pk").values())
    said = run("demo_real")
    assert "0 with 0 lines were new" in said
    assert list(Order.objects.order_by("pk").values()) == before


def test_without_the_package_the_command_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing() -> Path:
        raise real.NotInstalled

    monkeypatch.setattr(real, "folder", missing)
    with pytest.raises(CommandError, match="make demo-real"):
        run("demo_real")
    assert not Order.objects.exists()


def test_a_package_that_is_not_there_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, real.PACKAGE, None)
    with pytest.raises(real.NotInstalled):
        real.folder()


@pytest.fixture
def invoices(tmp_path: Path) -> Path:
    path = tmp_path / "online_retail.csv"
    path.write_text(INVOICES)
    return path


@pytest.mark.django_db(transaction=True)
def test_online_retail_is_imported_settled_and_its_counts_add_up(invoices: Path) -> None:
    said = run("trial_online_retail", invoices)
    assert "cancellations matched to sales: 1" in said
    assert "waiting, more_than_sold: 1" in said
    assert "waiting, no_customer: 1" in said
    assert "waiting, no_sale: 1" in said
    assert "verify_books: 0 differences" in said
    assert Settlement.objects.count() == 3
    again = run("trial_online_retail", invoices)
    assert "imported already" in again
    assert Order.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_count_that_differs_stops_the_trial(
    invoices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = trial_online_retail.count

    def one_more(path: Path) -> trial_online_retail.Facts:
        facts = counted(path)
        facts.sale_lines += 1
        return facts

    monkeypatch.setattr(trial_online_retail, "count", one_more)
    with pytest.raises(CommandError, match="do not add up"):
        run("trial_online_retail", invoices)


@pytest.mark.django_db(transaction=True)
def test_a_year_in_order_and_shuffled_owes_everybody_the_same(invoices: Path) -> None:
    run("trial_online_retail", invoices)
    said = run("trial_full_plan")
    assert "people owed another amount when shuffled: 0" in said
    assert "verify_books: 0 differences" in said
    assert "unchanged" in said, "something was told twice"
    assert set(Settlement.objects.filter(brand__code="ORB").values_list("period", flat=True)) == {
        "2010-12", *(f"2011-{month:02d}" for month in range(1, 13))
    }  # fmt: skip
    assert "played already" in run("trial_full_plan")


def test_the_full_plan_is_played_with_the_orders_of_the_first_trial() -> None:
    with pytest.raises(CommandError, match="trial_online_retail"):
        run("trial_full_plan")


@pytest.mark.django_db(transaction=True)
def test_a_sum_that_the_orders_do_not_bear_out_ends_the_trial_with_an_error(
    invoices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("trial_online_retail", invoices)
    run("trial_full_plan")
    monkeypatch.setattr(trial_full_plan, "SELLER_BP", 600)
    with pytest.raises(CommandError, match="plain count"):
        run("trial_full_plan")
