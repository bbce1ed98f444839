import pytest

from integrations import formats
from tests.integrations.people import *  # noqa: F403
from tests.integrations.trying import RegionList


@pytest.fixture(autouse=True)
def region_list(monkeypatch):
    monkeypatch.setattr(RegionList, "calls", 0)
    monkeypatch.setitem(formats._formats, RegionList.code, RegionList)
    return RegionList
