"""Closed lists of custody, of the register of violations, of platform rules and of handover."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SimOwner(models.TextChoices):
    """In whose name the number is that an account was opened with."""

    COMPANY = "company", _("The company")
    HOLDER = "holder", _("The person who holds it")
    OTHER = "other", _("Somebody else")


class ClosedWhy(models.TextChoices):
    """Why an account is no longer part of the matrix."""

    PLATFORM = "platform", _("Closed by the platform")
    UNUSED = "unused", _("No longer used")
    WITHDRAWN = "withdrawn", _("Authorisation withdrawn")
    WITH_OWNER = "with_owner", _("Stays with its owner")


class EventKind(models.TextChoices):
    """What a platform did to an account, or the company about it."""

    WARNING = "warning", _("Warning")
    THROTTLED = "throttled", _("Throttled")
    REMOVED = "removed", _("Content removed")
    BANNED = "banned", _("Banned")
    APPEAL = "appeal", _("Appeal filed")
    APPEAL_WON = "appeal_won", _("Appeal won")
    APPEAL_LOST = "appeal_lost", _("Appeal lost")
    RESTORED = "restored", _("Restored")


# What can be appealed against.
VIOLATIONS = (EventKind.WARNING, EventKind.THROTTLED, EventKind.REMOVED, EventKind.BANNED)
ANSWERS = (EventKind.APPEAL_WON, EventKind.APPEAL_LOST)


class HandoverReason(models.TextChoices):
    LEAVES = "leaves", _("Leaves the company")
    MOVES = "moves", _("Moves to another store")


class HandoverState(models.TextChoices):
    OPEN = "open", pgettext_lazy("handover", "Open")
    DONE = "done", pgettext_lazy("handover", "Closed")
    CANCELLED = "cancelled", pgettext_lazy("handover", "Called off")


class HandoverPath(models.TextChoices):
    """What becomes of a thing that somebody held."""

    TRANSFER = "transfer", _("Goes to a taker")
    UNBIND = "unbind", _("Authorisation is withdrawn")
    LEAVE = "leave", _("Stays with its owner")
    FOLLOW = "follow", _("Goes along to the new store")
    ALONG = "along", _("Goes with the account")
    END = "end", _("Ends with the last day")
    KEEP = "keep", _("Stays as it is")


class TransferKind(models.TextChoices):
    """The two ways in which WeCom gives customers to a colleague."""

    RESIGNED = "resigned", _("From a leaver")
    IN_SERVICE = "in_service", _("Between colleagues")


class TransferState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    ASKED = "asked", _("Asked for in WeCom")
    WAITING = "waiting", _("Begins within 24 hours")
    DONE = "done", pgettext_lazy("customer", "Handed over")
    REFUSED = "refused", _("Refused by the customer")
    LIMIT = "limit", _("Taker has too many customers")
    INVITED = "invited", _("Asked to add the taker")
    DROPPED = "dropped", _("Not handed over")


# Nothing more is to be done about a customer in these.
TRANSFER_ENDS = (TransferState.DONE, TransferState.INVITED, TransferState.DROPPED)


class Risk(models.TextChoices):
    """K30: why the company could not get an account back."""

    PERSONAL_WECHAT = "personal_wechat", _("Personal WeChat cannot be handed over")
    PERSONAL = "personal", _("Belongs to the person")
    AUTHORISED = "authorised", _("The person can withdraw it")
    SIM = "sim", _("The number is not the company's")
