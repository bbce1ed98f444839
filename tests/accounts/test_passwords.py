"""The rule about passwords that are easy to guess."""

import pytest

from accounts.passwords import is_guessable

NAMES = ["zhou.min", "Zhou Min 周敏", "zhou.min@example.com"]


@pytest.mark.parametrize(
    "password",
    [
        "123456789012",
        "210987654321",
        "qwertyuiop12",
        "abcdefghijklm",
        "aaaaaaaaaaaaaa",
        "abababababab",
        "zhoumin123456",
        "Zhou.Min.2345",
        "kosops-password-1",
        "zhou-zhou-zhou",
    ],
)
def test_refused(password: str) -> None:
    assert is_guessable(password, NAMES)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "staple copper lantern",
        "我爱吃小笼包和生煎馒头呀",
        "zhou likes jasmine tea",
        "v8#Kq2!pXz71",
        "harbor-velvet-quill",
        "otter 1234 prairie",
    ],
)
def test_accepted(password: str) -> None:
    assert not is_guessable(password, NAMES)
