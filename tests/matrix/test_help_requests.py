"""Help for creators: asked on the phone, first the best, answered by whoever may."""

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts import waiting
from accounts.choices import Role
from accounts.models import Activity, Person
from kosops.lib.errors import DomainError
from matrix import help_requests, tier_steps
from matrix.choices import CreatorState, HelpState
from matrix.help_priority import place, weight
from matrix.models import Creator, HelpRequest
from tests import cast as c
from tests.refusals import RULE_BROKEN, refused

pytestmark = pytest.mark.django_db
NOON = c.at("2026-09-10")


@pytest.fixture
def chengye() -> c.Cast:
    found = c.cast()
    found.may.person = c.person("may", (Role.KOC, found.jingan))
    found.may.save()
    return found


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


def ask(creator: Creator, text: str = "Where is the picture?", **more) -> HelpRequest:
    given = {"by": creator.person, "kind": "material", "client_key": uuid.uuid4()} | more
    return help_requests.ask(creator=creator, text=text, **given)


def asked_at(creator: Creator, moment: dt.datetime, text: str = "A question") -> HelpRequest:
    return HelpRequest.objects.create(
        creator=creator, kind="other", text=text, asked_at=moment, client_key=uuid.uuid4()
    )


def code_of(act, **arguments) -> str:
    with pytest.raises(DomainError) as refusal:
        act(**arguments)
    return refusal.value.code


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


# -- asking -------------------------------------------------------------------------


def test_a_request_waits_and_its_words_stay_out_of_the_log(chengye):
    request = ask(chengye.may, "My number is 13800000000")
    assert (request.state, request.handed_to) == (HelpState.WAITING, None)
    row = Activity.objects.get(verb="help_request.asked")
    assert (row.actor, row.unit, row.after) == (
        chengye.may.person,
        chengye.jingan,
        {"kind": "material"},
    )
    assert "13800000000" not in row.object_label


def test_a_form_that_is_sent_twice_is_one_request(chengye):
    key = uuid.uuid4()
    assert ask(chengye.may, client_key=key).pk == ask(chengye.may, client_key=key).pk
    assert HelpRequest.objects.count() == 1


def test_nothing_and_too_much_are_refused(chengye):
    assert code_of(lambda: ask(chengye.may, "  ")) == "nothing_asked"
    requests = [ask(chengye.may) for _number in range(help_requests.MOST_WAITING)]
    assert code_of(lambda: ask(chengye.may)) == "too_many_waiting"
    help_requests.answer(by=None, request=requests[0], text="In the library.")
    assert ask(chengye.may).pk
    assert ask(chengye.zhou).pk


# -- the queue ------------------------------------------------------------------------


@pytest.fixture
def mixed(chengye) -> list[HelpRequest]:
    """Requests in the order in which they are to be answered."""
    lowest, *_between, highest = [code for code, _label in tier_steps.choices()]

    def someone(number: str, **fields) -> Creator:
        return c.creator(chengye.jingan, number, f"N {number}", **fields)

    best = someone("H1", layer="quality", tier=highest)
    good = someone("H2", layer="quality", tier=lowest)
    high = someone("H3", layer="standard", tier=highest)
    low = someone("H4", tier=lowest)
    hour = dt.timedelta(hours=1)
    return [
        asked_at(best, NOON),
        asked_at(good, NOON - hour),
        asked_at(high, NOON - 40 * hour),
        asked_at(low, NOON - 90 * hour),
        asked_at(low, NOON - 30 * hour),
        asked_at(chengye.zhou, NOON - 400 * hour),
    ]


def test_the_database_sorts_as_the_rule_says(mixed):
    found = help_requests.with_priority(HelpRequest.objects.all()).order_by("-priority")
    assert [row.pk for row in found] == [row.pk for row in mixed]
    for row in found.select_related("creator"):
        wanted = weight(row.creator.layer, tier_steps.level(row.creator.tier))
        assert row.priority == place(wanted, row.asked_at.timestamp())


def test_each_says_why_it_stands_where_it_stands(mixed):
    label = tier_steps.label(mixed[0].creator.tier, mixed[0].creator)
    now = NOON + dt.timedelta(hours=5)
    assert help_requests.why(mixed[0], now) == f"Quality layer · {label} KOS · waits 5 hours"
    assert help_requests.why(mixed[5], now) == "KOS · waits 16 days"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "1 minute"), (59, "59 minutes"), (60, "1 hour"), (47 * 60 + 59, "47 hours"), (48 * 60, "2 days")],
)  # fmt: skip
def test_a_wait_in_words(minutes, words):
    assert help_requests.in_words(dt.timedelta(minutes=minutes)) == words


def test_the_figures_say_the_median_and_the_oldest(chengye):
    hours = (1, 3, 50)
    for number in hours:
        row = asked_at(chengye.may, NOON - dt.timedelta(hours=number))
        HelpRequest.objects.filter(pk=row.pk).update(
            state="answered", answer="Yes", answered_at=NOON
        )
    old = asked_at(chengye.may, NOON - dt.timedelta(days=90))
    HelpRequest.objects.filter(pk=old.pk).update(
        state="answered", answer="Yes", answered_at=NOON - dt.timedelta(days=60)
    )
    waits = asked_at(chengye.zhou, NOON - dt.timedelta(days=2))
    found = help_requests.figures(HelpRequest.objects.all(), NOON)
    assert (found.waiting, found.oldest, found.answered) == (1, waits.asked_at, 3)
    assert found.median == dt.timedelta(hours=3)
    assert help_requests.figures(HelpRequest.objects.none(), NOON).median is None


# -- answering ---------------------------------------------------------------------------


def test_an_answer_ends_the_wait_once(lin, chengye):
    request = ask(chengye.may)
    assert code_of(help_requests.answer, by=lin, request=request, text=" ") == "no_words"
    done = help_requests.answer(by=lin, request=request, text="In the library.")
    assert (done.state, done.answered_by, done.answer) == ("answered", lin, "In the library.")
    assert Activity.objects.get(verb="help_request.answered").after == {"state": "answered"}
    for act, more in (
        (help_requests.answer, {"text": "x"}),
        (help_requests.close, {"reason": "x"}),
        (help_requests.hand_on, {"colleague": lin}),
    ):
        assert code_of(act, by=lin, request=request, **more) == "already_answered"


def test_closing_needs_a_reason_that_the_creator_reads(lin, chengye):
    request = ask(chengye.may)
    assert code_of(help_requests.close, by=lin, request=request, reason="") == "no_words"
    assert help_requests.close(by=lin, request=request, reason="Asked twice.").state == "closed"
    with refused(RULE_BROKEN):
        HelpRequest.objects.filter(pk=request.pk).update(answer="")


def test_it_is_handed_only_to_who_may_answer_there(lin, chengye):
    request = ask(chengye.may)
    he = c.person("he", (Role.STORE_MANAGER, chengye.jingan))
    tian = c.person("tian", (Role.STORE_MANAGER, chengye.tianhe))
    given = {"by": lin, "request": request}
    for wrong in (tian, chengye.may.person):
        assert code_of(help_requests.hand_on, **given, colleague=wrong) == "colleague_cannot_answer"
    assert help_requests.hand_on(**given, colleague=he).handed_to == he
    help_requests.hand_on(**given, colleague=he)
    assert Activity.objects.filter(verb="help_request.handed_on").count() == 1


def test_what_waits_for_whom(lin, chengye):
    he = c.person("he", (Role.STORE_MANAGER, chengye.jingan))
    wu = c.person("wu", (Role.AUDITOR, chengye.brand))
    request = ask(chengye.may)

    def waits(person: Person) -> list[str]:
        texts = [item.text for item in waiting.items_for(Person.objects.get(pk=person.pk))]
        return [text for text in texts if "help" in text]

    assert waits(lin) == waits(he) == ["<b>1</b> creator asks for help"]
    assert waits(wu) == []
    help_requests.hand_on(by=lin, request=request, colleague=he)
    assert (waits(lin), len(waits(he))) == ([], 1)


# -- pages of HQ ---------------------------------------------------------------------------


def test_the_queue_shows_who_waits_and_not_who_was_answered(lin, chengye):
    help_requests.answer(by=lin, request=ask(chengye.may, "Old question"), text="Yes")
    ask(chengye.zhou, "New question")
    client, address = browser(lin), reverse("matrix:help")
    shown = client.get(address).content.decode()
    assert "New question" in shown and "Old question" not in shown
    every = client.get(address, {"state": "all"}).content.decode()
    assert "New question" in every and "Old question" in every
    assert "New question" not in client.get(address, {"with_whom": "mine"}).content.decode()
    assert client.get(address, {"state": "no such"}).status_code == 422


def test_a_request_is_answered_handed_and_closed_on_its_page(lin, chengye):
    client = browser(lin)
    c.person("he", (Role.STORE_MANAGER, chengye.jingan))
    first, second = ask(chengye.may), ask(chengye.may)

    def post(name: str, request: HelpRequest, **form) -> int:
        return client.post(reverse(f"matrix:{name}", args=[request.pk]), form).status_code

    assert post("help_hand_on", first, colleague="nobody") == 422
    assert post("help_hand_on", first, colleague="he") == 302
    assert post("help_answer", first) == 422
    assert post("help_answer", first, text="In the library.") == 302
    assert post("help_answer", first, text="Again") == 422
    assert post("help_close", second, reason="Twice") == 302
    states = HelpRequest.objects.order_by("pk").values_list("state", "handed_to__username")
    assert list(states) == [("answered", "he"), ("closed", None)]


def test_each_role_sees_and_answers_its_part(chengye):
    request = ask(chengye.may)
    page = reverse("matrix:help_request", args=[request.pk])
    answer = reverse("matrix:help_answer", args=[request.pk])
    for role, unit, status in (
        (Role.FINANCE, chengye.brand, 422),
        (Role.REVIEWER, chengye.brand, 422),
        (Role.REGION_MANAGER, chengye.east, 422),
        (Role.STORE_MANAGER, chengye.jingan, 422),
        (Role.AUDITOR, chengye.brand, 403),
        (Role.ANALYST, chengye.brand, 403),
    ):
        client = browser(c.person(f"p-{role}", (role, unit)))
        assert client.get(page).status_code == 200, role
        assert client.post(answer).status_code == status, role
    other = browser(c.person("tian", (Role.STORE_MANAGER, chengye.tianhe)))
    assert other.get(page).status_code == 404
    assert other.post(answer, {"text": "x"}).status_code == 404
    assert browser(chengye.may.person).get(page).status_code == 403


# -- the phone -------------------------------------------------------------------------------


def test_may_asks_on_the_phone_and_reads_the_answer(lin, chengye):
    may = browser(chengye.may.person)
    form = may.get(reverse("mobile:help_ask"))
    key = form.context["form"].initial["client_key"]
    wrong = may.post(reverse("mobile:help_ask"), {"kind": "payment", "text": "", "client_key": key})
    assert wrong.status_code == 422
    may.post(
        reverse("mobile:help_ask"), {"kind": "payment", "text": "Where is it?", "client_key": key}
    )
    shown = may.get(reverse("mobile:help")).content.decode()
    assert "Where is it?" in shown and "Waiting" in shown
    help_requests.answer(by=lin, request=HelpRequest.objects.get(), text="On the 25th.")
    shown = may.get(reverse("mobile:help")).content.decode()
    assert "On the 25th." in shown and "Lin" in shown


def test_others_requests_do_not_show_on_the_phone(chengye):
    ask(chengye.zhou, "A secret of Zhou")
    assert "A secret of Zhou" not in browser(chengye.may.person).get(reverse("mobile:help")).content.decode()  # fmt: skip


def test_who_has_left_asks_nothing(chengye):
    Creator.objects.filter(pk=chengye.may.pk).update(state=CreatorState.LEFT)
    may = browser(chengye.may.person)
    for name in ("help", "help_ask"):
        assert may.get(reverse(f"mobile:{name}")).status_code == 403
    assert may.post(reverse("mobile:help_ask"), {"kind": "other", "text": "x"}).status_code == 403


def test_today_and_the_menu_lead_to_help(chengye):
    shown = browser(chengye.may.person).get(reverse("mobile:today")).content.decode()
    assert shown.count(f'href="{reverse("mobile:help")}"') == 2
