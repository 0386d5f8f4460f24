"""Typed reading of the environment; a wrong value is one clear sentence, not a traceback."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

from environ import Env

from shop.ground.kernel.capabilities import CAPABILITIES

ROOT = Path(__file__).resolve().parent.parent
env = Env()

POSTGRES_SCHEMES = {"postgres", "postgresql"}
KEY_LENGTH, KEY_LETTERS = 50, 12
_BACKENDS = "django.core.mail.backends"
SMTP, CONSOLE, MAIL_FILES = (
    f"{_BACKENDS}.{name}.EmailBackend" for name in ("smtp", "console", "filebased")
)
SENDS_NOTHING = {
    f"{_BACKENDS}.{name}.EmailBackend" for name in ("console", "dummy", "locmem", "filebased")
}
STRIPE_JS = "https://js.stripe.com/clover/stripe.js"
REDIS_SCHEMES = {"redis", "rediss", "unix"}


def read_capabilities() -> frozenset[str]:
    """Return CAPABILITIES, the optional ones that are switched on: names, or "all"."""
    named = {str(name).strip() for name in env.list("CAPABILITIES", default=[])}
    unknown = sorted(named - {"all", *CAPABILITIES})
    if unknown:
        raise SystemExit(
            f"error: CAPABILITIES names {', '.join(unknown)}."
            f" There are: {', '.join(CAPABILITIES)}, or all."
        )
    return frozenset(CAPABILITIES) if "all" in named else frozenset(named)


def read_state_folder() -> Path:
    """Return the folder that holds everything a running shop writes beside its database."""
    return Path(env.str("FAIRTAG_STATE", default=str(ROOT / ".fairtag")))


def read_secret_key(*, is_debug: bool, is_production: bool) -> str:
    """Return SECRET_KEY; in development draw one per process if none is set.

    In production one that could be guessed is refused: it signs sessions and price quotes.
    """
    key = str(env.str("SECRET_KEY", default=""))
    if not key and is_debug:
        return secrets.token_urlsafe(50)
    if not key:
        raise SystemExit("error: SECRET_KEY is not set. Set it to 50 or more random characters.")
    is_strong = len(key) >= KEY_LENGTH and len(set(key)) >= KEY_LETTERS
    if is_production and not is_strong:
        raise SystemExit(
            f"error: SECRET_KEY is too weak ({len(key)} characters, {len(set(key))} different)."
            " Set it to 50 or more random characters: openssl rand -base64 48."
        )
    return key


def read_email_backend(host: str, *, is_production: bool) -> str:
    """Return EMAIL_BACKEND: SMTP where EMAIL_HOST is set, else printing e-mails to the log.

    Production refuses those that send nothing: letters name people, orders and secret links.
    """
    default = SMTP if host else CONSOLE
    backend = str(env.str("EMAIL_BACKEND", default=default))
    if is_production and backend in SENDS_NOTHING:
        raise SystemExit(
            f"error: e-mails would go to {backend.rsplit('.', 2)[-2]} and not to people. Set"
            " EMAIL_HOST to your mail server (and EMAIL_HOST_USER, EMAIL_HOST_PASSWORD), or"
            " EMAIL_BACKEND to a backend that sends."
        )
    return backend


def read_token_key(secret_key: str) -> tuple[str, str]:
    """Return (key, algorithm) that access tokens are signed with.

    JWT_PRIVATE_KEY is an RSA key in PEM form (its public half can be given to others, who then
    check tokens themselves). Without it tokens are signed with a key derived from SECRET_KEY.
    """
    pem = str(env.str("JWT_PRIVATE_KEY", default="", multiline=True))
    if not pem:
        return hmac.new(secret_key.encode(), b"access tokens", "sha256").hexdigest(), "HS256"
    if "PRIVATE KEY" not in pem:
        raise SystemExit("error: JWT_PRIVATE_KEY must be an RSA private key in PEM form.")
    return pem, "RS256"


def read_database() -> dict[str, object]:
    """Return Django's settings of the database that DATABASE_URL names.

    DATABASE_POOL is the most connections one process keeps open; 0 switches the pool off.
    """
    pool_size = env.int("DATABASE_POOL", default=8)
    url = urlsplit(env.str("DATABASE_URL", default="postgresql://127.0.0.1:5432/fairtag"))
    if url.scheme not in POSTGRES_SCHEMES:
        raise SystemExit(
            f"error: DATABASE_URL starts with {url.scheme or 'nothing'}://; Fairtag needs"
            " PostgreSQL, such as postgresql://user:password@host:5432/name."
        )
    # A network that swallows packets is noticed within seconds, not within the kernel's hours.
    options: dict[str, object] = {
        "connect_timeout": 2,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }
    if pool_size:
        # A process has fewer threads than connections: only a database that is away makes them
        # wait. The pool gives up soon as well, or it would pause for minutes after an outage.
        options["pool"] = {
            "min_size": 1,
            "max_size": pool_size,
            "timeout": 2,
            "reconnect_timeout": 2,
        }
    return {
        "ENGINE": "shop.ground.database",
        "NAME": unquote(url.path.lstrip("/")) or "fairtag",
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "127.0.0.1",
        "PORT": str(url.port or 5432),
        "CONN_MAX_AGE": 0,
        "OPTIONS": options,
        "TEST": {"NAME": env.str("TEST_DATABASE", default="test_fairtag")},
    }


def read_trusted_proxies() -> list[str]:
    """Return TRUSTED_PROXIES: the networks of our reverse proxies, such as 10.0.5.0/24."""
    named: list[str] = env.list("TRUSTED_PROXIES", default=[])
    for one in named:
        try:
            network = ip_network(one)
        except ValueError as error:
            raise SystemExit(
                f"error: TRUSTED_PROXIES names {one}; it must list addresses or networks of your"
                " reverse proxies, such as 10.0.5.1,10.0.6.0/24."
            ) from error
        if network.prefixlen == 0:
            raise SystemExit(
                f"error: TRUSTED_PROXIES names {one}, which is everybody: name your reverse"
                " proxies only."
            )
    return named


def read_capture() -> str:
    """Return CAPTURE_PAYMENTS: at_once (unless said otherwise) or at_packing."""
    said = str(env.str("CAPTURE_PAYMENTS", default="at_once"))
    if said not in ("at_once", "at_packing"):
        raise SystemExit(f"error: CAPTURE_PAYMENTS is {said}; it must be at_once or at_packing.")
    return said


@dataclass(frozen=True, slots=True)
class Stripe:
    """Keys and addresses of Stripe; empty where it is not used. Never printed."""

    secret_key: str = field(default="", repr=False)
    publishable_key: str = ""
    webhook_secret: str = field(default="", repr=False)
    api_url: str = ""
    js_url: str = STRIPE_JS


def read_stripe(*, is_production: bool) -> Stripe:
    """Return STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY and STRIPE_WEBHOOK_SECRET: all or none.

    STRIPE_API_URL and STRIPE_JS_URL are for tests against a server of their own; production
    refuses them, or somebody else could take the money.
    """
    names = {"SECRET": ("sk_", "rk_"), "PUBLISHABLE": ("pk_",), "WEBHOOK": ("whsec_",)}
    given = {
        name: str(env.str(f"STRIPE_{name}_{'SECRET' if name == 'WEBHOOK' else 'KEY'}", default=""))
        for name in names
    }
    for name, starts in names.items():
        full = f"STRIPE_{name}_{'SECRET' if name == 'WEBHOOK' else 'KEY'}"
        if any(given.values()) and not given[name].startswith(starts):
            raise SystemExit(
                f"error: {full} must start with {' or '.join(starts)}. Set all three of"
                " STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY and STRIPE_WEBHOOK_SECRET, or none."
            )
    if ("_test_" in given["SECRET"]) is not ("_test_" in given["PUBLISHABLE"]):
        raise SystemExit(
            "error: one of STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY is a test key and the"
            " other is not. Take both from the same page of Stripe's dashboard."
        )
    api_url, js_url = (str(env.str(f"STRIPE_{name}_URL", default="")) for name in ("API", "JS"))
    if is_production and (api_url or js_url):
        raise SystemExit("error: STRIPE_API_URL and STRIPE_JS_URL are for tests only.")
    keys = (given["SECRET"], given["PUBLISHABLE"], given["WEBHOOK"])
    return Stripe(*keys, api_url=api_url, js_url=js_url or STRIPE_JS)


def read_staff_mfa(*, is_https: bool) -> bool:
    """Return whether staff need a second factor: FAIRTAG_STAFF_MFA is required or off.

    Required unless said otherwise wherever the shop is reached by HTTPS, which is production.
    """
    said = str(env.str("FAIRTAG_STAFF_MFA", default="required" if is_https else "off"))
    if said not in ("required", "off"):
        raise SystemExit(f"error: FAIRTAG_STAFF_MFA is {said}; it must be required or off.")
    return said == "required"


def read_redis_url() -> str:
    """Return REDIS_URL, checked for its scheme."""
    url = str(env.str("REDIS_URL", default="redis://127.0.0.1:6379/0"))
    if urlsplit(url).scheme not in REDIS_SCHEMES:
        raise SystemExit(
            f"error: REDIS_URL starts with {urlsplit(url).scheme or 'nothing'}://; it must look"
            " like redis://:password@host:6379/0."
        )
    return url
