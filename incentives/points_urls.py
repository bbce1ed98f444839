"""Addresses of the pages of points."""

from django.urls import path

from incentives import points_pages

urlpatterns = [
    path("points/", points_pages.holder_list, name="points"),
    path("points/people/<int:creator_id>/", points_pages.holder, name="points_person"),
    path("points/rules/", points_pages.rule_list, name="point_rules"),
    path("points/rules/<int:rule_id>/end/", points_pages.rule_end, name="point_rule_end"),
    path("points/by-hand/", points_pages.grant_list, name="point_grants"),
    path("points/by-hand/<int:gift_id>/", points_pages.grant, name="point_grant"),
]
