from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kosops.ui import definitions, navigation


class MatrixConfig(AppConfig):
    name = "matrix"

    def ready(self) -> None:
        from accounts import activity, first_steps

        # Some only have to be loaded: a worker must know their kinds of jobs from its start.
        from matrix import (  # noqa: F401
            account_exports,
            community_bulk,
            exports,
            finding,
            handover_own,
            handover_parts,
            import_customers,
            import_members,
            import_staff_reports,
            layer_pages,
            recruiting_bulk,
            recruiting_exports,
            recruiting_waiting,
            waiting_items,
        )
        from matrix.definitions import MATRIX, RECRUITING
        from matrix.import_organisation import register_formats
        from matrix.models import Creator
        from matrix.transfers import Customers

        definitions.register(MATRIX)
        definitions.register(RECRUITING)
        register_formats()
        import_staff_reports.register_formats()
        import_members.register_formats()
        community_bulk.register()
        import_customers.register_formats()
        exports.register()
        account_exports.register()
        recruiting_exports.register()
        finding.register()
        handover_parts.register(Customers())
        handover_parts.register(handover_own.Pairings())
        handover_parts.register(handover_own.Accounts())
        handover_parts.register(handover_own.ShareCode())
        first_steps.register(
            first_steps.Step(
                code="people",
                label=_("Bring your organisation"),
                text=_("Regions, stores and creators from your staff and member lists"),
                url_name="integrations:import_new",
                permission="imports.run",
                order=10,
                shown_by=lambda brand: Creator.objects.filter(brand=brand),
            )
        )
        activity.opens_with("matrix.creator", "matrix:creator")
        activity.opens_with("matrix.community", "matrix:community")
        activity.opens_with("matrix.socialaccount", "matrix:account")
        activity.opens_with("matrix.handover", "matrix:handover")
        activity.opens_with("matrix.helprequest", "matrix:help_request")
        activity.opens_with("matrix.application", "matrix:application")
        navigation.register(
            navigation.NavItem(
                group=navigation.CREATE,
                label=_("Recruiting"),
                url_name="matrix:recruiting",
                icon="user-plus",
                order=25,
                permission="recruiting.view",
                count=recruiting_waiting.to_screen,
            )
        )
        navigation.register(
            navigation.NavItem(
                group=navigation.CREATE,
                label=_("Account matrix"),
                url_name="matrix:tree",
                icon="network",
                order=10,
                permission="matrix.view",
            )
        )
        navigation.register(
            navigation.NavItem(
                group=navigation.CREATE,
                label=_("Creators"),
                url_name="matrix:creators",
                icon="users",
                order=20,
                permission="matrix.view",
            )
        )
        navigation.register(
            navigation.NavItem(
                group=navigation.CREATE,
                label=_("Communities"),
                url_name="matrix:communities",
                icon="message-circle",
                order=25,
                permission="matrix.view",
            )
        )
        navigation.register(
            navigation.NavItem(
                group=navigation.CREATE,
                label=_("Help requests"),
                url_name="matrix:help",
                icon="circle-help",
                order=27,
                permission="help.view",
                count=waiting_items.help_count,
            )
        )
        navigation.register(
            navigation.NavItem(
                group=navigation.CONVERT,
                label=_("Leads"),
                url_name="matrix:staff_reports",
                icon="message-circle",
                order=5,
                permission="matrix.view",
            )
        )
        navigation.register(
            navigation.NavItem(
                group=navigation.CREATE,
                label=pgettext_lazy("social accounts", "Accounts"),
                url_name="matrix:accounts",
                icon="smartphone",
                order=12,
                permission="matrix.view",
            )
        )
        navigation.register(
            navigation.NavItem(
                group=navigation.CREATE,
                label=_("Handovers"),
                url_name="matrix:handovers",
                icon="arrow-left-right",
                order=25,
                permission="handover.view",
            )
        )
