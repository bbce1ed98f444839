"""The race pages: what they say, to whom, and what they refuse."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.choices import Role
from incentives import race_disputes, race_part, race_screens, race_standings, races
from incentives.models import Race, RaceDispute, RaceScreen
from incentives.race_forms import RaceForm
from incentives.race_rules import Formula, Leagues, Term
from tests import cast as c
from tests.incentives.test_race_season import (  # noqa: F401
    FORMULA,
    a_race,
    frozen,
    lin,
    people,
    season,
    set_day,
    zhao,
)

pytestmark = pytest.mark.django_db


def page(client, name, *args, query=""):
    response = client.get(reverse(f"incentives:{name}", args=args) + query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def act(client, race, what):
    return client.post(reverse("incentives:race_act", args=[race.pk]), {"act": what})


@pytest.fixture
def race(people, season, lin):  # noqa: F811
    started = races.start(by=lin, race=a_race(people, lin))
    return race_standings.refresh(by=None, race=started)


def signed_in(someone):
    client = Client()
    client.force_login(someone)
    return client


# -- looking -------------------------------------------------------------------


def test_the_board_shows_places_scores_and_the_rules_in_words(race, lin) -> None:  # noqa: F811
    shown = page(signed_in(lin), "race", race.pk)
    assert shown.index("Tianhe Parc Central") < shown.index("Jing&#x27;an Kerry Centre")
    for words in ("66.00", "80.00", "20 days left", "per active head, as a share of the best"):
        assert words in shown


def test_a_store_manager_sees_the_whole_board_and_behind_the_own_line_only(
    race,
    people,  # noqa: F811
) -> None:
    he = signed_in(c.person("he", (Role.STORE_MANAGER, people.jingan)))
    shown = page(he, "race", race.pk)
    assert "Your part" in shown and "Tianhe Parc Central" in shown
    own, other = (race.entries.get(store=store) for store in (people.jingan, people.tianhe))
    assert reverse("incentives:race_entry", args=[race.pk, own.pk]) in shown
    assert reverse("incentives:race_entry", args=[race.pk, other.pk]) not in shown
    assert page(he, "race_entry", race.pk, own.pk)
    url = reverse("incentives:race_entry", args=[race.pk, other.pk])
    assert he.get(url).status_code == 404
    assert act(he, race, "refresh").status_code == 403


def test_a_line_explains_itself_and_says_what_closes_the_gap(race, people, lin) -> None:  # noqa: F811
    entry = race.entries.get(store=people.jingan)
    shown = page(signed_in(lin), "race_entry", race.pk, entry.pk)
    assert "¥300.00 ÷ 1 head = ¥300.00; of the best ¥500.00: 60% × 60" in shown
    assert "is 14.00 points ahead" in shown
    standing = race_part.of_participant(race, entry=entry)
    gap, steps = race_part.gaps(FORMULA, standing, race_part.next_ahead(standing))
    assert (gap, steps) == ("14.00", ["¥116.75 more net sales"])
    assert steps[0] in shown
    c.order(people, "GAP", 11_675, day="2026-09-09")
    race_standings.refresh(by=None, race=race)
    assert race_part.of_participant(race, entry=entry).rank == 1


def test_the_neighbours_are_two_above_and_two_below(people, season, lin) -> None:  # noqa: F811
    formula = Formula(terms=(Term("orders", 100, "total"),))
    staff = [c.creator(people.jingan, f"N{n}", f"Seller {n}") for n in range(6)]
    for n, someone in enumerate(staff):
        for number in range(9 - n):
            c.order(people, f"N{n}-{number}", 100, seller=someone)
    started = races.start(by=lin, race=a_race(people, lin, "deals", formula))
    race_standings.refresh(by=None, race=started)
    me = race_part.of_participant(started, entry__creator=staff[3])
    assert [row.entry.creator.name for row in race_part.around(me)] == [
        f"Seller {n}" for n in (1, 2, 3, 4, 5)
    ]
    first = race_part.of_participant(started, entry__creator=staff[0])
    assert [row.rank for row in race_part.around(first)] == [1, 2, 3]
    assert race_part.gaps(formula, first, race_part.next_ahead(first)) == ("", [])


def test_my_rank_shows_me_between_my_neighbours(race, people) -> None:  # noqa: F811
    people.zhou.person = c.person("zhou")
    people.zhou.save()
    zhou = signed_in(people.zhou.person)
    shown = zhou.get(reverse("mobile:rank")).content.decode()
    for words in ("Place 2", "14.00", "¥116.75 more net sales", "Tianhe Parc Central"):
        assert words in shown
    people.may.person = c.person("may")
    people.may.save()
    nothing = signed_in(people.may.person).get(reverse("mobile:rank")).content.decode()
    assert "No race right now" in nothing


def test_customers_are_not_named_in_full(people, lin) -> None:  # noqa: F811
    formula = Formula(terms=(Term("orders", 100, "total"),))
    for number, name in (("C2", "Wang Xiaoming"), ("C3", "梅雨晴")):
        c.creator(people.jingan, number, name, kind="koc")
    started = races.start(by=lin, race=a_race(people, lin, "deals", formula, creator_kind="koc"))
    race_standings.refresh(by=None, race=started)
    shown = page(signed_in(lin), "race", started.pk)
    assert "Wang Xiaoming" not in shown and "W•••g" in shown
    assert "梅雨晴" not in shown and "梅••" in shown


def test_a_draft_is_for_those_who_set_races_up(people, lin) -> None:  # noqa: F811
    draft = a_race(people, lin)
    assert "Autumn race" in page(signed_in(lin), "races")
    he = signed_in(c.person("he", (Role.STORE_MANAGER, people.jingan)))
    assert "Autumn race" not in page(he, "races")
    assert he.get(reverse("incentives:race", args=[draft.pk])).status_code == 404


# -- setting up ----------------------------------------------------------------


def form_data(scheme="stores", **changes):
    form = RaceForm(scheme=scheme)
    found = {name: form[name].value() for name in form.fields}
    data = {name: "" if value is None else str(value) for name, value in found.items()}
    if not found["by_kind"]:
        del data["by_kind"]
    return data | {"name": "Winter race"} | changes


def test_each_scheme_can_be_saved_as_it_is_offered(lin, people) -> None:  # noqa: F811
    client = signed_in(lin)
    for scheme in races.SCHEMES:
        url = reverse("incentives:race_add") + f"?scheme={scheme}"
        data = form_data(scheme, prizes="3000；2000; 12.5")
        assert client.post(url, data).status_code == 302
        saved = Race.objects.latest("pk")
        template = races.SCHEMES[scheme].formula
        assert set(races.formula_of(saved).terms) == set(template.terms)
        assert races.formula_of(saved).prizes == (300_000, 200_000, 1_250)


def test_a_wrong_formula_is_refused_in_words_and_nothing_is_lost(lin) -> None:  # noqa: F811
    url = reverse("incentives:race_add") + "?scheme=stores"
    client = signed_in(lin)
    refused = client.post(url, form_data(weight_sales_net="60"))
    assert refused.status_code == 422
    assert "they add up to 110" in refused.content.decode()
    for wrong in ({"bands": "5, x"}, {"prizes": "lots"}, {"cut_off_on": "2026-01-01"}):
        assert client.post(url, form_data(**wrong)).status_code == 422
    assert not Race.objects.exists()


def test_a_formula_is_tried_on_past_days_against_the_saved_one(
    people,  # noqa: F811
    season,  # noqa: F811
    lin,  # noqa: F811
) -> None:
    draft = a_race(people, lin)
    url = reverse("incentives:race_edit", args=[draft.pk])
    zero = {f"weight_{key}": "0" for key in ("sales_net", "orders", "new_buyers", "interactions")}
    data = form_data(
        weight_leads="0",
        try_first="2026-09-01",
        try_last="2026-09-10",
        act="try",
        prizes="100",
        **zero,
    ) | {"weight_posts": "100", "at_least": "1", "active_days": "2"}
    data.pop("by_kind", None)
    data["bands"] = ""
    shown = signed_in(lin).post(url, data)
    assert shown.status_code == 200
    text = re.sub(r"\s+", " ", shown.content.decode())
    assert "2 would stand at another place" in text
    assert "1 would win a prize who would not before." in text or "prizes ¥100.00" in text
    assert draft.formulas.count() == 1


def test_what_runs_is_not_changed(race, lin) -> None:  # noqa: F811
    url = reverse("incentives:race_edit", args=[race.pk])
    assert signed_in(lin).post(url, form_data()).status_code == 302
    race.refresh_from_db()
    assert race.name == "Autumn race"


def test_only_who_may_sets_up_and_acts(race, people, zhao) -> None:  # noqa: F811
    client = signed_in(zhao)
    assert client.get(reverse("incentives:race_add") + "?scheme=stores").status_code == 403
    assert client.get(reverse("incentives:race_edit", args=[race.pk])).status_code == 403
    for what in ("start", "refresh", "freeze"):
        assert act(client, race, what).status_code == 403
    assert client.get(reverse("incentives:race_screens", args=[race.pk])).status_code == 403


# -- questions, result, prizes -------------------------------------------------


def test_a_question_marks_the_line_until_it_is_answered(race, people, lin) -> None:  # noqa: F811
    he = signed_in(c.person("he", (Role.STORE_MANAGER, people.jingan)))
    entry = race.entries.get(store=people.jingan)
    url = reverse("incentives:race_dispute", args=[race.pk, entry.pk])
    assert he.post(url, {"text": " "}).status_code == 422
    assert he.post(url, {"text": "Order 17 is missing", "fact": "sales_net"}).status_code == 302
    assert "points in question" in page(he, "race", race.pk)
    dispute = RaceDispute.objects.get()
    answer = reverse("incentives:race_dispute_answer", args=[dispute.pk])
    assert he.post(answer, {"state": "upheld", "text": "x"}).status_code == 403
    hq = signed_in(lin)
    assert "Order 17 is missing" in page(hq, "race_disputes", race.pk)
    hq.post(answer, {"state": "upheld", "text": "It is in now"})
    assert "points in question" not in page(he, "race", race.pk)
    assert "It is in now" in page(he, "race_entry", race.pk, entry.pk)


def test_the_result_is_proved_on_a_button_and_paid_by_a_second_person(
    people,  # noqa: F811
    season,  # noqa: F811
    lin,  # noqa: F811
    zhao,  # noqa: F811
    set_day,  # noqa: F811
) -> None:
    race = frozen(people, lin, set_day)
    hq, finance = signed_in(lin), signed_in(zhao)
    assert act(hq, race, "prove").status_code == 302
    shown = page(finance, "race_result", race.pk)
    for words in (race.digest, "the same", "Approve the prizes", "¥1,000.01"):
        assert words in shown
    assert act(hq, race, "approve").status_code == 403
    act(finance, race, "approve")
    act(finance, race, "approve")
    race.refresh_from_db()
    assert race.approved_by == zhao
    c.order(people, "TOO-LATE", 90_000, day="2026-09-30")
    act(hq, race, "prove")
    shown = page(finance, "race_result", race.pk)
    assert "What would be different now" in shown and "¥1,200.00" in shown


# -- the television ------------------------------------------------------------


def test_a_screen_opens_without_sign_in_and_shows_no_way_in(race, people, lin) -> None:  # noqa: F811
    made = race_screens.open_screen(by=lin, race=race)
    tv = Client()
    shown = tv.get(reverse("incentives:race_screen", args=[made.token]))
    assert shown.status_code == 200
    text = shown.content.decode()
    assert "Tianhe Parc Central" in text and "80.00" in text
    assert "<script" not in text and "<a " not in text and "<form" not in text
    assert shown["Refresh"].startswith("30; url=")
    assert shown["Cache-Control"] == "private, no-store"
    assert "sessionid" not in shown.cookies and "csrftoken" not in shown.cookies
    race_screens.end_screen(by=lin, screen=made.screen)
    assert tv.get(reverse("incentives:race_screen", args=[made.token])).status_code == 404


def test_a_screen_goes_through_the_groups_by_turns(people, season, lin) -> None:  # noqa: F811
    c.creator(people.jingan, "K9", "Ninth")
    formula = Formula(terms=FORMULA.terms, leagues=Leagues(bands=(2,)))
    started = races.start(by=lin, race=a_race(people, lin, formula=formula))
    race_standings.refresh(by=None, race=started)
    made = race_screens.open_screen(by=lin, race=started)
    url = reverse("incentives:race_screen", args=[made.token])
    first, second = Client().get(url), Client().get(url + "?group=1")
    assert first["Refresh"].endswith("?group=1") and second["Refresh"].endswith("?group=0")
    assert "Tianhe" in first.content.decode() and "Tianhe" not in second.content.decode()


def test_a_link_is_made_and_ended_on_its_page(race, people, lin) -> None:  # noqa: F811
    client = signed_in(lin)
    url = reverse("incentives:race_screen_add", args=[race.pk])
    made = client.post(url, {"store": people.jingan.pk}).content.decode()
    (link,) = set(re.findall(r"/races/screen/[\w-]+/", made))
    assert "Jing&#x27;an" in Client().get(link).content.decode()
    screen = RaceScreen.objects.get()
    client.post(reverse("incentives:race_screen_end", args=[screen.pk]))
    assert Client().get(link).status_code == 404


def test_what_waits_is_told(race, people, lin, zhao, season, set_day) -> None:  # noqa: F811
    from accounts import waiting

    entry = race.entries.first()
    dispute = race_disputes.raise_dispute(by=lin, entry=entry, text="x")
    assert any("about points" in str(item.text) for item in waiting.items_for(lin))
    race_disputes.answer(by=lin, dispute=dispute, state="refused", text="x")
    set_day("2026-10-08")
    race_standings.freeze(by=lin, race=race)
    fresh = type(zhao).objects.get(pk=zhao.pk)
    assert any("wait for approval" in str(item.text) for item in waiting.items_for(fresh))


def test_a_board_costs_twelve_queries_for_headquarters_and_for_a_store(
    race,
    people,  # noqa: F811
    lin,  # noqa: F811
) -> None:
    he = c.person("he", (Role.STORE_MANAGER, people.jingan))
    for someone in (lin, he):
        client = signed_in(someone)
        with CaptureQueriesContext(connection) as queries:
            page(client, "race", race.pk)
        assert len(queries) <= 12, [each["sql"][:120] for each in queries]


def test_the_board_is_a_file_for_headquarters(race, people, lin) -> None:  # noqa: F811
    url = reverse("incentives:race_file", args=[race.pk])
    lines = b"".join(signed_in(lin).get(url).streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Group,Place,Participant,Store,Active heads,Score,Net sales,")
    assert lines[1].endswith("80.00,500.00,60.00,2,20.00,0,0.00")
    assert len(lines) == 3
    he = signed_in(c.person("he", (Role.STORE_MANAGER, people.jingan)))
    assert he.get(url).status_code == 403
