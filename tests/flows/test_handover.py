"""Stories of handover: each kind of ownership, leads, customers, and the money of a leaver."""

import datetime as dt
from itertools import count

import pytest
from django.db import transaction

from accounts.choices import Role, UnitKind
from accounts.models import Activity
from accounts.units import add_unit
from content.models import Post
from incentives import commission_runs, payouts, proof, settlement
from incentives.choices import LedgerKind
from incentives.ledger import account as books
from incentives.ledger import balance
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from matrix import custody, handover, registry, transfers
from matrix.custody_choices import TransferState
from matrix.models import Creator, Custody, CustomerTransfer, Handover, Pairing
from matrix.takers import Taker
from matrix.transfers import Answer, Customer
from tests import cast as c

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 9, 1)
LAST = dt.date(2026, 10, 15)
NUMBERS = count(1)


@pytest.fixture
def people():
    found = c.cast()
    found.zhou.person = c.person("zhou", (Role.KOS, found.jingan))
    found.zhou.share_code = "ZHOU"
    found.zhou.save()
    return found


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def wang(people):
    """A colleague with a sign-in and a WeCom account."""
    wang = c.creator(people.jingan, "K002", "Wang Fang", share_code="WANG")
    wang.person = c.person("wang", (Role.KOS, people.jingan))
    wang.save()
    c.account(wang, platform="wecom", handle="wangfang")
    return wang


def refused(code, command, **values) -> str:
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        command(**values)
    assert refusal.value.code == code
    return str(refusal.value)


def leaving(people, lin, **facts) -> Handover:
    return handover.open_case(by=lin, creator=people.zhou, reason="leaves", last_day=LAST, **facts)


def item_of(case, part, **facts):
    return case.items.get(part=part, **facts)


def signed_over(case, item, lin, taker) -> None:
    """Choose the taker; the leaver gives, the taker signs."""
    item = handover.choose_taker(by=lin, item=item, taker=Taker(creator=taker))
    custody.sign(by=lin, custody=item.custody, side="giver")
    custody.sign(by=taker.person, custody=item.custody, side="taker")


# -- by ownership ----------------------------------------------------------------


def test_what_the_company_opened_goes_to_a_taker_with_both_signatures(people, lin, wang) -> None:
    note = c.account(people.zhou, handle="Zhou at Kerry")
    private = c.account(people.zhou, platform="wecom", handle="zhoumin")
    registry.pair_accounts(by=lin, public=note, private=private, since=DAY)
    custody.begin(by=lin, account=note, creator=people.zhou, since=DAY)
    refused(
        "handover_first",
        registry.change_state,
        by=lin,
        creator=people.zhou,
        state="left",
        on=LAST,
    )
    case = leaving(people, lin)
    handover.need_no_taker(
        by=lin, item=item_of(case, "customers"), reason="No customers in WeCom yet"
    )
    handover.need_no_taker(
        by=lin, item=item_of(case, "accounts", account=private), reason="Number is given back"
    )
    said = refused("still_open", handover.complete, by=lin, case=case)
    assert "Zhou at Kerry" in said
    item = handover.choose_taker(
        by=lin, item=item_of(case, "accounts", account=note), taker=Taker(creator=wang)
    )
    refused("still_open", handover.complete, by=lin, case=case)
    custody.sign(by=people.zhou.person, custody=item.custody, side="giver")
    refused("still_open", handover.complete, by=lin, case=case)
    custody.sign(by=wang.person, custody=item.custody, side="taker")
    assert not handover.open_items(case).exists()

    closed = handover.complete(by=lin, case=case)

    note.refresh_from_db()
    private.refresh_from_db()
    assert (closed.state, note.creator, note.state) == ("done", wang, "active")
    assert (private.state, private.closed_why) == ("closed", "unused")
    held = custody.open_custody(note)
    assert (held.creator, held.is_signed) == (wang, True)
    before = Custody.objects.get(account=note, creator=people.zhou)
    assert before.until == LAST
    old, new = Pairing.objects.filter(public_account=note).order_by("pk")
    assert old.until == LAST
    assert (new.private_account.handle, new.since) == ("wangfang", LAST + dt.timedelta(1))
    people.zhou.refresh_from_db()
    assert (people.zhou.state, people.zhou.left_on) == ("left", LAST)
    assert Activity.objects.filter(verb="handover.done", object_id=case.pk).count() == 1
    refused("handover_closed", handover.complete, by=lin, case=case)


def test_what_an_employee_authorised_is_only_unbound_and_its_posts_stay(people, lin, wang) -> None:
    note = c.account(people.zhou, ownership="employee_authorised")
    private = registry.add_account(
        by=lin,
        creator=wang,
        platform="wecom",
        handle="wang-2",
        ownership="company_opened",
    )
    registry.pair_accounts(by=lin, public=note, private=private, since=DAY)
    post = Post.objects.create(
        brand=people.brand,
        store=people.jingan,
        account=note,
        creator=people.zhou,
        platform="xiaohongshu",
        title="Autumn",
        published_at=c.at("2026-09-01"),
        likes=120,
    )
    case = leaving(people, lin)
    assert item_of(case, "accounts").path == "unbind"
    assert item_of(case, "posts").count == 1
    refused(
        "no_taker_needed",
        handover.choose_taker,
        by=lin,
        item=item_of(case, "accounts"),
        taker=Taker(creator=wang),
    )
    handover.complete(by=lin, case=case)
    note.refresh_from_db()
    post.refresh_from_db()
    assert (note.state, note.closed_why, note.creator) == ("closed", "withdrawn", people.zhou)
    assert (post.likes, post.account, post.creator) == (120, note, people.zhou)
    assert Pairing.objects.get().until == LAST


def test_a_personal_account_stays_with_its_owner(people, lin) -> None:
    wechat = c.account(people.zhou, platform="wechat", handle="wxid_zhou", ownership="personal")
    case = leaving(people, lin)
    item = item_of(case, "accounts")
    assert (item.path, item.label) == ("leave", "w•••u")
    handover.complete(by=lin, case=case)
    wechat.refresh_from_db()
    assert (wechat.state, wechat.closed_why) == ("closed", "with_owner")


def test_leads_of_others_need_a_colleague_with_a_private_account(people, lin, wang) -> None:
    own = c.account(people.zhou, platform="wechat", handle="wxid_zhou", ownership="personal")
    shop = c.account(people.jingan, handle="Jing'an store")
    registry.pair_accounts(by=lin, public=shop, private=own, since=DAY)
    case = leaving(people, lin)
    item = item_of(case, "pairings")
    assert "Jing'an store" in refused("still_open", handover.complete, by=lin, case=case)
    choose = handover.choose_taker
    refused("taker_without_private", choose, by=lin, item=item, taker=Taker(creator=people.may))
    refused("taker_is_giver", choose, by=lin, item=item, taker=Taker(creator=people.zhou))
    gone = c.creator(people.jingan, "K009", "Gone", state="left")
    refused("taker_has_left", choose, by=lin, item=item, taker=Taker(creator=gone))
    choose(by=lin, item=item, taker=Taker(creator=wang))
    handover.complete(by=lin, case=case)
    open_one = Pairing.objects.get(public_account=shop, until=None)
    assert open_one.private_account.handle == "wangfang"


def test_what_is_held_for_the_store_goes_on_to_somebody(people, lin, wang) -> None:
    shop = c.account(people.jingan, handle="Jing'an store")
    custody.begin(by=lin, account=shop, creator=people.zhou, since=DAY)
    case = leaving(people, lin)
    signed_over(case, item_of(case, "accounts"), lin, wang)
    handover.complete(by=lin, case=case)
    shop.refresh_from_db()
    assert (shop.creator, shop.unit) == (None, people.jingan)
    assert custody.open_custody(shop).creator == wang


# -- moving ----------------------------------------------------------------------


def test_who_moves_takes_the_accounts_along_unless_one_stays(people, lin, wang) -> None:
    second = add_unit(
        by=lin, kind=UnitKind.STORE, code="SH0002", name="Xintiandi", parent=people.east
    )
    note = c.account(people.zhou, handle="Zhou")
    store_number = c.account(people.zhou, handle="Kerry", platform="douyin")
    case = handover.open_case(
        by=lin, creator=people.zhou, reason="moves", last_day=LAST, to_store=second
    )
    assert not handover.open_items(case).exists()
    stays = item_of(case, "accounts", account=store_number)
    handover.choose_way(by=lin, item=stays, path="transfer")
    refused("wrong_way", handover.choose_way, by=lin, item=stays, path="unbind")
    refused("still_open", handover.complete, by=lin, case=case)
    signed_over(case, stays, lin, wang)
    handover.complete(by=lin, case=case)
    for each in (note, store_number, people.zhou):
        each.refresh_from_db()
    assert (people.zhou.store, people.zhou.state) == (second, "active")
    assert (note.creator, note.unit) == (people.zhou, second)
    assert (store_number.creator, store_number.unit) == (wang, people.jingan)
    assert people.zhou.share_code_until is None


def test_a_move_names_another_store_of_the_brand(people, lin) -> None:
    move = {"by": lin, "creator": people.zhou, "reason": "moves", "last_day": LAST}
    refused("to_store_needed", handover.open_case, **move)
    refused("to_store_needed", handover.open_case, to_store=people.east, **move)
    refused("same_store", handover.open_case, to_store=people.jingan, **move)


# -- the case ----------------------------------------------------------------------


def test_one_case_at_a_time_and_calling_it_off(people, lin, wang) -> None:
    c.account(people.zhou)
    case = leaving(people, lin)
    people.zhou.refresh_from_db()
    assert people.zhou.share_code_until == LAST
    refused("handover_open", leaving, people=people, lin=lin)
    refused("reason_needed", handover.call_off, by=lin, case=case, reason=" ")
    handover.call_off(by=lin, case=case, reason="She stays")
    people.zhou.refresh_from_db()
    assert (people.zhou.state, people.zhou.share_code_until) == ("active", None)
    assert leaving(people, lin).pk != case.pk


def test_what_came_to_hand_since_stops_the_case_until_it_is_listed(people, lin) -> None:
    case = leaving(people, lin)
    c.account(people.zhou, platform="wechat", handle="wxid", ownership="personal")
    refused("more_to_hand_over", handover.complete, by=lin, case=case)
    assert handover.look_again(by=lin, case=case) == 1
    assert handover.look_again(by=lin, case=case) == 0
    assert handover.complete(by=lin, case=case).state == "done"


def test_a_case_is_not_closed_before_the_last_day(people, lin) -> None:
    case = handover.open_case(
        by=lin, creator=people.zhou, reason="leaves", last_day=dt.date(2099, 1, 1)
    )
    refused("last_day_ahead", handover.complete, by=lin, case=case)
    people.zhou.refresh_from_db()
    assert people.zhou.state == "active"


def test_who_holds_nothing_leaves_without_a_case(people, lin) -> None:
    left = registry.change_state(by=lin, creator=people.may, state="left", on=LAST)
    assert (left.state, left.share_code_until) == ("left", LAST)
    refused(
        "nothing_to_hand_over",
        handover.open_case,
        by=lin,
        creator=left,
        reason="leaves",
        last_day=LAST,
    )


def test_leavers_of_a_staff_list_get_their_cases_at_once(
    people, lin, django_assert_max_num_queries
) -> None:
    left = [c.creator(people.jingan, f"L{n}", f"Leaver {n}") for n in range(30)]
    for creator in left[:20]:
        c.account(creator, handle=creator.name, ownership="personal")
    Creator.objects.filter(pk__in=[one.pk for one in left]).update(state="left", left_on=LAST)
    rows = list(Creator.objects.filter(number__startswith="L").select_related("store"))
    with django_assert_max_num_queries(22):
        cases = handover.open_for_leavers(by=lin, people=rows)
    assert len(cases) == 20
    assert {case.last_day for case in cases} == {LAST}
    assert handover.open_for_leavers(by=lin, people=rows) == []
    closed = handover.complete(by=lin, case=cases[0])
    closed.creator.refresh_from_db()
    assert (closed.creator.state, closed.creator.left_on) == ("left", LAST)


# -- customers in WeCom ------------------------------------------------------------


@pytest.fixture
def with_customers(people, lin, wang):
    c.account(people.zhou, platform="wecom", handle="zhoumin")
    case = leaving(people, lin)
    transfers.add_customers(
        by=lin,
        case=case,
        customers=[Customer(f"wmAbCdEf{n:04d}", name=f"Customer {n}") for n in range(230)],
    )
    signed_over(case, item_of(case, "accounts"), lin, wang)
    handover.choose_taker(by=lin, item=item_of(case, "customers"), taker=Taker(creator=wang))
    return case


def states(case) -> dict[str, int]:
    return {state: count for state, count in transfers.counts(case).items() if count}


def test_customers_of_a_leaver_go_in_hundreds_and_each_gets_an_end(
    people, lin, wang, with_customers
) -> None:
    case = with_customers
    assert [batch.size for batch in transfers.make_batches(by=lin, case=case)] == [100, 100, 30]
    refused("nothing_planned", transfers.make_batches, by=lin, case=case)
    first = case.batches.earliest("number")
    lines = transfers.batch_file(first).decode("utf-8-sig").splitlines()
    assert lines[:2] == [
        "handover_userid,takeover_userid,external_userid",
        "zhoumin,wangfang,wmAbCdEf0000",
    ]
    assert len(lines) == 101
    ids = [f"wmAbCdEf{n:04d}" for n in range(230)]
    waits = [Answer(one, 2) for one in ids]
    say = {"by": lin, "brand": people.brand}
    assert transfers.take_answers(answers=waits, **say)["changed"] == 230
    done = [Answer(one, 1, c.at("2026-10-17")) for one in ids[2:]]
    answers = [Answer(ids[0], 3), Answer(ids[1], 4), *done, Answer("stranger", 1)]
    assert transfers.take_answers(answers=answers, **say) == {
        "changed": 230,
        "unchanged": 0,
        "unknown": 1,
    }
    # A status that comes late takes nothing back.
    assert transfers.take_answers(answers=waits, **say)["changed"] == 0
    assert states(case) == {"done": 228, "refused": 1, "limit": 1}
    refused("still_open", handover.complete, by=lin, case=case)

    refused_one = CustomerTransfer.objects.get(state=TransferState.REFUSED)
    refused("reason_needed", transfers.another_way, by=lin, customer=refused_one, note=" ")
    transfers.another_way(by=lin, customer=refused_one, note="Asked to add Wang Fang")
    limited = CustomerTransfer.objects.get(state=TransferState.LIMIT)
    refused("not_refused", transfers.another_way, by=lin, customer=limited, note="x")
    refused("same_taker", transfers.another_taker, by=lin, customer=limited, taker=wang)
    li = c.creator(people.jingan, "K003", "Li Na")
    refused("taker_without_wecom", transfers.another_taker, by=lin, customer=limited, taker=li)
    c.account(li, platform="wecom", handle="lina")
    transfers.another_taker(by=lin, customer=limited, taker=li)
    (again,) = transfers.make_batches(by=lin, case=case)
    assert (again.to_userid, again.size) == ("lina", 1)
    refused("still_open", handover.complete, by=lin, case=case)
    transfers.take_answers(answers=[Answer(limited.external_userid, 1)], **say)
    assert states(case) == {"done": 229, "invited": 1}
    refused("transfer_over", transfers.drop, by=lin, customer=limited, note="x")
    assert handover.complete(by=lin, case=case).state == "done"


def test_the_callback_says_why_a_transfer_failed(people, lin, wang, with_customers) -> None:
    transfers.make_batches(by=lin, case=with_customers)
    fail = {"by": None, "brand": people.brand, "external_userid": "wmAbCdEf0007"}
    failed = transfers.transfer_failed(reason="customer_refused", **fail)
    assert failed.state == "refused"
    assert transfers.transfer_failed(reason="customer_refused", **fail).state == "refused"
    refused("unknown_reason", transfers.transfer_failed, reason="mood", **fail)
    other = {**fail, "external_userid": "nobody"}
    refused("unknown_customer", transfers.transfer_failed, reason="customer_refused", **other)
    transfers.drop(by=lin, customer=failed, note="Deleted us")
    refused("transfer_over", transfers.transfer_failed, reason="customer_limit_exceed", **fail)


def test_a_leaver_of_more_than_a_year_ago_cannot_be_inherited_from(people, lin, wang) -> None:
    c.account(people.zhou, platform="wecom", handle="zhoumin")
    case = handover.open_case(
        by=lin, creator=people.zhou, reason="leaves", last_day=dt.date(2025, 10, 1)
    )
    transfers.add_customers(by=lin, case=case, customers=[Customer("wm1")])
    refused("leaver_gone_too_long", transfers.make_batches, by=lin, case=case)


def test_between_colleagues_a_customer_goes_twice_in_ninety_days(people, lin, wang) -> None:
    stores = [
        add_unit(by=lin, kind=UnitKind.STORE, code=f"X{n}", name=f"X{n}", parent=people.east)
        for n in range(3)
    ]
    c.account(people.zhou, platform="wecom", handle="zhoumin")
    today = handover.timezone.localdate()
    for store in stores:
        case = handover.open_case(
            by=lin, creator=people.zhou, reason="moves", last_day=today, to_store=store
        )
        transfers.add_customers(by=lin, case=case, customers=[Customer("wmSame")])
        handover.choose_taker(by=lin, item=item_of(case, "customers"), taker=Taker(creator=wang))
        if store == stores[-1]:
            break
        transfers.make_batches(by=lin, case=case)
        transfers.take_answers(by=lin, brand=people.brand, answers=[Answer("wmSame", 1)])
        handover.complete(by=lin, case=case)
        people.zhou.refresh_from_db()
    refused_now = refused("nothing_planned", transfers.make_batches, by=lin, case=case)
    assert refused_now
    with pytest.raises(DomainError):
        transfers.make_batches(by=lin, case=case)


# -- money -------------------------------------------------------------------------


def test_what_a_leaver_earned_is_settled_and_paid_to_the_leaver(people, lin, wang) -> None:
    c.plan(people.brand)
    chen, zhao = c.finance(people, "chen"), c.finance(people, "zhao")
    c.pay_to_bank(people.zhou)
    note = c.account(people.zhou, handle="Zhou at Kerry")
    c.order(people, "E1", 100_000, day="2026-09-20")
    c.order(people, "E2", 100_000, day="2026-09-21", seller=wang, sharer=people.zhou)
    case = handover.open_case(
        by=lin, creator=people.zhou, reason="leaves", last_day=dt.date(2026, 9, 25)
    )
    signed_over(case, item_of(case, "accounts", account=note), lin, wang)
    assert item_of(case, "orders").count == 2
    handover.complete(by=lin, case=case)

    assert registry.code_works(Creator.objects.get(pk=people.zhou.pk), dt.date(2026, 9, 25))
    assert not registry.code_works(Creator.objects.get(pk=people.zhou.pk), dt.date(2026, 9, 26))
    commission_runs.accrue(by=None, brand=people.brand, as_of=dt.date(2026, 9, 30))
    settlement.settle(by=chen, brand=people.brand, month=Month(2026, 9))
    closed = settlement.settle(by=chen, brand=people.brand, month=Month(2026, 10))
    batch = payouts.make_batch(by=chen, settlement=closed)
    payouts.submit(by=chen, batch=batch)
    payouts.approve(by=zhao, batch=batch)
    (payout,) = batch.payouts.all()
    assert (payout.creator, payout.amount) == (people.zhou, 5_000 + 2_000)
    inflight = books(
        brand=people.brand, kind=LedgerKind.INFLIGHT, currency="CNY", creator=people.zhou
    )
    assert -balance(inflight) == 7_000
    assert proof.differences(proof.verify()) == 0
