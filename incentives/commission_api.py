"""Commission on the REST API: the lines that runs posted, and why each order line is what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.api_keys import needs_scope
from incentives import api_names, explaining, explaining_words, words
from incentives.choices import BeneficiaryRole, RunState
from incentives.explaining import Explanation, OrderCase
from incentives.models import CommissionLine
from kosops.lib import api
from kosops.ui.parts import CalcRow
from matrix.models import Creator

VIEW = "commission.view"
READ = "commissions:read"
ROLE = api.one_of(BeneficiaryRole.values)


# -- the feed ------------------------------------------------------------------


@needs_scope(READ)
@api_view(["GET"])
def lines(request: Request) -> Response:
    """Commission lines in the order in which they were posted.

    Only runs that are done are read, and a brand has one at a time: whoever goes on from a cursor
    misses no line.
    """
    found = api.parameters(
        request,
        period=api.a_month,
        creator=api.text,
        role=ROLE,
        updated_since=api.a_moment,
        **api_names.ORDER,
        **api.PAGED,
    )
    if found["external_id"]:
        api.need(found, "source")
    rows = CommissionLine.objects.for_user(request.auth, VIEW).filter(run__state=RunState.POSTED)
    if found["creator"]:
        rows = rows.filter(creator=api_names.find_creator(request.auth, VIEW, found["creator"]))
    if month := found["period"]:
        rows = rows.filter(run__as_of__range=(month.first_day, month.last_day))
    if since := found["updated_since"]:
        rows = rows.filter(run__posted_at__gte=since)
    wanted = {
        "role": found["role"],
        "order__source": found["source"],
        "order__external_id": found["external_id"],
    }
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    related = ("run", "order", "order_line", "creator__store", "rate__version")
    return api.page(request, rows.select_related(*related), found, written_line)


def written_line(line: CommissionLine) -> dict[str, Any]:
    currency = line.order.currency
    return {
        "order": api_names.order(line.order),
        "line": line.order_line.line_no,
        "creator": api_names.creator(line.creator),
        "role": line.role,
        "sequence": line.sequence,
        "plan": line.rate.version.name,
        "rate_bp": line.rate_bp,
        "base": api.money(line.base, currency),
        "target": api.money(line.target, currency),
        "amount": api.money(line.amount, currency),
        "paid_on": api.day(line.order.business_date),
        "posted_on": api.day(line.run.as_of),
        "updated_at": api.moment(line.run.posted_at),
    }


# -- why -----------------------------------------------------------------------


@needs_scope(READ)
@api_view(["GET"])
def explain(request: Request) -> Response:
    """Why each order line brings whom how much in each role, or nothing."""
    found = api.parameters(request, line=api.text, role=ROLE, creator=api.text, **api_names.ORDER)
    api.need(found, *api_names.ORDER)
    order = api_names.find_order(request.auth, VIEW, found["source"], found["external_id"])
    only = (
        api_names.find_creator(request.auth, VIEW, found["creator"]) if found["creator"] else None
    )
    case = OrderCase(order)
    people = {
        person.pk: person
        for person in Creator.objects.for_user(request.auth, VIEW)
        .filter(pk__in=case.everybody())
        .select_related("store")
    }
    if access.reach(request.auth, "payouts.view"):
        case.ask_payees(people.values())
    if only is not None:
        people = {only.pk: only}
    rows = [row for row, _facts in case.facts if found["line"] in (None, row.line_no)]
    if found["line"] and not rows:
        raise api.BadParameter("line", "invalid", words.NO_SUCH_LINE)
    roles = [found["role"]] if found["role"] else list(BeneficiaryRole.values)
    return Response(
        {
            "order": api_names.order(order)
            | {
                "status": order.status,
                "store": order.store.code,
                "paid_on": api.day(order.business_date),
                "currency": order.currency,
                "waits_for_run": case.waits,
            },
            "items": [
                written
                for row in rows
                for role in roles
                for written in _of_role(case, row, role, people, only)
            ],
        }
    )


def _of_role(
    case: OrderCase, line: Any, role: str, people: dict[int, Creator], only: Creator | None
) -> Iterator[dict[str, Any]]:
    """Everybody in a role on a line, or why nobody is. Who is beyond the key's reach is left out."""
    concerned = case.concerned(line, role)
    if only is not None:
        concerned = [only.pk]
    if not concerned:
        missing = explaining.VACANT[role]
        yield {
            "line": line.line_no,
            "role": role,
            "creator": None,
            "state": None,
            "missing": missing,
            "text": str(words.MISSING[missing]),
            "amount": None,
        }
    for pk in concerned:
        if pk in people:
            yield written(case.explain(line, people[pk], role))


def written(why: Explanation) -> dict[str, Any]:
    """An explanation: codes for programs, sentences in the language of the request."""
    currency, line = why.line.order.currency, why.line
    credited = not why.missing
    return {
        "line": line.line_no,
        "role": why.role,
        "creator": api_names.creator(why.creator),
        "state": why.state or None,
        "missing": why.missing or None,
        "text": words.state_sentence(why),
        "amount": api.money(why.target, currency) if credited else None,
        "month_added": api.money(why.month.added, currency) if credited else None,
        "rule": _rule(why, currency),
        "facts": {
            "sku": line.sku,
            "category": line.category,
            "commissionable": line.commissionable,
            "paid": api.money(line.paid_amount, currency),
            "refunded": api.money(line.refunded_amount, currency),
            "base": api.money(why.base, currency),
            "pieces": line.quantity,
        },
        "calculation": rows_of(words.calculation(why)),
        "limits": [
            {
                "code": limit.code,
                "limit": api.money(limit.limit, currency),
                "wanted": api.money(limit.wanted, currency),
                "got": api.money(limit.got, currency),
                "text": explaining_words.limit_sentence(limit),
            }
            for limit in (*why.limits, *why.month.limits)
        ],
        "gates": [
            {"code": gate.code, "open": gate.met, "text": gate.text, "note": gate.note or None}
            for gate in explaining_words.gates(why)
        ],
        "dates": {
            "paid_on": api.day(line.order.business_date),
            "due_on": api.day(why.due_on),
            "released_on": api.day(why.released_on),
            "posted": [
                {
                    "on": api.day(posted.on),
                    "base": api.money(posted.base, currency),
                    "amount": api.money(posted.amount, currency),
                }
                for posted in why.posted
            ],
        },
        "would_change": [
            {"code": code, "text": sentence} for code, sentence in explaining_words.changes(why)
        ],
    }


def _rule(why: Explanation, currency: str) -> dict[str, Any] | None:
    """The plan of the line, with the frozen rate where there is one."""
    if why.version is None:
        return None
    fixed = why.rate.fixed_amount if why.rate else None
    return {
        "plan": why.version.name,
        "valid_from": api.day(why.version.valid.lower),
        "rate_bp": why.rate_bp if why.rate else None,
        "plan_rate_bp": why.plan_rate_bp if why.rate else None,
        "fixed": api.money(fixed, currency) if fixed is not None else None,
        "cap_bp": why.version.cap_bp,
        "shielded_by": why.shielded_by.name if why.shielded_by else None,
        "own_order_bp": why.own_bp,
        "text": words.rule_sentence(why) if why.rate else None,
    }


def rows_of(rows: list[CalcRow]) -> list[dict[str, Any]]:
    """A calculation as it stands on the page."""
    return [
        {"label": str(row.label), "how": str(row.how) or None, "value": row.value or None}
        for row in rows
    ]
