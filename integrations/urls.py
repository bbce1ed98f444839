from django.urls import path

from integrations import pages

app_name = "integrations"
urlpatterns = [
    path("exports/", pages.export_start, name="export"),
    path("imports/", pages.imports, name="imports"),
    path("imports/new/", pages.import_new, name="import_new"),
    path("imports/<int:pk>/", pages.import_page, name="import"),
    path("imports/<int:pk>/columns/", pages.import_columns, name="import_columns"),
    path("imports/<int:pk>/sheet/", pages.import_sheet, name="import_sheet"),
    path("imports/<int:pk>/check/", pages.import_check, name="import_check"),
    path("imports/<int:pk>/confirm/", pages.import_confirm, name="import_confirm"),
    path("imports/<int:pk>/retry/", pages.import_retry, name="import_retry"),
    path("imports/<int:pk>/cancel/", pages.import_cancel, name="import_cancel"),
    path("imports/<int:pk>/rows/", pages.import_rows, name="import_rows"),
    path("imports/<int:pk>/rows/<int:issue_pk>/", pages.import_row, name="import_row"),
    path("imports/<int:pk>/faults.csv", pages.import_faults, name="import_faults"),
    path("imports/<int:pk>/file/", pages.import_file, name="import_file"),
]
