import re

import pytest

from kosops.ui import qr
from tests.ui.test_components import in_english, rendered  # noqa: F401


def modules(code: qr.Code) -> list[list[bool]]:
    """The drawing as dark and light modules again."""
    rows = [[False] * code.side for _row in range(code.side)]
    for left, top, length in re.findall(r"M(\d+) (\d+)\.5h(\d+)", code.path):
        for column in range(int(left), int(left) + int(length)):
            rows[int(top)][column] = True
    return rows


def test_a_code_keeps_four_modules_of_quiet_around_it():
    rows = modules(qr.code("https://kosops.example/s/CY-0412"))
    edge = [*range(qr.QUIET_ZONE), *range(len(rows) - qr.QUIET_ZONE, len(rows))]
    assert qr.QUIET_ZONE == 4
    assert not any(any(rows[y]) or any(row[y] for row in rows) for y in edge)
    # The finder in each of three corners starts right after the quiet zone.
    assert rows[4][4:11] == [True] * 7
    assert rows[4][-11:-4] == [True] * 7
    assert rows[-5][4:11] == [True] * 7


def test_a_code_corrects_at_level_m():
    """The two format modules beside the lower left finder say the level; 00 is M (under the mask 10)."""
    rows = modules(qr.code("https://kosops.example/s/CY-0412"))
    side = len(rows)
    bits = [rows[side - 1 - 4 - i][8 + 4] for i in range(2)]
    assert [bit ^ mask for bit, mask in zip(bits, (True, False), strict=True)] == [False, False]


@pytest.mark.parametrize(
    ("text", "reason"), [("", "of nothing"), ("x" * 2332, "too large")], ids=["empty", "long"]
)
def test_what_no_code_can_hold_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        qr.code(text)


def test_the_longest_text_still_fits():
    assert qr.code("x" * 2331).side == 177 + 8


def test_a_code_is_dark_on_light_and_says_where_it_leads():
    html = rendered('{% qr "https://kosops.example/<x>" label=label %}', label='My "page"')
    assert 'role="img" aria-label="My &quot;page&quot;"' in html
    assert 'fill="#fff"' in html
    assert 'stroke="#000"' in html
    assert "style=" not in html
    assert "figcaption" not in html


def test_the_words_under_a_code_are_escaped():
    html = rendered('{% qr "a" label="b" note=note %}', note="<b>")
    assert "&lt;b&gt;</figcaption>" in html
