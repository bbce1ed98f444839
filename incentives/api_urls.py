"""Addresses of the REST API of money, points, tiers and races."""

from django.urls import path

from incentives import (
    commission_api,
    explain_api,
    payout_api,
    points_api,
    standing_api,
    statement_api,
)

urlpatterns = [
    path("commissions", commission_api.lines, name="commissions"),
    path("commissions/explain", commission_api.explain, name="commission_explain"),
    path("statements", statement_api.statement_list, name="statements"),
    path("statements/<str:period>/<str:creator>", statement_api.statement, name="statement"),
    path("settlements", statement_api.settlement_list, name="settlements"),
    path("payout-batches", payout_api.batch_list, name="payout_batches"),
    path("payout-batches/<str:number>", payout_api.batch, name="payout_batch"),
    path("payouts", payout_api.payout_list, name="payouts"),
    path("explain/tier", explain_api.tier, name="explain_tier"),
    path("explain/race", explain_api.race, name="explain_race"),
    path("explain/reward", explain_api.reward, name="explain_reward"),
    path("member-prices", standing_api.member_prices, name="member_prices"),
    path("point-grants", points_api.grants, name="point_grants"),
    path("point-grants/<str:grant_id>", points_api.grant, name="point_grant"),
]
