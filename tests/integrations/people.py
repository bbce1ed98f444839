"""Two brands with their people, and a place for uploaded files, as fixtures to import."""

import datetime as dt

import pytest

from accounts.choices import Role, UnitKind
from accounts.models import Grant, Person, Unit
from accounts.units import add_unit


@pytest.fixture
def brand(db) -> Unit:
    return add_unit(by=None, kind=UnitKind.BRAND, code="CY", name="Chengye Beauty")


@pytest.fixture
def lin(brand) -> Person:
    """HQ operations."""
    return _person("lin", "Lin", brand, Role.OPERATOR)


@pytest.fixture
def wu(brand) -> Person:
    """The auditor: sees much, imports nothing."""
    return _person("wu", "Wu", brand, Role.AUDITOR)


@pytest.fixture
def other_brand(db) -> Unit:
    return add_unit(by=None, kind=UnitKind.BRAND, code="MW", name="Mingwang Foods")


@pytest.fixture
def stranger(other_brand) -> Person:
    """Operations of another brand."""
    return _person("qian", "Qian", other_brand, Role.OPERATOR)


def _person(username: str, name: str, unit: Unit, role: str) -> Person:
    person = Person.objects.create_user(username, "correct horse battery", name=name)
    Grant.objects.create(person=person, role=role, unit=unit, since=dt.date(2026, 1, 1))
    return person


@pytest.fixture(autouse=True)
def files_folder(settings, tmp_path):
    """Uploads of a test go where they are thrown away."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path), "base_url": None},
        },
    }
    return tmp_path
