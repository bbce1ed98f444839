"""The gallery of components, for people who build pages (DEBUG or UI_GALLERY only)."""

from django.urls import path

from kosops.ui import gallery

app_name = "ui"
urlpatterns = [
    path("", gallery.index, name="gallery"),
    path("overview/", gallery.overview, name="gallery_overview"),
    path("staff/", gallery.staff, name="gallery_staff"),
    path("job/", gallery.job, name="gallery_job"),
]
