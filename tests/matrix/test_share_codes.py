"""Own share codes: every active creator has one, by chance, and nobody ever gets another's."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import jobs
from accounts.choices import Role
from accounts.models import Activity
from kosops.lib.errors import DomainError
from matrix import code_rules, registry, share_codes, tasks
from matrix.models import Creator, GivenCode
from tests import cast as c

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> c.Cast:
    return c.cast()


def code_of(creator: Creator) -> str:
    creator.refresh_from_db()
    return creator.share_code


def test_a_code_has_no_letters_that_look_alike() -> None:
    assert not set("01OILUAEaeiou") & set(code_rules.LETTERS)
    assert code_rules.LETTERS.isupper() and len(set(code_rules.LETTERS)) == 28
    assert code_rules.made_of(lambda letters: letters[0]) == "BBBBBBBB"
    assert code_rules.is_own("K7QM3XWD")
    assert not code_rules.is_own("K7QM3XW0") and not code_rules.is_own("CK7QM3X")


@pytest.mark.parametrize(
    "typed",
    ["K7QM3XWD", "k7qm3xwd", " K7QM 3XWD ", "Ｋ７ＱＭ３ＸＷＤ", "k7qm\u200b3xwd", "K7QM\u30003XWD"],
)
def test_a_code_of_ours_is_known_however_it_is_typed(typed: str) -> None:
    assert code_rules.as_own(typed) == "K7QM3XWD"


@pytest.mark.parametrize(
    "typed", ["", "MAY2024", "K7QM3XW", "K7QM3XWDD", "K7QM3XW0", "梅梅梅梅梅梅梅梅"]
)
def test_a_code_of_the_brand_is_none_of_ours(typed: str) -> None:
    assert code_rules.as_own(typed) == ""


def test_a_code_means_whom_it_spells_first_and_then_whom_it_reads_as(people: c.Cast) -> None:
    Creator.objects.filter(pk=people.may.pk).update(share_code="K7QM3XWD")
    Creator.objects.filter(pk=people.zhou.pk).update(share_code="May2024")
    asked = ["k7qm3xwd", "K7QM3XWD", "May2024", "MAY2024", "K7QM3XWX", ""]
    assert share_codes.holders(people.brand, asked) == {
        "k7qm3xwd": people.may,
        "K7QM3XWD": people.may,
        "May2024": people.zhou,
    }


def test_nobody_gets_a_code_that_reads_as_another_persons(people: c.Cast) -> None:
    Creator.objects.filter(pk=people.may.pk).update(share_code="K7QM3XWD")
    for code in ("k7qm3xwd", "Ｋ７ＱＭ３ＸＷＤ", "K7QM 3XWD"):
        with pytest.raises(DomainError) as refused:
            registry.change_creator(by=None, creator=people.zhou, share_code=code)
        assert refused.value.code == "share_code_taken"
        with pytest.raises(IntegrityError), transaction.atomic():
            Creator.objects.filter(pk=people.zhou.pk).update(share_code=code)
    # Their own in another spelling is the same code.
    registry.change_creator(by=None, creator=people.may, share_code="k7qm3xwd")
    assert code_of(people.may) == "K7QM3XWD"


def test_a_code_from_before_that_reads_as_one_of_ours_keeps_its_holder(people: c.Cast) -> None:
    GivenCode.objects.create(brand=people.brand, creator=people.may, code="k7qm3xwd")
    assert share_codes.holders(people.brand, ["K7QM3XWD"]) == {"K7QM3XWD": people.may}
    with pytest.raises(DomainError) as refused:
        registry.change_creator(by=None, creator=people.zhou, share_code="K7QM3XWD")
    assert refused.value.code == "share_code_taken"


def test_no_code_is_drawn_that_somebody_has_in_small_letters(
    people: c.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    GivenCode.objects.create(brand=people.brand, creator=people.may, code="bbbbbbbb")
    letters = iter("B" * 8 + "C" * 8)
    monkeypatch.setattr("secrets.choice", lambda _letters: next(letters))
    assert share_codes.new_codes(people.brand.pk, 1) == ["CCCCCCCC"]


def test_all_active_creators_get_a_code_once_and_one_from_a_file_stays(people: c.Cast) -> None:
    Creator.objects.filter(pk=people.may.pk).update(share_code="MAY2024")
    paused = c.creator(people.jingan, "C7", "Paused", kind="koc", state="paused")
    Creator.objects.filter(pk=paused.pk).update(share_code="")
    for number in range(40):
        c.creator(people.jingan, f"N{number}", "New", kind="koc")
    Creator.objects.filter(number__startswith="N").update(share_code="")
    assert share_codes.give(by=None, brand=people.brand) == 41
    assert share_codes.give(by=None, brand=people.brand) == 0
    codes = Creator.objects.exclude(pk=people.may.pk).exclude(share_code="")
    found = set(codes.values_list("share_code", flat=True))
    assert len(found) == 41 and all(code_rules.is_own(each) for each in found)
    assert (code_of(people.may), code_of(paused)) == ("MAY2024", "")
    row = Activity.objects.get(verb="share_codes.codes_added")
    assert row.after == {"people": 41}


def test_codes_do_not_follow_one_another(people: c.Cast) -> None:
    """Whoever knows some codes knows nothing of the next: no two share more than a few places."""
    codes = share_codes.new_codes(people.brand.pk, 200)
    assert len(set(codes)) == 200
    assert len({each[:4] for each in codes}) > 190
    assert len({each[4:] for each in codes}) > 190


def test_a_code_that_was_drawn_before_is_drawn_again(
    people: c.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    Creator.objects.filter(pk=people.may.pk).update(share_code="BBBBBBBB")
    letters = iter("B" * 8 + "C" * 8)
    monkeypatch.setattr("secrets.choice", lambda _letters: next(letters))
    assert share_codes.new_codes(people.brand.pk, 1) == ["CCCCCCCC"]


def test_whoever_becomes_active_has_one_at_once(people: c.Cast) -> None:
    facts: dict[str, Any] = {"by": None, "store": people.jingan, "kind": "koc", "name": "Li"}
    added = registry.add_creator(number="C2", **facts)
    waiting = registry.add_creator(number="C3", state="candidate", **facts)
    given = registry.add_creator(number="C4", share_code="LI888", **facts)
    assert code_rules.is_own(added.share_code)
    assert (waiting.share_code, given.share_code) == ("", "LI888")
    on = dt.date(2026, 9, 20)
    registry.change_state(by=None, creator=waiting, state="active", on=on)
    assert code_rules.is_own(code_of(waiting))
    Creator.objects.filter(pk=people.zhou.pk).update(state="paused")
    registry.change_states(
        by=None,
        creators=Creator.objects.filter(pk=people.zhou.pk),
        before="paused",
        after="active",
        on=on,
    )
    assert code_rules.is_own(code_of(people.zhou))


def test_a_code_is_never_given_to_somebody_else(people: c.Cast) -> None:
    """Neither after its owner left, nor after they got another one, nor by a statement of one's own."""
    may, zhou = people.may, people.zhou
    registry.change_creator(by=None, creator=may, share_code="MAY2024")
    registry.change_creator(by=None, creator=may, share_code="MAY2025")
    for code in ("MAY2024", "MAY2025"):
        with pytest.raises(DomainError) as refused:
            registry.change_creator(by=None, creator=zhou, share_code=code)
        assert refused.value.code == "share_code_taken"
    registry.change_state(by=None, creator=may, state="left", on=dt.date(2026, 9, 20))
    with pytest.raises(IntegrityError), transaction.atomic():
        Creator.objects.filter(pk=zhou.pk).update(share_code="MAY2024")
    with pytest.raises(DomainError):
        registry.add_creator(
            by=None, store=people.jingan, kind="koc", number="C2", name="Li", share_code="MAY2024"
        )
    # Their own comes back with them.
    may.refresh_from_db()
    registry.change_creator(by=None, creator=may, share_code="MAY2024")
    assert code_of(may) == "MAY2024"
    assert GivenCode.objects.filter(creator=may).count() == 2


def test_another_brand_may_use_the_same_word(people: c.Cast) -> None:
    other = c.cast_of_another_brand()
    assert share_codes.holders(other, ["MAY2024"]) == {}
    Creator.objects.filter(pk=people.may.pk).update(share_code="MAY2024")
    assert share_codes.holders(other, ["MAY2024"]) == {}
    assert share_codes.holders(people.brand, ["MAY2024", "X"]) == {"MAY2024": people.may}


def test_an_emptied_code_is_replaced(people: c.Cast) -> None:
    registry.change_creator(by=None, creator=people.may, share_code="MAY2024")
    changed = registry.change_creator(by=None, creator=people.may, share_code="")
    assert code_rules.is_own(changed.share_code)


def test_what_was_given_is_never_edited(people: c.Cast) -> None:
    Creator.objects.filter(pk=people.may.pk).update(share_code="MAY2024")
    for act in (lambda rows: rows.update(code="X"), lambda rows: rows._raw_delete("default")):
        with pytest.raises(IntegrityError), transaction.atomic():
            act(GivenCode.objects.all())


def test_the_night_and_the_button_give_what_is_missing(people: c.Cast) -> None:
    Creator.objects.update(share_code="")
    tasks.nightly_share_codes()
    assert not share_codes.without(people.brand).exists()
    lin = c.person("lin", (Role.OPERATOR, people.brand))
    with pytest.raises(DomainError) as refused:
        share_codes.start(by=lin, brand=people.brand)
    assert refused.value.code == "everybody_has_a_code"
    Creator.objects.update(share_code="")
    job = share_codes.start(by=lin, brand=people.brand)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.counts == {"share_codes": 2}
    assert not share_codes.without(people.brand).exists()


def test_many_are_given_in_the_same_number_of_statements(people: c.Cast) -> None:
    Creator.objects.bulk_create(
        Creator(
            brand=people.brand, store=people.jingan, kind="koc", number=f"B{number}", name="B",
            identity="member",
        )
        for number in range(1_000)
    )  # fmt: skip
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert share_codes.give(by=None, brand=people.brand) == 1_002
    assert len(seen) <= 8
