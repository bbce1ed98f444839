"""The "Waiting for you" queue: apps register what they have for a person when they start.

The frame shows counts of it on every page. So that this costs one query and not one for each,
sources name the figures that they need as questions, and all are asked together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Aggregate, Count, QuerySet, Value
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
# How many statements a process keeps; one is about 10 kB.
MOST_KEPT = 500


def register(source: Source) -> Source:
    """Add a source. It checks the person's permissions itself, and asks a fixed number of queries
    beside its questions.
    """
    if source not in _sources:
        _sources.append(source)
    return source


def question(name: str) -> Callable[[Question], Question]:
    """Register what to ask for a person: a queryset of one figure, as `figure` makes it.

    It follows from the person's id, their roles and the time alone, and asks nothing itself: it is
    put for a stand-in, and the ids of the person and of their units are filled in afterwards.
    """

    def keep(ask: Question) -> Question:
        _questions[name] = ask
        return ask

    return keep


def figure(rows: QuerySet[Any], what: Aggregate | None = None) -> QuerySet[Any, Any]:
    """One figure over ``rows``, by default how many there are."""
    grouped = rows.order_by().annotate(_all=Value(1)).values("_all")
    return grouped.annotate(_figure=what or Count("*")).values("_figure")


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
    statement = _statement(person)
    facts = dict.fromkeys(_questions, 0)
    if statement.names:
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.params)
            answers = cursor.fetchone()
        # A sum comes as a decimal number.
        facts |= {name: int(each or 0) for name, each in zip(statement.names, answers, strict=True)}
    person.__dict__[_KEPT] = facts
    return facts


@dataclass(frozen=True, slots=True)
class _Statement:
    """The questions that can have an answer, as one statement."""

    names: list[str]
    sql: str
    params: list[Any]

    def asked_for(self, ids: dict[int, int]) -> _Statement:
        """The same, where stand-ins were asked about, for those whom they stand for."""

        def own(value: Any) -> Any:
            if isinstance(value, int):
                return ids.get(value, value)
            if isinstance(value, str):
                return _STAND_IN.sub(lambda found: str(ids[int(found[0])]), value)
            if isinstance(value, list | tuple):
                return type(value)(map(own, value))
            return value

        return _Statement(self.names, self.sql, [own(value) for value in self.params])


_STAND_IN = re.compile(rf"\b{str(access.STAND_INS)[:12]}\d{{7}}\b")
_statements: dict[tuple[object, ...], _Statement] = {}


def _statement(person: Person) -> _Statement:
    """The statement of a person: making it takes longer than asking it.

    So it is made once a minute for all who hold the same roles at places alike, whoever they are
    and wherever that is, and then filled in.
    """
    minute = timezone.now().replace(second=0, microsecond=0)
    alike, ids = access.stand_in(person)
    key = (minute, access.standing(alike), tuple(_questions.values()))
    statement = _statements.get(key)
    if statement is None:
        if len(_statements) >= MOST_KEPT:
            _statements.clear()
        statement = _statements[key] = _compiled(alike)
    return statement.asked_for(ids)


def _compiled(person: Person) -> _Statement:
    names: list[str] = []
    parts: list[str] = []
    params: list[Any] = []
    for name, ask in _questions.items():
        try:
            sql, values = ask(person).query.sql_with_params()
        except EmptyResultSet:  # Beyond the person's reach.
            continue
        names.append(name)
        parts.append(f"({sql})")
        params.extend(values)
    return _Statement(names, f"SELECT {', '.join(parts)}", params)
