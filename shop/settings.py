"""All settings, one typed file, read from the environment (12-factor).

Secure by default: without `DEBUG=1` cookies are Secure, HTTPS is required and secrets must be
given. Policy numbers (margins, caps, steps) are not here: they are versioned rows staff can see.
"""

from __future__ import annotations

from logging import DEBUG as DEBUG_LEVEL
from pathlib import Path
from typing import Any

from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from shop.doors.api.framework import (
    API_ADDRESSES,
    API_FRAMEWORK,
    API_SCHEMA,
    ASKED_HEADERS,
    TOLD_HEADERS,
)
from shop.doors.backoffice.admin_theme import LOOK
from shop.env import (
    MAIL_FILES,
    ROOT,
    env,
    read_capabilities,
    read_capture,
    read_database,
    read_email_backend,
    read_redis_url,
    read_secret_key,
    read_staff_mfa,
    read_state_folder,
    read_stripe,
    read_token_key,
    read_trusted_proxies,
)
from shop.logs import build_logging, configure_structlog

BASE_DIR: Path = ROOT
STATE_FOLDER: Path = read_state_folder()
DEBUG: bool = env.bool("DEBUG", default=False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL: str = env.str("SITE_URL", default="http://localhost:8000")
IS_HTTPS: bool = env.bool("HTTPS", default=not DEBUG)
IS_PRODUCTION: bool = IS_HTTPS and not DEBUG
SECRET_KEY: str = read_secret_key(is_debug=DEBUG, is_production=IS_PRODUCTION)

# Quotes are signed with the first key; the others are still accepted (key rotation).
QUOTE_KEYS: list[str] = env.list("QUOTE_KEYS", default=[f"1:{SECRET_KEY}"])
MARKET_CODE: str = env.str("MARKET", default="us")
# The sandbox moves no money, so products would be free: only a shop to look at lets it in.
SANDBOX_PAYMENTS: bool = env.bool("SANDBOX_PAYMENTS", default=DEBUG)
CAPTURE_PAYMENTS, STRIPE = read_capture(), read_stripe(is_production=IS_PRODUCTION)
# What a shop may leave switched off (docs/settings.md).
CAPABILITIES: frozenset[str] = read_capabilities()
# Price lists of competitors come from these only: no row of staff's opens the shop's own network.
COMPETITOR_HOSTS: list[str] = env.list("COMPETITOR_HOSTS", default=[])
# Above 0, demand is learned from noisy cells that keep this epsilon for a household and quarter.
TRAINING_EPSILON: float = env.float("TRAINING_EPSILON", default=0.0)
# What a quarter's households may lose in all, whoever asks; new quarters take the caps from here.
PRIVACY_EPSILON_CAP: float = env.float("PRIVACY_EPSILON_CAP", default=3.0)
PRIVACY_DELTA: float = env.float("PRIVACY_DELTA", default=1e-6)
PRIVACY_DELTA_CAP: float = env.float("PRIVACY_DELTA_CAP", default=1e-5)
# Days and weeks of the business (weekends, sales weeks) begin at midnight here; storage is in UTC.
BUSINESS_TIME_ZONE: str = env.str("BUSINESS_TIME_ZONE", default="America/New_York")

INSTALLED_APPS: list[str] = [
    "unfold.apps.BasicAppConfig",  # Unfold's look, but our own site
    "unfold.contrib.filters",
    "shop.doors.backoffice.apps.StaffAdminConfig",  # django.contrib.admin with the staff site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "shop",
    "profiles",
    "pricing",
    "promotions",
    "orders",
]

MIDDLEWARE: list[str] = [
    # What follows knows the client's own address and scheme.
    "shop.doors.web.middleware.ForwardedHeaders",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "shop.doors.storefront.middleware.StorefrontMiddleware",
    "shop.doors.web.middleware.RequestLog",
    "shop.doors.web.middleware.BodyLimit",
    "shop.doors.web.middleware.Compression",
    "shop.doors.api.door.ApiDoor",  # the API goes past what follows
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "shop.doors.storefront.middleware.MarketLanguages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "shop.urls"
# Signed cookies only: a message must not start a session for a guest.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
WSGI_APPLICATION = "shop.wsgi.application"
APPEND_SLASH = True

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "shop.doors.web.templates.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shop.doors.storefront.site.site",
            ],
            "builtins": ["shop.doors.web.templates"],
            "libraries": {
                "arrivals": "shop.doors.storefront.templatetags.arrivals",
                "shop_site": "shop.doors.storefront.templatetags.shop_site",
                "staff": "shop.doors.backoffice.templatetags.staff",
            },
        },
    }
]

# --- services -----------------------------------------------------------------------------------
DATABASES: dict[str, Any] = {"default": read_database()}
REDIS_URL: str = read_redis_url()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Holds login rate limits only: they must be shared by all processes and hold with Redis down.
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shop_cache",
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "global_keyprefix": "fairtag:celery:",
    "socket_timeout": 10,
    "socket_connect_timeout": 1,
    "max_retries": 1,
    "queue_order_strategy": "priority",  # a worker's queues in the order in which it names them
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "live"
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# KiB; a process that trained or published ends after its job and gives its memory back.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 450_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "shop.schedule.SteadyScheduler"

# --- people -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "profiles.Account"
AUTHENTICATION_BACKENDS: list[str] = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
] + [{"NAME": "shop.doors.storefront.passwords.ShopWordsValidator"}]
PASSWORD_RESET_TIMEOUT = 3_600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account"  # by name: in the language of the page
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Signing up says the same to known and unknown addresses: what is true stands in the mail.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # only in the browser that signed up
ACCOUNT_SIGNUP_FORM_CLASS = "shop.doors.storefront.sign_ins.SignUpFields"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Seconds after which prices, money and rights in the admin, and deleting an account, ask again.
REAUTHENTICATE_AFTER: int = env.int("REAUTHENTICATE_AFTER", default=900)
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before e-mail addresses change
ACCOUNT_REAUTHENTICATION_TIMEOUT = REAUTHENTICATE_AFTER
ACCOUNT_ADAPTER = (
    "shop.doors.storefront.sign_ins.AccountAdapter"  # says whom failed sign-ins count for
)
ACCOUNT_RATE_LIMITS: dict[str, str] = {"login_failed": "10/m/ip,5/5m/key"}
USERSESSIONS_TRACK_ACTIVITY = False
# With this prefix a browser takes a cookie from this very host and by HTTPS only.
COOKIE_PREFIX: str = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# --- words --------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}fairtag_language"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [ROOT / "locale"]
TIME_ZONE = "UTC"
USE_I18N = USE_TZ = True

# --- files --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "static"]
STATIC_ROOT = env.str("STATIC_ROOT", default=str(STATE_FOLDER / "static"))
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env.str(
            "STATIC_STORAGE",
            default="shop.doors.web.static_files.ShortStaticFiles",
        )
    },
}
WHITENOISE_MAX_AGE = 31_536_000
MEDIA_URL, MEDIA_ROOT = "/media/", env.str("MEDIA_ROOT", default=str(STATE_FOLDER / "media"))

# --- safety -------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = env.bool("HTTPS_REDIRECT", default=IS_HTTPS)
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
# Networks of our reverse proxies: only their forwarded addresses and schemes are believed.
TRUSTED_PROXIES: list[str] = read_trusted_proxies()
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}

# --- mail ---------------------------------------------------------------------------------------
# Letters are sent under the order's lock: a mail server that hangs must not hold it for long.
EMAIL_TIMEOUT: int = env.int("EMAIL_TIMEOUT", default=10)
EMAIL_HOST: str = env.str("EMAIL_HOST", default="")
EMAIL_PORT: int = env.int("EMAIL_PORT", default=587)
EMAIL_HOST_USER: str = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD: str = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS: bool = env.bool("EMAIL_USE_TLS", default=True)
EMAIL_BACKEND: str = read_email_backend(EMAIL_HOST, is_production=IS_PRODUCTION)
EMAIL_FILE_PATH: str = str(STATE_FOLDER / "mail")
# Mails that are files are shown to whoever sits at this machine: nothing arrives from a demo.
HAS_MAIL_PAGE: bool = EMAIL_BACKEND == MAIL_FILES
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", default="shop@localhost")

# --- logs ---------------------------------------------------------------------------------------
LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO")
LOGGING: dict[str, Any] = build_logging(LOG_LEVEL)
configure_structlog(LOG_LEVEL)
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = DEBUG_LEVEL  # one line a request is enough
DJANGO_STRUCTLOG_USER_ID_FIELD = None  # logs name no shopper

# --- API ----------------------------------------------------------------------------------------
REST_FRAMEWORK, SPECTACULAR_SETTINGS = API_FRAMEWORK, API_SCHEMA
HINT_SHARE_PERCENT: int = env.int("HINT_SHARE_PERCENT", default=50)  # see HintReach
HINT_LEAST_MINOR: int = env.int("HINT_LEAST_MINOR", default=3_000)
# Requests per client, such as {"browse": "3000/m"}; the defaults stand in shop.ground.jobs.limits.
API_RATES: dict[str, str] = env.dict("API_RATES", default={})
# Sites whose pages may call the API from a browser, such as https://app.example; by default none.
CORS_ALLOWED_ORIGINS: list[str] = env.list("API_ORIGINS", default=[])
CORS_URLS_REGEX, CORS_ALLOW_HEADERS, CORS_EXPOSE_HEADERS = (
    API_ADDRESSES,
    ASKED_HEADERS,
    TOLD_HEADERS,
)
if CORS_ALLOWED_ORIGINS:
    MIDDLEWARE.insert(0, "corsheaders.middleware.CorsMiddleware")
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")  # without one nobody reads /metrics
HEADLESS_CLIENTS, HEADLESS_SERVE_SPECIFICATION = ("app",), True
HEADLESS_SPECIFICATION_TEMPLATE_NAME = None  # its page loads scripts from elsewhere; ours does not
HEADLESS_TOKEN_STRATEGY = "shop.doors.api.tokens.RotatingTokenStrategy"  # noqa: S105  # a class path
HEADLESS_JWT_PRIVATE_KEY, HEADLESS_JWT_ALGORITHM = read_token_key(SECRET_KEY)
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True  # a revoked session is refused at once
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 600
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = 60 * 24 * 3600

# --- staff's pages ------------------------------------------------------------------------------
STAFF_MFA_REQUIRED: bool = read_staff_mfa(is_https=IS_HTTPS)
ENVIRONMENT_NAME: str = env.str("ENVIRONMENT", default="production" if IS_HTTPS else "demo")
UNFOLD: dict[str, Any] = LOOK
