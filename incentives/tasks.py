"""Celery tasks of the incentives app. Each may run twice and calls one command."""

from celery import shared_task

from incentives import nightly, payee_mail, race_standings, rewards_jobs, rota_jobs, share_report


@shared_task
def nightly_tiers() -> None:
    nightly.run_tiers()


@shared_task
def nightly_commission() -> None:
    nightly.run_commission()
    share_report.refresh_all()


@shared_task
def nightly_points() -> None:
    nightly.run_points()


@shared_task
def nightly_rewards() -> None:
    nightly.check_schemes()
    rewards_jobs.run_all()


@shared_task
def nightly_rota() -> None:
    rota_jobs.settle_all()


@shared_task
def tidy_rota() -> None:
    rota_jobs.tidy()


@shared_task
def nightly_verify() -> None:
    nightly.verify_books()


@shared_task
def run_races() -> None:
    race_standings.run_all()


@shared_task
def mail_payee_notices() -> None:
    payee_mail.mail_due()
