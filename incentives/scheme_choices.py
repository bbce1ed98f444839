"""Closed lists of the check of schemes against the rules of law and platforms."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SchemeKind(models.TextChoices):
    """What rewards people in a way that somebody sets up. Each is a field of `SchemeCheck`."""

    THEME = "theme", _("Theme of the month")
    RULE = "rule", _("Reward rule")
    RACE = "race", pgettext_lazy("scheme", "Race or contest")
    REWARD = "reward", pgettext_lazy("scheme", "Coupon, gift or benefit")
    STANDING = "standing", _("Member price")


class Asked(models.TextChoices):
    """What people have to do besides, for the reward or to take part."""

    SHARE = "share", _("Tap share or repost something, whatever comes of it")
    GATE = "gate", _("Share first, before they may see something or take part")
    RECRUIT = "recruit", _("Bring in people who join")
    LEVELS = "levels", _("Have others under them whose work or sales pay them too")
    FEE = "fee", _("Pay something to join or to take part")
    LIKES = "likes", _("Collect likes from friends")
    PRAISE = "praise", _("Give a good rating or praise")
    UNMARKED = "unmarked", _("Post without a word that it is rewarded")


class Youngest(models.TextChoices):
    ADULT = "adult", _("18 and older")
    TEEN = "teen", _("from 14")
    CHILD = "child", _("younger than 14 too")


class Outcome(models.TextChoices):
    CLEAR = "clear", pgettext_lazy("scheme check", "Nothing found")
    ACCEPTED = "accepted", pgettext_lazy("scheme check", "Warnings accepted")
    WARNED = "warned", pgettext_lazy("scheme check", "Warnings to accept")
    STOPPED = "stopped", pgettext_lazy("scheme check", "Not allowed")
