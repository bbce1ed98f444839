"""Hand work to Celery by task name, once the transaction has committed."""

from __future__ import annotations

import logging
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
