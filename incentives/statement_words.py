"""A statement as one sum, part by part: the same on HQ pages, the phone and in files."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incentives.choices import JournalKind
from incentives.models import Posting, Statement
from kosops.ui import formats


@dataclass(frozen=True)
class SumPart:
    """``amount`` as it stands in the sum, without sign; ``sign`` is "", "+", "−" or "=".

    ``define`` names the definition.
    """

    label: str
    amount: int
    sign: str
    define: str = ""

    @property
    def signed(self) -> int:
        return -self.amount if self.sign == "−" else self.amount


_LABELS: dict[str, str | Promise] = {
    "earned": gettext_lazy("Earned"),
    "clawed_back": gettext_lazy("Clawed back"),
    "rewards": gettext_lazy("Rewards"),
    "prizes": gettext_lazy("Prizes"),
    "adjustments": gettext_lazy("Adjustments"),
    "written_off": gettext_lazy("Written off"),
    "held_before": gettext_lazy("Held from before"),
    "held": gettext_lazy("Held in return window"),
    "carried": gettext_lazy("Carried from before"),
    "paid_out": gettext_lazy("Paid out in the month"),
}


def label_of(part: str) -> str:
    return str(_LABELS[part])


def sum_parts(statement: Statement) -> list[SumPart]:
    """earned - clawed back + rewards + ... + held before - held + carried - paid out = payable.

    Earned and held always stand there, the others where they are not nothing.
    """
    signed = {
        "earned": statement.earned,
        "clawed_back": -statement.clawed_back,
        "rewards": statement.rewards,
        "prizes": statement.prizes,
        "adjustments": statement.adjustments,
        "written_off": statement.written_off,
        "held_before": statement.held_opening,
        "held": -statement.held,
        "carried": statement.opening,
        "paid_out": -statement.paid_out,
    }
    parts = []
    for name, amount in signed.items():
        if amount or name in ("earned", "held"):
            minus = amount < 0 or (name == "held" and amount == 0)
            sign = "" if name == "earned" else "−" if minus else "+"
            parts.append(SumPart(label_of(name), abs(amount), sign, name))
    label = _("Owed back") if statement.payable < 0 else _("Payable")
    define = "owed_back" if statement.payable < 0 else "payable"
    return [*parts, SumPart(label, statement.payable, "=", define)]


def in_one_sentence(statement: Statement) -> str:
    """What to expect of the result, where it is not plain."""
    if statement.payable < 0:
        return _(
            "More was taken back than was owed. The next months net it; nobody is asked to pay it"
            " back."
        )
    if statement.tax_withheld:
        return _("Tax of %(tax)s was withheld from what was paid out.") % {
            "tax": formats.money(statement.tax_withheld, statement.settlement.currency)
        }
    return ""


def booking_name(posting: Posting) -> str:
    """What a booking is, for the person whom it concerns."""
    journal = posting.journal
    if journal.reverses is not None:
        return _("%(kind)s, taken back") % {
            "kind": JournalKind(journal.reverses.kind).label,
        }
    return str(JournalKind(journal.kind).label)
