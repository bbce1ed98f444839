"""Whether a post leads people into the right store (K15): plain rules, no Django.

A post on an account of a store needs its location tag; on other accounts it is welcome.
"""

from __future__ import annotations

from collections.abc import Collection

from content.choices import Location
from integrations.sheets.text import title_key

# What files write instead of a place.
_NOWHERE = frozenset({"无", "没有", "未添加", "未定位", "不显示位置", "否", "no", "none"})
_HERE = frozenset({"有", "是", "门店", "本店", "门店定位", "store", "yes"})
# A name of fewer signs would be found in too many others.
_LEAST = 4


def read(text: str | None, store_names: Collection[str]) -> Location:
    """What a location that somebody wrote says of the store with these names.

    An empty cell says nothing, which is not ``none``. A place that holds one of the names is the
    store; the shopping centre around it is not.
    """
    words = (text or "").strip()
    if not words:
        return Location.UNKNOWN
    if words.lower() in _NOWHERE:
        return Location.NONE
    if words.lower() in _HERE:
        return Location.STORE
    place = title_key(words)
    for name in map(title_key, store_names):
        if place == name or (len(name) >= _LEAST and name in place):
            return Location.STORE
    return Location.OTHER
