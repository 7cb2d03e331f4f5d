"""Wardlight's settings: the environment first, then `.env`, then the defaults below (README, "Configuration")."""

import sys
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")
# A secret may lie in a file instead, as container engines hand them over: SECRET_KEY_FILE names it.
for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL"):
    if file := env.str(f"{name}_FILE", default=""):
        env.ENVIRON[name] = Path(file).read_text().strip()


def text(name: str, *, default: str = "") -> str:
    """A value of the configuration; an empty one, as of a line of .env that nobody filled in, is unset."""
    return env.str(name, default="").strip() or default


def texts(name: str, *, default: str = "") -> list[str]:
    """Values with commas between, and spaces beside these where somebody likes it so."""
    return [value.strip() for value in text(name, default=default).split(",") if value.strip()]


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = text("SECRET_KEY")
if not SECRET_KEY:
    # What needs no secret (collectstatic at install time, the type checker) must run before there is an `.env`.
    needs_none = {"collectstatic", "makemigrations", "help"}.intersection(sys.argv[1:2]) or Path(
        sys.argv[0]
    ).name == "mypy"
    if not DEBUG and not needs_none:
        raise ImproperlyConfigured(
            "SECRET_KEY is missing: set it in the environment or in .env (see .env.example)."
        )
    SECRET_KEY = "only-for-development-and-build-steps-" + "0" * 32

# Those before it: what they signed, sign-ins too, counts until they are taken out.
SECRET_KEY_FALLBACKS = texts("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = texts("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = texts("CSRF_TRUSTED_ORIGINS")
HTTPS = env.bool("HTTPS", default=False)

# ---------------------------------------------------------------- applications
INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "dj_rest_auth",
    "django_filters",
    "drf_yasg",
    "csp",
    "django_prometheus",
    "webpack_loader",
    "simple_history",
    "patients",  # before background_task, whose process_tasks ours replaces
    "background_task",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "config.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.SignInMiddleware",
    "config.middleware.ApiLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.template.context_processors.tz",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# ---------------------------------------------------------------- database
database_url = text("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'wardlight.sqlite3'}")
DATABASES = {"default": env.db_url_config(database_url)}
if "ENGINE" not in DATABASES["default"]:
    raise ImproperlyConfigured(
        "DATABASE_URL is no address of a database, such as sqlite:////srv/ward.sqlite3 or "
        "postgres://user:password@host:5432/name."
    )
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A deferred transaction that turns into a write fails at once where another writes: with these
        # three, 200 concurrent edits all succeed (traps.md measured 166 failures without).
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
    }
# Threads, each with a connection of its own, that requests and socket actions borrow.
DATABASE_THREADS = env.int("DATABASE_THREADS", default=4)
# Connections of one address that have not yet sent a request: of more the oldest is closed. 0: no limit.
WAITING_CONNECTIONS_PER_ADDRESS = env.int("WAITING_CONNECTIONS_PER_ADDRESS", default=1000)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---------------------------------------------------------------- between processes
REDIS_URL = text("REDIS_URL")
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": "wardlight"},
        }
    }
else:
    CHANNEL_LAYERS = {}

# ---------------------------------------------------------------- sign-in
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"

SIGN_IN_IDLE_TIME = timedelta(hours=12)
SIGN_IN_LIFETIME = timedelta(days=7)
SIGN_IN_SERVICE_LIFETIME = timedelta(days=365)

SESSION_COOKIE_AGE = int(SIGN_IN_LIFETIME.total_seconds())
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "patients.api.pages.csrf_failure"

# Live sockets of one sign-in in each process; one more closes the oldest. 0: no limit. Services have none.
SOCKETS_PER_SIGN_IN = env.int("SOCKETS_PER_SIGN_IN", default=10)

# dj-rest-auth's views on our own sign-ins (api/sign_in.py); its one token a user is not used.
REST_AUTH = {"TOKEN_MODEL": None, "OLD_PASSWORD_FIELD_ENABLED": True}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "patients.api.authentication.TokenAuthentication",
        "patients.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["patients.permissions.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": [
        "patients.api.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["patients.api.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "patients.api.errors.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DJANGO_CHANNELS_REST_API = {"DEFAULT_PERMISSION_CLASSES": ["patients.permissions.RoleSocketPermission"]}

# ---------------------------------------------------------------- clinical
# After an acknowledgement this old, the same cause is told again (clinical.md 3).
RETELL_AFTER = timedelta(minutes=env.int("RETELL_AFTER_MINUTES", default=60))
# What is high or overdue and nobody acknowledged for so long is told to doctors, and as long after that to leads.
ESCALATE_AFTER = timedelta(minutes=env.int("ESCALATE_AFTER_MINUTES", default=15))

# ---------------------------------------------------------------- background tasks
MAX_ATTEMPTS = 25
BACKGROUND_TASK_RUN_ASYNC = False

# ---------------------------------------------------------------- language and time
LANGUAGE_CODE = text("LANGUAGE_CODE", default="en-gb")
TIME_ZONE = text("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

# ---------------------------------------------------------------- static files
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # webpack hashes its own names, so no manifest storage on top (it would hash them twice).
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
WEBPACK_LOADER = {
    "DEFAULT": {
        "BUNDLE_DIR_NAME": "app/",
        "STATS_FILE": BASE_DIR / "static" / "app" / "webpack-stats.json",
        "CACHE": not DEBUG,
    }
}


def WHITENOISE_IMMUTABLE_FILE_TEST(path: str, url: str) -> bool:  # noqa: N802 - WhiteNoise's name
    """Files with webpack's content hash in their name never change."""
    import re

    return re.search(r"\.[0-9a-f]{10,20}\.(js|css|woff2|svg)$", url) is not None


# ---------------------------------------------------------------- security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]  # asked on this machine, without the proxy
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# ---------------------------------------------------------------- logging
LOG_FORMAT = text("LOG_FORMAT", default="line")  # or json: one object a line
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "config.logs.RequestIdFilter"},
        "without_rows": {"()": "config.logs.WithoutRowsFilter"},
        "without_traceback": {"()": "config.logs.WithoutTracebackFilter"},
    },
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
        },
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if LOG_FORMAT == "json" else "line",
            "filters": ["request_id", "without_rows"],
        }
    },
    "root": {"handlers": ["console"], "level": text("LOG_LEVEL", default="WARNING")},
    "loggers": {
        # Else each scan of the network for hosts by name would write tracebacks.
        "django.security.DisallowedHost": {"filters": ["without_traceback"]},
        "wardlight": {"level": "INFO"},
        # A line a request is for a log that machines read.
        "wardlight.access": {"level": "INFO" if LOG_FORMAT == "json" else "WARNING"},
    },
}

SWAGGER_USE_COMPAT_RENDERERS = False  # drf-yasg's way from its next version on
SWAGGER_SETTINGS = {
    "DEFAULT_AUTO_SCHEMA_CLASS": "patients.api.documentation.OperationSchema",
    "SECURITY_DEFINITIONS": {
        "Token": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "description": "`Token <key>`, the word too; the key is what /rest-auth/login/ answers.",
        }
    },
    "USE_SESSION_AUTH": False,  # no buttons of its own: who sees the page is signed in, and that signs its requests
    "VALIDATOR_URL": None,  # else the page would tell an outside server where it is
}
