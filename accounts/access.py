"""Who may do what where. Everything is refused unless a grant says otherwise.

A permission is a word such as ``orders.view``. A role is a set of permissions; a grant gives a
role at a unit and below. KOS and KOC hold no permission over units: their phone pages show only
what is their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role, UnitKind
from accounts.models import ApiKey, Grant, Person, Unit

VIEW_PROGRAMME = {
    "overview.view",
    "matrix.view",
    "posts.view",
    "tiers.view",
    "points.view",
    "races.view",
    "jobs.view",
    "help.view",
}
# Whoever leads people hands their accounts over.
HAND_OVER = {"custody.edit", "handover.view", "handover.edit"}
VIEW_MONEY = {"orders.view", "commission.view", "payouts.view", "books.view", "rewards.view"}

PERMISSIONS: dict[str, frozenset[str]] = {
    Role.OPERATOR: frozenset(
        VIEW_PROGRAMME
        | VIEW_MONEY
        | HAND_OVER
        | {
            "matrix.edit",
            "help.answer",
            "posts.edit",
            "posts.review",
            "recruiting.view",
            "recruiting.mark",
            "recruiting.edit",
            "jobs.cancel",
            "imports.run",
            "tiers.run",
            "races.edit",
            "races.dispute",
            "commission.plan",
            "commission.run",
            "points.rules",
            "points.grant",
            "points.approve",
            "catalogue.edit",
            "catalogue.fulfil",
            "activity.view",
            "people.manage",
            "api_keys.manage",
            "tiers.confirm",
            "tiers.pin",
            "commission.plan_approve",
            "rewards.edit",
            "disputes.answer",
            "own_orders.check",
            "share_links.edit",
            "rota.edit",
        }
    ),
    Role.ANALYST: frozenset(
        VIEW_PROGRAMME
        | {
            "orders.view",
            "commission.view",
            "recruiting.view",
            "rewards.view",
        }
    ),
    Role.REVIEWER: frozenset(
        VIEW_PROGRAMME
        | {
            "posts.edit",
            "posts.review",
            "help.answer",
            "recruiting.view",
            "recruiting.mark",
        }
    ),
    Role.FINANCE: frozenset(
        VIEW_PROGRAMME
        | VIEW_MONEY
        | {
            "help.answer",
            "jobs.cancel",
            "imports.run",
            "commission.run",
            "commission.settle",
            "races.approve",
            "payouts.make",
            "payouts.approve",
            "points.approve",
            "activity.view",
            "books.correct",
            "books.approve",
            "commission.plan",
            "commission.plan_approve",
            "rewards.approve",
            "disputes.answer",
            "payouts.rules",
            "payees.edit",
            "own_orders.check",
        }
    ),
    Role.AUDITOR: frozenset(
        VIEW_PROGRAMME
        | VIEW_MONEY
        | {
            "activity.view",
            "handover.view",
            "recruiting.view",
        }
    ),
    Role.REGION_MANAGER: frozenset(
        VIEW_PROGRAMME
        | HAND_OVER
        | {
            "orders.view",
            "commission.view",
            "help.answer",
            "points.grant",
            "catalogue.fulfil",
            "races.dispute",
            "recruiting.view",
            "rewards.view",
            "rota.edit",
        }
    ),
    Role.STORE_MANAGER: frozenset(
        VIEW_PROGRAMME
        | HAND_OVER
        | {
            "orders.view",
            "help.answer",
            "catalogue.fulfil",
            "races.dispute",
            "recruiting.view",
            "rota.edit",
        }
    ),
    Role.KOS: frozenset(),
    Role.KOC: frozenset(),
}

HQ_ROLES = frozenset(PERMISSIONS) - {Role.KOS, Role.KOC}

# What a scope of an API key allows, in the words above. A scope without permissions belongs to a
# door that is not open yet; a key may be made ready for it.
SCOPES: dict[str, frozenset[str]] = {
    "accounts:read": frozenset({"matrix.view"}),
    "accounts:write": frozenset({"matrix.view", "matrix.edit"}),
    "content:read": frozenset({"posts.view"}),
    "content:write": frozenset(),
    "posts:write": frozenset({"posts.view"}),
    "metrics:write": frozenset({"posts.view"}),
    "customers:read": frozenset(),
    "customers:write": frozenset(),
    "customers.pii:read": frozenset(),
    "orders:read": frozenset({"orders.view"}),
    "orders:write": frozenset({"orders.view"}),
    "commissions:read": frozenset({"commission.view", "rewards.view"}),
    "tiers:read": frozenset({"tiers.view", "races.view"}),
    "points:write": frozenset({"points.view", "points.grant"}),
    "prices:read": frozenset({"points.view"}),
    "payouts:read": frozenset({"payouts.view"}),
    "payouts:approve": frozenset({"payouts.view", "payouts.approve"}),
    "webhooks:manage": frozenset(),
}

SCOPE_WORDS: dict[str, Promise] = {
    "accounts:read": _("read creators and social accounts"),
    "accounts:write": _("add and change creators and social accounts"),
    "content:read": _("read materials, campaigns and posts"),
    "content:write": _("add and change materials and campaigns"),
    "posts:write": _("report posts"),
    "metrics:write": _("report the figures of posts"),
    "customers:read": _("read customers, without personal identifiers"),
    "customers:write": _("add and change customers and tags"),
    "customers.pii:read": _("read personal identifiers of customers"),
    "orders:read": _("read orders and refunds"),
    "orders:write": _("report orders and refunds"),
    "commissions:read": _("read commission, rewards and statements, with their reasons"),
    "tiers:read": _("read tiers and places in races, with their reasons"),
    "points:write": _("give points; above the limit a second person decides"),
    "prices:read": _("read who has which member price"),
    "payouts:read": _("read payouts and batches, accounts masked"),
    "payouts:approve": _("approve payouts"),
    "webhooks:manage": _("set up webhooks"),
}


# No row has such a number, and a column of ids can hold it.
STAND_INS = 8_000_000_000_000_000_000


@dataclass(frozen=True)
class Reach:
    """Where a person holds a permission: path prefixes, or everything (superusers)."""

    paths: tuple[str, ...] = ()
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.paths)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Paths of which one begins the path of every unit in reach."""
        return ("/",) if self.everything else self.paths

    def covers(self, unit: Unit) -> bool:
        return self.everything or any(unit.path.startswith(path) for path in self.paths)


def reach(person: Any, permission: str) -> Reach:
    """The part of the tree where ``person`` holds ``permission`` today.

    Nothing for anonymous, inactive or unknown people and for permissions that no role has. The
    caller of the REST API is its key: it reaches the unit that it was made for.
    """
    if isinstance(person, ApiKey):
        allowed = any(permission in SCOPES.get(scope, ()) for scope in person.scopes)
        return Reach(paths=(person.unit.path,)) if allowed and person.unit.path else Reach()
    if not isinstance(person, Person) or not person.is_active:
        return Reach()
    if person.is_superuser:
        return Reach(everything=True)
    return Reach(
        paths=tuple(
            sorted(
                {
                    path
                    for role, path in _grants(person)
                    # An unknown role or an unfinished path must not open anything.
                    if path and permission in PERMISSIONS.get(role, ())
                }
            )
        )
    )


def roles_of(person: Any) -> frozenset[str]:
    """The roles that the person holds anywhere today."""
    if not isinstance(person, Person) or not person.is_active:
        return frozenset()
    return frozenset(role for role, _path in _grants(person))


def standing(person: Person) -> tuple[bool, bool, tuple[tuple[str, str], ...]]:
    """All that the person's reach follows from today: who stands alike reaches the same."""
    held = () if person.is_superuser else tuple(sorted(_grants(person)))
    return person.is_active, person.is_superuser, held


def stand_in(person: Person) -> tuple[Person, dict[int, int]]:
    """Somebody with the same roles in a tree of the same form, and whose ids stand for which.

    The person and the units above and at the grants get numbers from `STAND_INS` on, in turn. So
    two people who hold the same roles at different stores have stand-ins that stand alike.
    """
    units: dict[int, int] = {}

    def instead(found: re.Match[str]) -> str:
        return str(units.setdefault(int(found[0]), STAND_INS + 1 + len(units)))

    active, superuser, held = standing(person)
    alike = Person(pk=STAND_INS, is_active=active, is_superuser=superuser)
    alike.__dict__["_held_grants"] = [
        HeldGrant(role, re.sub(r"\d+", instead, path), "", is_current=True) for role, path in held
    ]
    return alike, {STAND_INS: person.pk} | {number: unit for unit, number in units.items()}


def brands_of(person: Any, permission: str) -> list[Unit]:
    """Brands where the person holds ``permission``, wholly or in part, by name."""
    return list(visible_brands(person, permission))


def visible_brands(person: Any, permission: str) -> QuerySet[Unit]:
    """The same, to be asked as part of another query."""
    within = reach(person, permission)
    brands = Unit.objects.filter(kind=UnitKind.BRAND, active=True).order_by("name")
    if within.everything:
        return brands
    return brands.filter(pk__in={int(path.split("/")[1]) for path in within.paths})


def is_hq(person: Any) -> bool:
    """Whether the web dashboard is this person's place, rather than the phone pages."""
    return bool(getattr(person, "is_superuser", False) or roles_of(person) & HQ_ROLES)


def require(person: Any, permission: str, unit: Unit | None = None) -> None:
    """Raise PermissionDenied (403) unless the person holds ``permission`` (at ``unit``)."""
    within = reach(person, permission)
    if not within or (unit is not None and not within.covers(unit)):
        raise PermissionDenied(permission)


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A role that a person holds or held, where, and the brand that this belongs to."""

    role: str
    path: str
    brand: str
    is_current: bool


def grants_of(person: Person) -> list[HeldGrant]:
    """All grants, the oldest first, read once per person object, that is once per request."""
    # ``request.user`` is a wrapper; the person inside it asks too, through `has_perm_code`.
    person = getattr(person, "_wrapped", person)
    cached: list[HeldGrant] | None = person.__dict__.get("_held_grants")
    if cached is None:
        rows = Grant.objects.filter(person=person).annotate(
            is_current=Grant.objects.is_current(timezone.localdate())
        )
        fields = ("role", "unit__path", "unit__brand__name", "is_current")
        cached = [HeldGrant(*row) for row in rows.order_by("pk").values_list(*fields)]
        person.__dict__["_held_grants"] = cached
    return cached


def _grants(person: Person) -> list[tuple[str, str]]:
    """(role, path) of today's grants."""
    return [(grant.role, grant.path) for grant in grants_of(person) if grant.is_current]
