"""Every component of the design has a file and stands in the gallery, with all it can look like."""

from pathlib import Path

import pytest

from tests.ui.test_gallery import visitor  # noqa: F401

pytestmark = pytest.mark.urls("tests.ui.gallery_urls")

FOLDER = Path(__file__).parents[2] / "templates" / "components"
COMPONENTS = """
    button icon badge tier_badge money number delta sparkline progress kpi_strip chart funnel queue
    table filter_bar saved_views period_picker search tabs segmented peek dialog sheet menu palette
    toast banner field upload stepper timeline person store account post_card material_card task_row
    podium ladder qr empty skeleton error
""".split()
# Files that hold several of a kind, or carry an older name.
FILES = {"toast": "toasts"}
PAGES = ("/ui/?toast=1", "/ui/overview/", "/ui/staff/")


def path(name: str) -> str:
    return f"components/{FILES.get(name, name)}.html"


@pytest.mark.parametrize("name", COMPONENTS)
def test_each_component_of_the_design_has_a_file(name):
    assert (FOLDER.parent / path(name)).is_file()


@pytest.fixture
def shown(visitor):  # noqa: F811
    """The templates that the gallery prints."""
    return {template.name for address in PAGES for template in visitor.get(address).templates}


def test_each_component_of_the_design_stands_in_the_gallery(shown):
    assert {path(name) for name in COMPONENTS} - shown == set()
