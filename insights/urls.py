"""Addresses of the overview."""

from django.urls import path

from insights import pages

app_name = "insights"
urlpatterns = [
    path("overview/", pages.overview, name="overview"),
    path("approvals/", pages.approvals, name="approvals"),
]
