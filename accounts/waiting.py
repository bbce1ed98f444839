"""The "Waiting for you" queue: apps register what they have for a person when they start.

The frame shows counts of it on every page. So that this costs one query and not one for each,
sources name the figures that they need as questions, and all are asked together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Aggregate, Count, QuerySet, Subquery, Value
from django.utils import timezone

from accounts import access
from accounts.models import Person
from kosops.ui.parts import Waiting

Source = Callable[[Person], Iterable[Waiting]]
Question = Callable[[Person], "QuerySet[Any, Any]"]

RANKS = ("must", "notice", "suggestion")
_sources: list[Source] = []
_questions: dict[str, Question] = {}
# Where the answers lie on the person's object, which lives as long as the request.
_KEPT = "_waiting_facts"


def register(source: Source) -> Source:
    """Add a source. It checks the person's permissions itself, and asks a fixed number of queries
    beside its questions.
    """
    if source not in _sources:
        _sources.append(source)
    return source


def question(name: str) -> Callable[[Question], Question]:
    """Register what to ask for a person: a queryset of one figure, as `figure` makes it."""

    def keep(ask: Question) -> Question:
        _questions[name] = ask
        return ask

    return keep


def figure(rows: QuerySet[Any], what: Aggregate | None = None) -> QuerySet[Any, Any]:
    """One figure over ``rows``, by default how many there are."""
    grouped = rows.order_by().annotate(_all=Value(1)).values("_all")
    return grouped.annotate(_figure=what or Count("pk")).values("_figure")


def facts_of(person: Person) -> dict[str, int]:
    """The answers to all questions, asked once for each request; 0 where there is nothing."""
    kept: dict[str, int] | None = person.__dict__.get(_KEPT)
    return kept if kept is not None else _asked(person)


def items_for(person: Person) -> list[Waiting]:
    """All that waits for the person, what must be done first."""
    _asked(person)
    items = [item for source in _sources for item in source(person)]
    return sorted(items, key=lambda item: RANKS.index(item.rank))


def _asked(person: Person) -> dict[str, int]:
    asker = _Asker(
        pk=person.pk,
        grants=access.grants_of(person),
        everything=person.is_superuser,
        active=person.is_active,
        minute=timezone.now().replace(second=0, microsecond=0),
        questions=tuple(_questions.items()),
        # `request.user` is a wrapper that holds its whole request.
        person=getattr(person, "_wrapped", person),
    )
    statement, params = _statement(asker)
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        answers = cursor.fetchone() or [0] * len(_questions)
    facts = {name: answer or 0 for name, answer in zip(_questions, answers, strict=True)}
    person.__dict__[_KEPT] = facts
    return facts


@dataclass(frozen=True)
class _Asker:
    """All that the wording of the questions hangs on: who asks, what they may see, and when."""

    pk: int
    grants: frozenset[tuple[str, str]]
    everything: bool
    active: bool
    minute: dt.datetime
    questions: tuple[tuple[str, Question], ...]
    person: Person = field(compare=False)


@lru_cache(maxsize=256)
def _statement(asker: _Asker) -> tuple[str, tuple[Any, ...]]:
    """All questions of a person as one statement.

    To put it together takes longer than to run it, and the frame of every page asks; so it is kept
    for the minute. The answers are never kept.
    """
    subqueries = {f"waiting_{name}": Subquery(ask(asker.person)) for name, ask in asker.questions}
    asked = Person.objects.filter(pk=asker.pk).annotate(**subqueries)
    statement, params = asked.values_list(*subqueries).query.sql_with_params()
    return statement, tuple(params)
