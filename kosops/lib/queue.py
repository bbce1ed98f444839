"""Hand work to Celery by task name, once the transaction has committed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def after_commit(task_name: str, *args: Any) -> None:
    """Queue ``task_name`` after commit; a rolled back transaction queues nothing (W7).

    When the broker is down the request still succeeds: due work has a row in PostgreSQL
    and the sweeper queues it again.
    """
    transaction.on_commit(lambda: _send(task_name, args))


def send_each(task_name: str, ids: Sequence[int]) -> int:
    """Queue ``task_name`` once for each id, at once and over one connection; how many went out.

    For a sweeper, which asks the database again in a minute: it stops where the broker is away.
    """
    if current_app.conf.task_always_eager:
        for number in ids:
            _send(task_name, (number,))
        return len(ids)
    sent = 0
    try:
        with current_app.producer_or_acquire() as producer:
            for number in ids:
                current_app.send_task(task_name, args=(number,), retry=False, producer=producer)
                sent += 1
    except OperationalError:
        logger.warning("The queue is not reachable; %s of %s are left.", len(ids) - sent, len(ids))
    return sent


def _send(task_name: str, args: tuple[Any, ...]) -> None:
    app = current_app
    try:
        if app.conf.task_always_eager:
            # No worker has loaded the tasks in this process; a task's name begins with its module.
            import_module(task_name.rpartition(".")[0])
            app.tasks[task_name].apply(args=args, throw=True)
        else:
            app.send_task(task_name, args=args, retry=False)
    except OperationalError:
        logger.warning("The queue is not reachable; the sweeper will start %s later.", task_name)
