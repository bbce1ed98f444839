from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from kosops.ui import navigation


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from accounts import activity
        from customers import finding
        from customers.import_orders import register_formats

        register_formats()
        finding.register()
        activity.opens_with("customers.order", "customers:order")
        navigation.register(
            navigation.NavItem(
                group=navigation.CONVERT,
                label=_("Orders"),
                url_name="customers:orders",
                icon="receipt",
                order=30,
                permission="orders.view",
            )
        )
