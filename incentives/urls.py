"""Addresses of tiers, commission, settlement, the books and payouts."""

from django.urls import path

from incentives import commission_pages, payout_pages, settlement_pages
from incentives.benefits_urls import urlpatterns as benefit_patterns
from incentives.correction_urls import urlpatterns as correction_patterns
from incentives.dispute_urls import urlpatterns as dispute_patterns
from incentives.dry_urls import urlpatterns as dry_patterns
from incentives.own_order_urls import urlpatterns as own_order_patterns
from incentives.payout_urls import urlpatterns as payout_patterns
from incentives.plan_urls import urlpatterns as plan_patterns
from incentives.points_urls import urlpatterns as points_patterns
from incentives.proof_urls import urlpatterns as proof_patterns
from incentives.race_urls import urlpatterns as race_patterns
from incentives.rewards_urls import urlpatterns as reward_patterns
from incentives.rota_urls import urlpatterns as rota_patterns
from incentives.scheme_urls import urlpatterns as scheme_patterns
from incentives.share_urls import urlpatterns as share_patterns
from incentives.tier_urls import urlpatterns as tier_patterns

app_name = "incentives"
urlpatterns = [
    *tier_patterns,
    *correction_patterns,
    *plan_patterns,
    *points_patterns,
    *race_patterns,
    *benefit_patterns,
    *reward_patterns,
    *proof_patterns,
    *dispute_patterns,
    *dry_patterns,
    *own_order_patterns,
    *payout_patterns,
    *scheme_patterns,
    *rota_patterns,
    *share_patterns,
    path("commission/", commission_pages.statement_list, name="statements"),
    path("commission/statements/<int:statement_id>/", commission_pages.statement, name="statement"),
    path(
        "commission/statements/<int:statement_id>/file/",
        commission_pages.statement_file,
        name="statement_file",
    ),
    path(
        "commission/lines/<int:order_line_id>/<int:creator_id>/<str:role>/",
        commission_pages.explain,
        name="explain",
    ),
    path(
        "commission/orders/<int:order_id>/",
        commission_pages.order_commission,
        name="order_commission",
    ),
    path("settlements/", settlement_pages.settlement_list, name="settlements"),
    path("settlements/start/", settlement_pages.settlement_start, name="settlement_start"),
    path("settlements/interim/", settlement_pages.interim_add, name="interim_add"),
    path("settlements/run/", settlement_pages.run_start, name="run_start"),
    path("settlements/<int:settlement_id>/act/", settlement_pages.interim_act, name="interim_act"),
    path("settlements/<int:settlement_id>/", settlement_pages.settlement_page, name="settlement"),
    path(
        "settlements/<int:settlement_id>/late/",
        settlement_pages.settlement_late,
        name="settlement_late",
    ),
    path(
        "settlements/<int:settlement_id>/batch/", payout_pages.batch_make, name="payout_batch_make"
    ),
    path("books/", settlement_pages.books, name="books"),
    path("books/prove/", settlement_pages.books_prove, name="books_prove"),
    path("payouts/", payout_pages.batch_list, name="payouts"),
    path("payouts/<int:batch_id>/", payout_pages.batch_page, name="payout_batch"),
    path("payouts/<int:batch_id>/submit/", payout_pages.batch_submit, name="payout_batch_submit"),
    path("payouts/<int:batch_id>/decide/", payout_pages.batch_decide, name="payout_batch_decide"),
    path("payouts/<int:batch_id>/export/", payout_pages.batch_export, name="payout_batch_export"),
    path("payouts/<int:batch_id>/file/", payout_pages.batch_file, name="payout_batch_file"),
]
