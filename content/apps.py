from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from kosops.ui import navigation


class ContentConfig(AppConfig):
    name = "content"

    def ready(self) -> None:
        from accounts import activity
        from content import posting
        from content.import_notes import register_formats
        from matrix.posting import register

        register(posting)
        register_formats()
        activity.opens_with("content.post", "content:post")
        navigation.register(
            navigation.NavItem(
                group=navigation.CREATE,
                label=_("Posts"),
                url_name="content:posts",
                icon="notebook-pen",
                order=30,
                permission="posts.view",
            )
        )
