"""The checklist of a review in words: what may be wrong, and how the author puts it right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from content.review_rules import Item

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Words:
    """What is wrong, and what the author does about it."""

    wrong: Text
    correct: Text


WORDS: dict[Item, Words] = {
    Item.CONTACT: Words(
        _(
            "Contact data in text, pictures or comments: phone number, WeChat id, QR code, outside link"
        ),
        _("Take the contact data out; use the platform’s own message or lead tools."),
    ),
    Item.ABSOLUTE: Words(
        _("Superlatives: best, first, only, national level"),
        _("Say what the product does instead of how it ranks."),
    ),
    Item.DISCLOSURE: Words(
        _("Not said what the author gets for it"),
        _("Add that you work for the brand, or what you received."),
    ),
    Item.KNOWLEDGE: Words(
        _("Health knowledge as advertising, or with a contact, address or link beside it"),
        _("Make two posts: knowledge without product, shop and location, and one that advertises."),
    ),
    Item.EFFICACY: Words(
        _("Words about an effect without proof on file"),
        _("Use only the words that headquarters has proof for."),
    ),
    Item.RESULT: Words(
        _("A promised result: a cure, a score or degree, a return"),
        _("Take the promise out; describe what is offered."),
    ),
    Item.BEFORE_AFTER: Words(
        _("A comparison of before and after"),
        _("Take the pictures or the sentence out."),
    ),
    Item.ENDORSED: Words(
        _("A doctor, teacher, expert, institution or customer vouches for it"),
        _("Take the name and the recommendation out."),
    ),
    Item.NUMBER: Words(
        _("The approval or licence number is missing or wrong"),
        _("Add the number as headquarters gives it."),
    ),
    Item.RISK: Words(
        _("The risk warning is missing or hard to see"),
        _("Add the risk warning where it is seen without opening anything."),
    ),
    Item.FEE: Words(
        _("Somebody has to pay to join: a fee, deposit, training or starter goods"),
        _("Take out whatever an applicant would have to pay."),
    ),
    Item.HEADS: Words(
        _("Somebody earns by bringing in others"),
        _("Take out any reward for recruiting people."),
    ),
    Item.PAY: Words(
        _("Pay or conditions are untrue, or an income is guaranteed"),
        _("Name the pay as it stands in the contract."),
    ),
    Item.EMPLOYER: Words(
        _("Not said who employs, and where"),
        _("Add the employer and the place of work."),
    ),
    Item.EQUAL: Words(
        _("A condition of sex, age, origin or family"),
        _("Name only what the work itself needs."),
    ),
}


def words_of(codes: Iterable[str]) -> list[tuple[str, Words]]:
    """(code, words) in the order given; a code that is no longer known is left out."""
    known = set(Item)
    return [(code, WORDS[Item(code)]) for code in codes if code in known]
