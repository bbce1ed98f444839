from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from kosops.ui import definitions, navigation


class InsightsConfig(AppConfig):
    name = "insights"

    def ready(self) -> None:
        from accounts import waiting
        from insights import frame
        from insights.definitions import STORES

        definitions.register(STORES)
        navigation.register_brand(frame.brand_of)
        navigation.register_freshness(frame.freshness)
        navigation.register(
            navigation.NavItem(
                group=navigation.TOP,
                label=_("Overview"),
                url_name="insights:overview",
                icon="layout-dashboard",
                order=1,
                permission="overview.view",
            )
        )
        navigation.register(
            navigation.NavItem(
                group=navigation.TOP,
                label=_("Approvals"),
                url_name="insights:approvals",
                icon="inbox",
                order=2,
                permission="overview.view",
                count=lambda person: len(waiting.items_for(person)),
            )
        )
        navigation.register_staff(
            navigation.NavItem(label=_("Today"), url_name="mobile:today", icon="house", order=10)
        )
