"""Links of posts: added once, recognised with certainty, refused with a reason."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Activity, Person
from content import submissions
from content.choices import LinkState
from content.models import PostLink
from kosops.lib.errors import DomainError
from tests import cast as c
from tests.content.links import ADDRESS, NOTE, OTHER_NOTE, SHORT, TITLE, account, add, post
from tests.incentives.races import Race
from tests.refusals import sql


@pytest.fixture
def chengye(db: None) -> c.Cast:
    people = c.cast()
    for creator, role in ((people.zhou, Role.KOS), (people.may, Role.KOC)):
        creator.person = c.person(creator.name.split()[0].lower(), (role, people.jingan))
        creator.save()
        account(creator)
    return people


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


def code_of(refusal: pytest.ExceptionInfo[DomainError]) -> str:
    assert str(refusal.value)
    return refusal.value.code


# -- adding --------------------------------------------------------------------


def test_a_link_waits_until_its_post_is_known(chengye: c.Cast) -> None:
    link = add(chengye.zhou, f"{ADDRESS}?xsec_token=x")

    assert (link.state, link.url, link.platform_post_id) == ("waiting", ADDRESS, NOTE)
    assert (link.creator, link.brand, link.post) == (chengye.zhou, chengye.brand, None)
    row = Activity.objects.get(verb="post_link.added")
    assert (row.actor, row.object_id) == (chengye.zhou.person, link.pk)
    assert row.after == {"platform": "xiaohongshu", "state": "waiting"}


def test_the_link_of_a_known_post_is_linked_at_once(chengye: c.Cast) -> None:
    known = post(chengye.zhou.social_accounts.get(), platform_post_id=NOTE)

    link = add(chengye.zhou)

    known.refresh_from_db()
    assert (link.state, link.post, known.url) == ("linked", known, ADDRESS)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("今天发了一篇", "no_address"),
        ("https://weibo.com/1", "not_our_platform"),
        ("https://www.xiaohongshu.com/", "not_a_post"),
        (f"{ADDRESS} http://xhslink.com/a/AbC12", "several_addresses"),
        ("x" * 3000, "text_too_long"),
        ("https://v.douyin.com/iRNBho6u/", "no_account_on_platform"),
    ],
)
def test_a_text_that_names_no_post_of_the_person_is_refused(
    chengye: c.Cast, text: str, code: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        add(chengye.zhou, text)

    assert code_of(refusal) == code
    assert submissions.check(creator=chengye.zhou, text=text).refusal.code == code
    assert not PostLink.objects.exists()
    assert not Activity.objects.filter(verb="post_link.added").exists()


def test_a_closed_account_is_none(chengye: c.Cast) -> None:
    chengye.zhou.social_accounts.update(state="closed")

    with pytest.raises(DomainError) as refusal:
        add(chengye.zhou)

    assert code_of(refusal) == "no_account_on_platform"


def test_a_post_of_somebody_else_is_refused(chengye: c.Cast) -> None:
    post(chengye.may.social_accounts.get(), platform_post_id=NOTE)

    with pytest.raises(DomainError) as refusal:
        add(chengye.zhou)

    assert code_of(refusal) == "post_of_another"


@pytest.mark.parametrize("text", [ADDRESS, f"https://www.xiaohongshu.com/discovery/item/{NOTE}"])
def test_a_post_has_one_link_whoever_adds_it(chengye: c.Cast, text: str) -> None:
    add(chengye.zhou)

    with pytest.raises(DomainError) as own:
        add(chengye.zhou, text)
    with pytest.raises(DomainError) as other:
        add(chengye.may, text)

    assert (code_of(own), code_of(other)) == ("link_yours", "link_taken")


def test_the_address_of_a_post_that_a_short_link_brought_is_not_added_again(
    chengye: c.Cast,
) -> None:
    post(chengye.zhou.social_accounts.get(), platform_post_id=NOTE)
    assert add(chengye.zhou, SHORT).state == "linked"

    with pytest.raises(DomainError) as refusal:
        add(chengye.zhou)

    assert code_of(refusal) == "link_yours"


def test_a_refused_address_may_be_added_again(chengye: c.Cast, lin: Person) -> None:
    submissions.refuse_link(by=lin, link=add(chengye.zhou), reason="By mistake")

    assert add(chengye.zhou).state == "waiting"


# -- the same form twice -------------------------------------------------------


def test_the_same_form_sent_twice_is_one_link(chengye: c.Cast) -> None:
    key = uuid.uuid4()

    first = add(chengye.zhou, client_key=key)
    second = add(chengye.zhou, f"{ADDRESS}?again=1", client_key=key)

    assert first == second
    assert PostLink.objects.count() == 1
    assert Activity.objects.filter(verb="post_link.added").count() == 1


def test_a_key_under_which_another_link_was_sent_is_refused(chengye: c.Cast) -> None:
    key = uuid.uuid4()
    add(chengye.zhou, client_key=key)

    with pytest.raises(DomainError) as refusal:
        add(chengye.zhou, SHORT, client_key=key)

    assert code_of(refusal) == "form_used"


def test_keys_of_different_people_have_nothing_to_do_with_each_other(chengye: c.Cast) -> None:
    key = uuid.uuid4()

    assert add(chengye.zhou, client_key=key) != add(chengye.may, SHORT, client_key=key)


@pytest.mark.parametrize(
    ("days_ago", "kept"), [(-1, 0), (0, 0), (3, 3), (45, 30)], ids=["ahead", "now", "late", "old"]
)
def test_the_phones_clock_is_believed_within_bounds(
    chengye: c.Cast, days_ago: int, kept: int
) -> None:
    now = timezone.now()

    link = add(chengye.zhou, noted_at=now - dt.timedelta(days=days_ago))

    assert abs((link.received_at - link.noted_at) - dt.timedelta(days=kept)) < dt.timedelta(hours=1)


# -- what an import brings -----------------------------------------------------


def link_all(chengye: c.Cast) -> int:
    with transaction.atomic():
        return submissions.link_waiting(creators=[chengye.zhou.pk, chengye.may.pk])


def test_a_post_that_comes_with_its_id_takes_the_link(chengye: c.Cast) -> None:
    link = add(chengye.zhou)
    other = add(chengye.may, f"https://www.xiaohongshu.com/explore/{OTHER_NOTE}")
    known = post(chengye.zhou.social_accounts.get(), "Another title", platform_post_id=NOTE)

    assert link_all(chengye) == 1

    link.refresh_from_db()
    other.refresh_from_db()
    assert (link.state, link.post, other.state) == ("linked", known, "waiting")


@pytest.mark.parametrize("text", [SHORT, f"【{TITLE}！ - 周敏 | 小红书】 {ADDRESS}"])
def test_a_list_without_ids_is_recognised_by_title_and_time(chengye: c.Cast, text: str) -> None:
    link = add(chengye.zhou, text)
    known = post(chengye.zhou.social_accounts.get(), f"{TITLE}。")

    assert link_all(chengye) == 1

    link.refresh_from_db()
    known.refresh_from_db()
    assert (link.post, known.url) == (known, link.url)


def test_a_post_that_has_an_address_keeps_it(chengye: c.Cast) -> None:
    known = post(chengye.zhou.social_accounts.get(), url="https://example.com/1")

    add(chengye.zhou, SHORT)

    known.refresh_from_db()
    assert (known.url, known.links.get().state) == ("https://example.com/1", "linked")


@pytest.mark.parametrize(
    ("title", "hours_ago", "fields"),
    [
        ("Another title", 5, {}),
        (TITLE, 73, {}),
        (TITLE, -1, {}),
    ],
    ids=["other title", "too old", "after the link"],
)
def test_what_does_not_clearly_agree_goes_on_waiting(
    chengye: c.Cast, title: str, hours_ago: float, fields: dict[str, str]
) -> None:
    link = add(chengye.zhou, SHORT)
    post(chengye.zhou.social_accounts.get(), title, hours_ago, **fields)

    assert link_all(chengye) == 0
    link.refresh_from_db()
    assert link.state == "waiting"


def test_of_two_posts_with_the_title_none_is_taken(chengye: c.Cast) -> None:
    add(chengye.zhou, SHORT)
    own = chengye.zhou.social_accounts.get()
    post(own, hours_ago=3)
    post(own, hours_ago=30)

    assert link_all(chengye) == 0


def test_of_two_links_with_the_title_of_one_post_none_is_taken(chengye: c.Cast) -> None:
    add(chengye.zhou, SHORT)
    add(chengye.zhou, SHORT.replace("AbC12", "XyZ98"))
    post(chengye.zhou.social_accounts.get())

    assert link_all(chengye) == 0


def test_a_link_without_a_title_is_left_to_a_person(chengye: c.Cast) -> None:
    add(chengye.zhou, "http://xhslink.com/a/AbC12")
    post(chengye.zhou.social_accounts.get(), "")

    assert link_all(chengye) == 0


def test_a_post_with_another_id_is_another_post(chengye: c.Cast) -> None:
    add(chengye.zhou, f"【{TITLE} - 周敏 | 小红书】 {ADDRESS}")
    post(chengye.zhou.social_accounts.get(), platform_post_id=OTHER_NOTE)

    assert link_all(chengye) == 0


def test_posts_of_others_and_of_other_platforms_take_no_link(chengye: c.Cast) -> None:
    add(chengye.zhou, SHORT)
    post(chengye.may.social_accounts.get())
    post(account(chengye.zhou, "douyin"))

    assert link_all(chengye) == 0


def test_a_refused_link_stays_refused(chengye: c.Cast, lin: Person) -> None:
    link = submissions.refuse_link(by=lin, link=add(chengye.zhou), reason="Not about us")
    post(chengye.zhou.social_accounts.get(), platform_post_id=NOTE)

    assert link_all(chengye) == 0
    link.refresh_from_db()
    assert link.state == LinkState.REFUSED


# -- what HQ decides -----------------------------------------------------------


def test_hq_links_by_hand_what_nobody_recognised(chengye: c.Cast, lin: Person) -> None:
    link = add(chengye.zhou, SHORT)
    own = chengye.zhou.social_accounts.get()
    meant = post(own, "Edited title", hours_ago=50)
    too_old = post(own, "From before", hours_ago=24 * 15)

    assert list(submissions.candidates_for(link)) == [meant]
    linked = submissions.link_to_post(by=lin, link=link, post=meant)

    assert (linked.state, linked.post, linked.decided_by) == ("linked", meant, lin)
    assert Activity.objects.get(verb="post_link.linked").after == {
        "state": "linked",
        "post": meant.pk,
    }
    assert list(submissions.candidates_for(add(chengye.zhou, "xhslink.com/a/XyZ98"))) == []
    assert too_old.links.count() == 0


def test_hq_refuses_with_a_reason(chengye: c.Cast, lin: Person) -> None:
    link = submissions.refuse_link(by=lin, link=add(chengye.zhou), reason=" Not about us ")

    assert (link.state, link.reason, link.decided_by) == ("refused", "Not about us", lin)
    assert Activity.objects.get(verb="post_link.rejected").actor == lin


def test_a_refusal_needs_words(chengye: c.Cast, lin: Person) -> None:
    with pytest.raises(DomainError) as refusal:
        submissions.refuse_link(by=lin, link=add(chengye.zhou), reason="  ")

    assert code_of(refusal) == "reason_needed"


def test_what_is_decided_is_decided_once(chengye: c.Cast, lin: Person) -> None:
    link = add(chengye.zhou)
    known = post(chengye.zhou.social_accounts.get())
    submissions.refuse_link(by=lin, link=link, reason="Not about us")

    for act in (
        lambda: submissions.refuse_link(by=lin, link=link, reason="Again"),
        lambda: submissions.link_to_post(by=lin, link=link, post=known),
    ):
        with pytest.raises(DomainError) as refusal:
            act()
        assert code_of(refusal) == "link_decided"


def test_a_post_of_another_person_or_with_a_link_is_not_chosen(
    chengye: c.Cast, lin: Person
) -> None:
    link = add(chengye.zhou, SHORT)
    taken = post(chengye.zhou.social_accounts.get(), "Taken", platform_post_id=NOTE)
    add(chengye.zhou)
    theirs = post(chengye.may.social_accounts.get())

    for chosen, code in ((theirs, "not_a_candidate"), (taken, "post_has_link")):
        with pytest.raises(DomainError) as refusal:
            submissions.link_to_post(by=lin, link=link, post=chosen)
        assert code_of(refusal) == code


def test_the_database_refuses_a_linked_link_without_a_post(chengye: c.Cast) -> None:
    link = add(chengye.zhou)

    with pytest.raises(IntegrityError), transaction.atomic():
        PostLink.objects.filter(pk=link.pk).update(state="linked")
    with pytest.raises(IntegrityError), transaction.atomic():
        PostLink.objects.filter(pk=link.pk).update(state="refused")


# -- at once -------------------------------------------------------------------


@pytest.fixture
def race(transactional_db: None, chengye: c.Cast) -> Race:
    return Race()


def unguarded(monkeypatch: pytest.MonkeyPatch, race: Race) -> None:
    """Nobody waits for the other, and both look before either has written."""
    monkeypatch.setattr(submissions, "_lock", lambda *pks: None)
    monkeypatch.setattr(PostLink, "save", race.before(PostLink.save))


def twice(race: Race, chengye: c.Cast) -> list[object]:
    key = uuid.uuid4()
    return race.run(*[lambda: add(chengye.zhou, client_key=key).pk] * 2)


def test_a_form_sent_twice_at_once_is_one_link(race: Race, chengye: c.Cast) -> None:
    ends = twice(race, chengye)

    assert [end.code for end in ends] == ["", ""]
    assert ends[0].value == ends[1].value
    assert PostLink.objects.count() == 1


def test_the_constraint_alone_keeps_it_one_link(race: Race, chengye: c.Cast, monkeypatch) -> None:
    unguarded(monkeypatch, race)

    ends = twice(race, chengye)

    assert [end.code for end in ends] == ["", ""]
    assert ends[0].value == ends[1].value
    assert PostLink.objects.count() == 1
    assert Activity.objects.filter(verb="post_link.added").count() == 1


def test_without_lock_and_constraints_it_is_two_links(
    race: Race, chengye: c.Cast, monkeypatch
) -> None:
    """The twin of the tests above: the harm is real."""
    unguarded(monkeypatch, race)
    names = ("post_link_form_once", "post_link_url_once", "post_link_platform_id_once")
    guards = [guard for guard in PostLink._meta.constraints if guard.name in names]
    with connection.schema_editor() as editor:
        for guard in guards:
            editor.remove_constraint(PostLink, guard)
    try:
        twice(race, chengye)
        assert PostLink.objects.count() == 2
    finally:
        sql("DELETE FROM content_postlink")
        with connection.schema_editor() as editor:
            for guard in guards:
                editor.add_constraint(PostLink, guard)


def test_two_people_who_add_one_post_at_once_do_not_both_get_it(
    race: Race, chengye: c.Cast, monkeypatch
) -> None:
    unguarded(monkeypatch, race)

    ends = race.run(lambda: add(chengye.zhou), lambda: add(chengye.may))

    assert sorted(end.code for end in ends) == ["", "link_taken"]
    assert PostLink.objects.count() == 1


def import_of(chengye: c.Cast) -> None:
    with transaction.atomic():
        post(chengye.zhou.social_accounts.get(), platform_post_id=NOTE)
        submissions.link_waiting(creators=[chengye.zhou.pk])


def test_a_link_and_its_post_that_come_at_once_find_each_other(
    race: Race, chengye: c.Cast, monkeypatch
) -> None:
    monkeypatch.setattr(submissions, "link_waiting", race.before(submissions.link_waiting))

    ends = race.run(lambda: add(chengye.zhou), lambda: import_of(chengye))

    assert [end.code for end in ends] == ["", ""]
    assert PostLink.objects.get().state == "linked"


def test_without_the_lock_they_miss_each_other(race: Race, chengye: c.Cast, monkeypatch) -> None:
    monkeypatch.setattr(submissions, "_lock", lambda *pks: None)
    meet_after = submissions.link_waiting

    def both_look_before_either_commits(**given: object) -> int:
        found = meet_after(**given)
        race.meet()
        return found

    monkeypatch.setattr(submissions, "link_waiting", both_look_before_either_commits)

    race.run(lambda: add(chengye.zhou), lambda: import_of(chengye))

    assert PostLink.objects.get().state == "waiting"
