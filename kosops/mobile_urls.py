"""The phone pages of store staff and KOC."""

from django.urls import path

from incentives import mobile as money
from insights import mobile as today

app_name = "mobile"
urlpatterns = [
    path("", today.today, name="today"),
    path("money/", money.money, name="money"),
    path("money/<int:order_line_id>/<str:role>/", money.money_line, name="money_line"),
    path("tier/", money.tier, name="tier"),
]
