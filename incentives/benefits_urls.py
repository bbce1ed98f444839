"""Addresses of benefits and certificates."""

from django.urls import path

from incentives import benefits_pages

urlpatterns = [
    path("tiers/benefits/", benefits_pages.benefit_table, name="benefits"),
    path("tiers/benefits/<int:benefit_id>/end/", benefits_pages.benefit_end, name="benefit_end"),
    path("certificates/<str:number>/", benefits_pages.certificate, name="certificate"),
]
