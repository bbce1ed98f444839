"""Addresses of own orders."""

from django.urls import path

from incentives import own_order_pages

urlpatterns = [
    path("commission/own-orders/", own_order_pages.own_order_list, name="own_orders"),
    path("commission/own-orders/<int:own_order_id>/", own_order_pages.own_order, name="own_order"),
    path(
        "commission/own-orders/<int:own_order_id>/check/",
        own_order_pages.own_order_check,
        name="own_order_check",
    ),
]
