import re

import pytest

from kosops.ui import charts, drawing
from kosops.ui.parts import Chart, FunnelStep, Series


def points(path):
    """End points of a path's moves and curves."""
    ends = []
    for command, numbers in re.findall(r"([MC])([^MCLZh]*)", path):
        values = [float(n) for n in re.findall(r"-?[\d.]+", numbers)]
        ends.append((command, *values[-2:]))
    return ends


def test_a_line_goes_through_its_values_from_edge_to_edge():
    scale = drawing.Scale(0, 10, 20)
    ends = points(drawing.line_path([0, 5, 10], 100, scale))
    assert ends == [("M", 0, 20), ("C", 50, 10), ("C", 100, 0)]


def test_a_smooth_line_never_leaves_the_range_of_its_neighbours():
    values = [3, 3, 40, 41, 2, 2, 90, 0]
    scale = drawing.Scale(0, 90, 90)
    path = drawing.line_path(values, 70, scale)
    curves = re.findall(r"C(\S+) (\S+) (\S+) (\S+) (\S+) (\S+?)(?=C|$)", path)
    start = scale.y(values[0])
    for _x1, y1, _x2, y2, _x, y in curves:
        low, high = sorted([start, float(y)])
        assert low - 0.01 <= float(y1) <= high + 0.01
        assert low - 0.01 <= float(y2) <= high + 0.01
        start = float(y)
    assert len(curves) == len(values) - 1


def test_unknown_values_leave_a_gap():
    path = drawing.line_path([1, 2, None, 4, 5], 100, drawing.Scale(0, 5, 10))
    assert path.count("M") == 2
    assert points(path)[2] == ("M", 75, 2)


def test_a_lone_value_is_a_dot():
    assert drawing.line_path([None, 4, None], 100, drawing.Scale(0, 5, 10)) == "M50 2h.01"


def test_a_flat_line_stands_in_the_middle():
    assert points(drawing.line_path([7, 7], 10, drawing.spark_scale([[7, 7]], 28, 2)))[0] == (
        "M",
        0,
        14,
    )


def test_both_lines_of_a_sparkline_share_one_scale():
    scale = drawing.spark_scale([[10, 20], [0, None, 40]], 28, 2)
    assert (scale.y(40), scale.y(0)) == (2, 26)


def test_an_area_closes_at_the_foot():
    assert drawing.area_path([1, 2], 10, drawing.Scale(0, 2, 8)).endswith("L10 8L0 8Z")


@pytest.mark.parametrize(
    ("high", "wanted", "ticks"),
    [
        (530, 6, [0, 100, 200, 300, 400, 500, 600]),
        (1331, 4, [0, 500, 1000, 1500]),
        (3, 5, [0, 1, 2, 3]),
        (0, 5, [0, 1]),
    ],
)
def test_ticks_are_round_and_reach_the_top(high, wanted, ticks):
    assert drawing.nice_ticks(high, wanted) == ticks


def test_stacked_parts_keep_a_gap_and_the_true_height_of_the_bar():
    parts = drawing.stacked([60, 30, 10], drawing.Scale(0, 100, 200), gap=2)
    assert [(p.y, p.height) for p in parts] == [(80, 120), (20, 58), (0, 18)]


def test_a_tiny_part_stays_visible_and_an_empty_one_does_not_show():
    parts = drawing.stacked([1000, None, 1, 0], drawing.Scale(0, 1001, 100))
    assert [p.index for p in parts] == [0, 2]
    assert parts[1].height == 1


def test_a_bar_stays_between_nothing_and_full():
    assert drawing.bar_share(104, 100) == 100
    assert drawing.bar_share(-3, 100) == 0
    assert drawing.bar_share(1, 3) == 33.33
    assert drawing.bar_share(None, 3) == 0
    assert drawing.bar_share(3, 0) == 0


def sales(values, unit="money"):
    return Chart(
        id="c",
        title="Sales",
        labels=["1", "2"],
        unit=unit,
        series=[Series(name="a", values=values)],
    )


def test_the_axis_of_money_is_round_in_the_large_unit():
    payload = charts.payload(sales([123_456, 480_000]), 225, "en", "not in yet")
    assert payload["ticks"] == [0, 100_000, 200_000, 300_000, 400_000, 500_000]
    assert payload["tickTexts"][-1] == "¥5,000"
    assert payload["series"][0]["texts"] == ["¥1,234.56", "¥4,800.00"]


def test_unknown_values_of_a_chart_are_said_in_words():
    payload = charts.payload(sales([None, 500], "number"), 225, "en", "not in yet")
    assert payload["series"][0]["values"] == [None, 500]
    assert payload["series"][0]["texts"] == ["not in yet", "500"]


def test_the_rate_between_funnel_steps_is_of_the_step_before():
    steps = [
        FunnelStep(label="Interacted", help="h", value=412_600, as_figure=True),
        FunnelStep(label="Scanned", help="h", value=38_420),
        FunnelStep(label="Added", help="h", value=None),
        FunnelStep(label="Bought", help="h", value=6_118),
    ]
    funnel = charts.funnel(steps)
    assert [step.label for step in funnel["figures"]] == ["Interacted"]
    assert [bar["rate_bp"] for bar in funnel["bars"]] == [931, None, None]
    assert funnel["most"] == 38_420


def test_single_bars_start_at_the_foot_and_unknown_ones_do_not_show():
    data = Chart(
        id="c",
        title="Notes",
        kind="bar",
        labels=["a", "b"],
        series=[Series(name="n", values=[50, None])],
    )
    drawn = charts.drawn(data, 100, "en")
    first, second = drawn["bars"]
    assert drawn["alone"]
    assert [(part["y"], part["height"]) for part in first["parts"]] == [(0, 100)]
    assert first["total"] == "50"
    assert (second["parts"], second["total"]) == ([], "")


def test_two_series_of_bars_stand_side_by_side():
    data = Chart(
        id="c",
        title="Notes",
        kind="bar",
        labels=["a"],
        series=[Series(name="now", values=[50]), Series(name="before", values=[25])],
    )
    [bar] = charts.drawn(data, 100, "en")["bars"]
    left, right = bar["parts"]
    assert left["x"] + left["width"] <= right["x"]
    assert (left["height"], right["height"]) == (100, 50)


def test_long_axes_name_every_second_day():
    data = sales([1] * 20, "number")
    data.labels = [str(day) for day in range(1, 21)]
    assert [label for label, _x in charts.drawn(data, 225, "en")["labels"]][:3] == ["1", "3", "5"]
