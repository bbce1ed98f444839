from django.urls import URLPattern, URLResolver, path

from matrix import (
    bulk,
    duplicate_pages,
    grid_pages,
    growth_pages,
    layer_pages,
    pages,
    platform_pages,
    profile_pages,
    staff_report_pages,
    tree_pages,
    unit_pages,
)

app_name = "matrix"
urlpatterns: list[URLPattern | URLResolver] = [
    path("matrix/", tree_pages.tree_page, name="tree"),
    path("matrix/grid/", grid_pages.grid_page, name="grid"),
    path("matrix/growth/", growth_pages.growth_page, name="growth"),
    path("matrix/stores/", unit_pages.store_list, name="stores"),
    path("matrix/stores/<int:pk>/", unit_pages.store, name="store"),
    path("matrix/regions/<int:pk>/", unit_pages.region, name="region"),
    path("matrix/creators/", pages.creators, name="creators"),
    path("matrix/creators/bulk/", bulk.creators_bulk, name="creators_bulk"),
    path("matrix/creators/<int:pk>/", pages.creator, name="creator"),
    path("matrix/duplicates/", duplicate_pages.suspects, name="duplicates"),
    path("matrix/creators/<int:pk>/merge/", duplicate_pages.merge, name="merge"),
    path("matrix/creators/<int:pk>/apart/", duplicate_pages.keep_apart, name="keep_apart"),
    path("matrix/layers/", layer_pages.layers, name="layers"),
    path("matrix/leads/", staff_report_pages.reports, name="staff_reports"),
    path("matrix/creators/<int:pk>/edit/", profile_pages.creator_edit, name="creator_edit"),
    path("matrix/creators/<int:pk>/persona/", profile_pages.persona, name="persona"),
    path("matrix/accounts/<int:pk>/profile/", profile_pages.profile, name="profile"),
    path("matrix/accounts/<int:pk>/pair/", profile_pages.pair, name="pair"),
    path("matrix/pairings/<int:pk>/end/", profile_pages.pairing_end, name="pairing_end"),
    path("matrix/creators/<int:pk>/reveal/", pages.reveal, name="reveal"),
    path("matrix/platforms/", platform_pages.platform_list, name="platforms"),
    path("matrix/platforms/trade/", platform_pages.trade_change, name="platform_trade"),
    path("matrix/platforms/add/", platform_pages.platform_add, name="platform_add"),
    path("matrix/platforms/of/<slug:code>/", platform_pages.platform, name="platform"),
]
