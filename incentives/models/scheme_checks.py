"""Checks of schemes against the rules of law and platforms."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.models.perks import Reward
from incentives.models.races import Race
from incentives.models.rewards import RewardRule
from incentives.models.standing import Standing
from incentives.models.themes import Theme
from incentives.scheme_choices import Outcome, SchemeKind

PERSON = settings.AUTH_USER_MODEL
KINDS = SchemeKind.values


def _only(kind: str) -> Q:
    return Q(**{"kind": kind, f"{kind}__isnull": False} | {k: None for k in KINDS if k != kind})


def _one_scheme() -> Q:
    found = Q()
    for kind in KINDS:
        found |= _only(kind)
    return found


class SchemeCheck(models.Model):
    """What the rules of a version said about one scheme, with what it said of itself and what a
    person said about it. Append-only: the latest of a scheme is the one that none replaces.

    ``findings`` are pairs of severity and code (`scheme_rules.Finding`).
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=8, choices=SchemeKind.choices)
    theme = models.ForeignKey(Theme, models.PROTECT, null=True, related_name="checks")
    rule = models.ForeignKey(RewardRule, models.PROTECT, null=True, related_name="checks")
    race = models.ForeignKey(Race, models.PROTECT, null=True, related_name="checks")
    reward = models.ForeignKey(Reward, models.PROTECT, null=True, related_name="checks")
    standing = models.ForeignKey(Standing, models.PROTECT, null=True, related_name="checks")
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    # As the scheme was called then.
    name = models.CharField(_("name"), max_length=80)
    facts = models.JSONField()
    stated = models.JSONField()
    findings = models.JSONField()
    outcome = models.CharField(_("result"), max_length=8, choices=Outcome.choices)
    rules_version = models.CharField(_("version of the rules"), max_length=10)
    checked_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(auto_now_add=True)
    # Who took the warnings on themselves.
    accepted_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("check of a scheme")
        verbose_name_plural = _("checks of schemes")
        constraints = [
            models.CheckConstraint(condition=_one_scheme(), name="scheme_check_of_one"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.ACCEPTED, accepted_by__isnull=False)
                | ~Q(outcome=Outcome.ACCEPTED) & Q(accepted_by=None),
                name="scheme_check_accepted_by",
            ),
            *(
                models.UniqueConstraint(
                    kind, condition=Q(replaces=None), name=f"scheme_check_first_of_{kind}"
                )
                for kind in KINDS
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "-checked_at", "-id"], name="scheme_check_latest"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scheme(self) -> Theme | RewardRule | Race | Reward | Standing:
        return getattr(self, self.kind)
