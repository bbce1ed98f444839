"""Addresses of share links and of the own share code."""

from django.urls import path

from incentives import share_mobile, share_pages, share_report_pages

urlpatterns = [
    path("commission/share-report/", share_report_pages.sharers, name="share_report"),
    path(
        "commission/share-report/articles/",
        share_report_pages.shared_articles,
        name="share_articles",
    ),
    path(
        "commission/share-report/before-after/",
        share_report_pages.before_after,
        name="share_before_after",
    ),
    path(
        "commission/share-report/refresh/", share_report_pages.refresh, name="share_report_refresh"
    ),
    path("commission/share-links/", share_pages.link_list, name="share_links"),
    path("commission/share-links/codes/", share_pages.codes_give, name="share_codes_give"),
    path("commission/share-links/<int:share_id>/", share_pages.link_edit, name="share_link"),
    path(
        "commission/share-links/<int:share_id>/stop/", share_pages.link_stop, name="share_link_stop"
    ),
]

mobile_patterns = [
    path("money/share/", share_mobile.share, name="share"),
    path("money/share/<int:share_id>/<str:file>/", share_mobile.share_qr, name="share_qr"),
]
