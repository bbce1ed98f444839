"""The web server's settings, for containers and for make run alike."""

import os
from pathlib import Path

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a folder that only this server's own file goes to

wsgi_app = "kosops.wsgi:application"
# A container is reached from outside through the proxy only; make run says 127.0.0.1.
bind = [f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"]  # noqa: S104

# Threads, not one process per request: pages wait for PostgreSQL most of the time.
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# A trace of a broken start reaches the log once, and the workers share memory.
preload_app = True
# Against slow leaks; the jitter keeps the workers from leaving together.
max_requests = 5000
max_requests_jitter = 500

# PostgreSQL ends a statement of the web after 15 s, so a thread that needs longer is stuck.
timeout = 60
graceful_timeout = int(os.environ.get("WEB_GRACEFUL_SECONDS", "30"))
keepalive = 5
# The workers' sign of life must not wait for a busy disk.
worker_tmp_dir = SHARED_MEMORY if Path(SHARED_MEMORY).is_dir() else None

limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# No query string: searches may hold names and phone numbers.
access_log_format = "%(m)s %(U)s %(s)s %(M)s ms"
accesslog = "-"
errorlog = "-"
control_socket_disable = True

line = "%(levelname)-7s %(message)s"
if os.environ.get("LOG_TIMES", "yes") != "no":
    line = f"%(asctime)s {line}"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": line}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        name: {"handlers": ["console"], "level": "INFO", "propagate": False}
        for name in ("gunicorn.error", "gunicorn.access")
    },
}
