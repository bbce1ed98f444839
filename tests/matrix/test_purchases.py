"""KOC as consumers: known by orders, by receipts that a colleague looked at, or not yet (C01)."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import waiting
from accounts.choices import Role
from accounts.models import Activity
from kosops.lib.errors import DomainError
from kosops.lib.secrets import blind_index
from matrix import duplicates, koc_figures, purchase_proofs, purchases, tasks
from matrix.models import Creator, MemberKey, PurchaseProof, Receipt
from matrix.purchase_choices import Shown, Verdict
from tests import cast as c

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 9, 1)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (800).to_bytes(4) + (600).to_bytes(4)


@pytest.fixture
def people():
    found = c.cast()
    found.may.person = c.person("may", (Role.KOC, found.jingan))
    found.may.save()
    return found


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


def browser_of(person):
    browser = Client()
    browser.force_login(person)
    return browser


def bought(people, number="C001", day="2026-09-01", amount=10_000, store=None, **facts):
    """An order under a member number."""
    return c.order(
        people,
        f"O{number}{day}{amount}",
        amount,
        day=day,
        store=store,
        buyer_key=blind_index("member_id", number),
        **facts,
    )


def refund(people, order, amount):
    assert c.refund(people, order.external_id, f"R{order.pk}", amount) == "created"


def shown(creator):
    return purchase_proofs.of_people([creator.pk])[creator.pk].shown


def receipt_of(people, note="cream"):
    return purchase_proofs.hand_in(
        by=people.may.person, creator=people.may, evidence=c.paper(people.jingan), note=note
    )


def refused(code, command, **values):
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        command(**values)
    assert refusal.value.code == code


# -- by orders -----------------------------------------------------------------


def test_an_order_under_the_member_number_shows_a_purchase_at_once(people) -> None:
    purchases.follow(people.brand)
    assert shown(people.may) == Shown.MISSING
    bought(people)
    found = purchase_proofs.of_people([people.may.pk])[people.may.pk]
    assert (found.shown, found.ordered_on) == (Shown.ORDER, DAY)
    bought(people, day="2026-08-01")
    assert purchase_proofs.of_people([people.may.pk])[people.may.pk].ordered_on == DAY


def test_orders_from_before_a_number_was_known_count_too(people) -> None:
    bought(people)
    assert shown(people.may) == Shown.MISSING
    assert purchases.follow(people.brand, [people.may.pk]) == 1
    assert shown(people.may) == Shown.ORDER
    assert purchases.follow(people.brand) == 0


def test_what_was_wholly_refunded_shows_nothing_from_the_next_night_on(people) -> None:
    purchases.follow(people.brand)
    refund(people, bought(people), 10_000)
    tasks.nightly_purchases()
    assert shown(people.may) == Shown.MISSING
    refund(people, bought(people, day="2026-09-03"), 4_000)
    tasks.nightly_purchases()
    assert MemberKey.objects.exclude(bought_on=None).get().bought_on == dt.date(2026, 9, 3)


def test_the_orders_of_others_show_nothing_of_a_koc_or_kos(people) -> None:
    purchases.follow(people.brand)
    bought(people, number="C002")
    bought(people, number="K001")
    assert shown(people.may) == Shown.MISSING
    assert shown(people.zhou) == ""
    assert not MemberKey.objects.filter(creator=people.zhou).exists()


def test_a_contracted_koc_needs_no_purchase(people) -> None:
    Creator.objects.filter(pk=people.may.pk).update(koc_kind="contracted")
    assert shown(people.may) == Shown.NOT_NEEDED
    every = Creator.objects.all()
    assert not purchase_proofs.having(every, Shown.MISSING).exists()
    assert purchase_proofs.having(every, Shown.NOT_NEEDED).get() == people.may


def test_filters_and_states_agree(people) -> None:
    """Whoever the list finds by a word has that word on the row."""
    kinds = {"C1": "", "C2": "", "C3": "contracted", "C4": "contracted", "C5": "", "C6": ""}
    made = {number: c.creator(people.jingan, number, number, kind="koc") for number in kinds}
    contracted = [number for number, kind in kinds.items() if kind]
    Creator.objects.filter(number__in=contracted).update(koc_kind="contracted")
    purchases.follow(people.brand)
    for number in ("C1", "C3", "C6"):
        bought(people, number=number)
    lin = c.person("lin", (Role.OPERATOR, people.brand))
    for number in ("C2", "C6"):
        purchase_proofs.prove(by=lin, creator=made[number], bought_on=DAY, note="seen")
    purchase_proofs.hand_in(
        by=people.may.person, creator=made["C5"], evidence=c.paper(people.jingan)
    )
    rows = purchase_proofs.with_shown(Creator.objects.all())
    for state in Shown:
        named = {each.number for each in rows if each.shown == state}
        assert named, state
        found = purchase_proofs.having(Creator.objects.all(), state)
        assert named == set(found.values_list("number", flat=True)), state
    every = purchase_proofs.shown(Creator.objects.all()).values_list("number", flat=True)
    assert set(every) == {"C1", "C2", "C3", "C6"}


# -- receipts ------------------------------------------------------------------


def test_a_receipt_waits_and_is_accepted(people, lin) -> None:
    receipt = receipt_of(people)
    assert shown(people.may) == Shown.WAITING
    assert "receipts" in waiting._questions and waiting.facts_of(lin)["receipts"] == 1
    proof = purchase_proofs.accept(by=lin, receipt=receipt, bought_on=DAY)
    assert shown(people.may) == Shown.RECEIPT
    assert (proof.looked_by, proof.evidence) == (lin, receipt.evidence)
    receipt.refresh_from_db()
    assert not receipt.waiting
    refused("looked_at_already", purchase_proofs.accept, by=lin, receipt=receipt, bought_on=DAY)
    verbs = list(Activity.objects.filter(verb__contains="receipt").values_list("verb", flat=True))
    assert sorted(verbs) == ["creator.receipt_accepted", "creator.receipt_handed_in"]


def test_a_declined_receipt_says_why_and_another_may_be_shown(people, lin) -> None:
    receipt = receipt_of(people)
    refused("receipt_waits", receipt_of, people=people)
    refused("reason_needed", purchase_proofs.decline, by=lin, receipt=receipt, reason=" ")
    purchase_proofs.decline(by=lin, receipt=receipt, reason="No day on it")
    assert shown(people.may) == Shown.MISSING
    receipt_of(people, note="again")
    assert shown(people.may) == Shown.WAITING


def test_an_accepted_receipt_can_be_taken_back_once(people, lin) -> None:
    proof = purchase_proofs.prove(by=lin, creator=people.may, bought_on=DAY, note="Till slip 4711")
    assert shown(people.may) == Shown.RECEIPT
    refused("reason_needed", purchase_proofs.take_back, by=lin, proof=proof, reason="")
    purchase_proofs.take_back(by=lin, proof=proof, reason="Slip of her sister")
    assert shown(people.may) == Shown.MISSING
    refused("nothing_to_take_back", purchase_proofs.take_back, by=lin, proof=proof, reason="x")


def test_nobody_looks_at_an_own_receipt_and_a_kos_shows_none(people, lin) -> None:
    receipt = receipt_of(people)
    may = people.may.person
    refused("own_receipt", purchase_proofs.accept, by=may, receipt=receipt, bought_on=DAY)
    refused("own_receipt", purchase_proofs.prove, by=may, creator=people.may, bought_on=DAY)
    refused("purchase_of_kos", purchase_proofs.prove, by=lin, creator=people.zhou, bought_on=DAY)


def test_a_purchase_needs_something_to_see_and_a_day_that_is_past(people, lin) -> None:
    refused("nothing_shown", purchase_proofs.prove, by=lin, creator=people.may, bought_on=DAY)
    refused(
        "bought_in_future",
        purchase_proofs.prove,
        by=lin,
        creator=people.may,
        bought_on=timezone.localdate() + dt.timedelta(days=1),
        note="x",
    )


def test_the_database_keeps_verdicts_and_receipts_as_they_are(people, lin) -> None:
    receipt = receipt_of(people)

    def wrong(change, *args, **values) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            change(*args, **values)

    rows = Receipt.objects.filter(pk=receipt.pk)
    wrong(rows.update, note="other")
    wrong(rows.update, waiting=False)
    wrong(rows.delete)
    purchase_proofs.accept(by=lin, receipt=receipt, bought_on=DAY)
    wrong(rows.update, waiting=True)
    wrong(PurchaseProof.objects.all().update, note="other")
    wrong(PurchaseProof.objects.all().delete)
    facts = {"creator": people.may, "looked_by": lin, "looked_at": timezone.now()}
    wrong(PurchaseProof.objects.create, verdict=Verdict.ACCEPTED, bought_on=DAY, **facts)
    wrong(PurchaseProof.objects.create, verdict=Verdict.DECLINED, receipt=receipt, **facts)
    wrong(PurchaseProof.objects.create, verdict=Verdict.WITHDRAWN, note="x", **facts)


def test_after_a_merge_the_row_that_is_kept_is_the_consumer(people, lin) -> None:
    other = c.creator(people.jingan, "C009", "May", kind="koc")
    purchases.follow(people.brand)
    bought(people, number="C009")
    purchase_proofs.prove(by=lin, creator=other, bought_on=DAY, note="seen")
    duplicates.merge(by=lin, keep=people.may, merged=other, on=DAY)
    found = purchase_proofs.of_people([people.may.pk])[people.may.pk]
    assert (found.ordered_on, found.proved_on) == (DAY, DAY)
    bought(people, number="C009", day="2026-09-05")
    assert purchase_proofs.of_people([people.may.pk])[people.may.pk].ordered_on.day == 5


# -- pages ---------------------------------------------------------------------


def test_the_page_of_a_koc_shows_orders_within_what_the_viewer_sees(people, lin) -> None:
    now = (timezone.localdate() - dt.timedelta(days=1)).isoformat()
    purchases.follow(people.brand)
    bought(people, day=now, amount=123_400)
    bought(people, day=now, amount=50_000, store=people.tianhe)
    address = reverse("matrix:creator", args=[people.may.pk])
    whole = browser_of(lin).get(address).content.decode()
    assert "C001" in whole and "¥1,734.00" in whole
    manager = c.person("wang", (Role.STORE_MANAGER, people.jingan))
    part = browser_of(manager).get(address).content.decode()
    assert "¥1,234.00" in part and "¥1,734.00" not in part and "in the stores that you see" in part
    reviewer = c.person("qin", (Role.REVIEWER, people.brand))
    blind = browser_of(reviewer).get(address).content.decode()
    assert "Bought, by an order" in blind and "¥" not in blind
    kos = browser_of(lin).get(reverse("matrix:creator", args=[people.zhou.pk])).content.decode()
    assert "Member and purchases" not in kos


def test_no_known_order_is_not_nought(people, lin) -> None:
    text = browser_of(lin).get(reverse("matrix:creator", args=[people.may.pk])).content.decode()
    assert "None is known" in text and "¥0" not in text


def test_the_list_filters_by_purchase_and_shows_a_column(people, lin) -> None:
    purchases.follow(people.brand)
    bought(people)
    c.creator(people.jingan, "C002", "Lu", kind="koc")
    browser, address = browser_of(lin), reverse("matrix:creators")

    def names(purchase):
        page = browser.get(address, {"purchase": purchase, "columns": "purchase"})
        return [row.creator.name for row in page.context["rows"]], page.content.decode()

    assert names("shown")[0] == names("order")[0] == ["May"]
    assert names("missing")[0] == ["Lu"]
    assert "No purchase shown" in names("missing")[1]
    assert browser.get(address, {"purchase": "perhaps"}).status_code == 422
    figures = next(each for each in koc_figures.groups(lin) if each.title == "Purchase").figures
    assert {each.label: each.count for each in figures if each.count} == {
        "Bought, by an order": 1,
        "No purchase shown": 1,
    }
    rows = browser.get(figures[-1].href).context["rows"]
    assert [row.creator.name for row in rows] == ["Lu"]


def test_a_colleague_notes_answers_and_takes_back_on_pages(people, lin) -> None:
    browser = browser_of(lin)
    add = reverse("matrix:purchase_add", args=[people.may.pk])
    wrong = browser.post(add, {"bought_on": "2026-09-01"})
    assert wrong.status_code == 422 and "say what you saw" in wrong.content.decode()
    file = SimpleUploadedFile("slip.png", PNG)
    assert browser.post(add, {"bought_on": "2026-09-01", "evidence": file}).status_code == 302
    proof = PurchaseProof.objects.get()
    assert proof.evidence.kind == "png"
    back = reverse("matrix:purchase_take_back", args=[proof.pk])
    assert browser.post(back, {"reason": "wrong person"}).status_code == 302
    assert shown(people.may) == Shown.MISSING
    address = reverse("matrix:receipt", args=[receipt_of(people).pk])
    assert "cream" in browser.get(address).content.decode()
    assert browser.post(address, {"verdict": "accepted", "bought_on": ""}).status_code == 422
    assert browser.post(address, {"verdict": "declined"}).status_code == 422
    said = {"verdict": "accepted", "bought_on": "2026-09-01"}
    assert browser.post(address, said).status_code == 302
    assert shown(people.may) == Shown.RECEIPT
    assert browser.get(address).status_code == 302


def test_a_koc_hands_a_receipt_in_on_the_phone_and_reads_the_answer(people, lin) -> None:
    browser, address = browser_of(people.may.person), reverse("mobile:purchases")
    assert "no purchase of yours yet" in browser.get(address).content.decode()
    wrong = browser.post(address, {"receipt": SimpleUploadedFile("a.png", b"not a picture")})
    assert wrong.status_code == 422 and not Receipt.objects.exists()
    file = SimpleUploadedFile("slip.png", PNG)
    assert browser.post(address, {"receipt": file, "note": "cream"}).status_code == 302
    page = browser.get(address).content.decode()
    assert "A colleague will look at it" in page and 'type="file"' not in page
    purchase_proofs.decline(by=lin, receipt=Receipt.objects.get(), reason="Day cannot be read")
    page = browser.get(address).content.decode()
    assert "Day cannot be read" in page and 'type="file"' in page
    assert "No purchase known yet" in browser.get(reverse("mobile:today")).content.decode()


def test_the_phone_asks_neither_a_kos_nor_a_contracted_koc(people) -> None:
    people.zhou.person = c.person("zhou", (Role.KOS, people.jingan))
    people.zhou.save()
    assert browser_of(people.zhou.person).get(reverse("mobile:purchases")).status_code == 404
    Creator.objects.filter(pk=people.may.pk).update(koc_kind="contracted")
    browser = browser_of(people.may.person)
    page = browser.get(reverse("mobile:purchases")).content.decode()
    assert "No purchase of your own is needed" in page and 'type="file"' not in page
    assert reverse("mobile:purchases") not in browser.get(reverse("mobile:today")).content.decode()
