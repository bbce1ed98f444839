"""People who sign in, the unit tree, grants, API keys, activity and jobs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.choices import JobState, Role, StoreKind, Theme, UnitKind

if TYPE_CHECKING:
    from accounts.access import Reach


class ScopedQuerySet(models.QuerySet[Any]):
    """Rows that belong to a unit. ``scope_path`` names the way from the row to its unit.

    Doors fetch through ``for_user``; outside a person's reach rows do not exist for them.
    A model without ``scope_path`` raises instead of showing everything.
    """

    scope_path: str | None = None

    def for_user(self, person: Any, permission: str) -> Self:
        from accounts.access import reach

        return self.in_reach(reach(person, permission))

    def in_reach(self, within: Reach) -> Self:
        if self.scope_path is None:
            raise TypeError(f"{type(self).__name__} does not say how its rows belong to a unit")
        if within.everything:
            return self.all()
        if not within.paths:
            return self.none()
        units = _units_below(within)
        lookup = "pk__in" if self.scope_path == "" else f"{self.scope_path}__in"
        return self.filter(**{lookup: units})


def scoped_by(path: str, *, base: type[models.QuerySet[Any]] | None = None) -> type[ScopedQuerySet]:
    """A `ScopedQuerySet` class whose rows hang on the unit at ``path`` (``""``: the row is one)."""
    bases = (ScopedQuerySet,) if base is None else (base, ScopedQuerySet)
    return type("ScopedQuerySet", bases, {"scope_path": path})


def _units_below(within: Reach) -> models.QuerySet[Any]:
    condition = Q()
    for path in within.paths:
        condition |= Q(path__startswith=path)
    return Unit.objects.filter(condition).values("pk")


class PersonQuerySet(ScopedQuerySet):
    """People are reached through the units of their grants, present or past."""

    def in_reach(self, within: Reach) -> Self:
        if within.everything:
            return self.all()
        if not within.paths:
            return self.none()
        held = Grant.objects.filter(unit__in=_units_below(within))
        return self.filter(pk__in=held.values("person"))


class PersonManager(BaseUserManager.from_queryset(PersonQuerySet)):  # type: ignore[misc]
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Person:
        person = self.model(username=username, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> Person:
        fields |= {"is_staff": True, "is_superuser": True}
        fields.setdefault("name", username)
        return self.create_user(username, password, **fields)


class Person(AbstractBaseUser, PermissionsMixin):
    """Someone who signs in. What they may do comes from their grants, not from groups."""

    username = models.CharField(_("username"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=80)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(
        _("language"), max_length=10, blank=True, choices=settings.LANGUAGES
    )
    theme = models.CharField(_("theme"), max_length=5, blank=True, choices=Theme.choices)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    date_joined = models.DateTimeField(_("since"), auto_now_add=True)
    # Part of what a session is checked against: raising it ends every session of the person.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    # Wrong codes of the second factor in a row (sign_in.check_code).
    code_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    code_locked_until = models.DateTimeField(null=True, editable=False)
    # Digest of the last code that was accepted: a code is good once, also while the cache is away.
    code_used = models.CharField(max_length=64, blank=True, default="", editable=False)

    objects = PersonManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        indexes = [models.Index(fields=["name", "id"], name="person_by_name")]

    def __str__(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """As Django's, but `session_epoch` counts as well as the password."""
        return salted_hmac(
            "accounts.Person.session",
            f"{self.password}:{self.session_epoch}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    def get_full_name(self) -> str:
        return self.name

    def has_perm_code(self, permission: str) -> bool:
        """Whether the person holds ``permission`` at any unit."""
        from accounts.access import reach

        return bool(reach(self, permission))


class Unit(models.Model):
    """A node of the scope tree: brand (the 1), regions, stores (the X).

    ``path`` holds the ids from the root as ``/1/7/42/``; a subtree is a prefix.
    """

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    kind = models.CharField(max_length=10, choices=UnitKind.choices)
    store_kind = models.CharField(max_length=12, choices=StoreKind.choices, blank=True)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    city = models.CharField(max_length=60, blank=True)
    brand = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    path = models.TextField(editable=False, default="")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("").as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        constraints = [
            models.UniqueConstraint("brand", "code", name="unit_code_once_per_brand"),
            models.UniqueConstraint(
                "code", condition=Q(kind=UnitKind.BRAND), name="unit_brand_code_once"
            ),
            models.CheckConstraint(
                condition=Q(kind=UnitKind.BRAND, parent__isnull=True)
                | (~Q(kind=UnitKind.BRAND) & Q(parent__isnull=False)),
                name="unit_only_brand_is_root",
            ),
        ]
        indexes = [
            models.Index(fields=["path"], name="unit_path_prefix", opclasses=["text_pattern_ops"])
        ]

    def __str__(self) -> str:
        return self.name


class GrantQuerySet(ScopedQuerySet):
    scope_path = "unit"

    def current(self, on: dt.date) -> Self:
        return self.filter(self.is_current(on))

    @staticmethod
    def is_current(on: dt.date) -> Q:
        return (Q(until=None) | Q(until__gte=on)) & Q(since__lte=on)


class Grant(models.Model):
    """A role that a person holds at a unit and below it, between two dates."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="grants")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.UniqueConstraint("person", "role", "unit", "since", name="grant_once"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=models.F("since")), name="grant_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.get_role_display()} · {self.unit}"


class ApiKey(models.Model):
    """A key of the SCRM, shop or data team. Only the prefix and a keyed digest are stored."""

    # The REST framework asks its caller; a key that was found has been checked.
    is_authenticated = True

    name = models.CharField(max_length=80)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="api_keys")
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField(max_length=32)
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


class KeptAnswer(models.Model):
    """The answer to a request of the REST API that moves money, for its repetitions (three days).

    Written with the effect in one transaction: a row without an answer cannot be committed, and an
    answer never changes (migration 0101).
    """

    api_key = models.ForeignKey(ApiKey, models.PROTECT, related_name="+")
    key = models.CharField(max_length=255)
    # Of method, path and the meaning of the body.
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField()

    objects = scoped_by("api_key__unit").as_manager()

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [
            models.UniqueConstraint("api_key", "key", name="kept_answer_once"),
            models.CheckConstraint(
                condition=Q(status=None) | Q(status__gte=200, status__lt=300),
                name="kept_answer_of_success",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_age")]

    def __str__(self) -> str:
        return f"{self.api_key} · {self.key[:40]}"


class Activity(models.Model):
    """One row per command: audit trail, timeline and event source at once. Append-only."""

    at = models.DateTimeField()
    actor = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    actor_label = models.CharField(max_length=80)
    verb = models.CharField(max_length=60)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    object_type = models.CharField(max_length=60)
    object_id = models.BigIntegerField(null=True)
    object_label = models.CharField(max_length=160)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activity log")
        indexes = [
            models.Index(fields=["object_type", "object_id", "-at"], name="activity_of_object"),
            models.Index(fields=["-at", "-id"], name="activity_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_label}"


class SavedView(models.Model):
    """Filters, order and columns of a list under a name: the address of the list is the view.

    ``shared_with`` is the brand whose HQ people see it as well; only its owner changes it.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=60)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000)
    shared_with = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [models.UniqueConstraint("person", "page", "name", name="saved_view_once")]

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """A piece of long work with its progress. The row is the truth; Celery only wakes it."""

    kind = models.CharField(max_length=60)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    label = models.CharField(max_length=160)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.WAITING)
    params = models.JSONField(default=dict)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    counts = models.JSONField(default=dict)
    log = models.JSONField(default=list)
    error = models.TextField(blank=True)
    result_file = models.FileField(max_length=200, blank=True)
    # Which worker has the job: only the one that started this attempt may write to the row.
    attempts = models.PositiveIntegerField(default=0)
    # Attempts that ended badly; at three the job is given up.
    failures = models.PositiveSmallIntegerField(default=0)
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="job_latest"),
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=[JobState.WAITING, JobState.RUNNING]),
                name="job_open",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_open(self) -> bool:
        return self.state in (JobState.WAITING, JobState.RUNNING)

    @property
    def percent(self) -> int | None:
        if not self.total:
            return None
        return min(100, self.done * 100 // self.total)
