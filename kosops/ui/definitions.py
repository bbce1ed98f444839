"""What each figure means, in one place: the same words on every page that shows it.

Apps register theirs in ``AppConfig.ready``; templates name them: ``{% column label define="held" %}``.
"""

from collections.abc import Mapping

from kosops.ui.parts import Text

_texts: dict[str, Text] = {}


def register(texts: Mapping[str, Text]) -> None:
    """Add definitions. Raises ValueError where a code is taken: one figure, one meaning."""
    if taken := _texts.keys() & texts.keys():
        raise ValueError(f"Defined twice: {', '.join(sorted(taken))}")
    _texts.update(texts)


def text(code: str) -> Text:
    """The definition called ``code``. Raises KeyError for an unknown one."""
    return _texts[code]


def codes() -> frozenset[str]:
    return frozenset(_texts)
