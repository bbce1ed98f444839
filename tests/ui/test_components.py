import re
from datetime import date
from types import SimpleNamespace

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.template import engines
from django.test import RequestFactory
from django.utils import translation

from kosops.lib.lists import Page
from kosops.ui import definitions, icons, parts


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def some_icons(monkeypatch):
    icons.svg.cache_clear()
    monkeypatch.setattr(icons, "shapes", lambda: {"inbox": '<path d="M1 1"/>'})
    yield
    icons.svg.cache_clear()


def rendered(source, address="/", **context):
    request = RequestFactory().get(address)
    request.user = AnonymousUser()
    return engines["django"].from_string(source).render(context, request)


def test_icons_are_inline_and_hidden_from_screen_readers(some_icons):
    svg = rendered('{% icon "inbox" 24 "big" %}')
    assert '<path d="M1 1"/></svg>' in svg
    assert 'width="24"' in svg
    assert 'class="icon big"' in svg
    assert 'aria-hidden="true"' in svg


def test_an_unknown_icon_leaves_an_empty_frame(some_icons):
    assert rendered('{% icon "nothing-like-it" %}').endswith("></svg>")


def test_the_class_of_an_icon_is_escaped(some_icons):
    assert "<b>" not in rendered("{% icon 'inbox' 18 '<b>' %}")


def test_a_badge_takes_its_tone_from_the_state():
    assert "badge-warn" in rendered('{% badge "Held" state="held" %}')
    assert "badge-neutral" in rendered('{% badge "Draft" state="draft" %}')
    assert "badge-bad" in rendered('{% badge "Held" state="held" tone="bad" %}')
    assert "&lt;i&gt;" in rendered("{% badge label %}", label="<i>")


@pytest.mark.parametrize(
    ("change", "good", "kind", "words"),
    [
        (1240, "up", "delta-good", "12.4%"),
        (-320, "up", "delta-bad", "3.2%"),
        (-320, "down", "delta-good", "3.2%"),
        (590, "", "delta-flat", "5.9%"),
        (0, "up", "delta-flat", "0.0%"),
        (None, "up", "missing", "no comparison yet"),
    ],
)
def test_a_change_is_coloured_only_where_a_direction_is_good(change, good, kind, words):
    html = rendered("{% delta change good %}", change=change, good=good)
    assert kind in html
    assert words in html


def test_a_change_says_its_direction_in_words_too():
    assert "up</span>" in rendered("{% delta 100 %}")
    assert "down</span>" in rendered("{% delta change %}", change=-100)


def test_an_unknown_figure_is_said_in_words():
    html = rendered('{% include "components/number.html" with value=value only %}', value=None)
    assert "not in yet" in html
    assert "0" not in html
    assert "not in yet" in rendered('{% include "components/money.html" with minor=None only %}')


def test_a_figure_of_the_strip_that_is_unknown_is_not_nought():
    items = [parts.Kpi(label="Views", value=None, help="h", href="?metric=views")]
    html = rendered('{% include "components/kpi_strip.html" %}', items=items, label="Figures")
    assert "not in yet" in html
    assert 'href="?metric=views"' in html


def test_the_chosen_figure_is_marked_for_screen_readers():
    items = [
        parts.Kpi(label="Notes", value="1", help="h", href="?a", selected=True),
        parts.Kpi(label="Views", value="2", help="h", href="?b"),
    ]
    html = rendered('{% include "components/kpi_strip.html" %}', items=items, label="Figures")
    assert html.count('aria-current="true"') == 1


def test_a_sparkline_without_enough_values_is_not_drawn():
    assert rendered("{% sparkline values %}", values=[1]) == ""
    assert rendered("{% sparkline values %}", values=[None, None]) == ""
    assert "spark-before" not in rendered("{% sparkline values %}", values=[1, 2])
    assert "spark-before" in rendered("{% sparkline values before %}", values=[1, 2], before=[2, 1])


def test_a_named_bar_is_an_image_and_an_unnamed_one_is_decoration():
    assert 'role="img" aria-label="34 of 50 done"' in rendered('{% bar 34 50 "34 of 50 done" %}')
    assert 'width="68.0%"' in rendered("{% bar 34 50 %}")
    assert 'aria-hidden="true"' in rendered("{% bar 34 50 %}")


def trend(**more):
    return parts.Chart(
        id="trend",
        title="Notes per day",
        labels=["1", "2"],
        series=[parts.Series(name="Now", values=[3, None])],
        **more,
    )


def test_a_chart_carries_its_table_its_name_and_its_data():
    html = rendered("{% chart data %}", data=trend(summary="Three notes on the first day."))
    assert 'role="img" aria-label="Notes per day" aria-describedby="trend-summary"' in html
    assert '<script id="trend-data" type="application/json">' in html
    assert '<td class="num">not in yet</td>' in html
    assert "Three notes on the first day." in html


def test_a_chart_is_drawn_by_the_server_where_script_is_off():
    assert '<path class="series-line series-1"' in rendered("{% chart data %}", data=trend())


def test_chart_data_cannot_close_its_script():
    data = trend()
    data.series[0].name = "</script><script>alert(1)</script>"
    assert "<script>alert" not in rendered("{% chart data %}", data=data)


def test_sorting_starts_with_the_largest_number_and_then_turns():
    tag = '{% sort_header "amount" "Amount" numeric=True %}'
    assert 'href="?sort=-amount"' in rendered(tag)
    turned = rendered(tag, "/?sort=-amount&cursor=abc&state=held")
    assert 'aria-sort="descending"' in turned
    assert "sort=amount" in turned
    assert "state=held" in turned
    assert "cursor" not in turned


def test_sorting_by_a_name_starts_upwards():
    assert 'href="?sort=name"' in rendered('{% sort_header "name" "Name" %}')


def test_paging_keeps_the_filters_of_the_address():
    page = Page(rows=[1], next="n/1+", previous=None)
    html = rendered(
        '{% table caption="Orders" page=page %}<tbody></tbody>{% endtable %}',
        "/?state=held",
        page=page,
    )
    assert 'href="?state=held&amp;cursor=n%2F1%2B"' in html
    assert html.count("is-off") == 1


def test_a_table_has_a_caption_and_can_be_reached_by_keyboard():
    html = rendered('{% table caption="Orders" %}<tbody><tr><td>1</td></tr></tbody>{% endtable %}')
    assert '<caption class="visually-hidden">Orders</caption>' in html
    assert 'tabindex="0" role="region" aria-label="Orders"' in html
    assert "<tr><td>1</td></tr>" in html


class PlanForm(forms.Form):
    rate = forms.DecimalField(label="Rate", help_text="Percent, 0 to 20.")
    note = forms.CharField(label="Reason", required=False)
    shield = forms.BooleanField(label="Shield people", required=False)


def test_a_field_is_joined_to_its_label_hint_and_errors():
    form = PlanForm({"rate": "much"})
    html = rendered("{% field form.rate %}", form=form)
    assert '<label for="id_rate">Rate</label>' in html
    assert 'id="id_rate_helptext"' in html
    assert 'id="id_rate_error"' in html
    assert 'aria-describedby="id_rate_helptext id_rate_error"' in html
    assert 'aria-invalid="true"' in html


def test_the_first_refused_field_gets_the_focus_and_no_other():
    class Form(forms.Form):
        code = forms.CharField()
        name = forms.CharField()
        place = forms.ChoiceField(choices=[("a", "A")])

    page = "{% for bound in form %}{% field bound %}{% endfor %}"
    assert "autofocus" not in rendered(page, form=Form())
    assert "autofocus" not in rendered(page, form=Form({"code": "1", "name": "N", "place": "a"}))
    refused = rendered(page, form=Form({"code": "1"}))
    assert refused.count("autofocus") == 1
    assert refused.index('name="name"') < refused.index("autofocus") < refused.index('name="place"')


def test_a_field_that_may_stay_empty_says_so():
    assert "optional" in rendered("{% field form.note %}", form=PlanForm())
    assert "optional" not in rendered("{% field form.rate %}", form=PlanForm())


def test_a_tick_box_stands_before_its_words():
    html = rendered("{% field form.shield %}", form=PlanForm())
    assert html.index("<input") < html.index("Shield people")


def test_a_form_carries_its_token_and_its_verb():
    html = rendered('{% form form=form submit="Save the plan" %}{% endform %}', form=PlanForm())
    assert "csrfmiddlewaretoken" in html
    assert "Save the plan</button>" in html
    assert 'method="post"' in html


def test_a_button_sees_none_of_the_pages_variables():
    html = rendered(
        '{% button "Export" %}', href="/elsewhere/", icon="inbox", kind="danger", form="x"
    )
    assert "<button" in html
    assert "button-plain" in html
    assert "elsewhere" not in html


def test_a_running_job_asks_again_and_a_finished_one_does_not():
    source = (
        '{% include "components/job_progress.html" with title="Import" state=state '
        'state_label="Running" done=4 total=20 poll=poll only %}'
    )
    running = rendered(source, state="running", poll="/jobs/1/")
    assert 'hx-get="/jobs/1/" hx-trigger="every 2s"' in running
    assert '<progress class="job-bar" max="20" value="4"' in running
    assert "4 of 20 done" in running
    assert "hx-get" not in rendered(source, state="done", poll="")


def test_a_statement_is_one_sum():
    html = rendered(
        '{% include "components/statement_sum.html" with earned=1264050 held=186200 '
        "clawed_back=23840 payable=1054010 only %}"
    )
    places = [html.index(text) for text in ("¥12,640.50", "¥1,862.00", "¥238.40", "¥10,540.10")]
    assert places == sorted(places)


def test_a_queue_without_work_says_so():
    assert "Nothing waits for you." in rendered(
        '{% include "components/queue.html" with items=items only %}'
    )


def test_before_and_after_show_what_was_nothing():
    changes = [parts.Change(label="Shield", before=None, after="30 days")]
    html = rendered('{% include "components/changes.html" %}', changes=changes)
    assert "nothing" in html
    assert "<ins>30 days</ins>" in html
    assert "<del>" not in html


def test_the_window_title_repeats_the_heading_without_its_markup():
    page = SimpleNamespace(name="Zhou <Min>")
    html = rendered(
        '{% extends "layouts/plain.html" %}{% block title %}<em>{{ page.name }}</em>{% endblock %}',
        page=page,
    )
    assert "<title>Zhou &lt;Min&gt; · kosops</title>" in html
    assert "<h1><em>Zhou &lt;Min&gt;</em></h1>" in html


def test_texts_of_a_page_are_escaped_by_components():
    html = rendered("{% card title=title %}{{ title }}{% endcard %}", title="<script>")
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 2


def test_the_podium_reads_from_the_first_and_marks_ties():
    names = [("He Ying", 3), ("Zhou Min", 1), ("Xu Lei", 1), ("Gu Ning", 4), ("Chen Jia", 3)]
    places = parts.podium(parts.Place(place=n, name=name, value="1") for name, n in names)
    html = rendered('{% include "components/podium.html" with places=places only %}', places=places)
    order = [html.index(name) for name in ("Zhou Min", "Xu Lei", "He Ying", "Chen Jia")]
    assert order == sorted(order)
    assert html.count("Place 1, shared:") == 2
    assert html.count("Place 3, shared:") == 2
    assert "Gu Ning" not in html


def test_a_place_that_nobody_shares_says_so():
    places = parts.podium([parts.Place(place=1, name="Zhou Min", value="640")])
    html = rendered('{% include "components/podium.html" with places=places only %}', places=places)
    assert "Place 1: " in html
    assert "shared" not in html


def test_a_post_without_figures_is_not_at_nought():
    post = parts.PostCard(
        title="<Note>", platform="Douyin", at=date(2026, 11, 20), figures=[("Views", None)]
    )
    html = rendered('{% include "components/post_card.html" with post=post only %}', post=post)
    assert "not in yet" in html
    assert "&lt;Note&gt;" in html
    assert "<img" not in html


def test_a_card_with_a_cover_leaves_its_text_to_the_title():
    material = parts.Material(title="Three steps", cover="/a.webp", count="6 pictures")
    html = rendered(
        '{% include "components/material_card.html" with material=material only %}',
        material=material,
    )
    assert '<img src="/a.webp" alt=""' in html
    assert 'loading="lazy"' in html
    assert "6 pictures" in html
    assert "<a " not in html


def task(**more):
    row = parts.TaskRow(title="Post a routine", note="Due 18:00", href="/t/1/", **more)
    return rendered('{% include "components/task_row.html" with task=task only %}', task=row)


def test_the_button_of_a_task_says_for_whom_it_is():
    html = task(action="Start", primary=True)
    assert html.count("<a ") == 1
    assert 'Start<span class="visually-hidden">: Post a routine</span>' in html


def test_a_task_says_in_words_that_it_is_late_or_done():
    assert "Late:" in task(state="late", action="Start")
    assert "done" in task(state="done")
    assert "button" not in task(state="done")
    assert "Late:" not in task(action="Start")


def test_an_account_says_its_state_only_where_something_is_wrong():
    tag = '{% include "components/account.html" with platform="Douyin" handle="min" only %}'
    assert "badge" not in rendered(tag)
    wrong = tag.replace(" only", ' state="banned" state_label="Banned" only')
    assert "badge-bad" in rendered(wrong)


def test_a_sheet_is_named_by_its_title_and_closes_without_script():
    html = rendered('{% sheet id="rules" title="What counts" %}<p>12 notes</p>{% endsheet %}')
    assert '<dialog class="dialog sheet" id="rules" aria-labelledby="rules-title">' in html
    assert '<h2 id="rules-title">What counts</h2>' in html
    assert 'href="#main"' in html


def linked(**more):
    return parts.Chart(
        id="trend",
        title="Notes per day",
        labels=["1 Nov", "2 Nov", "3 Nov"],
        axis=["1", "2", "3"],
        series=[
            parts.Series(name="Now", values=[3, None, 5], links=["/a/", "/b/", "/c/"]),
            parts.Series(name="Before", values=[1, 2, 4], dashed=True),
        ],
        **more,
    )


def test_the_table_twin_leads_where_the_chart_leads():
    html = rendered("{% chart data %}", data=linked(href="/all/", link="Open the posts"))
    twin = html[html.index("<details") :]
    assert '<a class="figure-link" href="/a/">3</a>' in twin
    assert '<a class="card-link push" href="/all/">Open the posts</a>' in html
    # What is not known leads nowhere, and a series without links is plain.
    assert "/b/" not in twin
    assert '<td class="num">4</td>' in twin


def test_without_script_the_drawing_leads_there_by_mouse_only():
    html = rendered("{% chart data %}", data=linked())
    drawing = html[html.index('<div class="drawing">') : html.index("<script")]
    assert re.findall(r'<a href="([^"]+)" tabindex="-1">', drawing) == ["/a/", "/c/"]


def test_the_axis_may_say_less_than_the_table():
    html = rendered("{% chart data %}", data=linked())
    assert '<th scope="row">2 Nov</th>' in html
    assert ">2</text>" in html


def test_parts_of_a_bar_lead_to_their_own_rows():
    data = parts.Chart(
        id="tiers",
        title="Tiers",
        kind="stacked",
        labels=["Oct", "Nov"],
        series=[
            parts.Series(name="Junior", values=[8, 9], links=["", "/junior/"]),
            parts.Series(name="Senior", values=[1, 0], links=["", "/senior/"]),
        ],
    )
    html = rendered("{% stacked_bars data %}", data=data)
    assert html.count('<a href="/junior/" tabindex="-1"><rect class="series-fill-1"') == 1
    # A part of nought is not drawn, but its nought can be opened in the table.
    assert '<a href="/senior/" tabindex' not in html
    assert '<a class="figure-link" href="/senior/">0</a>' in html


def test_links_of_a_series_must_be_as_many_as_its_values():
    data = trend()
    data.series[0].links = ["/a/"]
    with pytest.raises(ValueError, match="longer"):
        rendered("{% chart data %}", data=data)


def test_the_definition_of_a_figure_is_behind_a_named_button():
    html = rendered('{% column "Held" define="held" %}')
    assert '<th scope="col" class="num">' in html
    assert "What Held means</span></summary>" in html
    assert "can still be returned" in html
    assert "<details" not in rendered('{% column "Row" %}')
    assert "can still be returned" in rendered('{% sort_header "h" "Held" define="held" %}')
    assert "can still be returned" in rendered('{% definition "held" "Held" %}')


def test_an_unknown_definition_is_a_mistake_of_the_page():
    with pytest.raises(KeyError):
        rendered('{% column "Held" define="nothing-like-it" %}')


def test_a_figure_has_one_meaning():
    with pytest.raises(ValueError, match="held"):
        definitions.register({"held": "something else"})


def test_each_step_of_a_funnel_says_what_it_counts_and_leads_there():
    steps = [
        parts.FunnelStep(label="Views", value=900, help="v", href="/posts/", as_figure=True),
        parts.FunnelStep(label="Buyers", value=40, help="b", href="/orders/", apart=True),
        parts.FunnelStep(label="Again", value=10, help="a"),
    ]
    html = rendered("{% funnel steps %}", steps=steps)
    assert html.count('class="help"') == 3
    assert 'href="/posts/">900</a>' in html
    assert 'href="/orders/">40</a>' in html
    # Buyers are no part of the views.
    assert html.count("funnel-rate") == 1
    assert "25.0%" in html
