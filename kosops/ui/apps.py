from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "kosops.ui"
    label = "ui"
    verbose_name = "Interface"
