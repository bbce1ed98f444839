from django.urls import URLPattern, URLResolver, path

from matrix import bulk, pages, staff_report_pages

app_name = "matrix"
urlpatterns: list[URLPattern | URLResolver] = [
    path("matrix/", pages.tree_page, name="tree"),
    path("matrix/creators/", pages.creators, name="creators"),
    path("matrix/creators/bulk/", bulk.creators_bulk, name="creators_bulk"),
    path("matrix/creators/<int:pk>/", pages.creator, name="creator"),
    path("matrix/leads/", staff_report_pages.reports, name="staff_reports"),
    path("matrix/creators/<int:pk>/reveal/", pages.reveal, name="reveal"),
]
