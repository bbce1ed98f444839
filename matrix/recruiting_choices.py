"""Closed lists of recruiting."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Purpose(models.TextChoices):
    """C30: what people are looked for."""

    TRIAL = "trial", _("New-product trial")
    FEEDBACK = "feedback", _("Experience feedback")
    RECOMMENDATION = "recommendation", pgettext_lazy("recruiting purpose", "Recommendation")
    DISTRIBUTION = "distribution", pgettext_lazy("recruiting purpose", "Distribution")


class Mode(models.TextChoices):
    """C33: one batch with a last day, or always open."""

    ONE_OFF = "one_off", _("One batch")
    STANDING = "standing", _("Always open")


class RecruitmentState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", pgettext_lazy("recruitment", "Open")
    CLOSED = "closed", pgettext_lazy("recruitment", "Closed")
    ARCHIVED = "archived", _("Archived")


class ChannelKind(models.TextChoices):
    """C31 and C25: where people hear of it."""

    WECHAT = "wechat", _("WeChat ecosystem")
    APP = "app", _("Own app or mini-programme")
    MEMBERS = "members", _("Chosen members")
    PARTNER = "partner", _("Partner sales channel")
    STORE = "store", _("In the store")
    GROUP = "group", _("WeChat group")
    ONE_TO_ONE = "one_to_one", _("One to one")


class FieldKind(models.TextChoices):
    SHORT = "short", _("Short text")
    LONG = "long", _("Long text")
    CHOICE = "choice", _("One of several")
    YES_NO = "yes_no", _("Yes or no")
    LINK = "link", _("Link")


class Stage(models.TextChoices):
    APPLIED = "applied", pgettext_lazy("stage", "Applied")
    SCREENING = "screening", _("Screening")
    TRIAL = "trial", pgettext_lazy("application", "Trial")
    ACTIVE = "active", pgettext_lazy("application", "Active")
    DECLINED = "declined", pgettext_lazy("application", "Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# In an address: whoever is still to be screened.
UNDECIDED = "undecided"


class Route(models.TextChoices):
    """C13 to C16: what suits somebody, from willingness, content and network."""

    SHARER = "sharer", _("Sharer")
    SEEDING = "seeding", pgettext_lazy("route", "Seeding")
    DISTRIBUTOR = "distributor", _("Distributor")


class Level(models.IntegerChoices):
    """The answers to the three questions about willingness, content and network."""

    NO = 0, _("Not yet")
    SOME = 1, _("Now and then")
    MUCH = 2, _("Regularly")


class Flag(models.TextChoices):
    """What a reviewer should look at; nothing of it decides by itself."""

    APPLIED_BEFORE = "applied_before", _("Applied elsewhere before")
    SAME_ACCOUNT = "same_account", _("Account named by somebody else")
    ALREADY_CREATOR = "already_creator", _("Already takes part")
    LEFT_BEFORE = "left_before", _("Left the programme before")
    BANNED_ACCOUNT = "banned_account", _("Account is banned")


# Whoever carries one of these is not invited with many others, only by name.
HOLDING = (Flag.SAME_ACCOUNT, Flag.ALREADY_CREATOR, Flag.LEFT_BEFORE, Flag.BANNED_ACCOUNT)


class Reason(models.TextChoices):
    """Why somebody is declined. None is about what they think of the brand."""

    PLACES = "places", _("Places are taken")
    INCOMPLETE = "incomplete", _("Details are missing")
    ACCOUNT = "account", _("Account cannot be used")
    TWICE = "twice", _("Takes part already")
    CRITERIA = "criteria", _("Others fitted the task better")
    TRIAL = "trial", _("Trial was not completed")
    OTHER = "other", pgettext_lazy("reason", "Other")


class TrialState(models.TextChoices):
    INVITED = "invited", _("Address asked for")
    TO_SEND = "to_send", _("To be sent")
    SENT = "sent", pgettext_lazy("parcel", "Sent")
    RECEIVED = "received", _("Note awaited")
    HANDED_IN = "handed_in", _("Handed in")
    DONE = "done", pgettext_lazy("trial", "Done")
    FAILED = "failed", pgettext_lazy("trial", "Not completed")


class NoticeKind(models.TextChoices):
    INVITED = "invited", _("Invitation")
    DECLINED = "declined", _("Decline")
    SENT = "sent", _("Product sent")
    EXTENDED = "extended", _("More time")
    REMINDER = "reminder", _("Reminder")
    FAILED = "failed", _("Trial ended")
    WELCOME = "welcome", _("Welcome")
    TAKEN_BACK = "taken_back", _("Decision taken back")


class MailState(models.TextChoices):
    NONE = "", _("No e-mail")
    DUE = "due", _("E-mail due")
    SENT = "sent", pgettext_lazy("e-mail", "E-mail sent")
    FAILED = "failed", _("E-mail failed")
