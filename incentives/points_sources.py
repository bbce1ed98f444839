"""Where points come from. Other parts register what earns points when their modules load.

A source is a query of facts that hold now: rows of ``key`` (text, unique for the source),
``creator_id`` and ``earned_on``, for the brand ``%(brand)s`` in the time zone ``%(zone)s``. A fact
that is no longer there (a removed post) takes its points back with the next run.

What a fact of a ruled source is worth says the `PointRule` of that event. Others say it themselves
in the further columns ``points``, ``hold_days`` and ``months``; and where not the days alone decide
what is held, ``held`` is a query of ``creator_id`` and ``points`` that are held on ``%(today)s``.

``words`` says of keys which facts they name, where the label of the source alone says too little.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from incentives.choices import Tier

GRANT = "grant"
RETURN = "return"


@dataclass(frozen=True)
class Source:
    code: str
    label: Promise | str
    facts: str
    ruled: bool = True
    held: str = ""
    words: Callable[[Collection[str]], dict[str, str]] | None = None


_sources: dict[str, Source] = {}
# Single lines that no run looks at.
_LABELS: dict[str, Promise] = {
    GRANT: _("Given by hand"),
    RETURN: _("Back from a cancelled reward"),
}


def register(source: Source) -> None:
    """Add something that earns points. Its code is stored with each line: it never changes."""
    _sources[source.code] = source


def sources() -> Iterable[Source]:
    return _sources.values()


def ruled() -> list[tuple[str, Promise | str]]:
    """The events for which a brand can have a rule, as choices."""
    return [(each.code, each.label) for each in _sources.values() if each.ruled]


def label(code: str) -> str:
    """What a source is called; its code where the part that brought it is gone."""
    if code in _LABELS:
        return str(_LABELS[code])
    found = _sources.get(code)
    return str(found.label) if found else code


def words(lines: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What lines were for, by source and key: the fact in words where the source tells it."""
    keys: dict[str, set[str]] = {}
    for code, key in lines:
        keys.setdefault(code, set()).add(key)
    found: dict[tuple[str, str], str] = {}
    for code, of_source in keys.items():
        source = _sources.get(code)
        told = source.words(of_source) if source and source.words else {}
        for key in of_source:
            found[code, key] = (
                gettext("%(label)s: %(value)s") % {"label": label(code), "value": told[key]}
                if key in told
                else label(code)
            )
    return found


register(
    Source(
        code="post",
        label=_("A post is online"),
        facts="""
            SELECT p.id::text AS key, p.creator_id,
                   (p.published_at AT TIME ZONE %(zone)s)::date AS earned_on
              FROM content_post p
             WHERE p.brand_id = %(brand)s AND p.state = 'online' AND p.creator_id IS NOT NULL
        """,
    )
)
register(
    Source(
        code="link",
        label=_("The link of a post was handed in and recognised"),
        facts="""
            SELECT p.id::text AS key, p.creator_id,
                   (l.received_at AT TIME ZONE %(zone)s)::date AS earned_on
              FROM content_postlink l
              JOIN content_post p ON p.id = l.post_id AND p.creator_id = l.creator_id
             WHERE l.brand_id = %(brand)s AND l.state = 'linked' AND p.state = 'online'
        """,
    )
)
for _tier, _label in (
    (Tier.JUNIOR, pgettext_lazy("points", "Reached Junior or ★1 for the first time")),
    (Tier.INTERMEDIATE, pgettext_lazy("points", "Reached Intermediate or ★2 for the first time")),
    (Tier.SENIOR, pgettext_lazy("points", "Reached Senior or ★3 for the first time")),
):
    register(
        Source(
            code=f"tier_{_tier.value}",
            label=_label,
            # Who falls and rises again reached the tier before.
            facts=f"""
                SELECT t.creator_id::text AS key, t.creator_id, min(t.effective_on) AS earned_on
                  FROM incentives_tierchange t
                  JOIN matrix_creator c ON c.id = t.creator_id
                 WHERE c.brand_id = %(brand)s AND t.to_tier = '{_tier.value}'
                 GROUP BY t.creator_id
            """,
        )
    )
