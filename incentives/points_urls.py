"""Addresses of the pages of points."""

from django.urls import path

from incentives import perk_pages, points_pages, standing_pages, theme_pages

urlpatterns = [
    path("points/", points_pages.holder_list, name="points"),
    path("points/people/<int:creator_id>/", points_pages.holder, name="points_person"),
    path("points/rules/", points_pages.rule_list, name="point_rules"),
    path("points/rules/<int:rule_id>/end/", points_pages.rule_end, name="point_rule_end"),
    path("points/by-hand/", points_pages.grant_list, name="point_grants"),
    path("points/by-hand/<int:gift_id>/", points_pages.grant, name="point_grant"),
    path("catalogue/", perk_pages.reward_list, name="catalogue"),
    path("catalogue/add/", perk_pages.reward_add, name="catalogue_add"),
    path("catalogue/taken/", perk_pages.redemption_list, name="redemptions"),
    path("catalogue/taken/<int:redemption_id>/", perk_pages.redemption, name="redemption"),
    path("catalogue/<int:reward_id>/", perk_pages.reward, name="catalogue_item"),
    path("catalogue/<int:reward_id>/codes/", perk_pages.reward_codes, name="catalogue_codes"),
    path("catalogue/<int:reward_id>/state/", perk_pages.reward_state, name="catalogue_state"),
    path("catalogue/member-prices/", standing_pages.standings, name="standings"),
    path(
        "catalogue/member-prices/<int:standing_id>/switch/",
        standing_pages.standing_switch,
        name="standing_switch",
    ),
    path("themes/", theme_pages.theme_list, name="themes"),
    path("themes/add/", theme_pages.theme_add, name="theme_add"),
    path("themes/<int:theme_id>/", theme_pages.theme, name="theme"),
    path("themes/<int:theme_id>/act/", theme_pages.theme_act, name="theme_act"),
]
