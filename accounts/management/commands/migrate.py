from typing import Any

from django.core.management.commands import migrate

from kosops.lib import half_way


class Command(migrate.Command):
    """Django's command, but for databases that it would leave incomplete."""

    def handle(self, *args: Any, **options: Any) -> None:
        half_way.refuse(options["database"])
        super().handle(*args, **options)
