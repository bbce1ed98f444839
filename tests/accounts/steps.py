"""A job kind of the tests: ten steps, each an effect that must happen exactly once."""

from __future__ import annotations

import os
import signal
import time

from django.db import transaction
from django.utils import timezone

from accounts.jobs import Progress, job_kind
from accounts.models import Activity, Job

KIND = "tests.steps"
STEPS = 10
ALL = list(range(1, STEPS + 1))


def take_step(job: Job, number: int) -> None:
    """The effect: one row that cannot be taken back."""
    Activity.objects.create(
        at=timezone.now(),
        actor_label="tests",
        verb="tests.stepped",
        object_type="accounts.job",
        object_id=job.pk,
        object_label=str(number),
    )


def steps_of(job: Job) -> list[int]:
    rows = Activity.objects.filter(verb="tests.stepped", object_id=job.pk).order_by("pk")
    return [int(label) for label in rows.values_list("object_label", flat=True)]


@job_kind(KIND)
def steps(job: Job, progress: Progress) -> dict[str, int]:
    """Effect and cursor in one transaction; params say where to die, to fail or to wait."""
    for number in range(job.done + 1, STEPS + 1):
        with transaction.atomic():
            take_step(job, number)
            if job.params.get("kill_at") == number and job.attempts == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            if number in job.params.get("fail_at", []):
                raise RuntimeError(f"step {number}")
            progress(number, STEPS)
        time.sleep(job.params.get("seconds", 0))
    return {"steps": STEPS}
