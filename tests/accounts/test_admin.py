"""The admin: everything can be looked at, money and facts by nobody be changed."""

import datetime as dt
import itertools

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.admin_base import EstimatePaginator
from accounts.api_keys import create_key, find_key
from accounts.choices import Role
from accounts.models import Activity, ApiKey, Grant, Job, Person, Unit
from content.models import MetricSnapshot, Post
from incentives import commission_runs, payouts, settlement
from incentives.models import Journal, Posting
from kosops.lib.periods import Month
from matrix.models import Creator, Pairing, SocialAccount
from tests import cast as c

pytestmark = pytest.mark.django_db

OURS = ("accounts", "matrix", "content", "customers", "incentives")
REGISTERED = sorted(
    (model for model in admin.site._registry if model._meta.app_label in OURS),
    key=lambda model: model._meta.label,
)
EDITABLE = {Person, Unit, Creator, SocialAccount, Pairing, Post}


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(c.person("admin", is_staff=True, is_superuser=True))
    return client


def address(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def posted(chengye: c.Cast, number: int) -> None:
    """An account with a private one, a post with two snapshots."""
    creator = c.creator(chengye.jingan, f"N{number}", f"Creator {number}")
    public, private = (
        SocialAccount.objects.create(
            brand=chengye.brand,
            unit=chengye.jingan,
            creator=creator,
            platform="xiaohongshu",
            domain=domain,
            ownership="personal",
            owner_proof="checked",
            handle=f"{domain}{number}",
        )
        for domain in ("public", "private")
    )
    Pairing.objects.create(
        public_account=public, private_account=private, since=dt.date(2026, 9, 1)
    )
    post = Post.objects.create(
        brand=chengye.brand,
        store=chengye.jingan,
        account=public,
        creator=creator,
        platform="xiaohongshu",
        title=f"Post {number}",
        published_at=c.at("2026-09-01"),
    )
    for day in ("2026-09-02", "2026-09-03"):
        MetricSnapshot.objects.create(post=post, captured_at=c.at(day), source="list")


def sold(chengye: c.Cast, number: int, month: int) -> None:
    """A month with an order of a seller and a sharer, settled and paid."""
    chen, zhao = (c.finance(chengye, f"{name}{number}") for name in ("chen", "zhao"))
    sellers = [c.creator(chengye.jingan, f"S{number}{n}", f"Seller {n}") for n in range(2)]
    for seller in sellers:
        c.pay_to_bank(seller)
    day = f"2026-{month:02}-03"
    c.order(chengye, f"E{number}", 90_000, 8_000, day=day, seller=sellers[0], sharer=sellers[1])
    c.order(chengye, f"F{number}", 90_000, day=day, seller=sellers[1], sharer=sellers[0])
    assert c.refund(chengye, f"E{number}", f"R{number}", 100) == "created"
    c.refund(chengye, f"unknown{number}", f"W{number}", 100)
    closed = settlement.settle(by=chen, brand=chengye.brand, month=Month(2026, month))
    batch = payouts.make_batch(by=chen, settlement=closed)
    payouts.submit(by=chen, batch=batch)
    payouts.approve(by=zhao, batch=batch)
    c.order(chengye, f"G{number}", 5_000, day=day, seller=sellers[1], sharer=sellers[0])
    commission_runs.accrue(by=chen, brand=chengye.brand, as_of=dt.date(2026, month + 1, 1))
    c.order(chengye, f"H{number}", 5_000, day=day, seller=sellers[1], sharer=sellers[0])
    create_key(by=chen, unit=chengye.brand, name=f"Key {number}", scopes=["orders:read"])
    Job.objects.create(kind="tests", unit=chengye.brand, label=f"Job {number}")


def queries_of(browser: Client, model: type[models.Model]) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(address(model, "changelist"))
    assert answer.status_code == 200
    return len(captured), answer.context["cl"].result_count


def test_every_list_opens_and_costs_the_same_for_more_rows(
    chengye: c.Cast, browser: Client
) -> None:
    c.plan(chengye.brand)
    for number, month in ((1, 7), (2, 8)):
        posted(chengye, number)
        sold(chengye, number, month)
    before = {model: queries_of(browser, model) for model in REGISTERED}
    for number, month in ((3, 9), (4, 10)):
        posted(chengye, number)
        sold(chengye, number, month)
    grown = 0
    for model in REGISTERED:
        queries, rows = queries_of(browser, model)
        assert queries <= before[model][0], model._meta.label
        grown += rows > before[model][1]
    assert grown >= 18, "the test data no longer fills most of the lists"


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_relation_of_a_list_is_fetched_with_it(model: type[models.Model]) -> None:
    registered = admin.site._registry[model]
    for name in registered.list_display:
        field = next((f for f in model._meta.get_fields() if f.name == name), None)
        if field is not None and field.is_relation:
            assert name in registered.list_select_related, name


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_an_editable_relation_is_typed_not_picked_from_thousands(model: type[models.Model]) -> None:
    registered = admin.site._registry[model]
    if model in EDITABLE:
        relations = {f.name for f in model._meta.fields if f.is_relation and f.editable}
        assert relations <= set(registered.raw_id_fields) | set(registered.readonly_fields)


@pytest.mark.parametrize(
    "model", [m for m in REGISTERED if m not in EDITABLE], ids=lambda model: model._meta.label
)
def test_facts_money_and_the_log_are_read_only(
    model: type[models.Model], browser: Client, rf
) -> None:
    request = rf.get("/")
    request.user = Person.objects.get(username="admin")
    registered = admin.site._registry[model]
    assert registered.has_view_permission(request)
    assert not registered.has_add_permission(request)
    assert not registered.has_change_permission(request)
    assert not registered.has_delete_permission(request)
    assert "delete_selected" not in registered.get_actions(request)
    assert browser.get(address(model, "add")).status_code == 403
    assert browser.post(address(model, "add"), {}).status_code == 403
    for inline in registered.get_inline_instances(request):
        assert not inline.has_add_permission(request, None)
        assert not inline.has_change_permission(request)
        assert not inline.has_delete_permission(request)


def test_every_model_of_money_and_facts_can_be_looked_at() -> None:
    shown = {
        model._meta.label
        for label in ("accounts", "matrix", "content", "customers", "incentives")
        for model in apps.get_app_config(label).get_models()
    } - {model._meta.label for model in REGISTERED}
    # The rates of a plan and the postings of a journal stand on their page.
    assert shown == {"incentives.PlanMargin", "incentives.PlanRate", "incentives.Posting"}


@pytest.mark.parametrize("model", sorted(EDITABLE, key=lambda m: m._meta.label))
def test_nothing_is_deleted_in_the_admin(model: type[models.Model], rf, browser: Client) -> None:
    request = rf.get("/")
    request.user = Person.objects.get(username="admin")
    assert not admin.site._registry[model].has_delete_permission(request)


def test_a_posted_change_to_an_order_or_a_journal_changes_nothing(
    chengye: c.Cast, browser: Client
) -> None:
    order = c.order(chengye, "E1", 10_000)
    answer = browser.post(
        address(type(order), "change", order.pk), {"paid_amount": "1", "status": "paid"}
    )
    assert answer.status_code == 403
    order.refresh_from_db()
    assert order.paid_amount == 10_000


def test_a_journal_shows_its_postings(chengye: c.Cast, browser: Client) -> None:
    c.plan(chengye.brand)
    c.order(chengye, "E1", 10_000)
    commission_runs.accrue(by=None, brand=chengye.brand, as_of=dt.date(2026, 9, 5))
    journal = Journal.objects.get()
    page = browser.get(address(Journal, "change", journal.pk)).content.decode()
    for posting in Posting.objects.filter(journal=journal):
        assert f"<td>{posting.amount}</td>" in page
    assert str(chengye.zhou) in page


def test_what_is_encrypted_or_digested_is_not_shown(chengye: c.Cast, browser: Client) -> None:
    lin = c.person("lin", (Role.OPERATOR, chengye.brand))
    made = create_key(by=lin, unit=chengye.brand, name="Shop", scopes=["orders:read"])
    c.pay_to_bank(chengye.zhou)
    destination = chengye.zhou.payout_destination
    key_page = browser.get(address(ApiKey, "change", made.key.pk)).content.decode()
    pay_page = browser.get(address(type(destination), "change", destination.pk)).content.decode()
    assert "digest" not in key_page.lower().replace("daydigest", "")
    assert destination.masked in pay_page
    assert "6222 0210" not in pay_page
    assert bytes(destination.account)[:20].decode() not in pay_page


# -- acts that are allowed -----------------------------------------------------


def test_ending_access_in_the_admin_ends_keys_too(chengye: c.Cast, browser: Client) -> None:
    lin = c.person("lin", (Role.OPERATOR, chengye.brand))
    secret = create_key(by=lin, unit=chengye.brand, name="Shop", scopes=["orders:read"]).secret
    everybody = list(Person.objects.values_list("pk", flat=True))
    browser.post(
        address(Person, "changelist"), {"action": "end_access", "_selected_action": everybody}
    )
    lin.refresh_from_db()
    assert not lin.is_active
    assert find_key(secret) is None
    assert Person.objects.get(username="admin").is_active, "one does not shut oneself out"


def test_a_changed_person_leaves_a_row_without_personal_values(
    chengye: c.Cast, browser: Client
) -> None:
    lin = c.person("lin", (Role.OPERATOR, chengye.brand))
    form = {"username": "lin", "name": "Lin Jie", "email": "lin@example.com", "is_staff": "on"}
    answer = browser.post(address(Person, "change", lin.pk), form)
    assert answer.status_code == 302, answer.context["errors"]
    row = Activity.objects.get(verb="person.changed")
    assert row.after == {"fields": ["email", "is_staff", "name"]}
    assert row.actor.username == "admin"


def test_a_person_added_in_the_admin_has_a_plain_username(browser: Client) -> None:
    good = {"password1": "staple copper lantern", "password2": "staple copper lantern"}
    form = good | {"username": "何力", "name": "He Li"}
    assert browser.post(address(Person, "add"), form).status_code == 200
    answer = browser.post(address(Person, "add"), form | {"username": "He.Li"})
    assert answer.status_code == 302, answer.context["errors"]
    assert Person.objects.filter(username="he.li").exists()


def test_units_are_placed_and_moved_by_the_commands(chengye: c.Cast, browser: Client) -> None:
    form = {
        "kind": "store",
        "store_kind": "physical",
        "name": "Xintiandi",
        "city": "",
        "active": "on",
    }
    wrong = browser.post(address(Unit, "add"), form | {"code": "SH0001", "parent": chengye.east.pk})
    assert wrong.status_code == 200
    assert "already used" in wrong.content.decode()
    answer = browser.post(address(Unit, "add"), form | {"code": "SH2", "parent": chengye.east.pk})
    assert answer.status_code == 302, answer.context["errors"]
    store = Unit.objects.get(code="SH2")
    assert store.path == f"{chengye.east.path}{store.pk}/"
    change = address(Unit, "change", store.pk)
    refused = browser.post(change, form | {"parent": chengye.jingan.pk})
    assert refused.status_code == 200
    moved = browser.post(change, form | {"name": "Bund", "parent": chengye.south.pk})
    assert moved.status_code == 302, moved.context["errors"]
    store.refresh_from_db()
    assert (store.name, store.parent) == ("Bund", chengye.south)
    assert store.path == f"{chengye.south.path}{store.pk}/"
    verbs = Activity.objects.filter(object_id=store.pk, object_type="accounts.unit")
    assert set(verbs.values_list("verb", flat=True)) == {"unit.added", "unit.moved", "unit.changed"}


def test_a_key_is_revoked_in_the_admin(chengye: c.Cast, browser: Client) -> None:
    lin = c.person("lin", (Role.OPERATOR, chengye.brand))
    made = create_key(by=lin, unit=chengye.brand, name="Shop", scopes=["orders:read"])
    browser.post(
        address(ApiKey, "changelist"), {"action": "revoke", "_selected_action": [made.key.pk]}
    )
    assert find_key(made.secret) is None


def test_a_long_list_is_not_counted(chengye: c.Cast, django_assert_num_queries) -> None:
    lin = c.person("lin")
    numbers = itertools.count(1)
    Grant.objects.all().delete()
    Activity.objects.bulk_create(
        Activity(
            at=timezone.now(),
            actor=lin,
            actor_label="lin",
            verb="tests.made",
            object_type="x",
            object_label=str(next(numbers)),
        )
        for _row in range(10_500)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_activity")
    with django_assert_num_queries(1) as captured:
        count = EstimatePaginator(Activity.objects.order_by("pk"), 50).count
    assert count >= 10_000
    assert "COUNT(" not in captured[0]["sql"]
    filtered = Activity.objects.filter(object_label="7").order_by("pk")
    assert EstimatePaginator(filtered, 50).count == 1


def test_only_superusers_come_in(chengye: c.Cast) -> None:
    lin = c.person("lin", (Role.OPERATOR, chengye.brand), is_staff=True)
    client = Client()
    client.force_login(lin)
    assert client.get(address(Person, "changelist")).status_code == 403
