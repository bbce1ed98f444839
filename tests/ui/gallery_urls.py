"""The gallery's addresses, which production leaves out."""

from django.urls import include, path

urlpatterns = [path("ui/", include("kosops.ui.urls"))]
