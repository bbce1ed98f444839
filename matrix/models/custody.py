"""Who holds an account, with what phone, since when, and what proves it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.custody_choices import EventKind, SimOwner
from matrix.models.accounts import SocialAccount
from matrix.models.people import Creator

PERSON = settings.AUTH_USER_MODEL


class Evidence(models.Model):
    """An uploaded paper or picture, kept under a name of our own. Append-only."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    file = models.FileField(max_length=200)
    original_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField()

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")

    def __str__(self) -> str:
        return self.original_name


class Custody(models.Model):
    """That somebody holds an account: a creator, or a person of headquarters.

    Giver and taker sign. What is signed stays so, which a trigger holds: from the first signature
    who holds what since when, from the second everything but the last day.
    """

    account = models.ForeignKey(SocialAccount, models.PROTECT, related_name="custodies")
    creator = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="custodies"
    )
    person = models.ForeignKey(
        PERSON, models.PROTECT, null=True, blank=True, related_name="custodies"
    )
    # Encrypted; ``phone_masked`` is what pages show.
    phone = models.BinaryField(null=True)
    phone_masked = models.CharField(max_length=20, blank=True)
    sim_owner = models.CharField(max_length=10, choices=SimOwner.choices, blank=True)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="+")
    # Who signed, when, and who was signed in; on paper a colleague recorded it.
    giver_name = models.CharField(max_length=80, blank=True)
    giver_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    giver_at = models.DateTimeField(null=True)
    giver_on_paper = models.BooleanField(default=False)
    taker_name = models.CharField(max_length=80, blank=True)
    taker_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    taker_at = models.DateTimeField(null=True)
    taker_on_paper = models.BooleanField(default=False)
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = scoped_by("account__unit").as_manager()

    class Meta:
        verbose_name = _("custody")
        verbose_name_plural = _("custodies")
        constraints = [
            models.UniqueConstraint("account", condition=Q(until=None), name="custody_one_open"),
            models.CheckConstraint(
                condition=Q(creator=None, person__isnull=False)
                | Q(creator__isnull=False, person=None),
                name="custody_one_holder",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="custody_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(phone=None, phone_masked="")
                | (Q(phone__isnull=False) & ~Q(phone_masked="")),
                name="custody_phone_masked",
            ),
            models.CheckConstraint(
                condition=Q(giver_at=None, giver_by=None, giver_name="", giver_on_paper=False)
                | (Q(giver_at__isnull=False, giver_by__isnull=False) & ~Q(giver_name="")),
                name="custody_giver_signs_whole",
            ),
            models.CheckConstraint(
                condition=Q(taker_at=None, taker_by=None, taker_name="", taker_on_paper=False)
                | (Q(taker_at__isnull=False, taker_by__isnull=False) & ~Q(taker_name="")),
                name="custody_taker_signs_whole",
            ),
            # On paper there is a paper; otherwise two people have signed in.
            models.CheckConstraint(
                condition=Q(giver_on_paper=False, taker_on_paper=False) | Q(evidence__isnull=False),
                name="custody_paper_is_there",
            ),
            models.CheckConstraint(
                condition=Q(giver_on_paper=True)
                | Q(taker_on_paper=True)
                | Q(giver_by=None)
                | Q(taker_by=None)
                | ~Q(giver_by=F("taker_by")),
                name="custody_two_people",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-since", "-id"], name="custody_of_account"),
            models.Index(fields=["creator"], condition=Q(until=None), name="custody_of_creator"),
            models.Index(fields=["person"], condition=Q(until=None), name="custody_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.holder_name}"

    @property
    def holder_name(self) -> str:
        return str(self.creator or self.person or "")

    @property
    def is_signed(self) -> bool:
        return self.giver_at is not None and self.taker_at is not None


class AccountEvent(models.Model):
    """What a platform did to an account or the company about it, on a day. Append-only.

    ``about`` joins an appeal to what it is against, and an answer to its appeal.
    """

    account = models.ForeignKey(SocialAccount, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    on = models.DateField()
    note = models.CharField(max_length=500, blank=True)
    # The platform's own number of the case.
    reference = models.CharField(max_length=80, blank=True)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="+")
    about = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="answers")
    recorded_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()

    objects = scoped_by("account__unit").as_manager()

    class Meta:
        verbose_name = _("entry of the register")
        verbose_name_plural = _("register of violations")
        constraints = [
            models.CheckConstraint(
                condition=Q(about=None)
                | Q(kind__in=[EventKind.APPEAL, EventKind.APPEAL_WON, EventKind.APPEAL_LOST]),
                name="account_event_about_appeals",
            ),
            models.CheckConstraint(
                condition=~Q(
                    kind__in=[EventKind.APPEAL, EventKind.APPEAL_WON, EventKind.APPEAL_LOST]
                )
                | Q(about__isnull=False),
                name="account_event_appeal_is_about",
            ),
            # One appeal at a time, and one answer to each.
            models.UniqueConstraint(
                "about",
                condition=Q(kind__in=[EventKind.APPEAL_WON, EventKind.APPEAL_LOST]),
                name="account_event_one_answer",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-on", "-id"], name="account_event_of_account"),
            models.Index(fields=["on", "id"], name="account_event_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.get_kind_display()}"
