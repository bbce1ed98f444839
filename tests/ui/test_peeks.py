"""A row in short: each thing that a list opens answers with a part, under the page's own rules."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from tests import cast as c
from tests.test_doors import CASES, World, browser_of, mingwang, world  # noqa: F401

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
PEEK = {"HX-Request": "true", "Kos-Peek": "1"}
# Every address that a link with data-kos-peek leads to.
PEEKS = [
    "accounts:job",
    "accounts:person",
    "content:post",
    "content:review",
    "customers:order",
    "incentives:explain",
    "incentives:payee",
    "incentives:payout",
    "incentives:payout_batch",
    "incentives:point_grant",
    "incentives:points_person",
    "incentives:redemption",
    "incentives:reward",
    "incentives:shift",
    "incentives:statement",
    "incentives:tier_change",
    "matrix:account",
    "matrix:application",
    "matrix:creator",
    "matrix:handover",
]


def test_a_thing_in_short_is_a_part_and_the_same_address_the_page(world: World) -> None:  # noqa: F811
    browser = browser_of(c.person("admin", is_superuser=True, is_staff=True))
    for name in PEEKS:
        address = reverse(name, kwargs=CASES[name](world))
        short = browser.get(address, headers=PEEK).content.decode()
        assert short.count('<article class="peek-content">') == 1, name
        assert re.search(r'<h2 class="peek-title">[^<]+</h2>', short), name
        assert "<html" not in short, name
        page = browser.get(address)
        assert "<html" in page.content.decode(), name
        assert "Kos-Peek" in page["Vary"], name


def test_a_thing_in_short_is_kept_from_others_like_the_page(
    world: World,  # noqa: F811
    mingwang,  # noqa: F811
) -> None:
    qian = browser_of(c.person("qian", (Role.OPERATOR, mingwang), (Role.FINANCE, mingwang)))
    for name in PEEKS:
        address = reverse(name, kwargs=CASES[name](world))
        assert qian.get(address, headers=PEEK).status_code in (403, 404), name
        stranger = Client().get(address, headers=PEEK)
        assert stranger["HX-Redirect"].startswith(reverse("account_login")), name
        assert stranger.content == b"", name


def test_every_row_that_opens_beside_its_list_has_a_short_form() -> None:
    """A template that marks a link leads to one of the addresses above."""
    marked = set()
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        if path.parent.name == "components" or not re.search("data-kos-peek>|peek=True", text):
            continue
        for line in text.splitlines():
            if not re.search("data-kos-peek>|peek=True", line):
                continue
            variable = re.search(r'href="?(?:{{ )?(\w+(?:\.\w+)?)(?= }}| )', line)
            assert variable, f"{path}: {line}"
            named = re.findall(rf"""{{% url ['"]([\w:]+)['"][^%]* as {variable[1]} %}}""", text)
            assert named or variable[1] == "line.address", f"{path}: {line}"
            marked |= set(named)
    assert marked == set(PEEKS)
