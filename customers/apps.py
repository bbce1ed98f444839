from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from kosops.ui import definitions, navigation


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from accounts import activity, first_steps
        from customers import exports, finding, holdings, waiting_items  # noqa: F401
        from customers.definitions import ORDERS
        from customers.handover import Orders
        from customers.import_orders import register_formats
        from customers.models import Order
        from customers.purchases import OrdersOfMembers
        from matrix import handover_parts, purchases

        definitions.register(ORDERS)
        register_formats()
        purchases.register(OrdersOfMembers())
        exports.register()
        holdings.register()
        handover_parts.register(Orders())
        finding.register()
        first_steps.register(
            first_steps.Step(
                code="orders",
                label=_("Bring the orders"),
                text=_("Paid orders and refunds, with who sold or shared them"),
                url_name="integrations:import_new",
                permission="imports.run",
                order=30,
                shown_by=lambda brand: Order.objects.filter(brand=brand),
            )
        )
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
