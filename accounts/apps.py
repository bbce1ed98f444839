from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and units")

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from accounts import activity, finding
        from accounts.sign_in import note_sign_in

        user_logged_in.connect(note_sign_in, dispatch_uid="accounts.note_sign_in")
        activity.opens_with("accounts.job", "accounts:job")
        activity.opens_with("accounts.person", "accounts:person")
        finding.register()
        register_pages()


def register_pages() -> None:
    """The pages of this app in the left navigation."""
    from kosops.ui.navigation import MANAGE, NavItem, register

    register(
        NavItem(
            group=MANAGE,
            label=_("Jobs"),
            url_name="accounts:jobs",
            icon="list-checks",
            order=20,
            permission="jobs.view",
        )
    )
    register(
        NavItem(
            group=MANAGE,
            label=_("Activity"),
            url_name="accounts:activity",
            icon="history",
            order=30,
            permission="activity.view",
        )
    )
    register(
        NavItem(
            group=MANAGE,
            label=_("People"),
            url_name="accounts:people",
            icon="users",
            order=40,
            permission="people.manage",
        )
    )
    register(
        NavItem(
            group=MANAGE,
            label=_("API keys"),
            url_name="accounts:api_keys",
            icon="key-round",
            order=50,
            permission="api_keys.manage",
        )
    )
