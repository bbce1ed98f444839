"""Addresses of bookings by hand."""

from django.urls import path

from incentives import correction_pages

urlpatterns = [
    path("books/by-hand/", correction_pages.correction_list, name="corrections"),
    path("books/by-hand/add/", correction_pages.correction_add, name="correction_add"),
    path(
        "books/by-hand/reverse/<int:journal_id>/",
        correction_pages.reversal_add,
        name="reversal_add",
    ),
    path("books/by-hand/<int:correction_id>/", correction_pages.correction, name="correction"),
    path(
        "books/by-hand/<int:correction_id>/decide/",
        correction_pages.correction_decide,
        name="correction_decide",
    ),
]
