"""Addresses of commission plans."""

from django.urls import path

from incentives import place_pages, plan_pages

urlpatterns = [
    path("commission/places/", place_pages.place_list, name="places"),
    path("commission/plans/", plan_pages.plan_list, name="plans"),
    path("commission/plans/new/", plan_pages.plan_new, name="plan_new"),
    path("commission/plans/<int:version_id>/", plan_pages.plan, name="plan"),
    path("commission/plans/<int:version_id>/edit/", plan_pages.plan_edit, name="plan_edit"),
    path("commission/plans/<int:version_id>/submit/", plan_pages.plan_submit, name="plan_submit"),
    path("commission/plans/<int:version_id>/drop/", plan_pages.plan_drop, name="plan_drop"),
    path("commission/plans/<int:version_id>/decide/", plan_pages.plan_decide, name="plan_decide"),
]
