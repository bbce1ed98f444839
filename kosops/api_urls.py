"""The REST API, version 1."""

from django.urls import include, path

from accounts import api as accounts_api

app_name = "api"
urlpatterns = [
    path("me", accounts_api.me, name="me"),
    path("", include("incentives.api_urls")),
]
