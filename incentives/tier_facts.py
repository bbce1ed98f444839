"""Facts that tier rules can ask for and that do not stand in the posts.

Each source says how its fact is counted for many creators at once. An app above or beside adds its
own when it starts (training: certificates, points: what was earned); the rules then know the name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incentives import tiers

# (first day of the window as an SQL expression or "", only the creator of %(creator)s?) -> SQL
Query = Callable[[str, bool], str]


@dataclass(frozen=True)
class Source:
    """A named fact: ``query`` yields creator_id and value up to %(as_of)s for %(brand)s.

    ``nothing`` is what no row means: 0 where the brand itself would know, None where a platform
    may not have told yet.
    """

    fact: str
    label: str | Promise
    query: Query
    nothing: int | None = 0
    money: bool = False


_sources: dict[str, Source] = {}


def register(source: Source) -> Source:
    """Let ladders ask for the fact."""
    _sources[source.fact] = source
    tiers.name_fact(source.fact, money=source.money)
    return source


def source_of(fact: str) -> Source:
    return _sources[fact]


def sources() -> list[Source]:
    """All facts beside those of the posts, in the order in which they were named."""
    return list(_sources.values())


# -- our own -------------------------------------------------------------------


def _credited(value: str) -> Query:
    def query(since: str, one: bool) -> str:
        return f"""
        SELECT creator_id, {value} AS value
          FROM ({_orders_of("seller_id", since, one)}
                UNION ALL
                {_orders_of("sharer_id", since, one)}
                   AND o.sharer_id IS DISTINCT FROM o.seller_id) credited
         GROUP BY creator_id"""

    return query


def _orders_of(who: str, since: str, one: bool) -> str:
    return f"""
        SELECT o.{who} AS creator_id, o.paid_amount - o.refunded_amount AS net
          FROM customers_order o
         WHERE o.brand_id = %(brand)s AND o.status <> 'closed' AND o.currency = %(currency)s
           AND o.paid_amount > o.refunded_amount AND o.business_date <= %(as_of)s
           AND o.{who} {"= %(creator)s" if one else "IS NOT NULL"}
           {f"AND o.business_date >= {since}" if since else ""}"""


def _leads(since: str, one: bool) -> str:
    """Sums of reports that lie wholly in the window; a report inside a longer one counts once."""
    inside = "{r}.period_to <= %(as_of)s" + (f" AND {{r}}.period_from >= {since}" if since else "")
    return f"""
        SELECT r.creator_id, sum(COALESCE(r.form_leads, 0) + COALESCE(r.dm_leads, 0)) AS value
          FROM matrix_staffreport r
         WHERE r.brand_id = %(brand)s AND num_nonnulls(r.form_leads, r.dm_leads) > 0
           AND r.creator_id {"= %(creator)s" if one else "IS NOT NULL"}
           AND {inside.format(r="r")}
           AND NOT EXISTS (
            SELECT 1 FROM matrix_staffreport longer
             WHERE longer.account_id = r.account_id AND longer.id <> r.id
               AND longer.period_from <= r.period_from AND longer.period_to >= r.period_to
               AND num_nonnulls(longer.form_leads, longer.dm_leads) > 0
               AND {inside.format(r="longer")})
         GROUP BY r.creator_id"""


register(Source(tiers.ORDERS, _("Credited orders"), _credited("count(*)")))
register(Source(tiers.SALES, _("Credited sales"), _credited("sum(net)::bigint"), money=True))
register(Source(tiers.LEADS, _("Leads"), _leads, nothing=None))
