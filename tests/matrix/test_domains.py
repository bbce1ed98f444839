"""In which domains a KOC works, and in which programme (C04, C61)."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Activity
from kosops.lib.errors import DomainError
from matrix import domains, koc_figures, registry
from matrix.choices import AccountState
from matrix.models import Creator, SocialAccount
from tests import cast as c

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return c.cast()


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


def browser_of(person):
    browser = Client()
    browser.force_login(person)
    return browser


def works_in(creator):
    return domains.with_domain(Creator.objects.filter(pk=creator.pk)).get().works_in


def private(owner, **fields):
    return c.account(owner, **{"platform": "wecom", "handle": "may", **fields})


# -- by the accounts -----------------------------------------------------------


def test_the_accounts_in_use_say_where_a_koc_works(people) -> None:
    assert works_in(people.may) == ""
    public = c.account(people.may)
    assert works_in(people.may) == "public"
    hers = private(people.may)
    assert works_in(people.may) == "both"
    SocialAccount.objects.filter(pk=public.pk).update(state=AccountState.BANNED)
    assert works_in(people.may) == "private"
    SocialAccount.objects.filter(pk=hers.pk).update(state=AccountState.LIMITED)
    assert works_in(people.may) == "private"


def test_it_follows_when_an_account_gets_another_owner(people) -> None:
    other = c.creator(people.jingan, "C002", "Lu", kind="koc")
    hers = c.account(people.may)
    SocialAccount.objects.filter(pk=hers.pk).update(creator=other)
    assert (works_in(people.may), works_in(other)) == ("", "public")


def test_a_kos_has_no_domain_of_this_kind(people, lin) -> None:
    c.account(people.zhou)
    assert works_in(people.zhou) == ""
    assert domains.words_of(domains.with_domain(Creator.objects.filter(kind="kos")).get()) == ""
    with pytest.raises(DomainError) as refusal:
        domains.change_domain(by=lin, creator=people.zhou, domain="public", reason="x")
    assert refusal.value.code == "domain_of_kos"
    with pytest.raises(IntegrityError), transaction.atomic():
        Creator.objects.filter(pk=people.zhou.pk).update(domain_said="public")


# -- said by a person ----------------------------------------------------------


def test_what_a_person_says_stands_against_the_accounts_with_its_reason(people, lin) -> None:
    c.account(people.may)
    said = domains.change_domain(
        by=lin, creator=people.may, domain="private", reason="works in groups only"
    )
    assert (works_in(said), said.domain_reason) == ("private", "works in groups only")
    row = Activity.objects.get(verb="creator.changed")
    assert (row.before, row.after) == (
        {"domain": ""},
        {"domain": "private", "reason": "works in groups only"},
    )
    back = domains.change_domain(by=lin, creator=said, domain="", reason="posts again")
    assert (works_in(back), back.domain_reason) == ("public", "")


@pytest.mark.parametrize(
    ("domain", "reason", "code"),
    [("private", " ", "reason_needed"), ("moon", "x", "unknown_domain")],
)
def test_a_domain_needs_a_reason_and_to_be_one(people, lin, domain, reason, code) -> None:
    with pytest.raises(DomainError) as refusal:
        domains.change_domain(by=lin, creator=people.may, domain=domain, reason=reason)
    assert refusal.value.code == code


def test_a_reason_stands_only_where_somebody_said_something(people) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Creator.objects.filter(pk=people.may.pk).update(domain_reason="why")


# -- pages ---------------------------------------------------------------------


@pytest.fixture
def four(people):
    """One of each: public, private, both, and nothing known (May)."""
    found = {
        number: c.creator(people.jingan, number, number, kind="koc") for number in ("P", "W", "B")
    }
    c.account(found["P"])
    c.account(found["B"], handle="both")
    private(found["W"])
    private(found["B"], handle="b")
    return found


def test_the_list_filters_by_domain_and_figures_lead_there(people, lin, four) -> None:
    browser, address = browser_of(lin), reverse("matrix:creators")

    def numbers(where):
        page = browser.get(address, {"domain": where, "columns": "domain", "sort": "number"})
        return "".join(row.creator.number for row in page.context["rows"])

    assert {where: numbers(where) for where in domains.WHERE} == {
        "in_public": "BP",
        "in_private": "BW",
        "public": "P",
        "private": "W",
        "both": "B",
        "unknown": "C001",
    }
    assert browser.get(address, {"domain": "moon"}).status_code == 422
    (group,) = [each for each in koc_figures.groups(lin) if each.title == "Domain"]
    for figure in group.figures:
        assert figure.count == len(browser.get(figure.href).context["rows"]) == 1
    text = browser.get(address, {"domain": "both", "columns": "domain"}).content.decode()
    assert "Public and private domain" in text


def test_the_page_says_who_says_where_she_works_and_a_colleague_changes_it(people, lin) -> None:
    c.account(people.may)
    browser = browser_of(lin)
    page, change = (
        reverse(f"matrix:{name}", args=[people.may.pk]) for name in ("creator", "creator_domain")
    )
    assert "Public domain, by the accounts" in browser.get(page).content.decode()
    assert browser.post(change, {"domain": "private"}).status_code == 422
    said = {"domain": "private", "reason": "groups only"}
    assert browser.post(change, said).status_code == 302
    assert "Private domain: groups only" in browser.get(page).content.decode()
    kos = reverse("matrix:creator_domain", args=[people.zhou.pk])
    assert browser.get(kos).status_code == 404
    manager = c.person("wang", (Role.STORE_MANAGER, people.jingan))
    assert browser_of(manager).post(change, said).status_code == 403


# -- programme -----------------------------------------------------------------


def test_the_list_filters_by_programme_and_figures_lead_there(people, lin) -> None:
    c.creator(people.jingan, "C002", "Lu", kind="koc", programme="distribution")
    registry.change_creator(by=lin, creator=people.may, programme="seeding")
    c.creator(people.jingan, "C003", "He", kind="koc")
    browser, address = browser_of(lin), reverse("matrix:creators")

    def names(programme):
        page = browser.get(address, {"programme": programme, "columns": "programme"})
        return [row.creator.name for row in page.context["rows"]], page.content.decode()

    assert names("seeding")[0] == ["May"]
    assert names("distribution")[0] == ["Lu"]
    assert names("none")[0] == ["He"]
    assert "Distribution" in names("distribution")[1]
    (group,) = [each for each in koc_figures.groups(lin) if each.title == "Programme"]
    for figure in group.figures:
        assert figure.count == len(browser.get(figure.href).context["rows"]) == 1


def test_figures_of_koc_stay_within_what_the_person_sees(people) -> None:
    c.creator(people.tianhe, "C002", "Lu", kind="koc", programme="seeding")
    manager = c.person("wang", (Role.STORE_MANAGER, people.jingan))
    sums = [sum(each.count for each in group.figures) for group in koc_figures.groups(manager)]
    assert sums == [1, 1, 1]
    page = browser_of(manager).get(reverse("matrix:recruiting"))
    assert page.status_code == 200 and "No programme" in page.content.decode()
