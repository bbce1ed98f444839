"""The reward pages: what they say, to whom, and what they refuse."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from content.models import Post
from incentives import rewards_runs
from incentives.models import Boost, BoostBudget, RewardItem, RewardRule
from matrix.models import Creator
from tests import cast as c

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def people():
    return c.cast()


@pytest.fixture
def lin(people, client: Client):
    lin = c.person("lin", (Role.OPERATOR, people.brand))
    client.force_login(lin)
    return lin


@pytest.fixture
def zhao(people):
    return c.finance(people, "zhao")


def page(client, name, *args):
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200, response.status_code
    return response.content.decode()


FORM = {
    "name": "Notes in autumn",
    "source": "note",
    "paid_in": "money",
    "first_day": (TODAY - dt.timedelta(20)).isoformat(),
    "from_0": "0",
    "pays_0": "5",
    "from_1": "1000",
    "pays_1": "50.00",
    "check_days": "7",
    "count_days": "30",
    "watch_days": "60",
    "cap_person": "300",
    "kinds": ["koc"],
    "followers_from": "",
}


def ruled(client, lin, zhao):
    assert client.post(reverse("incentives:reward_rules"), FORM).status_code == 302
    rule = RewardRule.objects.get()
    client.force_login(zhao)
    client.post(reverse("incentives:reward_rule_decide", args=[rule.pk]), {"decision": "approve"})
    client.force_login(lin)
    return RewardRule.objects.get()


def noted(people, interactions=1_200, days_ago=3):
    return Post.objects.create(
        brand=people.brand,
        store=people.jingan,
        account=people.may.social_accounts.first() or c.account(people.may),
        creator=people.may,
        platform="xiaohongshu",
        title="Serum in autumn",
        title_key=str(Post.objects.count()),
        published_at=timezone.now() - dt.timedelta(days_ago),
        figures_at=timezone.now(),
        likes=interactions,
        saves=0,
        comments=0,
    )


def test_a_rule_is_written_by_one_and_approved_by_another(client, people, lin, zhao):
    client.post(reverse("incentives:reward_rules"), FORM)
    rule = RewardRule.objects.get()
    assert rule.terms["steps"][1] == {"at_least": 1_000, "amount": 5_000}
    assert rule.terms["cap_person"] == 30_000
    decide = reverse("incentives:reward_rule_decide", args=[rule.pk])
    assert client.post(decide, {"decision": "approve"}).status_code == 403
    client.force_login(zhao)
    shown = page(client, "incentives:reward_rules")
    assert "Interactions from 1,000: ¥50.00" in shown
    assert "Only KOC" in shown
    unsaid = client.post(decide, {"decision": "reject"}, follow=True).content.decode()
    assert "Say why" in unsaid
    told = client.post(decide, {"decision": "approve"}, follow=True).content.decode()
    assert "The rule holds" in told


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pays_1": "4"}, "Each step asks for more"),
        ({"pays_0": "", "pays_1": ""}, "at least one step"),
        ({"watch_days": "3"}, "must be watched"),
        ({"last_day": "2020-01-01"}, "before the first"),
    ],
)
def test_a_rule_that_cannot_be_comes_back_with_the_input(client, people, lin, changed, said):
    answer = client.post(reverse("incentives:reward_rules"), FORM | changed)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not RewardRule.objects.exists()


def test_the_list_and_the_page_say_why_nothing_is_paid_yet(client, people, lin, zhao):
    assert "No rewards yet" in page(client, "incentives:rewards")
    ruled(client, lin, zhao)
    noted(people)
    rewards_runs.run(by=None, brand=people.brand, as_of=TODAY)
    assert "¥50.00 is held until" in page(client, "incentives:rewards")
    shown = page(client, "incentives:reward", RewardItem.objects.get().pk)
    assert "Payable 7 days later, if it still stands then" in shown
    assert "1,200" in shown


def test_a_reward_is_stopped_with_a_reason(client, people, lin, zhao):
    ruled(client, lin, zhao)
    noted(people)
    rewards_runs.run(by=None, brand=people.brand, as_of=TODAY)
    item = RewardItem.objects.get()
    address = reverse("incentives:reward_stop", args=[item.pk])
    assert client.post(address, {"reason": ""}).status_code == 422
    client.post(address, {"reason": "Edited"})
    assert "Stopped by Lin: Edited" in page(client, "incentives:reward", item.pk)
    client.force_login(zhao)
    assert client.post(address, {"reason": "Edited"}).status_code == 403


def test_a_boost_goes_from_request_to_spent(client, people, lin, zhao):
    post = noted(people)
    asked = {"amount": "300", "reason": "Nearly there"}
    client.post(reverse("incentives:boost_ask", args=[post.pk]), asked)
    boost = Boost.objects.get()
    assert client.post(reverse("incentives:boost_budget"), {"amount": "500"}).status_code == 403
    client.force_login(zhao)
    client.post(reverse("incentives:boost_budget"), {"amount": "500"})
    assert BoostBudget.objects.get().amount == 50_000
    step = reverse("incentives:boost_step", args=[boost.pk])
    client.post(step, {"act": "approve", "amount": "250"})
    assert "¥250.00 left of ¥500.00" in page(client, "incentives:boosts")
    client.force_login(lin)
    client.post(step, {"act": "spent", "amount": "200"})
    boost.refresh_from_db()
    assert (boost.state, boost.spent_amount) == ("spent", 20_000)


def test_notes_that_are_nearly_there_are_listed_for_a_boost(client, people, lin, zhao):
    ruled(client, lin, zhao)
    noted(people, 700)
    rewards_runs.run(by=None, brand=people.brand, as_of=TODAY)
    address = reverse("incentives:boosts")
    assert "Show these notes" in client.get(address).content.decode()
    assert "300 interactions missing" in client.get(address, {"near": 1}).content.decode()


def test_may_reads_on_the_phone_what_her_note_earned(client, people, lin, zhao):
    ruled(client, lin, zhao)
    noted(people, 700)
    rewards_runs.run(by=None, brand=people.brand, as_of=TODAY)
    may = c.person("may", (Role.KOC, people.jingan))
    Creator.objects.filter(pk=people.may.pk).update(person=may)
    client.force_login(may)
    shown = page(client, "mobile:rewards")
    assert "¥5.00 is held until" in shown
    assert "Interactions from 1,000: ¥50.00" in shown
    assert client.get(reverse("incentives:rewards")).status_code == 403


def test_store_managers_do_not_see_rewards(client, people, lin):
    client.force_login(c.person("sun", (Role.STORE_MANAGER, people.jingan)))
    assert client.get(reverse("incentives:rewards")).status_code == 403
