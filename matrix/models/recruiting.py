"""How customers come into the programme: recruitments, their channels, applications, trials, notices.

Joining has no price: no model here has an amount that somebody pays or earns for recruiting.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Unit, scoped_by
from matrix import masking
from matrix.choices import Platform, Programme
from matrix.models.people import Creator
from matrix.recruiting_choices import (
    ChannelKind,
    FieldKind,
    Flag,
    Level,
    MailState,
    Mode,
    NoticeKind,
    Purpose,
    Reason,
    RecruitmentState,
    Route,
    Stage,
    TrialState,
)

PERSON = settings.AUTH_USER_MODEL


class Recruitment(models.Model):
    """A call for people: what for, how many, until when, and what is asked of whom.

    ``unit`` is the brand, region or store that recruits. ``product`` is what the trial sends; empty
    sends nothing. ``weights`` are those of the score (`screening.WEIGHTS`).
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="recruitments")
    name = models.CharField(_("name"), max_length=80)
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    programme = models.CharField(_("programme"), max_length=12, choices=Programme.choices)
    mode = models.CharField(_("kind"), max_length=10, choices=Mode.choices, default=Mode.ONE_OFF)
    places = models.PositiveIntegerField(_("places"))
    opens_on = models.DateField(_("opens on"))
    closes_on = models.DateField(_("last day"), null=True, blank=True)
    about = models.TextField(_("what it is"))
    asked = models.TextField(_("what is asked of whom"), blank=True)
    product = models.CharField(_("product of the trial"), max_length=120, blank=True)
    note_days = models.PositiveSmallIntegerField(_("days for the note"), default=14)
    reapply_days = models.PositiveSmallIntegerField(_("days until a new application"), default=90)
    weights = models.JSONField(default=dict)
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=RecruitmentState.choices,
        default=RecruitmentState.DRAFT,
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("recruitment")
        verbose_name_plural = _("recruitments")
        constraints = [
            models.CheckConstraint(condition=Q(places__gt=0), name="recruitment_has_places"),
            models.CheckConstraint(
                condition=Q(closes_on=None) | Q(closes_on__gte=F("opens_on")),
                name="recruitment_closes_after_opening",
            ),
            models.CheckConstraint(
                condition=Q(mode=Mode.STANDING) | Q(closes_on__isnull=False),
                name="recruitment_batch_has_last_day",
            ),
            models.CheckConstraint(condition=Q(note_days__gt=0), name="recruitment_note_days"),
        ]
        indexes = [models.Index(fields=["brand", "state"], name="recruitment_of_brand")]

    def __str__(self) -> str:
        return self.name


class ConsentText(models.Model):
    """A version of the words to which people agree. Never changed: another text is a new version."""

    recruitment = models.ForeignKey(Recruitment, models.PROTECT, related_name="consents")
    version = models.PositiveSmallIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("recruitment__unit").as_manager()

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        constraints = [
            models.UniqueConstraint("recruitment", "version", name="consent_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.recruitment} · {self.version}"


class RecruitmentField(models.Model):
    """A question of the recruitment's own. ``retired`` ones are not asked any more."""

    recruitment = models.ForeignKey(Recruitment, models.PROTECT, related_name="fields")
    place = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=FieldKind.choices)
    label = models.CharField(max_length=120)
    options = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    required = models.BooleanField(default=False)
    retired = models.BooleanField(default=False)

    objects = scoped_by("recruitment__unit").as_manager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")

    def __str__(self) -> str:
        return self.label


class RecruitmentChannel(models.Model):
    """One way by which people hear of a recruitment, with a link of its own."""

    recruitment = models.ForeignKey(Recruitment, models.PROTECT, related_name="channels")
    kind = models.CharField(max_length=12, choices=ChannelKind.choices)
    name = models.CharField(max_length=60)
    token = models.CharField(max_length=30, unique=True)
    active = models.BooleanField(default=True)

    objects = scoped_by("recruitment__unit").as_manager()

    class Meta:
        verbose_name = _("recruiting channel")
        verbose_name_plural = _("recruiting channels")
        constraints = [
            models.UniqueConstraint("recruitment", "name", name="recruiting_channel_once")
        ]

    def __str__(self) -> str:
        return self.name


class Application(models.Model):
    """What a person sent. Phone, e-mail and status token are encrypted; the keys find them again.

    ``unit`` is the store wished for, or the recruitment's own unit: managers see what is theirs.
    ``score`` is worked out (`scores.score_recruitment`), ``override`` is a reviewer's with a reason.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="applications")
    recruitment = models.ForeignKey(Recruitment, models.PROTECT, related_name="applications")
    channel = models.ForeignKey(
        RecruitmentChannel, models.PROTECT, related_name="applications", null=True, blank=True
    )
    form_key = models.UUIDField()
    language = models.CharField(max_length=10)
    name = models.CharField(max_length=40)
    phone = models.BinaryField()
    phone_key = models.BinaryField(max_length=32)
    phone_last4 = models.CharField(max_length=4)
    email = models.BinaryField(null=True, blank=True)
    city = models.CharField(max_length=40, blank=True)
    member_number = models.CharField(max_length=40, blank=True)
    adult = models.BooleanField()
    willingness = models.PositiveSmallIntegerField(choices=Level.choices)
    content = models.PositiveSmallIntegerField(choices=Level.choices)
    network = models.PositiveSmallIntegerField(choices=Level.choices)
    recent_notes = models.PositiveSmallIntegerField(null=True, blank=True)
    answers = models.JSONField(default=dict, blank=True)
    consent = models.ForeignKey(ConsentText, models.PROTECT, related_name="+")
    consented_at = models.DateTimeField()
    status_token = models.BinaryField()
    status_key = models.BinaryField(max_length=32, unique=True)
    applied_at = models.DateTimeField()

    stage = models.CharField(
        _("stage"), max_length=10, choices=Stage.choices, default=Stage.APPLIED
    )
    stage_since = models.DateTimeField()
    stage_before = models.CharField(max_length=10, choices=Stage.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices, blank=True)
    reason_text = models.CharField(max_length=300, blank=True)
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")

    facts = models.JSONField(default=dict, blank=True)
    facts_at = models.DateTimeField(null=True, blank=True)
    score = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)
    override = models.PositiveSmallIntegerField(null=True, blank=True)
    override_reason = models.CharField(max_length=200, blank=True)
    route = models.CharField(
        pgettext_lazy("way into the programme", "route"), max_length=12, choices=Route.choices
    )
    route_set = models.BooleanField(default=False)
    flags = ArrayField(
        models.CharField(max_length=20, choices=Flag.choices), default=list, blank=True
    )
    # Who was declined long ago is nobody any more.
    erased = models.BooleanField(default=False)
    creator = models.OneToOneField(
        Creator, models.PROTECT, null=True, blank=True, related_name="application"
    )
    identity_checked_by = models.ForeignKey(
        PERSON, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        constraints = [
            models.UniqueConstraint("recruitment", "phone_key", name="application_once_per_phone"),
            models.UniqueConstraint("recruitment", "form_key", name="application_once_per_form"),
            models.CheckConstraint(condition=Q(adult=True), name="application_of_an_adult"),
            models.CheckConstraint(
                condition=~Q(stage=Stage.DECLINED) | ~Q(reason=""),
                name="application_declined_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(stage=Stage.ACTIVE)
                | Q(creator__isnull=False, identity_checked_by__isnull=False),
                name="application_active_is_checked",
            ),
            models.CheckConstraint(
                condition=Q(override=None) | (Q(override__lte=100) & ~Q(override_reason="")),
                name="application_override_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__lte=100), name="application_score_to_100"
            ),
        ]
        indexes = [
            models.Index(fields=["recruitment", "stage", "stage_since"], name="application_stage"),
            models.Index(fields=["recruitment", "applied_at", "id"], name="application_latest"),
            models.Index(fields=["brand", "phone_key"], name="application_by_phone"),
            models.Index(fields=["unit", "stage"], name="application_of_unit"),
            models.Index(fields=["member_number"], name="application_of_member"),
        ]

    def __str__(self) -> str:
        # The log keeps this for good: no name in full.
        return f"{self.masked_name} #{self.pk}"

    @property
    def masked_name(self) -> str:
        return f"{self.name[:1]}••"

    @property
    def shown_score(self) -> int | None:
        return self.score if self.override is None else self.override


class ApplicationAccount(models.Model):
    """An account that an applicant named; ``handle_key`` is the handle as it is compared."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="accounts")
    platform = models.CharField(max_length=20, choices=Platform.choices)
    handle = models.CharField(max_length=80)
    handle_key = models.CharField(max_length=80)
    url = models.URLField(max_length=300, blank=True)
    followers = models.PositiveIntegerField(null=True, blank=True)

    objects = scoped_by("application__unit").as_manager()

    class Meta:
        verbose_name = _("account of an applicant")
        verbose_name_plural = _("accounts of applicants")
        constraints = [
            models.UniqueConstraint(
                "application", "platform", "handle_key", name="application_account_once"
            )
        ]
        indexes = [
            models.Index(fields=["platform", "handle_key"], name="application_account_key"),
        ]

    def __str__(self) -> str:
        return f"{self.get_platform_display()} · {self.shown_handle}"

    @property
    def shown_handle(self) -> str:
        return masking.shown_handle(self.platform, self.handle)


class Mark(models.Model):
    """What a reviewer thinks of the notes of an applicant, 1 to 5; one of each reviewer."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="marks")
    reviewer = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    mark = models.PositiveSmallIntegerField()
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    objects = scoped_by("application__unit").as_manager()

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        constraints = [
            models.UniqueConstraint("application", "reviewer", name="mark_once_per_reviewer"),
            models.CheckConstraint(condition=Q(mark__gte=1, mark__lte=5), name="mark_1_to_5"),
        ]

    def __str__(self) -> str:
        return str(self.mark)


class Trial(models.Model):
    """What was sent to somebody, and the note that is awaited for it.

    ``address`` (name of the receiver, phone, street) is encrypted. Overdue is not a state: it is a
    note that is awaited past ``due_on``.
    """

    application = models.OneToOneField(Application, models.CASCADE, related_name="trial")
    state = models.CharField(_("state"), max_length=10, choices=TrialState.choices)
    address = models.BinaryField(null=True, blank=True)
    carrier = models.CharField(_("carrier"), max_length=40, blank=True)
    parcel = models.CharField(_("parcel number"), max_length=40, blank=True)
    sent_on = models.DateField(_("sent on"), null=True, blank=True)
    received_on = models.DateField(_("received on"), null=True, blank=True)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    extended_days = models.PositiveSmallIntegerField(default=0)
    extended_for = models.CharField(max_length=200, blank=True)
    link = models.URLField(max_length=300, blank=True)
    handed_in_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)

    objects = scoped_by("application__unit").as_manager()

    class Meta:
        verbose_name = pgettext_lazy("application", "trial")
        verbose_name_plural = pgettext_lazy("application", "trials")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=[TrialState.RECEIVED, TrialState.HANDED_IN])
                | Q(due_on__isnull=False),
                name="trial_awaited_has_day",
            ),
            models.CheckConstraint(
                condition=~Q(state=TrialState.TO_SEND) | Q(address__isnull=False),
                name="trial_sent_somewhere",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[TrialState.HANDED_IN, TrialState.DONE]) | ~Q(link=""),
                name="trial_done_has_link",
            ),
            models.CheckConstraint(
                condition=Q(extended_days=0) | ~Q(extended_for=""),
                name="trial_extended_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="trial_due")]

    def __str__(self) -> str:
        return str(self.application)


class Notice(models.Model):
    """What an applicant was told, in the language of the application. The page shows it at once;
    ``mail`` and ``exported_at`` say by which other way it went out.
    """

    application = models.ForeignKey(Application, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
    text = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    mail = models.CharField(max_length=6, choices=MailState.choices, blank=True, default="")
    mailed_at = models.DateTimeField(null=True, blank=True)
    exported_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("application__unit").as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(fields=["application", "-at"], name="notice_of_application"),
            models.Index(fields=["id"], condition=Q(mail=MailState.DUE), name="notice_mail_due"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class DoorCount(models.Model):
    """How often something came to the public form within an hour (`form_guard`).

    ``key`` is a digest of an address, a recruitment or a used form: no address is kept in clear.
    """

    key = models.BinaryField(max_length=32)
    since = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("count at the public form")
        verbose_name_plural = _("counts at the public form")
        constraints = [models.UniqueConstraint("key", "since", name="door_count_once")]
        indexes = [models.Index(fields=["since"], name="door_count_since")]

    def __str__(self) -> str:
        return str(self.pk)
