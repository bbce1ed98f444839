from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from kosops.ui import definitions, navigation


class ContentConfig(AppConfig):
    name = "content"

    def ready(self) -> None:
        from accounts import activity, first_steps
        from content import exports, holdings, posting, waiting_items  # noqa: F401
        from content.definitions import POSTS
        from content.handover import Posts
        from content.import_notes import register_formats
        from content.models import Post
        from content.posts import take_over
        from matrix import duplicates, handover_parts
        from matrix.posting import register

        duplicates.also(take_over)
        definitions.register(POSTS)
        register(posting)
        register_formats()
        exports.register()
        holdings.register()
        handover_parts.register(Posts())
        first_steps.register(
            first_steps.Step(
                code="posts",
                label=_("Bring the posts"),
                text=_("Note and work lists of the platforms, with their figures"),
                url_name="integrations:import_new",
                permission="imports.run",
                order=20,
                shown_by=lambda brand: Post.objects.filter(brand=brand),
            )
        )
        activity.opens_with("content.post", "content:post")
        activity.opens_with("content.postlink", "content:link")
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
        navigation.register_staff(
            navigation.NavItem(
                label=_("Posts"), url_name="mobile:posts", icon="notebook-pen", order=20
            )
        )
