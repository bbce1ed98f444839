"""The facts that a race may count: a registry of names with words, and where each is found.

A fact belongs to a **source**: one query gives all facts of a source for all participants at once.
Other apps add theirs when they start (`register`).

Results count where they were made: an order and a post keep the store at which they came to be,
whoever moves afterwards, and a staff report the unit of its account when it came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from content.choices import PostState
from content.formulas import TIER_INTERACTIONS, sql_of
from customers.choices import OrderStatus
from incentives import organic_sql
from incentives.race_choices import RaceKind

Text = str | Promise

# Paid and not closed; a refund lowers the amount rather than taking the order away.
COUNTED = f"o.status <> '{OrderStatus.CLOSED.value}'"
OF_SEASON = "o.brand_id = %(brand)s AND o.business_date BETWEEN %(first)s AND %(last)s"
CREDITED = "(o.seller_id IS NOT NULL OR o.sharer_id IS NOT NULL)"
# An order counts once for each person whom it names.
NAMED = "CROSS JOIN LATERAL (SELECT o.seller_id UNION SELECT o.sharer_id) AS named (who)"
IS_FIRST = """NOT EXISTS (
        SELECT 1 FROM customers_order e
         WHERE e.brand_id = o.brand_id AND e.buyer_key = o.buyer_key
           AND e.status <> 'closed' AND (e.paid_at, e.id) < (o.paid_at, o.id))"""
# A report inside a longer one of the same account would count its leads twice.
NOT_INSIDE = """NOT EXISTS (
        SELECT 1 FROM matrix_staffreport w
         WHERE w.account_id = r.account_id AND w.id <> r.id
           AND w.period_from <= r.period_from AND w.period_to >= r.period_to
           AND w.period_from >= %(first)s AND w.period_to <= %(last)s)"""


@dataclass(frozen=True)
class Source:
    """Where facts are found. ``by_kind`` maps who runs to a query's (who, from and where).

    Parameters of the text: brand, first, last (days), since, until (moments, until excluded), jump
    and topic of the formula.
    """

    key: str
    by_kind: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Fact:
    """Something that a race can count. ``expression`` is the sum over the rows of its source."""

    key: str
    label: Text
    definition: Text
    source: str
    expression: str
    is_money: bool = False
    # Counts nothing that is held for a person, so the formula says what is.
    organic: bool = False
    kinds: tuple[str, ...] = (RaceKind.STORE, RaceKind.PERSON)


_facts: dict[str, Fact] = {}
_sources: dict[str, Source] = {}


def register(source: Source, facts: Iterable[Fact]) -> None:
    """Add a source and its facts. Raises ValueError where a key is taken."""
    given = {fact.key: fact for fact in facts}
    if source.key in _sources or given.keys() & _facts.keys():
        raise ValueError(f"Registered twice: {source.key}, {', '.join(given)}")
    if any(fact.source != source.key for fact in given.values()):
        raise ValueError(f"A fact of another source than {source.key}")
    _sources[source.key] = source
    _facts.update(given)


def fact(key: str) -> Fact:
    """The fact called ``key``. Raises KeyError for an unknown one."""
    return _facts[key]


def facts(kind: str) -> list[Fact]:
    """The facts that a race of this kind can count, in the order of their registration."""
    return [each for each in _facts.values() if kind in each.kinds]


def known(key: str, kind: str) -> bool:
    return key in _facts and kind in _facts[key].kinds


def organic(keys: Iterable[str]) -> bool:
    """Whether one of these facts is of organic figures."""
    return any(_facts[key].organic for key in keys if key in _facts)


def queries(keys: Iterable[str], kind: str) -> list[str]:
    """One query for each source of these facts, with the columns who and one for each fact."""
    by_source: dict[str, list[Fact]] = {}
    for key in keys:
        by_source.setdefault(_facts[key].source, []).append(_facts[key])
    return [_query(_sources[source], kind, found) for source, found in by_source.items()]


def _query(source: Source, kind: str, found: list[Fact]) -> str:
    who, rows = source.by_kind[kind]
    columns = ", ".join(f"COALESCE({each.expression}, 0)::bigint AS {each.key}" for each in found)
    return f"SELECT {who} AS who, {columns} FROM {rows} GROUP BY 1"


# -- what the product has ------------------------------------------------------

_STORE_ORDERS = (
    "o.store_id",
    f"customers_order o WHERE {OF_SEASON} AND {COUNTED} AND {CREDITED}",
)
_PERSON_ORDERS = (
    "named.who",
    f"customers_order o {NAMED} WHERE {OF_SEASON} AND {COUNTED} AND named.who IS NOT NULL",
)
_POSTS = f"""content_post p WHERE p.brand_id = %(brand)s AND p.published_at >= %(since)s
     AND p.published_at < %(until)s AND p.state = '{PostState.ONLINE.value}'"""
_REPORTS = f"""matrix_staffreport r WHERE r.brand_id = %(brand)s AND r.period_from >= %(first)s
     AND r.period_to <= %(last)s AND {NOT_INSIDE}"""

register(
    Source("orders", {RaceKind.STORE: _STORE_ORDERS, RaceKind.PERSON: _PERSON_ORDERS}),
    [
        Fact(
            "sales_net",
            _("Net sales"),
            _("Paid amounts of orders that name a seller or a sharer, less refunds."),
            "orders",
            "SUM(o.paid_amount - o.refunded_amount)",
            is_money=True,
        ),
        Fact(
            "orders",
            pgettext_lazy("race", "Orders"),
            _("Orders that name a seller or a sharer and were not refunded wholly."),
            "orders",
            "COUNT(*) FILTER (WHERE o.refunded_amount < o.paid_amount)",
        ),
    ],
)
register(
    Source(
        "buyers",
        {
            kind: (who, f"{rows} AND o.buyer_key IS NOT NULL AND {IS_FIRST}")
            for kind, (who, rows) in {
                RaceKind.STORE: _STORE_ORDERS,
                RaceKind.PERSON: _PERSON_ORDERS,
            }.items()
        },
    ),
    [
        Fact(
            "new_buyers",
            _("New buyers"),
            _("Customers whose first order at the brand was made here in the season."),
            "buyers",
            "COUNT(*)",
        )
    ],
)
register(
    Source(
        "posts",
        {
            RaceKind.STORE: ("p.store_id", _POSTS),
            RaceKind.PERSON: ("p.creator_id", f"{_POSTS} AND p.creator_id IS NOT NULL"),
        },
    ),
    [
        Fact(
            "posts",
            pgettext_lazy("race", "Posts"),
            _("Posts published in the season that are online."),
            "posts",
            "COUNT(*)",
        ),
        Fact(
            "interactions",
            _("Interactions"),
            _("Likes, saves and comments of the posts published in the season, as known so far."),
            "posts",
            f"SUM({sql_of(TIER_INTERACTIONS, 'p')})",
        ),
    ],
)
register(
    Source(
        "organic",
        {
            RaceKind.STORE: ("p.store_id", organic_sql.COUNTED),
            RaceKind.PERSON: (
                "p.creator_id",
                f"{organic_sql.COUNTED} AND p.creator_id IS NOT NULL",
            ),
        },
    ),
    [
        Fact(
            "organic_interactions",
            _("Organic interactions"),
            _(
                "Likes, saves and comments of notes published in the season, before any boost. Paid"
                " placements do not count, and figures that rose at once only after a person looked."
            ),
            "organic",
            f"SUM({organic_sql.INTERACTIONS})",
            organic=True,
        ),
        Fact(
            "organic_posts",
            _("Notes of the contest"),
            _("Notes published in the season that count: no paid placements, none that is held."),
            "organic",
            "COUNT(*)",
            organic=True,
        ),
    ],
)
register(
    Source(
        "reports",
        {
            RaceKind.STORE: ("r.unit_id", _REPORTS),
            RaceKind.PERSON: ("r.creator_id", f"{_REPORTS} AND r.creator_id IS NOT NULL"),
        },
    ),
    [
        Fact(
            "leads",
            _("Leads"),
            _("Forms and contact data in messages, from the staff reports inside the season."),
            "reports",
            "SUM(COALESCE(r.form_leads, 0) + COALESCE(r.dm_leads, 0))",
        )
    ],
)
