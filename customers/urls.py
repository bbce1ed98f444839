from django.urls import URLPattern, URLResolver, path

from customers import pages

app_name = "customers"
urlpatterns: list[URLPattern | URLResolver] = [
    path("orders/", pages.orders, name="orders"),
    path("orders/<int:pk>/", pages.order, name="order"),
    path("orders/waiting-refunds/", pages.waiting_refunds, name="waiting_refunds"),
    path("orders/of-creator/<int:pk>/", pages.creator_orders, name="creator_orders"),
    path("orders/of-unit/<int:pk>/", pages.unit_orders, name="unit_orders"),
]
