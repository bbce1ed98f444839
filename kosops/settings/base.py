"""Settings of a production installation; the other modules only loosen them.

Every value that an operator may set comes from the environment, or from a file
named by ``<NAME>_FILE`` (container secrets). docs/settings.md lists them all.
"""

from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import FileAwareEnv

BASE_DIR = Path(__file__).resolve().parents[2]
env = FileAwareEnv(strip_whitespace=True)

# -- core ---------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY")
# Keys of stored secrets and blind indexes are separate from SECRET_KEY, so that sessions
# can be ended by rotating that one without losing payout destinations.
DATA_KEYS: list[str] = env.list("DATA_KEYS")
DEBUG = False
# The component gallery at /ui/, for people who work on the product.
UI_GALLERY = env.bool("UI_GALLERY", False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
ROOT_URLCONF = "kosops.urls"
WSGI_APPLICATION = "kosops.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / ".kosops" / "data")))
# While this file is there nobody gets past the maintenance page.
MAINTENANCE_FILE = env.str("MAINTENANCE_FILE", str(DATA_DIR / "maintenance.json"))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "kosops.ui",
    "accounts",
    "integrations",
    "matrix",
    "training",
    "content",
    "customers",
    "incentives",
    "insights",
]

MIDDLEWARE = [
    "kosops.middleware.HealthMiddleware",
    "kosops.middleware.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "kosops.middleware.MaintenanceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.PersonMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kosops.ui.context.frame",
            ],
            "builtins": ["kosops.ui.templatetags.ui", "kosops.ui.templatetags.lists"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]

# -- database, cache, queue ----------------------------------------------------
DATABASES = {"default": env.dj_db_url("DATABASE_URL", conn_max_age=60, conn_health_checks=True)}
# A killed client must not keep its statement and locks alive; statement limits per process kind
# (docs/operations.md).
DATABASES["default"].setdefault("OPTIONS", {})["options"] = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "client_connection_check_interval": "1s",
        "lock_timeout": env.str("DB_LOCK_TIMEOUT", "3s"),
        "statement_timeout": env.str("DB_STATEMENT_TIMEOUT", "15s"),
        "idle_in_transaction_session_timeout": "60s",
    }.items()
)

REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        # Pages must not fail or wait because Redis is away.
        "BACKEND": "kosops.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 540
CELERY_TASK_SOFT_TIME_LIMIT = 510
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than any task may run, or a running task is started a second time.
    "visibility_timeout": 3600,
    # kombu looks for lost messages every interval x throttle seconds; the default is 100 s.
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    # Without these a request waits six seconds for a broker that is down.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
# The log is Django's, in one format for web, worker and beat.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BEAT_SCHEDULE = {
    # Due work lives in PostgreSQL; this sweeper re-creates whatever the queue lost.
    "sweep-jobs": {"task": "accounts.tasks.sweep_jobs", "schedule": 60.0},
    # Answers to money requests of the API, once their time is over.
    "forget-answers": {
        "task": "accounts.tasks.forget_answers",
        "schedule": crontab(hour=1, minute=20),
    },
    # Figures of the account matrix: what changed, and every unit on each new day.
    "refresh-figures": {"task": "matrix.tasks.refresh_figures", "schedule": 60.0},
    "nightly-figures": {
        "task": "matrix.tasks.nightly_figures",
        "schedule": crontab(hour=0, minute=10),
    },
    "score-applications": {"task": "matrix.tasks.score_applications", "schedule": 600.0},
    # What a worker lost; usually it goes out at once.
    "mail-notices": {"task": "matrix.tasks.mail_notices", "schedule": 300.0},
    "remind-trials": {
        "task": "matrix.tasks.remind_trials",
        "schedule": crontab(hour=9, minute=30),
    },
    "nightly-tiers": {
        "task": "incentives.tasks.nightly_tiers",
        "schedule": crontab(hour=2, minute=10),
    },
    "nightly-share-codes": {
        "task": "matrix.tasks.nightly_share_codes",
        "schedule": crontab(hour=0, minute=40),
    },
    # What passed the intake of orders by, and purchases that were refunded since.
    "nightly-purchases": {
        "task": "matrix.tasks.nightly_purchases",
        "schedule": crontab(hour=0, minute=50),
    },
    "nightly-layers": {
        "task": "matrix.tasks.nightly_layers",
        "schedule": crontab(hour=2, minute=20),
    },
    "nightly-commission": {
        "task": "incentives.tasks.nightly_commission",
        "schedule": crontab(hour=2, minute=30),
    },
    "nightly-points": {
        "task": "incentives.tasks.nightly_points",
        "schedule": crontab(hour=3, minute=10),
    },
    # After the points of the night, which do not need it: booking posts its own.
    "nightly-rota": {
        "task": "incentives.tasks.nightly_rota",
        "schedule": crontab(hour=3, minute=20),
    },
    # Places of people who left by a list; whoever is paused or leaves on a page loses them at once.
    "tidy-rota": {"task": "incentives.tasks.tidy_rota", "schedule": 600.0},
    # Standings are live; a race whose time for late data has passed is fixed.
    "run-races": {"task": "incentives.tasks.run_races", "schedule": crontab(minute=40)},
    "nightly-rewards": {
        "task": "incentives.tasks.nightly_rewards",
        "schedule": crontab(hour=2, minute=50),
    },
    # What a worker lost; usually it goes out at once.
    "mail-payee-notices": {"task": "incentives.tasks.mail_payee_notices", "schedule": 300.0},
    "nightly-verify": {
        "task": "incentives.tasks.nightly_verify",
        "schedule": crontab(hour=4, minute=0),
    },
}

# -- sign-in -------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.GuessableValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip"}
# How old the last proof of who is there may be for approving money or making an API key.
REAUTH_SECONDS = env.int("REAUTH_SECONDS", 300)
# Points that one person may give another by hand within 30 days without a second person.
POINTS_GRANT_LIMIT = env.int("POINTS_GRANT_LIMIT", 500)
# Thanks to volunteers: points that the shifts of a month bring one person at most.
ROTA_POINTS_A_MONTH = env.int("ROTA_POINTS_A_MONTH", 400)
# So many absences without a word within 90 days close sign-up for so many days.
ROTA_ABSENCES = env.int("ROTA_ABSENCES", 2)
ROTA_CLOSED_DAYS = env.int("ROTA_CLOSED_DAYS", 30)
ACCOUNT_REAUTHENTICATION_TIMEOUT = REAUTH_SECONDS
# HQ roles and superusers set up a second factor before they see anything.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", True)
MFA_ADAPTER = "accounts.sign_in.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.sign_in.CodeForm",
    "reauthenticate": "accounts.sign_in.CodeAgainForm",
}
# People are known by their sign-in name; an address is not needed to have a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "kosops"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
# Locking the pair, not the user alone, so that nobody can shut a colleague out from elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "accounts.sign_in.lower_username"
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_VERBOSE = False

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 7 * 24 * 3600

# -- browser security ----------------------------------------------------------
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
# How many proxies of our own stand in front and append to X-Forwarded-For.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# -- language, time, money -----------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese")), ("ja", _("Japanese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
# Business dates are the brand's; one installation serves brands of one time zone.
TIME_ZONE = env.str("TIME_ZONE", "Asia/Shanghai")
CURRENCY = env.str("CURRENCY", "CNY")
# Bookings by hand: the largest adjustment in minor units, and when debt may be written off.
ADJUSTMENT_LIMIT = env.int("ADJUSTMENT_LIMIT", 1_000_000)
# How long a bank may take to answer, and where the digests of the books are written.
INFLIGHT_HOURS = env.int("INFLIGHT_HOURS", 24)
DIGEST_DIR = Path(env.str("DIGEST_DIR", str(DATA_DIR / "digests")))
# Questions about money: for how long after a month is settled, and whether they stop payouts.
DISPUTE_DAYS = env.int("DISPUTE_DAYS", 30)
DISPUTES_HOLD_PAYOUTS = env.bool("DISPUTES_HOLD_PAYOUTS", False)
WRITE_OFF_DAYS = env.int("WRITE_OFF_DAYS", 365)
USE_THOUSAND_SEPARATOR = False

# -- files ---------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files", "base_url": None},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", 100 * 1024 * 1024)
EVIDENCE_MAX_BYTES = env.int("EVIDENCE_MAX_BYTES", 10_000_000)

# -- public application form ---------------------------------------------------
# Within an hour: from so many on the form asks a question first, from so many on it refuses an
# address. Many phones share the address of their mobile network.
APPLY_PER_ADDRESS = env.int("APPLY_PER_ADDRESS", 10)
APPLY_MOST_PER_ADDRESS = env.int("APPLY_MOST_PER_ADDRESS", 120)
APPLY_PER_RECRUITMENT = env.int("APPLY_PER_RECRUITMENT", 300)

# -- REST API ------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api_keys.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api_keys.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["kosops.lib.json_bodies.StrictJSONParser"],
    "UNAUTHENTICATED_USER": None,
    "EXCEPTION_HANDLER": "kosops.api_errors.problem_response",
}

# -- mail, logs ----------------------------------------------------------------
EMAIL_CONFIG = env.dj_email_url("EMAIL_URL", "consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "kosops@localhost")
# Where people reach the installation, for links in mail; without it mail has none.
SITE_URL = env.str("SITE_URL", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "kosops.logs.OneLine",
            # Whoever merges several logs adds the time.
            "format": ("{asctime} " if env.bool("LOG_TIMES", True) else "")
            + "{levelname:<7} {name}: {message}",
            "style": "{",
        },
    },
    "filters": {"code": {"()": "kosops.logs.CodeFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"django.request": {"filters": ["code"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}
SILENCED_SYSTEM_CHECKS: list[str] = []

# The demo brand's people get this passphrase; a local installation generates one.
DEMO_PASSPHRASE = env.str("DEMO_PASSPHRASE", "")
