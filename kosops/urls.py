"""Every address of the product. HQ stands at the root, phone pages under /m/."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from accounts import pages as accounts_pages

urlpatterns = [
    path("", accounts_pages.home, name="home"),
    path("", include("accounts.urls")),
    path("", include("integrations.urls")),
    path("", include("matrix.urls")),
    path("", include("content.urls")),
    path("", include("customers.urls")),
    path("", include("incentives.urls")),
    path("", include("insights.urls")),
    path("m/", include("kosops.mobile_urls")),
    path("api/v1/", include("kosops.api_urls")),
    path("account/", include("allauth.urls")),
    path("language/", set_language, name="set_language"),
    path("admin/", admin.site.urls),
]

# Addresses under /api/ answer with problem documents, all others with pages.
handler400 = "kosops.api_errors.bad_request"
handler403 = "kosops.api_errors.forbidden"
handler404 = "kosops.api_errors.not_found"
handler500 = "kosops.api_errors.server_error"

if settings.UI_GALLERY:
    urlpatterns.append(path("ui/", include("kosops.ui.urls")))
