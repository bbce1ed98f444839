from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from kosops.ui import navigation


class MatrixConfig(AppConfig):
    name = "matrix"

    def ready(self) -> None:
        from accounts import activity
        from matrix import finding
        from matrix.import_organisation import register_formats

        register_formats()
        finding.register()
        activity.opens_with("matrix.creator", "matrix:creator")
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
