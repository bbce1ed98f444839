"""HQ pages of recruiting: the pipeline, decisions of one and of many, files, who may do what."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.db.models import Max, Min
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import waiting
from accounts.choices import Role
from accounts.models import Activity, Job, Person
from kosops.lib.secrets import blind_index, encrypt
from matrix import applications, recruiting, recruiting_bulk, trials
from matrix.models import Application, ApplicationAccount, Creator, Notice, Recruitment, Trial
from matrix.recruiting_choices import Stage
from tests import cast as c
from tests.matrix import recruits as r

pytestmark = pytest.mark.django_db


@pytest.fixture
def chengye() -> c.Cast:
    cache.clear()
    return c.cast()


@pytest.fixture
def cream(chengye: c.Cast) -> Recruitment:
    return r.recruitment(chengye)


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


@pytest.fixture
def hq(lin: Person) -> Client:
    return browser_of(lin)


def pipeline(found: Recruitment, query: str = "") -> str:
    return f"{reverse('matrix:applications')}?recruitment={found.pk}{query}"


def page_of(one: Application) -> str:
    return reverse("matrix:application", args=[one.pk])


def act(browser: Client, one: Application, name: str, **data: Any) -> Any:
    return browser.post(reverse("matrix:application_act", args=[one.pk]), {"act": name, **data})


def bulk(browser: Client, action: str, **data: Any) -> Any:
    return browser.post(reverse("matrix:applications_bulk"), {"action": action, **data})


def stages() -> dict[str, int]:
    found: dict[str, int] = {}
    for stage in Application.objects.values_list("stage", flat=True):
        found[stage] = found.get(stage, 0) + 1
    return found


def many(to: Recruitment, count: int, **fields: Any) -> list[int]:
    """So many applications at once, each with an account of its own size."""
    now = timezone.now()
    base = {
        "brand": to.brand,
        "unit": to.unit,
        "recruitment": to,
        "channel": r.channel(to),
        "language": "zh-hans",
        "phone": encrypt("13800138000"),
        "phone_last4": "8000",
        "adult": True,
        "willingness": 1,
        "content": 1,
        "network": 0,
        "consent": recruiting.consent_of(to),
        "consented_at": now,
        "status_token": encrypt("token"),
        "applied_at": now,
        "stage_since": now,
        "route": "sharer",
        **fields,
    }
    rows = Application.objects.bulk_create(
        Application(
            **base,
            name=f"Person {number}",
            form_key=uuid.uuid4(),
            phone_key=blind_index("phone", f"{to.pk}/{number}"),
            status_key=blind_index("status", f"{to.pk}/{number}"),
        )
        for number in range(count)
    )
    ApplicationAccount.objects.bulk_create(
        ApplicationAccount(
            application=row,
            platform="xiaohongshu",
            handle=f"many{number}",
            handle_key=f"many{number}",
            followers=number + 1,
        )
        for number, row in enumerate(rows)
    )
    return [row.pk for row in rows]


# -- the story -----------------------------------------------------------------


def test_2500_apply_for_50_places(
    chengye: c.Cast, hq: Client, django_assert_max_num_queries: Any
) -> None:
    """C35, C36: ranked, decided in bulk, everyone told, 50 times over-subscribed."""
    launch = r.recruitment(chengye, places=50)
    many(launch, 2_500)
    with django_assert_max_num_queries(25):
        hq.post(reverse("matrix:recruitment_form", args=[launch.pk]), {"act": "score"})
    page = hq.get(pipeline(launch)).content.decode()
    assert "50.0×" in page
    assert "2,500 for 50 places" in page
    query = f"recruitment={launch.pk}"
    asked = bulk(hq, "best", count="50", query=query)
    assert asked.context["changing"] == 50
    highest = Application.objects.aggregate(most=Max("score"))["most"]
    assert {row.score for row in asked.context["some"]} == {highest}
    with django_assert_max_num_queries(40):
        bulk(hq, "best", count="50", query=query, confirmed="1")
    assert stages() == {"applied": 2_450, "trial": 50}
    chosen = Application.objects.filter(stage="trial").aggregate(least=Min("score"))["least"]
    others = Application.objects.filter(stage="applied").aggregate(most=Max("score"))["most"]
    assert chosen >= others
    answer = bulk(
        hq,
        "decline",
        every="1",
        query=f"{query}&stage=applied",
        confirmed="1",
        reason="places",
    )
    job = Job.objects.get()
    assert answer["Location"] == reverse("accounts:job", args=[job.pk])
    assert recruiting_bulk.run_job(job, lambda *_told: None) == {
        "applications_decided": 2_450,
        "applications_held": 0,
    }
    assert stages() == {"declined": 2_450, "trial": 50}
    assert Notice.objects.values("application").distinct().count() == 2_500
    assert Activity.objects.filter(verb="application.stage_changed").count() == 2_500
    page = hq.get(pipeline(launch)).content.decode()
    assert "0 by e-mail or file" in page
    file = hq.post(reverse("matrix:recruitment_notices", args=[launch.pk]))
    assert file.content.decode("utf-8-sig").count("\r\n") == 2_501
    assert "2,500 by e-mail or file" in hq.get(pipeline(launch)).content.decode()


def test_a_list_costs_the_same_with_many_rows(
    chengye: c.Cast, hq: Client, django_assert_max_num_queries: Any
) -> None:
    launch = r.recruitment(chengye, places=50)
    many(launch, 120)
    hq.get(reverse("home"))
    with django_assert_max_num_queries(12):
        assert hq.get(pipeline(launch)).status_code == 200


# -- the pipeline --------------------------------------------------------------


def test_stages_say_how_many_and_how_old(cream: Recruitment, hq: Client) -> None:
    one, two = r.apply(cream), r.apply(cream)
    ago = timezone.now() - dt.timedelta(days=9)
    Application.objects.filter(pk=one.pk).update(stage_since=ago)
    r.invite(two)
    overview = hq.get(pipeline(cream)).context["overview"]()
    assert [kpi.value for kpi in overview.stages] == ["1", "0", "1", "0", "0"]
    assert overview.stages[0].note == "oldest 9 days"
    assert overview.free == 1


def test_the_list_is_ranked_and_filtered(chengye: c.Cast, cream: Recruitment, hq: Client) -> None:
    low = r.apply(cream, recent_notes=0)
    high = r.apply(cream, recent_notes=12, content=2)
    none = r.apply(cream, accounts=[], city="Suzhou")
    flagged = r.apply(cream, recent_notes=5, member_number=chengye.may.number)

    def listed(query: str = "") -> list[Application]:
        return [row.application for row in hq.get(pipeline(cream, query)).context["rows"]]

    assert listed() == [high, flagged, low, none]
    assert listed("&sort=applied") == [low, high, none, flagged]
    assert listed("&route=seeding") == [high]
    assert listed("&flag=none") == [high, low, none]
    assert listed("&flag=already_creator") == listed("&flag=holds") == [flagged]
    assert listed("&q=suzhou") == listed(f"&q=%23{none.pk}") == [none]
    assert listed(f"&score={high.score}") == [high]
    assert listed("&source=store") == []
    assert listed(f"&channel={r.channel(cream).pk}") == listed()
    assert hq.get(pipeline(cream, "&stage=hired")).status_code == 422


def test_names_and_phones_are_masked_until_asked_for(cream: Recruitment, hq: Client) -> None:
    one = r.apply(cream, name="李娜娜", phone="13912345678", email="lina@example.com")
    for address in (pipeline(cream), page_of(one)):
        page = hq.get(address).content.decode()
        assert "李••" in page
        for secret in ("李娜娜", "13912345678", "lina@example.com"):
            assert secret not in page, secret
    shown = hq.post(reverse("matrix:application_reveal", args=[one.pk])).content.decode()
    assert "李娜娜" in shown and "13912345678" in shown and "lina@example.com" in shown
    (row,) = Activity.objects.filter(verb="application.contact_shown")
    assert "李娜娜" not in row.object_label
    export = {"list": "applications", "query": f"recruitment={cream.pk}", "type": "csv"}
    file = hq.post(reverse("integrations:export"), export).content.decode("utf-8-sig")
    assert "李••" in file
    assert "李娜娜" not in file and "5678" not in file


def test_the_page_explains_the_score(cream: Recruitment, hq: Client) -> None:
    one = r.apply(cream)
    page = hq.get(page_of(one)).content.decode()
    assert "Not known: Quality of the notes" in page
    assert "From the answers: willing to tell others: Now and then." in page


# -- one decision --------------------------------------------------------------


def test_a_person_is_led_through_everything_by_the_page(
    chengye: c.Cast, cream: Recruitment, hq: Client
) -> None:
    one, today = r.apply(cream), timezone.localdate().isoformat()
    act(hq, one, "mark", value="5", note="Natural")
    act(hq, one, "screen")
    act(hq, one, "invite")
    trials.give_address(by=None, trial=Trial.objects.get(), address=r.STREET)
    act(hq, one, "send", carrier="SF", parcel="SF1", on=today)
    act(hq, one, "receive", on=today)
    act(hq, one, "extend", days="7", reason="Travelling")
    act(hq, one, "hand_in", link="https://xhslink.com/a")
    act(hq, one, "finish")
    form = {"store": chengye.jingan.pk, "koc_kind": "incubated"}
    refused = act(hq, one, "graduate", **form)
    assert refused.status_code == 422
    assert "has to see who this is first" in refused.content.decode()
    done = act(
        hq, one, "graduate", **form, identity_checked="on", username="applicant1", number="C777"
    )
    assert "Link for Applicant" in done.content.decode()
    creator = Creator.objects.get(number="C777")
    assert creator.person.username == "applicant1"
    assert (creator.identity, creator.store) == ("checked", chengye.jingan)
    one.refresh_from_db()
    assert one.stage == Stage.ACTIVE
    assert reverse("matrix:creator", args=[creator.pk]) in hq.get(page_of(one)).content.decode()


def test_a_refused_act_says_why_and_changes_nothing(cream: Recruitment, hq: Client) -> None:
    one = r.apply(cream)
    for name, data, words in (
        ("decline", {"reason": "other"}, "in words that the person can act on"),
        ("score", {"value": "50"}, "so that colleagues can follow it"),
        ("mark", {"value": "9"}, "valid choice"),
    ):
        answer = act(hq, one, name, **data)
        assert answer.status_code == 422, name
        assert words in answer.content.decode()
    for name in ("finish", "fire"):
        assert act(hq, one, name).status_code == 302
    assert stages() == {"applied": 1}
    assert act(hq, one, "decline", reason="criteria").status_code == 302
    assert act(hq, one, "take_back").status_code == 302
    assert stages() == {"applied": 1}


# -- many decisions ------------------------------------------------------------


def test_many_are_decided_after_a_question_and_taken_back(cream: Recruitment, hq: Client) -> None:
    ids = [r.apply(cream).pk for _each in range(3)]
    asked = bulk(hq, "decline", chosen=ids[:2])
    assert asked.context["changing"] == 2
    assert stages() == {"applied": 3}
    wrong = bulk(hq, "decline", chosen=ids[:2], confirmed="1", reason="other")
    assert wrong.status_code == 422
    assert stages() == {"applied": 3}
    answer = bulk(hq, "decline", chosen=ids[:2], confirmed="1", reason="places")
    assert stages() == {"applied": 1, "declined": 2}
    assert "2 people are declined." in [str(each) for each in get_messages(answer.wsgi_request)]
    bulk(hq, "undo", chosen=ids[:2])
    assert stages() == {"applied": 3}


def test_the_best_leaves_out_whom_a_flag_holds(
    chengye: c.Cast, cream: Recruitment, hq: Client
) -> None:
    best = r.apply(cream, recent_notes=12, member_number=chengye.may.number)
    second = r.apply(cream, recent_notes=6)
    bulk(hq, "best", count="1", query=f"recruitment={cream.pk}", confirmed="1")
    second.refresh_from_db()
    best.refresh_from_db()
    assert (best.stage, second.stage) == ("applied", "trial")


def test_a_bulk_without_rows_or_sense_says_so(cream: Recruitment, hq: Client) -> None:
    for action, data in (("invite", {}), ("hire", {"chosen": [1]}), ("best", {"count": "0"})):
        answer = bulk(hq, action, **data)
        assert answer.status_code == 302
        assert [each.level_tag for each in get_messages(answer.wsgi_request)][-1] == "error"


# -- recruitments --------------------------------------------------------------


def test_a_recruitment_is_made_and_opened_on_the_pages(chengye: c.Cast, hq: Client) -> None:
    today = timezone.localdate()
    form = {
        "unit": chengye.brand.pk,
        "name": "Serum",
        "purpose": "feedback",
        "programme": "seeding",
        "mode": "standing",
        "places": "10",
        "opens_on": today.isoformat(),
        "about": "Tell us what you think.",
        "note_days": "14",
        "reapply_days": "90",
        "consent": r.CONSENT,
    }
    wrong = hq.post(reverse("matrix:recruitment_add"), form | {"mode": "one_off"})
    assert wrong.status_code == 422
    assert "One batch needs a last day." in wrong.content.decode()
    answer = hq.post(reverse("matrix:recruitment_add"), form)
    serum = Recruitment.objects.get()
    making = reverse("matrix:recruitment_form", args=[serum.pk])
    assert answer["Location"] == making
    state = reverse("matrix:recruitment_state", args=[serum.pk])
    hq.post(state, {"state": "open"})
    serum.refresh_from_db()
    assert serum.state == "draft"
    hq.post(making, {"act": "channel", "kind": "store", "name": "Counter"})
    hq.post(making, {"act": "question", "kind": "yes_no", "label": "Dry skin?", "options": ""})
    weights = dict.fromkeys(serum.weights, "10") | {"act": "weights", "quality": "60"}
    hq.post(making, weights)
    assert hq.post(making, weights | {"quality": "900"}).status_code == 422
    hq.post(state, {"state": "open"})
    serum.refresh_from_db()
    assert (serum.state, serum.weights["quality"]) == ("open", 60)
    page = hq.get(making).content.decode()
    link = reverse("matrix:apply", args=[r.channel(serum).token])
    assert f"http://testserver{link}" in page
    assert "Leads to the form, by Counter" in page
    assert Client().get(link).status_code == 200
    hq.post(making, {"act": "switch", "channel": r.channel(serum).pk})
    assert "not taken any more" in Client().get(link).content.decode()
    question = serum.fields.get()
    hq.post(making, {"act": "retire", "question": question.pk})
    assert recruiting.questions_of(serum) == []
    edit = reverse("matrix:recruitment_edit", args=[serum.pk])
    assert hq.post(edit, form | {"name": "Serum II"}).status_code == 302
    serum.refresh_from_db()
    assert serum.name == "Serum II"


def test_the_programme_strip_leads_to_rows(cream: Recruitment, hq: Client) -> None:
    r.apply(cream)
    pipeline = hq.get(reverse("matrix:recruiting")).context["pipeline"]
    assert [str(kpi.label) for kpi in pipeline][:4] == [
        "Recruiting",
        "In trial",
        "Getting started",
        "No tier yet",
    ]
    assert pipeline[0].value == "1"
    for kpi in pipeline:
        assert hq.get(kpi.href).status_code == 200, kpi.href


# -- who may -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "sees", "marks", "decides"),
    [
        (Role.OPERATOR, True, True, True),
        (Role.REVIEWER, True, True, False),
        (Role.ANALYST, True, False, False),
        (Role.AUDITOR, True, False, False),
        (Role.REGION_MANAGER, True, False, False),
        (Role.STORE_MANAGER, True, False, False),
        (Role.FINANCE, False, False, False),
        (Role.KOS, False, False, False),
        (Role.KOC, False, False, False),
    ],
)
def test_each_role_does_what_is_theirs(
    chengye: c.Cast, cream: Recruitment, role: str, sees: bool, marks: bool, decides: bool
) -> None:
    """A3, A4: HQ's acts are HQ's, and a refusal changes nothing."""
    one = r.apply(cream, store=chengye.jingan)
    unit = chengye.jingan if role in (Role.STORE_MANAGER, Role.KOS, Role.KOC) else chengye.brand
    browser = browser_of(c.person("someone", (role, unit)))
    ok = {True: 200, False: 403}
    assert browser.get(pipeline(cream)).status_code == ok[sees]
    assert browser.get(page_of(one)).status_code == ok[sees]
    made = {True: 302, False: 403}
    assert act(browser, one, "mark", value="3").status_code == made[marks]
    assert act(browser, one, "screen").status_code == made[decides]
    for name, pk in (
        ("recruitment_state", cream.pk),
        ("recruitment_notices", cream.pk),
        ("application_reveal", one.pk),
    ):
        code = browser.post(reverse(f"matrix:{name}", args=[pk]), {"state": "closed"}).status_code
        assert (code != 403) == decides, name
    assert (bulk(browser, "decline", chosen=[one.pk]).status_code != 403) == decides
    assert (browser.get(reverse("matrix:recruitment_add")).status_code == 200) == decides
    one.refresh_from_db()
    assert (one.stage == "screening") == decides


def test_an_operator_of_a_region_decides_there_only(chengye: c.Cast) -> None:
    everywhere = r.recruitment(chengye, unit=chengye.brand, name="Everywhere")
    east, south = (
        r.apply(everywhere, store=chengye.jingan),
        r.apply(everywhere, store=chengye.tianhe),
    )
    browser = browser_of(c.person("xu", (Role.OPERATOR, chengye.east)))
    assert act(browser, east, "screen").status_code == 302
    assert act(browser, south, "screen").status_code == 404
    bulk(browser, "decline", chosen=[south.pk], confirmed="1", reason="places")
    edit = reverse("matrix:recruitment_edit", args=[everywhere.pk])
    assert browser.get(edit).status_code == 403
    south.refresh_from_db()
    assert south.stage == "applied"


def test_what_waits_is_said_with_its_rows(
    chengye: c.Cast, cream: Recruitment, lin: Person, hq: Client
) -> None:
    plain = r.recruitment(chengye, product="", name="Plain")
    r.apply(cream)
    late, parcel = r.apply(plain), r.apply(cream)
    r.invite(late, parcel)
    Trial.objects.filter(application=late).update(
        due_on=timezone.localdate() - dt.timedelta(days=1)
    )
    trials.give_address(by=None, trial=parcel.trial, address=r.STREET)
    items = {
        str(item.text): item
        for item in waiting.items_for(lin)
        if "recruiting/applications" in item.href
    }
    assert len(items) == 3
    for item in items.values():
        assert len(hq.get(item.href).context["rows"]) == 1, item.href
    reviewer = c.person("wu", (Role.REVIEWER, chengye.brand))
    assert [i.rank for i in waiting.items_for(reviewer) if "recruiting/" in i.href] == [
        "suggestion"
    ]


def test_two_applicants_are_seen_side_by_side(cream: Recruitment, hq: Client) -> None:
    for one in (r.apply(cream), r.apply(cream)):
        short = hq.get(page_of(one), headers={"HX-Request": "true", "Kos-Peek": "1"})
        text = short.content.decode()
        assert "<html" not in text
        assert "Parts of the score" in text
        assert applications.phone_of(one) not in text
