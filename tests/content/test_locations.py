"""What a written location says of a store."""

import pytest

from content.choices import Location
from content.locations import read

STORE = ("静安嘉里中心店", "SH0001")


@pytest.mark.parametrize(
    ("text", "location"),
    [
        (None, Location.UNKNOWN),
        ("  ", Location.UNKNOWN),
        ("无", Location.NONE),
        ("未添加", Location.NONE),
        ("门店", Location.STORE),
        ("静安嘉里中心店", Location.STORE),
        ("澄野美妆（静安嘉里中心店）", Location.STORE),
        ("sh0001", Location.STORE),
        ("静安嘉里中心", Location.OTHER),
        ("上海", Location.OTHER),
    ],
)
def test_only_a_place_that_holds_the_name_is_the_store(text: str | None, location: str) -> None:
    assert read(text, STORE) == location


def test_a_name_of_few_signs_is_not_found_in_others() -> None:
    assert read("东店旁边的商场", ("东店",)) == Location.OTHER
    assert read("东店", ("东店",)) == Location.STORE
