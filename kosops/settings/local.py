"""A trial installation on one machine over plain http, as ``make run`` starts it."""

import os

from kosops.local.state import State, load_environment

load_environment(os.environ)

from kosops.settings.base import *  # noqa: E402, F403

ALLOWED_HOSTS = ["*"]
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 0
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
# The __Host- prefix needs https.
SESSION_COOKIE_NAME = "session"
CSRF_COOKIE_NAME = "csrf"
SECOND_FACTOR_REQUIRED = os.environ.get("SECOND_FACTOR_REQUIRED", "") == "1"
STATIC_ROOT = State.open().path("static")
