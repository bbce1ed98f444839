"""Addresses of questions about money, at headquarters and on the phone."""

from django.urls import path

from incentives import dispute_mobile, dispute_pages

urlpatterns = [
    path("commission/questions/", dispute_pages.dispute_list, name="disputes"),
    path("commission/questions/<int:dispute_id>/", dispute_pages.dispute, name="dispute"),
    path(
        "commission/questions/<int:dispute_id>/answer/",
        dispute_pages.dispute_answer,
        name="dispute_answer",
    ),
    path(
        "commission/questions/<int:dispute_id>/file/",
        dispute_pages.dispute_file,
        name="dispute_file",
    ),
]
mobile_patterns = [
    path("money/questions/", dispute_mobile.money_questions, name="money_questions"),
    path(
        "money/statements/<int:statement_id>/ask/",
        dispute_mobile.statement_ask,
        name="statement_ask",
    ),
    path("money/<int:order_line_id>/<str:role>/ask/", dispute_mobile.line_ask, name="line_ask"),
]
