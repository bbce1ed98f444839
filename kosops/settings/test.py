"""Settings of the test run."""

import os

from kosops.local.state import load_environment

load_environment(os.environ, testing=True)

from kosops.settings.base import *  # noqa: E402, F403

ALLOWED_HOSTS = ["*"]
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME = "session"
CSRF_COOKIE_NAME = "csrf"
SECOND_FACTOR_REQUIRED = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# Tasks queued after commit run in the same process, once the test's transaction commits.
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
AXES_ENABLED = False
# Nothing is collected for tests; pages name the files as they lie.
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Not the one of an installation that is being worked on beside the tests.
MAINTENANCE_FILE = str(DATA_DIR / "tests" / "maintenance.json")  # noqa: F405
# Days that tests seal are none of the installation's.
DIGEST_DIR = DATA_DIR / "tests" / f"digests-{os.getpid()}"  # noqa: F405
