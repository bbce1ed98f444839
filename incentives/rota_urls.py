"""Addresses of the volunteer rota."""

from django.urls import path

from incentives import rota_mobile, rota_pages

urlpatterns = [
    path("volunteers/", rota_pages.week, name="rota_week"),
    path("volunteers/book/", rota_pages.book, name="rota_book"),
    path("volunteers/shifts/", rota_pages.shift_list, name="shifts"),
    path("volunteers/shifts/<int:shift_id>/", rota_pages.shift, name="shift"),
    path(
        "volunteers/shifts/<int:shift_id>/people/<int:place_id>/",
        rota_pages.attendance,
        name="shift_place",
    ),
    path("volunteers/activities/", rota_pages.duty_list, name="duties"),
    path("volunteers/activities/add/", rota_pages.duty_add, name="duty_add"),
    path("volunteers/activities/<int:duty_id>/", rota_pages.duty, name="duty"),
    path("volunteers/activities/<int:duty_id>/state/", rota_pages.duty_state, name="duty_state"),
    path("volunteers/activities/<int:duty_id>/shifts/", rota_pages.duty_shifts, name="duty_shifts"),
]
mobile_patterns = [
    path("volunteer/", rota_mobile.shifts, name="volunteer"),
    path("volunteer/read/", rota_mobile.read, name="volunteer_read"),
    path("volunteer/<int:shift_id>/", rota_mobile.shift, name="volunteer_shift"),
    path("volunteer/<int:shift_id>/calendar/", rota_mobile.calendar, name="volunteer_calendar"),
    path(
        "volunteer/<int:shift_id>/attendance/",
        rota_mobile.attendance,
        name="volunteer_attendance",
    ),
]
