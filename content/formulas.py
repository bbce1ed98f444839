"""Named interaction formulas. A rule or report names one; none is implied.

``tier_interactions`` is the articles' "1,000 interactions": likes + saves + comments, shares
excluded (C39). ``engagement`` is the field's sum for the interaction rate.
Unknown parts are left out of the sum; the sum is unknown only if every part is. So a sum is a
lower bound, which may promote nobody wrongly.
"""

from __future__ import annotations

from collections.abc import Mapping

TIER_INTERACTIONS = "tier_interactions"
ENGAGEMENT = "engagement"

FORMULAS: dict[str, tuple[str, ...]] = {
    TIER_INTERACTIONS: ("likes", "saves", "comments"),
    ENGAGEMENT: ("likes", "saves", "comments", "shares"),
}


# Figures that a platform does not have at all: nobody needs to wait for them.
NOT_REPORTED: dict[str, tuple[str, ...]] = {"saves": ("channels",)}


def value_of(formula: str, figures: Mapping[str, int | None]) -> int | None:
    """The formula's sum over known figures, None when all parts are unknown."""
    known = [figures[part] for part in FORMULAS[formula] if figures.get(part) is not None]
    return sum(value for value in known if value is not None) if known else None


def sql_of(formula: str, table: str) -> str:
    """The same as an SQL expression over columns of ``table`` (an alias, never user input)."""
    parts = FORMULAS[formula]
    known = " + ".join(f"COALESCE({table}.{part}, 0)" for part in parts)
    columns = ", ".join(f"{table}.{part}" for part in parts)
    return f"(CASE WHEN num_nonnulls({columns}) > 0 THEN {known} END)"


def is_whole(formula: str, figures: Mapping[str, int | None], platform: str) -> bool:
    """Whether every part that the platform reports is known, so that the sum is final."""
    return all(
        figures.get(part) is not None or platform in NOT_REPORTED.get(part, ())
        for part in FORMULAS[formula]
    )


def whole_sql_of(formula: str, table: str) -> str:
    """`is_whole` as an SQL expression over columns of ``table``."""
    parts = []
    for part in FORMULAS[formula]:
        known = f"{table}.{part} IS NOT NULL"
        missing = ", ".join(f"'{platform}'" for platform in NOT_REPORTED.get(part, ()))
        parts.append(f"({known} OR {table}.platform IN ({missing}))" if missing else known)
    return f"({' AND '.join(parts)})"
