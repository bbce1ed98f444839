"""Celery tasks of the matrix app. Each may run twice and calls one command."""

from celery import shared_task
from django.utils import timezone

from matrix import (
    applications,
    figures,
    form_guard,
    growth,
    layering,
    notices,
    purchases,
    scores,
    share_codes,
    trials,
)


@shared_task
def nightly_layers() -> None:
    layering.nightly(now=timezone.now(), on=timezone.localdate())


@shared_task
def nightly_share_codes() -> None:
    share_codes.nightly()


@shared_task
def nightly_purchases() -> None:
    purchases.nightly()


@shared_task
def refresh_figures() -> None:
    figures.refresh_changed(timezone.now())


@shared_task
def nightly_figures() -> None:
    growth.nightly(timezone.now())


@shared_task
def mail_notices() -> None:
    notices.mail_due()


@shared_task
def score_applications() -> None:
    scores.score_waiting()


@shared_task
def remind_trials() -> None:
    now = timezone.now()
    trials.remind(now=now)
    form_guard.forget_old(now=now)
    applications.erase_old(now=now)
