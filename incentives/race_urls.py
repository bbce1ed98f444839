"""Addresses of the race pages."""

from django.urls import path

from incentives import race_edit_pages, race_note_pages, race_pages, race_screen

urlpatterns = [
    path("races/", race_pages.race_list, name="races"),
    path("races/new/", race_edit_pages.race_add, name="race_add"),
    path("races/screen/<str:token>/", race_screen.screen, name="race_screen"),
    path("races/screens/<int:screen_id>/end/", race_pages.race_screen_end, name="race_screen_end"),
    path(
        "races/disputes/<int:dispute_id>/answer/",
        race_pages.race_dispute_answer,
        name="race_dispute_answer",
    ),
    path("races/<int:race_id>/", race_pages.race, name="race"),
    path("races/<int:race_id>/edit/", race_edit_pages.race_edit, name="race_edit"),
    path("races/<int:race_id>/act/", race_pages.race_act, name="race_act"),
    path("races/<int:race_id>/file/", race_pages.race_file, name="race_file"),
    path("races/<int:race_id>/result/", race_pages.race_result, name="race_result"),
    path("races/<int:race_id>/disputes/", race_pages.race_disputes_page, name="race_disputes"),
    path("races/<int:race_id>/notes/", race_note_pages.race_notes_page, name="race_notes"),
    path("races/<int:race_id>/screens/", race_pages.race_screens_page, name="race_screens"),
    path("races/<int:race_id>/screens/add/", race_pages.race_screen_add, name="race_screen_add"),
    path("races/<int:race_id>/entries/<int:entry_id>/", race_pages.race_entry, name="race_entry"),
    path(
        "races/<int:race_id>/entries/<int:entry_id>/dispute/",
        race_pages.race_dispute,
        name="race_dispute",
    ),
]
