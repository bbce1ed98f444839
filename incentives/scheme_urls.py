"""Addresses of the check of schemes."""

from django.urls import path

from incentives import scheme_pages

urlpatterns = [
    path("rewards/schemes/", scheme_pages.scheme_list, name="schemes"),
    path("rewards/schemes/check/", scheme_pages.schemes_check, name="schemes_check"),
    path("rewards/schemes/<slug:kind>/<int:scheme_id>/", scheme_pages.scheme, name="scheme"),
]
