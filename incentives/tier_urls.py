"""Addresses of the tier pages."""

from django.urls import path, re_path

from incentives import tier_hand_pages, tier_pages

urlpatterns = [
    path("tiers/", tier_pages.tier_list, name="tiers"),
    path("tiers/start/", tier_pages.tier_start, name="tier_start"),
    path("tiers/evaluate/", tier_pages.tier_evaluate, name="tier_evaluate"),
    path("tiers/preview/", tier_pages.tier_preview, name="tier_preview"),
    re_path(
        r"^tiers/moves/(?P<outcome>promoted|demoted|at_risk)/$",
        tier_pages.tier_moves,
        name="tier_moves",
    ),
    path("tiers/runs/<int:run_id>/", tier_pages.tier_run, name="tier_run"),
    path("tiers/changes/<int:change_id>/", tier_pages.tier_change, name="tier_change"),
    path("tiers/creators/<int:creator_id>/", tier_pages.creator_tier, name="creator_tier"),
    path("tiers/creators/<int:creator_id>/pin/", tier_hand_pages.pin, name="tier_pin"),
    path("tiers/pins/<int:pin_id>/end/", tier_hand_pages.unpin, name="tier_unpin"),
    path("tiers/review/", tier_hand_pages.review_list, name="tier_review"),
    path("tiers/review/decide/", tier_hand_pages.review_decide, name="tier_review_decide"),
]
