from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = _("Integrations")

    def ready(self) -> None:
        # The job kinds register themselves; a worker must know them from its start.
        from accounts import activity
        from integrations import import_runs, importing  # noqa: F401
        from integrations.definitions import IMPORTS
        from kosops.ui import definitions, finding, navigation

        definitions.register(IMPORTS)
        finding.register_action(
            finding.Action(
                label=_("Import a file"),
                url_name="integrations:import_new",
                icon="upload",
                permission="imports.run",
                order=10,
            )
        )
        activity.opens_with("integrations.importbatch", "integrations:import")

        navigation.register(
            navigation.NavItem(
                group=navigation.MANAGE,
                label=_("Imports"),
                url_name="integrations:imports",
                icon="file-spreadsheet",
                order=10,
                permission="imports.run",
                count=importing.waiting_for,
            )
        )
