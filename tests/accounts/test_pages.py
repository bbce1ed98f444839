"""The pages about the installation itself, each with its refusals."""

import datetime as dt
import re

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import activity, jobs
from accounts.choices import JobState, Role
from accounts.models import Activity, ApiKey, Grant, Job, Person
from accounts.people import deactivate
from tests import cast as c
from tests.accounts.steps import KIND

pytestmark = pytest.mark.django_db


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def regional(chengye: c.Cast) -> Person:
    """HQ operations, but of the east only."""
    return c.person("xu", (Role.OPERATOR, chengye.east))


@pytest.fixture
def he(chengye: c.Cast) -> Person:
    return c.person("he", (Role.STORE_MANAGER, chengye.jingan))


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def page(person: Person, name: str, /, *args: object, **query: object):
    return browser_of(person).get(reverse(f"accounts:{name}", args=args), query)


def send(person: Person, name: str, /, *args: object, **form: object):
    return browser_of(person).post(reverse(f"accounts:{name}", args=args), form)


FRAGMENT = {"HX-Request": "true"}


# -- every door ----------------------------------------------------------------

GET_PAGES = ["jobs", "activity", "people", "person_add", "api_keys", "api_key_add"]


@pytest.mark.parametrize("name", GET_PAGES)
def test_signed_out_people_are_sent_to_sign_in(chengye: c.Cast, name: str) -> None:
    answer = Client().get(reverse(f"accounts:{name}"))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/?next=/")


@pytest.mark.parametrize("name", GET_PAGES)
@pytest.mark.parametrize("role", Role.values)
def test_each_page_opens_for_its_roles_only(chengye: c.Cast, role: str, name: str) -> None:
    needed = {
        "jobs": "jobs.view",
        "activity": "activity.view",
        "people": "people.manage",
        "person_add": "people.manage",
        "api_keys": "api_keys.manage",
        "api_key_add": "api_keys.manage",
    }[name]
    from accounts.access import PERMISSIONS

    someone = c.person("someone", (role, chengye.brand))
    allowed = needed in PERMISSIONS[role]
    assert page(someone, name).status_code == (200 if allowed else 403)


def test_a_refused_act_is_a_row_of_the_log(chengye: c.Cast, he: Person) -> None:
    """A3."""
    form = {"name": "Shop", "unit": chengye.jingan.pk, "scopes": ["orders:read"]}
    assert send(he, "api_key_add", **form).status_code == 403
    row = Activity.objects.latest("pk")
    assert (row.verb, row.actor) == ("person.refused", he)
    assert row.after == {"path": "/settings/api-keys/add/", "method": "POST"}
    assert not ApiKey.objects.exists()


def test_changes_need_a_post(chengye: c.Cast, lin: Person, he: Person) -> None:
    """A10: nothing changes by following a link."""
    job = jobs.start(by=lin, kind=KIND, unit=chengye.brand, label="Steps")
    grant = he.grants.get()
    for name, args in (
        ("job_cancel", [job.pk]),
        ("role_give", [he.pk]),
        ("role_end", [he.pk, grant.pk]),
        ("person_access", [he.pk]),
        ("api_key_revoke", [1]),
        ("preferences", []),
    ):
        assert page(lin, name, *args).status_code == 405, name


def test_a_forged_post_is_refused(chengye: c.Cast, lin: Person) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(lin)
    assert browser.post(reverse("accounts:preferences"), {"theme": "dark"}).status_code == 403
    lin.refresh_from_db()
    assert lin.theme == ""


# -- home ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "target"),
    [
        ([Role.OPERATOR], "/overview/"),
        ([Role.STORE_MANAGER], "/overview/"),
        ([Role.KOS, Role.ANALYST], "/overview/"),
        ([Role.KOS], "/m/"),
        ([Role.KOC], "/m/"),
    ],
)
def test_home_leads_to_where_one_works(chengye: c.Cast, roles: list[str], target: str) -> None:
    someone = c.person("someone", *((role, chengye.jingan) for role in roles))
    answer = browser_of(someone).get("/")
    assert answer.status_code == 302
    assert answer["Location"] == target


def test_home_of_a_superuser_is_the_overview(chengye: c.Cast) -> None:
    assert browser_of(c.person("admin", is_superuser=True)).get("/")["Location"] == "/overview/"


def test_without_a_role_home_says_whom_to_ask(chengye: c.Cast) -> None:
    answer = browser_of(c.person("new")).get("/")
    assert answer.status_code == 403
    assert b"No role yet" in answer.content
    assert Client().get("/")["Location"] == "/account/login/?next=/"


# -- jobs ----------------------------------------------------------------------


def test_the_list_of_jobs_shows_one_s_own_part(chengye: c.Cast, lin: Person, he: Person) -> None:
    jobs.start(by=lin, kind=KIND, unit=chengye.brand, label="Whole brand")
    jobs.start(by=lin, kind=KIND, unit=chengye.jingan, label="One store")
    jobs.start(by=lin, kind=KIND, unit=chengye.tianhe, label="Another store")
    shown = page(he, "jobs").content.decode()
    assert "One store" in shown
    assert "Whole brand" not in shown
    assert "Another store" not in shown


def test_jobs_are_filtered_by_state_and_the_fragment_is_the_list_alone(
    chengye: c.Cast, lin: Person
) -> None:
    waiting = jobs.start(by=lin, kind=KIND, unit=chengye.brand, label="Still waiting")
    done = jobs.start(by=lin, kind=KIND, unit=chengye.brand, label="All finished")
    jobs.run(done.pk)
    answer = browser_of(lin).get("/jobs/", {"state": "done"}, headers=FRAGMENT)
    shown = answer.content.decode()
    assert "All finished" in shown
    assert waiting.label not in shown
    assert "<html" not in shown
    nonsense = page(lin, "jobs", state="finished")
    assert nonsense.status_code == 422
    assert "Still waiting" not in nonsense.content.decode()


def test_filters_can_be_cleared_only_where_there_are_some(chengye: c.Cast, lin: Person) -> None:
    assert "Clear filters" not in page(lin, "jobs").content.decode()
    assert "Clear filters" in page(lin, "jobs", state="done").content.decode()


@pytest.mark.parametrize("name", ["jobs", "activity", "people", "api_keys"])
def test_a_longer_list_takes_no_more_queries(
    chengye: c.Cast, lin: Person, name: str, django_assert_max_num_queries
) -> None:
    for number in range(60):
        someone = c.person(f"p{number}", (Role.KOS, chengye.jingan), (Role.KOC, chengye.tianhe))
        jobs.start(by=someone, kind=KIND, unit=chengye.jingan, label=f"Job {number}")
        activity.record(by=someone, verb="unit.changed", object=chengye.jingan, unit=chengye.east)
        ApiKey.objects.create(
            name=str(number),
            unit=chengye.jingan,
            prefix=f"p{number}",
            digest=b"",
            scopes=["orders:read"],
            created_by=someone,
        )
    browser = browser_of(lin)
    browser.get("/jobs/")
    with django_assert_max_num_queries(12):
        answer = browser.get(reverse(f"accounts:{name}"))
    assert answer.status_code == 200
    assert answer.context["page"].next


def test_an_open_job_asks_for_itself_and_an_ended_one_does_not(
    chengye: c.Cast, lin: Person
) -> None:
    job = jobs.start(by=lin, kind=KIND, unit=chengye.brand, label="Steps")
    url = reverse("accounts:job", args=[job.pk])
    browser = browser_of(lin)
    fragment = browser.get(url, headers=FRAGMENT).content.decode()
    assert f'hx-get="{url}"' in fragment
    assert "<html" not in fragment
    jobs.run(job.pk)
    ended = browser.get(url, headers=FRAGMENT).content.decode()
    assert "hx-trigger" not in ended
    assert "10 of 10" in ended


@pytest.fixture
def finished(chengye: c.Cast, lin: Person) -> Job:
    job = jobs.start(by=lin, kind=KIND, unit=chengye.brand, label="Export")
    job.result_file.save("jobs/test/orders.csv", ContentFile("a,b\n1,2\n"), save=True)
    yield job
    job.result_file.delete(save=False)


def test_the_file_is_handed_over_and_the_download_is_noted(finished: Job, lin: Person) -> None:
    answer = page(lin, "job_file", finished.pk)
    assert b"".join(answer.streaming_content) == b"a,b\n1,2\n"
    assert answer["Content-Disposition"] == 'attachment; filename="orders.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert Activity.objects.get(verb="job.downloaded").actor == lin


def test_a_file_is_refused_to_others_and_after_the_role_has_ended(
    finished: Job, lin: Person, he: Person
) -> None:
    """A2."""
    assert page(he, "job_file", finished.pk).status_code == 404
    browser = browser_of(lin)
    Grant.objects.filter(person=lin).update(until=timezone.localdate() - dt.timedelta(days=1))
    assert browser.get(reverse("accounts:job_file", args=[finished.pk])).status_code == 404
    assert not Activity.objects.filter(verb="job.downloaded").exists()


def test_a_job_without_a_file_or_with_a_lost_one_has_nothing_to_download(
    chengye: c.Cast, lin: Person
) -> None:
    job = jobs.start(by=lin, kind=KIND, unit=chengye.brand, label="Steps")
    assert page(lin, "job_file", job.pk).status_code == 404
    Job.objects.update(result_file="jobs/lost/rows.csv")
    assert page(lin, "job_file", job.pk).status_code == 404


def test_who_started_a_job_or_answers_for_it_may_stop_it(
    chengye: c.Cast, lin: Person, he: Person
) -> None:
    analyst = c.person("wu", (Role.ANALYST, chengye.brand))
    job = jobs.start(by=he, kind=KIND, unit=chengye.jingan, label="Steps")
    assert send(analyst, "job_cancel", job.pk).status_code == 403
    assert "Stop the job" not in page(analyst, "job", job.pk).content.decode()
    assert "Stop the job" in page(he, "job", job.pk).content.decode()
    assert send(lin, "job_cancel", job.pk).status_code == 302
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


# -- activity ------------------------------------------------------------------


def test_the_log_reads_in_words_with_before_and_after(
    chengye: c.Cast, lin: Person, he: Person
) -> None:
    deactivate(by=lin, person=he)
    shown = page(lin, "activity").content.decode()
    assert "access ended" in shown
    assert re.search(r"<th scope=\"row\">May sign in</th><td><del>yes</del></td><td><ins>no", shown)
    assert "API keys revoked" not in shown or "<ins>0</ins>" in shown


def test_the_log_is_filtered_by_what_who_and_object(
    chengye: c.Cast, lin: Person, he: Person
) -> None:
    deactivate(by=lin, person=he)
    activity.record(by=None, verb="unit.changed", object=chengye.jingan, unit=chengye.jingan)

    def rows(**query: object) -> set[str]:
        found = page(lin, "activity", **query).context["entries"]
        return {entry.row.verb for entry in found}

    assert rows(done="deactivated") == {"person.deactivated"}
    assert rows(who="kosops") >= {"unit.changed", "unit.added"}
    assert rows(who="lin") == {"person.deactivated"}
    assert rows(q="kerry") == {"unit.changed", "unit.added"}
    assert rows(object_type="accounts.person", object_id=he.pk) == {"person.deactivated"}
    assert rows(since="2999-01-01") == set()
    assert page(lin, "activity", object_id="NaN").status_code == 422


def test_the_log_shows_one_s_own_part(chengye: c.Cast, regional: Person) -> None:
    found = page(regional, "activity").context["entries"]
    assert {entry.row.object_label for entry in found} == {"East", "Jing'an Kerry Centre"}


def test_pages_of_the_log_follow_each_other(chengye: c.Cast, lin: Person) -> None:
    for _row in range(120):
        activity.record(by=lin, verb="unit.changed", object=chengye.brand, unit=chengye.brand)
    total = Activity.objects.for_user(lin, "activity.view").count()
    seen, cursor = [], ""
    while cursor is not None:
        shown = page(lin, "activity", cursor=cursor).context["page"]
        seen += [row.pk for row in shown.rows]
        cursor = shown.next
    assert len(seen) == len(set(seen)) == total
    assert page(lin, "activity", cursor="forged").status_code == 200


def test_a_verb_that_nobody_named_is_shown_as_it_stands() -> None:
    assert activity.done_words("race.photo_finished") == "photo finished"


# -- people --------------------------------------------------------------------


def test_the_list_shows_people_of_one_s_own_part_with_their_roles(
    chengye: c.Cast, regional: Person, he: Person
) -> None:
    c.person("tian", (Role.STORE_MANAGER, chengye.tianhe))
    shown = page(regional, "people")
    assert {person.username for person in shown.context["page"].rows} == {"xu", "he"}
    assert "Store manager" in shown.content.decode()
    assert page(regional, "people", role="store_manager").context["page"].rows == [he]
    assert page(regional, "people", q="HE").context["page"].rows == [he]
    assert page(regional, "people", access="ended").context["page"].rows == []


def test_adding_a_person_ends_with_a_link_to_hand_over(chengye: c.Cast, lin: Person) -> None:
    form = {
        "name": "Zhao Lei",
        "username": "zhao",
        "role": Role.FINANCE,
        "unit": chengye.brand.pk,
        "email": "",
        "language": "",
    }
    answer = send(lin, "person_add", **form)
    assert answer.status_code == 200
    link = re.search(
        r"http://testserver(/account/password/reset/key/[^<\s]+)", answer.content.decode()
    )
    assert link is not None
    assert Client().get(link[1], follow=True).status_code == 200
    again = send(lin, "person_add", **form)
    assert again.status_code == 422
    assert "is taken" in again.content.decode()


def test_a_role_outside_one_s_part_cannot_be_given(
    chengye: c.Cast, regional: Person, he: Person
) -> None:
    form = {"name": "New", "username": "new", "role": Role.FINANCE, "unit": chengye.brand.pk}
    assert send(regional, "person_add", **form).status_code == 422
    give = {"role": Role.FINANCE, "unit": chengye.brand.pk}
    assert send(regional, "role_give", he.pk, **give).status_code == 422
    assert not Grant.objects.filter(role=Role.FINANCE).exists()
    own = {"role": Role.FINANCE, "unit": chengye.east.pk}
    browser = browser_of(regional)
    refused = browser.post(reverse("accounts:role_give", args=[regional.pk]), own, follow=True)
    assert "Ask a colleague" in refused.content.decode()
    assert not Grant.objects.filter(role=Role.FINANCE).exists()


def test_giving_and_ending_a_role(chengye: c.Cast, lin: Person, he: Person) -> None:
    give = {"role": Role.ANALYST, "unit": chengye.east.pk}
    assert send(lin, "role_give", he.pk, **give).status_code == 302
    grant = Grant.objects.get(person=he, role=Role.ANALYST)
    assert send(lin, "role_end", he.pk, grant.pk).status_code == 302
    assert not Grant.objects.filter(pk=grant.pk).exists()


def test_people_and_roles_elsewhere_do_not_exist(
    chengye: c.Cast, regional: Person, he: Person
) -> None:
    tian = c.person("tian", (Role.STORE_MANAGER, chengye.tianhe))
    both = Grant.objects.create(
        person=he, role=Role.KOS, unit=chengye.tianhe, since=timezone.localdate()
    )
    assert page(regional, "person", tian.pk).status_code == 404
    assert send(regional, "person_access", tian.pk, act="deactivate").status_code == 404
    assert send(regional, "role_end", he.pk, both.pk).status_code == 404
    assert "Tianhe" not in page(regional, "person", he.pk).content.decode()
    assert Grant.objects.filter(pk=both.pk, until=None).exists()
    own = he.grants.get(unit=chengye.jingan)
    assert send(regional, "role_end", he.pk, own.pk).status_code == 302
    assert not Grant.objects.filter(pk=own.pk, until=None).exists()
    send(regional, "person_access", he.pk, act="deactivate")
    he.refresh_from_db()
    assert he.is_active, "the role elsewhere is not theirs to cut"


def test_access_is_ended_and_restored_by_colleagues_only(
    chengye: c.Cast, lin: Person, he: Person
) -> None:
    send(lin, "person_access", he.pk, act="deactivate")
    he.refresh_from_db()
    assert not he.is_active
    send(lin, "person_access", he.pk, act="reactivate")
    he.refresh_from_db()
    assert he.is_active
    send(lin, "person_access", lin.pk, act="deactivate")
    lin.refresh_from_db()
    assert lin.is_active
    link = send(lin, "person_access", he.pk, act="password")
    assert "/account/password/reset/key/" in link.content.decode()
    own = send(lin, "person_access", lin.pk, act="password")
    assert own.status_code == 302


# -- API keys ------------------------------------------------------------------


def test_keys_of_one_s_own_part_are_listed_and_revoked(
    chengye: c.Cast, lin: Person, regional: Person
) -> None:
    from accounts.api_keys import create_key

    brand_key = create_key(by=lin, unit=chengye.brand, name="Brand shop", scopes=["orders:read"])
    east_key = create_key(by=lin, unit=chengye.jingan, name="East shop", scopes=["orders:read"])
    shown = page(regional, "api_keys").content.decode()
    assert "East shop" in shown
    assert "Brand shop" not in shown
    assert east_key.secret not in shown
    assert send(regional, "api_key_revoke", brand_key.key.pk).status_code == 404
    assert send(regional, "api_key_revoke", east_key.key.pk).status_code == 302
    assert list(ApiKey.objects.filter(revoked_at=None)) == [brand_key.key]


def test_a_key_that_breaks_a_rule_comes_back_with_the_reason(chengye: c.Cast, lin: Person) -> None:
    browser = Client()
    browser.post("/account/login/", {"login": "lin", "password": "correct horse battery"})
    form = {"name": "Shop", "unit": chengye.brand.pk, "scopes": ["orders:write", "payouts:approve"]}
    answer = browser.post(reverse("accounts:api_key_add"), form)
    assert answer.status_code == 422
    assert "cannot approve payouts" in answer.content.decode()
    past = form | {"scopes": ["orders:write"], "expires_on": "2020-01-01"}
    assert browser.post(reverse("accounts:api_key_add"), past).status_code == 422
    assert not ApiKey.objects.exists()


# -- preferences ---------------------------------------------------------------


def test_theme_and_language_are_kept_and_shown(chengye: c.Cast, lin: Person) -> None:
    browser = browser_of(lin)
    answer = browser.post("/preferences/", {"language": "ja", "next": "/jobs/?state=done"})
    assert answer["Location"] == "/jobs/?state=done"
    browser.post("/preferences/", {"theme": "dark"})
    lin.refresh_from_db()
    assert (lin.language, lin.theme) == ("ja", "dark")
    shown = browser.get("/jobs/").content.decode()
    assert 'lang="ja"' in shown
    assert 'data-theme="dark"' in shown
    browser.post("/preferences/", {"theme": ""})
    lin.refresh_from_db()
    assert (lin.language, lin.theme) == ("ja", "")


def test_a_visitor_s_choice_lasts_for_the_sign_in_page(chengye: c.Cast) -> None:
    browser = Client()
    browser.post("/preferences/", {"language": "zh-hans"})
    browser.post("/preferences/", {"theme": "dark"})
    shown = browser.get("/account/login/").content.decode()
    assert 'lang="zh-Hans"' in shown
    assert 'data-theme="dark"' in shown


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "",
        "\x00",
    ],
)
def test_next_leads_to_this_host_only(chengye: c.Cast, lin: Person, address: str) -> None:
    """A14."""
    answer = browser_of(lin).post("/preferences/", {"theme": "dark", "next": address})
    assert answer["Location"] == "/"


def test_a_choice_that_does_not_exist_changes_nothing(chengye: c.Cast, lin: Person) -> None:
    answer = browser_of(lin).post("/preferences/", {"theme": "pink", "language": "xx"})
    assert answer.status_code == 302
    lin.refresh_from_db()
    assert (lin.language, lin.theme) == ("", "")
