"""Addresses of dry runs of commission plans."""

from django.urls import path

from incentives import dry_pages

urlpatterns = [
    path(
        "commission/plans/<int:version_id>/dry-runs/",
        dry_pages.dry_run_start,
        name="dry_run_start",
    ),
    path("commission/dry-runs/<int:dry_run_id>/", dry_pages.dry_run, name="dry_run"),
    path("commission/dry-runs/<int:dry_run_id>/file/", dry_pages.dry_run_file, name="dry_run_file"),
]
