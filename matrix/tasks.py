"""Celery tasks of the matrix app. Each may run twice and calls one command."""

from celery import shared_task
from django.utils import timezone

from matrix import figures, growth, layering


@shared_task
def nightly_layers() -> None:
    layering.nightly(now=timezone.now(), on=timezone.localdate())


@shared_task
def refresh_figures() -> None:
    figures.refresh_changed(timezone.now())


@shared_task
def nightly_figures() -> None:
    growth.nightly(timezone.now())
