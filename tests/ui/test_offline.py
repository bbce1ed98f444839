"""What a phone is given to work without a network: manifest, worker, offline page, token."""

import gzip
import json
import re
import struct
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from kosops.ui import offline
from tests import cast as c

ADDRESSES = re.compile(r'(?:href|src)="/static/([^"]+)"')


@pytest.fixture
def zhou(db: None) -> Client:
    people = c.cast()
    people.zhou.person = c.person("zhou", (Role.KOS, people.jingan))
    people.zhou.save()
    browser = Client()
    browser.force_login(people.zhou.person)
    return browser


def facts_of(answer) -> dict:
    return json.loads(answer.content.decode().splitlines()[0].removeprefix("const kos = ")[:-1])


def test_the_app_has_the_brand_s_name_and_the_person_s_language(zhou: Client) -> None:
    zhou.cookies["django_language"] = "zh-hans"

    answer = zhou.get(reverse("mobile:manifest"))
    manifest = json.loads(answer.content)

    assert answer["Content-Type"] == "application/manifest+json"
    assert manifest["name"] == manifest["short_name"] == "Chengye Beauty"
    assert (manifest["lang"], manifest["start_url"], manifest["scope"]) == ("zh-Hans", "/m/", "/m/")
    assert manifest["display"] == "standalone"


def test_a_stranger_is_not_told_whose_app_it_is(zhou: Client) -> None:
    assert json.loads(Client().get(reverse("mobile:manifest")).content)["name"] == "kosops"


def test_icons_have_the_sizes_that_the_manifest_says(zhou: Client) -> None:
    manifest = json.loads(zhou.get(reverse("mobile:manifest")).content)
    icons = {icon["src"]: icon["sizes"] for icon in manifest["icons"]}
    icons["/static/kosops/img/apple-touch-icon.png"] = "180x180"

    for address, sizes in icons.items():
        data = Path(finders.find(address.removeprefix("/static/"))).read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert "{}x{}".format(*struct.unpack(">II", data[16:24])) == sizes
        assert len(data) < 20_000
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}


def test_phone_pages_name_the_manifest_and_other_pages_do_not(zhou: Client) -> None:
    assert 'rel="manifest"' in zhou.get(reverse("mobile:today")).content.decode()
    assert 'rel="manifest"' not in Client().get(reverse("account_login")).content.decode()


@pytest.mark.parametrize(
    "name", ["today", "posts", "post_add", "money", "tier", "help", "help_ask"]
)
def test_the_worker_keeps_all_that_a_phone_page_loads(zhou: Client, name: str) -> None:
    shown = zhou.get(reverse(f"mobile:{name}")).content.decode()
    loaded = {each for each in ADDRESSES.findall(shown) if not each.endswith(".png")}

    assert loaded <= set(offline.SHELL)


def test_the_worker_is_a_script_that_is_always_looked_for_anew(zhou: Client) -> None:
    answer = zhou.get(reverse("mobile:worker"))

    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "public, no-cache"
    again = zhou.get(reverse("mobile:worker"), headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_a_first_visit_stays_within_its_budget(zhou: Client) -> None:
    """60 KB packed: the page, all that it loads, and what the worker fetches when it comes."""
    today = zhou.get(reverse("mobile:today"))
    fetched = {
        "today": today.content,
        "today, once more": today.content,  # kept by the worker
        **{
            name: zhou.get(reverse(f"mobile:{name}")).content
            for name in ("post_add", "worker", "offline", "manifest")
        },
        **{name: Path(finders.find(name)).read_bytes() for name in offline.SHELL},
    }

    sizes = {name: len(gzip.compress(content)) for name, content in fetched.items()}

    assert sum(sizes.values()) < 60 * 1024, sizes


def test_the_version_changes_with_the_language_and_with_a_file(zhou: Client, monkeypatch) -> None:
    def version(language: str = "en") -> str:
        zhou.cookies["django_language"] = language
        return facts_of(zhou.get(reverse("mobile:worker")))["version"]

    first = version()
    assert version() == first != version("ja")
    monkeypatch.setattr(offline, "SHELL", offline.SHELL[1:])
    assert version() != first


def test_the_offline_page_names_nobody_and_knows_its_language(zhou: Client) -> None:
    address = facts_of(zhou.get(reverse("mobile:worker"), headers={"Accept-Language": "ja"}))[
        "offline"
    ]

    shown = zhou.get(address).content.decode()

    assert '<html lang="ja"' in shown
    assert shown == Client().get(address).content.decode()
    assert "Zhou" not in shown and "Chengye" not in shown and "csrfmiddlewaretoken" not in shown
    assert reverse("mobile:post_add") in shown


def test_another_word_for_a_language_is_not_followed(zhou: Client) -> None:
    assert (
        '<html lang="en"' in zhou.get(reverse("mobile:offline"), {"lang": "../x"}).content.decode()
    )


def test_a_fresh_token_is_for_who_is_signed_in(zhou: Client) -> None:
    answer = zhou.get(reverse("mobile:token")).json()

    assert answer["token"] and len(answer["person"]) == 24
    assert Client().get(reverse("mobile:token")).status_code == 302


def test_a_person_s_key_says_nothing_and_stays(zhou: Client) -> None:
    one, other = (c.person(name) for name in ("one", "other"))

    assert offline.person_key(one) == offline.person_key(one) != offline.person_key(other)
    assert str(one.pk) != offline.person_key(one)
