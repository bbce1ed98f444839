"""Celery tasks of the accounts app. Each takes ids, may run twice and calls one command."""

from celery import shared_task

from accounts import idempotency, jobs


@shared_task
def run_job(job_id: int) -> None:
    jobs.run(job_id)


@shared_task
def sweep_jobs() -> None:
    jobs.sweep()


@shared_task
def forget_answers() -> None:
    idempotency.forget()
