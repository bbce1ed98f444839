"""How what is used stands to what a platform allows or asks."""

from __future__ import annotations

from matrix.choices import PlatformRuleKind, RuleState

# From so many percent of a limit on, it is near.
NEAR_PERCENT = 90


def state_of(kind: str, value: int, used: int | None) -> RuleState:
    """``used`` None is what nobody has reported yet; advice has no state of its own.

    A quota is a ceiling, the spend a floor: over the first or under the second is wrong.
    """
    if kind == PlatformRuleKind.NOTES_PER_MONTH:
        return RuleState.ADVICE
    if used is None:
        return RuleState.UNKNOWN
    if kind == PlatformRuleKind.MONTHLY_SPEND:
        return RuleState.SHORT if used < value else RuleState.OK
    if used > value:
        return RuleState.OVER
    return RuleState.NEAR if used * 100 >= value * NEAR_PERCENT else RuleState.OK


def left_of(value: int, used: int | None) -> int | None:
    """What is left up to ``value``, below 0 when there is more; None when nobody knows."""
    return None if used is None else value - used
