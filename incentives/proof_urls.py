"""Addresses of the proof of the books."""

from django.urls import path

from incentives import proof_pages

urlpatterns = [
    path("books/proofs/", proof_pages.proof_list, name="proofs"),
    path("books/proofs/<int:proof_id>/", proof_pages.proof, name="proof"),
    path("books/control-totals/", proof_pages.control_totals, name="control_totals"),
]
