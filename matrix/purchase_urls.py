"""Addresses of the pages about purchases of KOC."""

from django.urls import path

from matrix import purchase_mobile, purchase_pages

urlpatterns = [
    path(
        "matrix/creators/<int:pk>/purchases/add/", purchase_pages.purchase_add, name="purchase_add"
    ),
    path("matrix/creators/receipts/<int:receipt_id>/", purchase_pages.receipt, name="receipt"),
    path(
        "matrix/creators/purchases/<int:proof_id>/back/",
        purchase_pages.purchase_take_back,
        name="purchase_take_back",
    ),
]
mobile_patterns = [path("purchases/", purchase_mobile.own_purchases, name="purchases")]
