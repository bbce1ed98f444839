"""Custody: who holds an account, both signatures, what is frozen, and the phone."""

import datetime as dt

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from accounts.choices import Role
from accounts.models import Activity
from kosops.lib.errors import DomainError
from matrix import custody, evidence, phones, recovery
from matrix.file_kinds import kind_of
from matrix.models import Custody
from tests import cast as c

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 9, 1)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (800).to_bytes(4) + (600).to_bytes(4)


@pytest.fixture
def people():
    found = c.cast()
    found.zhou.person = c.person("zhou", (Role.KOS, found.jingan))
    found.zhou.save()
    return found


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def account(people):
    return c.account(people.jingan)


def refused(code, command, **values):
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        command(**values)
    assert refusal.value.code == code


def begun(people, account, lin, **facts):
    return custody.begin(by=lin, account=account, creator=people.zhou, since=DAY, **facts)


def test_a_custody_waits_until_giver_and_taker_have_signed(people, account, lin) -> None:
    held = begun(people, account, lin)
    assert not held.is_signed
    custody.sign(by=lin, custody=held, side="giver")
    assert custody.to_sign_by(people.zhou) == 1
    held = custody.sign(by=people.zhou.person, custody=held, side="taker")
    assert held.is_signed
    assert (held.giver_name, held.taker_name) == ("Lin", "Zhou")
    assert custody.to_sign_by(people.zhou) == 0
    verbs = list(
        Activity.objects.filter(object_type="matrix.socialaccount").values_list("verb", flat=True)
    )
    assert verbs.count("custody.signed") == 2


def test_nobody_signs_for_another_or_both_sides(people, account, lin) -> None:
    held = begun(people, account, lin)
    refused("not_the_taker", custody.sign, by=lin, custody=held, side="taker")
    refused("not_the_giver", custody.sign, by=people.zhou.person, custody=held, side="giver")
    other = custody.begin(by=lin, account=account, person=lin, since=DAY)
    custody.sign(by=lin, custody=other, side="taker")
    refused("signed_other_side", custody.sign, by=lin, custody=other, side="giver")
    refused("already_signed", custody.sign, by=lin, custody=other, side="taker")
    refused("unknown_side", custody.sign, by=lin, custody=other, side="witness")


def test_the_one_who_held_it_before_gives_it(people, account, lin) -> None:
    begun(people, account, lin)
    held = custody.begin(by=lin, account=account, person=lin, since=DAY + dt.timedelta(9))
    assert custody.side_of(people.zhou, held) == "giver"
    custody.sign(by=people.zhou.person, custody=held, side="giver")
    assert Custody.objects.get(pk=held.pk).giver_name == "Zhou"


def test_a_new_custody_ends_the_one_before_and_one_is_open(people, account, lin) -> None:
    first = begun(people, account, lin)
    custody.begin(by=lin, account=account, person=lin, since=DAY + dt.timedelta(30))
    first.refresh_from_db()
    assert first.until == DAY + dt.timedelta(30)
    assert [each.holder_name for each in custody.line_of(account)] == ["Lin", "Zhou Min"]
    refused(
        "already_holder",
        custody.begin,
        by=lin,
        account=account,
        person=lin,
        since=DAY + dt.timedelta(31),
    )
    refused("before_last_custody", begun, people=people, account=account, lin=lin)
    with pytest.raises(IntegrityError), transaction.atomic():
        Custody.objects.create(
            account=account, creator=people.zhou, since=DAY, created_at=c.at("2026-09-01")
        )


def test_who_left_or_is_of_another_brand_cannot_hold(people, account, lin) -> None:
    gone = c.creator(people.jingan, "K009", "Gone", state="left")
    mingwang = c.cast_of_another_brand()
    stranger = c.person("qian", (Role.OPERATOR, mingwang))
    refused("holder_has_left", custody.begin, by=lin, account=account, creator=gone, since=DAY)
    refused("holder_not_known", custody.begin, by=lin, account=account, person=stranger, since=DAY)
    refused("one_holder", custody.begin, by=lin, account=account, since=DAY)
    account.state = "closed"
    account.save()
    refused("account_closed", begun, people=people, account=account, lin=lin)


def test_a_signature_on_paper_needs_the_paper(people, account, lin) -> None:
    held = begun(people, account, lin)
    say = {"by": lin, "custody": held, "name": "Zhou Min"}
    refused("paper_missing", custody.record_paper, side="taker", **say)
    refused("name_missing", custody.record_paper, **{**say, "name": " "}, side="taker")
    paper = c.paper(people.jingan)
    held = custody.record_paper(side="taker", evidence=paper, **say)
    held = custody.record_paper(side="giver", **{**say, "name": "Lin"})
    assert (held.taker_on_paper, held.giver_on_paper, held.evidence) == (True, True, paper)
    assert held.is_signed


def test_what_is_signed_is_frozen_by_the_database(people, account, lin) -> None:
    held = begun(people, account, lin)
    Custody.objects.filter(pk=held.pk).update(note="before anybody signed")
    custody.sign(by=lin, custody=held, side="giver")
    rows = Custody.objects.filter(pk=held.pk)
    for change in (
        {"since": DAY - dt.timedelta(1)},
        {"giver_name": "Else"},
        {"creator": people.may},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    custody.sign(by=people.zhou.person, custody=held, side="taker")
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(note="afterwards")
    custody.end(by=lin, account=account, until=DAY + dt.timedelta(3))
    for change in ({"until": None}, {"until": DAY}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()
    refused("custody_ended", custody.sign, by=lin, custody=held, side="giver")


def test_the_phone_is_encrypted_and_each_look_is_noted(people, account, lin) -> None:
    held = begun(people, account, lin, phone="+86 138-0013 8000", sim_owner="holder")
    held.refresh_from_db()
    assert held.phone_masked == "•••• 8000"
    assert b"13800138000" not in bytes(held.phone)
    assert custody.show_phone(by=lin, custody=held) == "13800138000"
    assert Activity.objects.filter(verb="custody.phone_shown", actor=lin).count() == 1
    other = {"by": lin, "account": account, "person": lin, "since": DAY + dt.timedelta(1)}
    refused("wrong_phone", custody.begin, phone="12345", sim_owner="holder", **other)
    refused("phone_needs_sim", custody.begin, phone="13800138000", **other)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("138 0013 8000", "13800138000"),
        ("００86１３８00138000", "13800138000"),
        ("12800138000", ""),
        ("1380013800", ""),
    ],
)
def test_numbers_are_read_as_people_type_them(text, number) -> None:
    assert phones.normalised(text) == number


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "png"),
        (b"%PDF-1.7 plain", "pdf"),
        (b"%PDF-1.7 /OpenAction /JavaScript", ""),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ""),
        (PNG + b"<script>alert(1)</script>", ""),
        (PNG[:16] + (40_000).to_bytes(4) + (30_000).to_bytes(4), ""),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x10\x00\x20\x03", "jpeg"),
        (b"\xff\xd8\xff\xe0\x00\x04ab", ""),
        (
            b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x0f\x00\x00\x0f\x00\x00",
            "webp",
        ),
        (b"MZ", ""),
    ],
)
def test_a_file_is_what_its_content_says(content, kind) -> None:
    """F8: names say nothing, pages in pictures and pictures beyond any screen are refused."""
    assert kind_of(content) == kind


def test_evidence_is_kept_under_a_name_of_our_own(people, lin, settings) -> None:
    def keep(content, name="../../x<b>.png"):
        return evidence.keep(by=lin, unit=people.jingan, file=ContentFile(content, name))

    paper = keep(PNG)
    assert paper.file.name.startswith("evidence/")
    assert "x" not in paper.file.name.removeprefix("evidence/").replace("evidence", "")
    assert evidence.file_name(paper) == f"evidence-{paper.pk}.png"
    refused("evidence_kind", keep, content=b"<html>")
    settings.EVIDENCE_MAX_BYTES = 10
    refused("evidence_too_large", keep, content=PNG)


@pytest.mark.parametrize(
    ("platform", "ownership", "sim", "found"),
    [
        ("xiaohongshu", "company_opened", "", []),
        ("xiaohongshu", "company_opened", "company", []),
        ("xiaohongshu", "company_opened", "holder", ["sim"]),
        ("douyin", "employee_authorised", "company", ["authorised"]),
        ("wechat", "personal", "", ["personal_wechat", "personal"]),
        ("wechat", "company_opened", "company", ["personal_wechat"]),
    ],
)
def test_the_risk_of_losing_an_account(platform, ownership, sim, found) -> None:
    assert recovery.risks(platform=platform, ownership=ownership, sim_owner=sim) == found
