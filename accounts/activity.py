"""The activity log: one row per command, and how it reads on a page."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Activity, Person, Unit
from kosops.ui import formats
from kosops.ui.parts import Change

SYSTEM = "kosops"

# What happened to an object, by the part of the verb after the dot. Every verb in the product is
# listed (tests/test_consistency.py), so that the log reads in each language.
DONE: dict[str, Promise] = {
    "added": pgettext_lazy("activity", "added"),
    "warnings_accepted": pgettext_lazy("activity", "warnings accepted"),
    "answered": pgettext_lazy("activity", "answered"),
    "approved": pgettext_lazy("activity", "approved"),
    "born_named": pgettext_lazy("activity", "day of birth named"),
    "begun": pgettext_lazy("activity", "begun"),
    "asked": pgettext_lazy("activity", "asked"),
    "answers_taken": pgettext_lazy("activity", "answers of WeCom taken in"),
    "called_off": pgettext_lazy("activity", "called off"),
    "cancelled": pgettext_lazy("activity", "stopped"),
    "changed": pgettext_lazy("activity", "changed"),
    "checked": pgettext_lazy("activity", "checked"),
    "closed": pgettext_lazy("activity", "closed"),
    "contact_shown": pgettext_lazy("activity", "contact shown in full"),
    "codes_added": pgettext_lazy("activity", "codes added"),
    "confirmed": pgettext_lazy("activity", "confirmed"),
    "attendance_corrected": pgettext_lazy("activity", "attendance corrected"),
    "customer_changed": pgettext_lazy("activity", "a customer's handover changed"),
    "customers_added": pgettext_lazy("activity", "customers listed"),
    "customers_asked": pgettext_lazy("activity", "customers asked for in WeCom"),
    "deactivated": pgettext_lazy("activity", "access ended"),
    "declined": pgettext_lazy("activity", "declined"),
    "done": pgettext_lazy("activity", "finished"),
    "drafted": pgettext_lazy("activity", "drafted"),
    "dropped": pgettext_lazy("activity", "dropped"),
    "edited": pgettext_lazy("activity", "edited"),
    "put": pgettext_lazy("activity", "given a place"),
    "sent_back": pgettext_lazy("activity", "sent back"),
    "downloaded": pgettext_lazy("activity", "file downloaded"),
    "ended": pgettext_lazy("activity", "ended"),
    "evaluated": pgettext_lazy("activity", "worked out"),
    "event_noted": pgettext_lazy("activity", "entry noted in the register"),
    "fixed": pgettext_lazy("activity", "result fixed"),
    "prizes_approved": pgettext_lazy("activity", "prizes approved"),
    "proved": pgettext_lazy("activity", "worked out again"),
    "raised": pgettext_lazy("activity", "asked about"),
    "started": pgettext_lazy("activity", "started"),
    "exported": pgettext_lazy("activity", "exported"),
    "given": pgettext_lazy("activity", "given to somebody else"),
    "handed_on": pgettext_lazy("activity", "handed to a colleague"),
    "left_out": pgettext_lazy("activity", "left out"),
    "handed_out": pgettext_lazy("activity", "handed out to who waited"),
    "shown": pgettext_lazy("activity", "code shown"),
    "given_back": pgettext_lazy("activity", "payout given back"),
    "held": pgettext_lazy("activity", "payouts held"),
    "identified": pgettext_lazy("activity", "identity checked"),
    "handles_shown": pgettext_lazy("activity", "account names shown in full"),
    "issued": pgettext_lazy("activity", "interim statements written"),
    "invited": pgettext_lazy("activity", "given a link to choose a password"),
    "lifted": pgettext_lazy("activity", "payouts go on"),
    "linked": pgettext_lazy("activity", "linked to a post"),
    "made": pgettext_lazy("activity", "made"),
    "kept_apart": pgettext_lazy("activity", "kept apart"),
    "marked": pgettext_lazy("activity", "marked"),
    "mapped": pgettext_lazy("activity", "columns mapped"),
    "merged": pgettext_lazy("activity", "made one person"),
    "moved_up": pgettext_lazy("activity", "moved up from the waiting list"),
    "member_removed": pgettext_lazy("activity", "member taken out"),
    "members_added": pgettext_lazy("activity", "members added"),
    "moved": pgettext_lazy("activity", "moved"),
    "paused": pgettext_lazy("activity", "stopped, the bank named another amount"),
    "phone_shown": pgettext_lazy("activity", "phone shown in full"),
    "reactivated": pgettext_lazy("activity", "may sign in again"),
    "pinned": pgettext_lazy("activity", "tier set by hand"),
    "profile_checked": pgettext_lazy("activity", "profile checked"),
    "removed": pgettext_lazy("activity", "removed"),
    "receipt_accepted": pgettext_lazy("activity", "receipt accepted"),
    "receipt_declined": pgettext_lazy("activity", "receipt not accepted"),
    "receipt_handed_in": pgettext_lazy("activity", "receipt handed in"),
    "receipt_taken_back": pgettext_lazy("activity", "receipt taken back"),
    "refused": pgettext_lazy("activity", "refused an act"),
    "rejected": pgettext_lazy("activity", "rejected"),
    "resumed": pgettext_lazy("activity", "goes on"),
    "results_taken": pgettext_lazy("activity", "bank results taken in"),
    "retried": pgettext_lazy("activity", "tried again"),
    "reversed": pgettext_lazy("activity", "reversed"),
    "revoked": pgettext_lazy("activity", "revoked"),
    "route_changed": pgettext_lazy("activity", "route changed"),
    "reviewed": pgettext_lazy("activity", "reviewed"),
    "corrected": pgettext_lazy("activity", "corrected by the author"),
    "row_corrected": pgettext_lazy("activity", "row corrected"),
    "row_decided": pgettext_lazy("activity", "row decided"),
    "row_left_out": pgettext_lazy("activity", "row left out"),
    "run": pgettext_lazy("activity", "run"),
    "saved": pgettext_lazy("activity", "saved"),
    "score_changed": pgettext_lazy("activity", "score changed"),
    "settled": pgettext_lazy("activity", "settled"),
    "sheet_chosen": pgettext_lazy("activity", "sheet chosen"),
    "silence_noted": pgettext_lazy("activity", "noted that there is no answer"),
    "shifts_added": pgettext_lazy("activity", "shifts added"),
    "signed_out": pgettext_lazy("activity", "signed out everywhere"),
    "signed": pgettext_lazy("activity", "signed"),
    "stage_changed": pgettext_lazy("activity", "stage changed"),
    "state_changed": pgettext_lazy("activity", "state changed"),
    "stopped": pgettext_lazy("activity", "stopped and taken back"),
    "submitted": pgettext_lazy("activity", "submitted"),
    "taker_chosen": pgettext_lazy("activity", "taker chosen"),
    "ticked": pgettext_lazy("activity", "attendance ticked"),
    "unpinned": pgettext_lazy("activity", "tier left to the rules again"),
    "withdrawn": pgettext_lazy("activity", "withdrew"),
    "uploaded": pgettext_lazy("activity", "uploaded"),
}

# What the facts of a row are called. Fields whose models name them in words need no line here.
FACTS: dict[str, Promise] = {
    "absent": _("Absent without a word"),
    "accounts": _("Social accounts"),
    "adjustments": _("Adjustments"),
    "advice": _("Advice"),
    "amount": _("Amount"),
    "address": _("Shop address"),
    "active": pgettext_lazy("recruiting channel", "Link works"),
    "ambiguous": _("To decide"),
    "api_key": _("API key"),
    "api_keys_revoked": _("API keys revoked"),
    "at_risk": _("At risk"),
    "came": _("Attendance"),
    "avatar": _("Picture"),
    "badges": _("Role badges"),
    "bookings": _("Bookings by hand"),
    "brand_account": _("Leads on to the brand’s"),
    "batches": _("Batches"),
    "bought_on": _("Bought on"),
    "cap_bp": _("Cap"),
    "changed": _("Changed"),
    "completion": _("Tasks completed of a hundred"),
    "content": _("Posts in 30 days"),
    "channel": _("Channel"),
    "clawed_back": _("Clawed back"),
    "code": _("Code"),
    "colleague": _("Colleague"),
    "columns": _("Columns"),
    "consent_way": _("Consent"),
    "content_hash": _("Digest of the content"),
    "count": _("Number of payouts"),
    "coupons": _("Coupons handed out"),
    "coupons_back": _("Coupons withdrawn"),
    "coupons_wait": _("Coupons that wait for stock"),
    "creator": _("Creator"),
    "creators": _("Creators"),
    "customer": _("Customer"),
    "demoted": _("Fallen"),
    "differences": _("Differences"),
    "entries": _("Participants"),
    "scheme": _("Scheme"),
    "due_on": _("Due on"),
    "earned": _("Earned"),
    "domain": _("Domain"),
    "days": _("Days"),
    "evaluated": _("Evaluated"),
    "event": _("What happened"),
    "excused": _("Absent, excused"),
    "expired": _("Points expired"),
    "expired_people": _("People whose points expired"),
    "expires_at": _("Ends on"),
    "failed": _("Failed"),
    "faulty": _("To fix"),
    "extended_days": _("More days"),
    "fields": _("Fields"),
    "findings": _("What was found"),
    "review": _("Review"),
    "first": _("First day"),
    "leads": _("Leads the store"),
    "weight": _("Share in the pot"),
    "full_phones": _("Phone numbers in full"),
    "file_hash": _("Digest of the file"),
    "finance_over": _("Finance approves above"),
    "for_whom": _("For whom"),
    "format": _("Kind of file"),
    "heads": _("Heads by tier"),
    "held": _("Held"),
    "held_back": _("Held back"),
    "hold_days": _("Hold in days"),
    "identity": _("Known by"),
    "influence": _("Followers"),
    "into": _("Counts from now on"),
    "introduction": _("Introduction"),
    "host": _("Host"),
    "in_use": _("In use"),
    "holder": _("Held by"),
    "journals": _("Journals"),
    "kind": _("Kind"),
    "koc": _("KOC"),
    "koc_kind": _("KOC kind"),
    "kos": _("KOS"),
    "language": _("Language"),
    "left_out": _("Left out"),
    "line": _("Row"),
    "lines": _("Lines"),
    "links": _("Links of posts"),
    "list": _("List"),
    "mark": _("Mark"),
    "masked": pgettext_lazy("payout", "Account"),
    "members": _("Members"),
    "method": _("Method"),
    "minimum": _("Smallest payout"),
    "month": _("Month"),
    "moved": _("In another layer"),
    "new": _("New"),
    "name": pgettext_lazy("platform", "Name"),
    "newly_at_risk": _("Newly at risk"),
    "note": _("Remark"),
    "number": _("Number"),
    "on": _("Day"),
    "on_paper": _("On paper"),
    "order_amount": _("Sum of the orders"),
    "orders": _("Orders"),
    "other": _("The other one"),
    "outcome": _("Result"),
    "over_quota": _("Accounts of KOS over the quotas of platforms"),
    "owed_back": _("Owed back"),
    "ownership": _("Ownership"),
    "paid": pgettext_lazy("payout", "Paid"),
    "pairings": _("Pairings"),
    "parent": _("Above it"),
    "part": _("Part"),
    "path": _("Page"),
    "payable": _("Payable"),
    "payout_batches": _("Payout batches"),
    "people": _("People"),
    "places": _("Places"),
    "purpose": _("Purpose"),
    "person": _("Person"),
    "platform": _("Platform"),
    "points": _("Points"),
    "position": _("Position"),
    "post": _("Post"),
    "posts": _("Posts"),
    "potential": _("Potential layer"),
    "private": _("Private account"),
    "present": _("Came"),
    "prizes": _("Prizes"),
    "profile": _("Profile"),
    "programme": _("Programme"),
    "promoted": _("Risen"),
    "public": _("Public account"),
    "quality": _("Quality layer"),
    "query": _("Filters"),
    "out_nos": _("Payout numbers"),
    "questions": _("Questions about money"),
    "reason": _("Reason"),
    "second_over": _("Second checker above"),
    "span": pgettext_lazy("tax", "Worked out"),
    "staff_by_payroll": _("Staff are paid by payroll"),
    "received_on": _("Received on"),
    "recovered": _("Recovered"),
    "refund_amount": _("Sum of the refunds"),
    "refunds": _("Refunds"),
    "regions": _("Regions"),
    "released": _("Released"),
    "released_people": _("People with points released"),
    "reversal": _("Reversed by"),
    "rewards": _("Rewards"),
    "role": _("Role"),
    "route": pgettext_lazy("way into the programme", "Route"),
    "rows": _("Rows"),
    "rules": _("Rules"),
    "scopes": _("Scopes"),
    "settlements": _("Settlements"),
    "share_code": _("Share code"),
    "sha256": _("Digest of the file"),
    "score": _("Score"),
    "sent_on": _("Sent on"),
    "sheet": _("Worksheet"),
    "shifts": _("Shifts"),
    "side": _("Side"),
    "since": _("First day"),
    "skill": _("Interactions of the best post"),
    "skipped": _("Skipped"),
    "snapshots": _("Figures of posts"),
    "source": _("Source"),
    "spend": pgettext_lazy("rule of a platform", "Amount"),
    "standard": _("Standard layer"),
    "stage": _("Stage"),
    "state": _("State"),
    "store": _("Store"),
    "stock": _("Stock"),
    "stores": _("Stores"),
    "talent_type": _("Talent type"),
    "taken_back": _("Points taken back"),
    "taken_in": _("Taken in"),
    "taker": _("Taker"),
    "things": _("Things"),
    "tier": _("Tier"),
    "to_pay": _("To be paid"),
    "topic": _("What it is about"),
    "trade": _("Trade"),
    "total": _("Sum"),
    "unchanged": _("Unchanged"),
    "unit": _("Unit"),
    "unknown": _("Unknown"),
    "until": _("Last day"),
    "valid_from": _("First day"),
    "valid_until": _("Last day"),
    "value": pgettext_lazy("rule of a platform", "Value"),
    "weights": _("Weights"),
    "written_off": _("Written off"),
    "waiting_refunds": _("Refunds without an order"),
}

# Facts that are amounts, by the kind of object that has them.
AMOUNTS = {
    "incentives.controltotal": {"order_amount", "refund_amount"},
    "incentives.correction": {"amount"},
    "incentives.boost": {"total"},
    "incentives.boostbudget": {"total"},
    "incentives.payoutbatch": {"total"},
    "incentives.settlement": {
        *("adjustments", "clawed_back", "earned", "held", "owed_back", "payable", "prizes"),
        *("released", "rewards", "to_pay", "written_off"),
    },
    "incentives.race": {"total"},
    "matrix.platformrule": {"spend"},
}

_pages: dict[str, str] = {}


def record(
    *,
    by: Person | None,
    verb: str,
    object: Model,
    unit: Unit | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    at: dt.datetime | None = None,
) -> Activity:
    """Write who did what to which object. ``by`` None means the system itself (a nightly run).

    ``verb`` is dotted, object first: ``payout_batch.approved``; its second part stands in `DONE`.
    Values must be JSON types and must not hold personal identifiers.
    """
    row = _row(by, verb, object, unit, before, after, at or timezone.now())
    row.save()
    return row


def record_many(
    *,
    by: Person | None,
    verb: str,
    objects: Iterable[tuple[Model, Unit | None]],
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> int:
    """Write the same for each of many objects, so that each one's history is whole."""
    now = timezone.now()
    rows = [_row(by, verb, object, unit, before, after, now) for object, unit in objects]
    return len(Activity.objects.bulk_create(rows, batch_size=1000))


def _row(
    by: Person | None,
    verb: str,
    object: Model,
    unit: Unit | None,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    at: dt.datetime,
) -> Activity:
    return Activity(
        at=at,
        actor=by,
        actor_label=by.name if by else SYSTEM,
        verb=verb,
        unit=unit,
        object_type=object._meta.label_lower,
        object_id=object.pk,
        object_label=str(object)[:160],
        before=before,
        after=after,
    )


def record_refusal(*, by: Person, path: str, method: str, unit: Unit | None = None) -> Activity:
    """Write that somebody tried on a page what they may not do (A3, M28)."""
    return record(
        by=by,
        verb="person.refused",
        object=by,
        unit=unit,
        after={"path": path[:200], "method": method},
    )


def of(object: Model) -> QuerySet[Activity]:
    """What was done with an object, the latest first."""
    return Activity.objects.filter(
        object_type=object._meta.label_lower, object_id=object.pk
    ).order_by("-at", "-id")


def opens_with(object_type: str, url_name: str) -> None:
    """Say which page shows an object of this type (``app.model``); it takes the id alone."""
    _pages[object_type] = url_name


# -- as a page shows it --------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One row of the log in words."""

    row: Activity
    done: str
    thing: str
    href: str
    changes: list[Change]


def entry(row: Activity) -> Entry:
    model = _model(row.object_type)
    return Entry(
        row=row,
        done=done_words(row.verb),
        thing=capfirst(str(model._meta.verbose_name)) if model else row.object_type,
        href=_href(row),
        changes=_changes(row, model),
    )


def done_words(verb: str) -> str:
    """The verb in words; a verb that nobody has named yet is shown as it stands."""
    last = verb.rpartition(".")[2]
    return str(DONE.get(last, last.replace("_", " ")))


def _model(object_type: str) -> type[Model] | None:
    try:
        return apps.get_model(object_type)
    except (LookupError, ValueError):
        return None


def _href(row: Activity) -> str:
    page = _pages.get(row.object_type)
    return reverse(page, args=[row.object_id]) if page and row.object_id else ""


def _changes(row: Activity, model: type[Model] | None) -> list[Change]:
    before, after = row.before or {}, row.after or {}
    names = [*before, *(name for name in after if name not in before)]
    return [
        Change(
            label=_label(name, model),
            before=_value(name, before.get(name), model),
            after=_value(name, after.get(name), model),
        )
        for name in names
        if before.get(name) != after.get(name)
    ]


def _field(name: str, model: type[Model] | None) -> Any:
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _label(name: str, model: type[Model] | None) -> str:
    if name in FACTS:
        return str(FACTS[name])
    field = _field(name, model)
    words = getattr(field, "verbose_name", "") or name.replace("_", " ")
    return capfirst(str(words))


def _value(name: str, value: Any, model: type[Model] | None) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, int) and model and name in AMOUNTS.get(model._meta.label_lower, ()):
        return formats.money(value)
    choices = dict(getattr(_field(name, model), "flatchoices", ()) or ())
    if isinstance(value, str | int) and value in choices:
        return str(choices[value])
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
