"""Posts that a second person reviews (K21): asked for, decided, corrected, and what that holds."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import waiting
from accounts.choices import Role
from accounts.models import Activity, Person
from content import review_rules, reviews
from content.models import Post, PostReview
from kosops.lib.errors import DomainError
from matrix import custody, platforms
from matrix.choices import AccountPurpose, Trade
from matrix.models import BrandTrade, SocialAccount
from tests import cast as c
from tests.content.links import account, post

PEEK = {"HX-Request": "true", "Kos-Peek": "1"}


@pytest.fixture
def chengye(db: None) -> c.Cast:
    people = c.cast()
    people.zhou.person = c.person("zhou", (Role.KOS, people.jingan))
    people.zhou.save()
    account(people.zhou)
    return people


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def ren(chengye: c.Cast) -> Person:
    return c.person("ren", (Role.REVIEWER, chengye.brand))


@pytest.fixture
def hiring(chengye: c.Cast) -> SocialAccount:
    """An account of Zhou Min for recruiting people."""
    return c.account(chengye.zhou, handle="hiring", purpose=AccountPurpose.RECRUITING)


def written(on: SocialAccount, title: str = "We are hiring", **fields: object) -> Post:
    made = post(on, title, **fields)  # type: ignore[arg-type]
    made.refresh_from_db()
    return made


def refused(code: str, act: Callable[..., object], **fields: object) -> None:
    with pytest.raises(DomainError) as refusal:
        act(**fields)
    assert refusal.value.code == code


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


# -- what is asked for ---------------------------------------------------------


def test_posts_of_recruiting_accounts_wait_and_others_do_not(chengye, hiring) -> None:
    assert written(hiring).review == "waits"
    assert written(chengye.zhou.social_accounts.get(purpose="")).review == ""


def test_a_regulated_trade_asks_for_posts_from_the_switch_on(chengye, lin) -> None:
    own = chengye.zhou.social_accounts.get()
    before = written(own, "before")
    platforms.set_trade(by=lin, brand=chengye.brand, trade=Trade.HEALTH)
    begun = BrandTrade.objects.get().regulated_from

    late = written(own, "came in late", hours_ago=3)
    after = written(own, "after", hours_ago=-0.1)
    before.refresh_from_db()
    assert (before.review, late.review, after.review) == ("", "", "waits")

    platforms.set_trade(by=lin, brand=chengye.brand, trade=Trade.FINANCE)
    assert BrandTrade.objects.get().regulated_from == begun, "still regulated since then"
    platforms.set_trade(by=lin, brand=chengye.brand, trade=Trade.FOOD)
    assert written(own, "food", hours_ago=-0.2).review == ""
    after.refresh_from_db()
    assert after.review == "waits", "what was asked for stays"


def test_the_trigger_and_the_rule_say_the_same(chengye, lin) -> None:
    platforms.set_trade(by=lin, brand=chengye.brand, trade=Trade.EDUCATION)
    begun = BrandTrade.objects.get().regulated_from
    assert begun
    usual = chengye.zhou.social_accounts.get()
    recruits = c.account(chengye.may, handle="r", purpose=AccountPurpose.RECRUITING)
    for number, on in enumerate((usual, recruits)):
        for shift in (-1, 0, 1):
            moment = begun + dt.timedelta(seconds=shift)
            made = Post.objects.create(
                brand=on.brand,
                store=on.unit,
                account=on,
                creator=on.creator,
                platform=on.platform,
                title_key=f"{number} {shift}",
                published_at=moment,
            )
            made.refresh_from_db()
            asked = review_rules.is_asked(moment, regulated_from=begun, recruiting=on == recruits)
            assert (made.review == "waits") is asked


def test_the_database_keeps_trade_and_day_together(chengye) -> None:
    with pytest.raises(IntegrityError, match="brand_trade_regulated_from"), transaction.atomic():
        BrandTrade.objects.create(brand=chengye.brand, trade=Trade.HEALTH)


# -- a review ------------------------------------------------------------------


def test_a_second_person_clears_a_post(chengye, ren, hiring) -> None:
    waits = written(hiring)

    kept = reviews.review(by=ren, post=waits, findings=[])

    waits.refresh_from_db()
    assert (waits.review, kept.outcome, kept.findings) == ("clear", "clear", [])
    assert kept.asked == [
        item.value for item in (*review_rules.OF_RECRUITING, *review_rules.ALWAYS)
    ]
    row = Activity.objects.get(verb="post.reviewed")
    assert (row.object_id, row.before, row.after) == (
        waits.pk,
        {"review": "waits"},
        {"outcome": "clear"},
    )


def test_a_problem_is_corrected_and_looked_at_again(chengye, ren, hiring) -> None:
    waits = written(hiring)
    zhou = chengye.zhou.person
    refused("nothing_to_correct", reviews.corrected, by=zhou, post=waits)

    reviews.review(by=ren, post=waits, findings=["fee", "contact"], note="Deposit in line 3")
    waits.refresh_from_db()
    found = reviews.problems_of([waits])[waits.pk]
    assert (waits.review, found.findings, found.note) == (
        "problem",
        ["fee", "contact"],
        "Deposit in line 3",
    )

    refused("not_your_post", reviews.corrected, by=ren, post=waits)
    reviews.corrected(by=zhou, post=waits)
    waits.refresh_from_db()
    assert waits.review == "waits"
    reviews.review(by=ren, post=waits, findings=[])
    waits.refresh_from_db()
    assert waits.review == "clear"
    assert [each.outcome for each in reviews.history(waits)] == ["clear", "corrected", "problem"]


def test_who_finds_more_later_says_so(chengye, ren, hiring) -> None:
    waits = written(hiring)
    reviews.review(by=ren, post=waits, findings=[])

    reviews.review(by=ren, post=waits, findings=["heads"])

    waits.refresh_from_db()
    assert waits.review == "problem"


def test_neither_author_nor_holder_reviews(chengye, lin, hiring) -> None:
    waits = written(hiring)
    of_brand = c.account(chengye.brand, handle="brand", purpose=AccountPurpose.RECRUITING)
    custody.begin(by=lin, account=of_brand, person=lin, since=dt.date(2026, 1, 5))

    refused("own_post", reviews.review, by=chengye.zhou.person, post=waits, findings=[])
    refused("own_post", reviews.review, by=lin, post=written(of_brand), findings=[])
    assert not PostReview.objects.exists()


def test_what_nobody_asked_for_or_is_not_on_the_list_is_refused(chengye, ren, hiring) -> None:
    usual = written(chengye.zhou.social_accounts.get(purpose=""))

    refused("no_review_asked", reviews.review, by=ren, post=usual, findings=[])
    refused("not_on_the_list", reviews.review, by=ren, post=written(hiring), findings=["risk"])


# -- what the database holds ---------------------------------------------------


def raw(found: Post, by: Person, outcome: str = "clear") -> None:
    with transaction.atomic():
        findings = ["fee"] if outcome == "problem" else []
        PostReview.objects.create(
            post=found, by=by, at=timezone.now(), outcome=outcome, findings=findings
        )


def test_the_database_refuses_what_the_commands_refuse(chengye, ren, hiring) -> None:
    waits = written(hiring)
    usual = written(chengye.zhou.social_accounts.get(purpose=""))

    with pytest.raises(IntegrityError, match="a second person"):
        raw(waits, chengye.zhou.person)
    with pytest.raises(IntegrityError, match="is asked for"):
        raw(usual, ren)
    with pytest.raises(IntegrityError, match="is to be corrected"):
        raw(waits, chengye.zhou.person, "corrected")
    with pytest.raises(IntegrityError, match="post_review_problem_named"), transaction.atomic():
        PostReview.objects.create(post=waits, by=ren, at=timezone.now(), outcome="problem")


def test_the_state_follows_from_the_reviews_alone(chengye, ren, hiring) -> None:
    waits = written(hiring)
    raw(waits, ren)

    for state in ("", "problem", "waits"):
        with pytest.raises(IntegrityError, match="follows from"), transaction.atomic():
            Post.objects.filter(pk=waits.pk).update(review=state)
    Post.objects.filter(pk=waits.pk).update(review="clear")  # what it is already
    with pytest.raises(IntegrityError, match="follows from"), transaction.atomic():
        written(hiring, "born clear", review="clear")


def test_reviews_are_append_only(chengye, ren, hiring) -> None:
    raw(written(hiring), ren)

    for statement in ("UPDATE content_postreview SET note = 'x'", "DELETE FROM content_postreview"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


# -- doors ---------------------------------------------------------------------


def test_the_queue_shows_the_earliest_first_and_what_is_to_correct(chengye, ren, hiring) -> None:
    late, early = written(hiring, "late", hours_ago=2), written(hiring, "early", hours_ago=50)
    wrong, clear = written(hiring, "wrong", hours_ago=20), written(hiring, "clear", hours_ago=30)
    reviews.review(by=ren, post=wrong, findings=["pay"])
    reviews.review(by=ren, post=clear, findings=[])
    browser, address = browser_of(ren), reverse("content:reviews")

    def titles(**query: str) -> list[str]:
        return [row.title for row in browser.get(address, query).context["rows"]]

    assert titles() == ["early", "wrong", "late"]
    assert titles(review="problem") == ["wrong"]
    shown = browser.get(reverse("content:posts"), {"review": "problem"}).content.decode()
    assert "Problem found" in shown and "early" not in shown
    assert {late.review, early.review} == {"waits"}


def test_a_review_on_the_page_leads_on_to_the_next(chengye, ren, hiring) -> None:
    first, second = written(hiring, "first", hours_ago=9), written(hiring, "second", hours_ago=5)
    browser = browser_of(ren)
    address = reverse("content:review", args=[first.pk])

    assert "Somebody has to pay to join" in browser.get(address).content.decode()
    assert browser.post(address, {"verdict": "problem"}).status_code == 422
    assert browser.post(address, {"verdict": "clear", "findings": "fee"}).status_code == 422
    answer = browser.post(address, {"verdict": "problem", "findings": "fee", "note": "Line 3"})
    assert answer["Location"] == reverse("content:review", args=[second.pk])
    last = browser.post(reverse("content:review", args=[second.pk]), {"verdict": "clear"})
    assert last["Location"] == reverse("content:reviews")
    assert "Line 3" in browser.get(address).content.decode()


def test_beside_the_list_the_answer_is_the_post_in_short(chengye, ren, hiring) -> None:
    waits = written(hiring)

    answer = browser_of(ren).post(
        reverse("content:review", args=[waits.pk]), {"verdict": "clear"}, headers=PEEK
    )

    shown = answer.content.decode()
    assert answer.status_code == 200 and "<html" not in shown and "<kbd>j</kbd>" in shown


def test_only_reviewers_come_in_and_only_to_posts_that_are_asked_for(chengye, lin, ren) -> None:
    usual = written(chengye.zhou.social_accounts.get())
    xu = c.person("xu", (Role.REGION_MANAGER, chengye.east))

    assert browser_of(lin).get(reverse("content:reviews")).status_code == 200
    assert browser_of(ren).get(reverse("content:review", args=[usual.pk])).status_code == 404
    for name, args in (("reviews", []), ("review", [usual.pk])):
        assert browser_of(xu).get(reverse(f"content:{name}", args=args)).status_code == 403


def test_the_author_cannot_review_on_the_page_either(chengye, hiring) -> None:
    chengye.zhou.person.grants.create(
        role=Role.REVIEWER, unit=chengye.brand, since=dt.date(2020, 1, 1)
    )
    waits = written(hiring)
    browser, address = browser_of(chengye.zhou.person), reverse("content:review", args=[waits.pk])

    assert "Somebody else reviews this post" in browser.get(address).content.decode()
    assert browser.post(address, {"verdict": "clear"}).status_code == 422
    waits.refresh_from_db()
    assert waits.review == "waits"


def test_what_waits_is_in_the_queue_of_who_may_review(chengye, ren, hiring) -> None:
    written(hiring)
    xu = c.person("xu", (Role.REGION_MANAGER, chengye.east))

    (item,) = [each for each in waiting.items_for(ren) if "/reviews/" in each.href]
    assert "<b>1</b> post waits for a review" in item.text
    assert not [each for each in waiting.items_for(xu) if "/reviews/" in each.href]


def test_the_author_reads_what_to_correct_and_says_when_it_is(chengye, ren, hiring) -> None:
    waits, wrong = written(hiring, "Waits"), written(hiring, "Wrong", hours_ago=8)
    reviews.review(by=ren, post=wrong, findings=["fee"], note="Deposit in line 3")
    browser = browser_of(chengye.zhou.person)

    shown = browser.get(reverse("mobile:posts")).content.decode()
    assert "In review" in shown and "To correct" in shown
    assert "Take out whatever an applicant would have to pay." in shown
    assert "Deposit in line 3" in shown

    assert browser.post(reverse("mobile:post_corrected", args=[wrong.pk])).status_code == 302
    wrong.refresh_from_db()
    assert wrong.review == "waits"
    assert browser.post(reverse("mobile:post_corrected", args=[waits.pk])).status_code == 302
    waits.refresh_from_db()
    assert not waits.reviews.exists()


def test_nobody_says_it_of_posts_of_others(chengye, ren, hiring) -> None:
    wrong = written(hiring)
    reviews.review(by=ren, post=wrong, findings=["fee"])
    may = chengye.may
    may.person = c.person("may", (Role.KOC, chengye.jingan))
    may.save()

    address = reverse("mobile:post_corrected", args=[wrong.pk])
    assert browser_of(may.person).post(address).status_code == 404
    wrong.refresh_from_db()
    assert wrong.review == "problem"
