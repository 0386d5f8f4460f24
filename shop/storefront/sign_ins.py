"""Whose wrong passwords count against whom: guesses from elsewhere must not lock the owner out.

Failed sign-ins are counted for each login by the device that signed in to it before, else by the
internet address. A second count, for all unknown devices together, stops guessing from many
addresses; over it a new device goes by the e-mailed link, while the owner's devices are let in.
"""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from shop.kernel.addresses import subscriber_of

DEVICE_COOKIE = "fairtag_device"
DEVICE_SECONDS = 400 * 86_400
ANYWHERE = "login_failed_anywhere"
RATES = {ANYWHERE: "100/d/key"}

_signer = Signer(salt="shop.storefront.device")


class AccountAdapter(DefaultAccountAdapter):
    """allauth's adapter with our way to count failed sign-ins, for pages and API alike."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": _(
            "Too many failed sign-ins. Wait five minutes, use a device you signed in with before,"
            " or reset your password by e-mail."
        ),
    }

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try; give it back when the password was right. Raises ValidationError."""
        super().pre_authenticate(request, **credentials)
        login = _login_of(credentials)
        if _read_device(request, login):
            return
        usage = ratelimit.consume(request, app="fairtag", action=ANYWHERE, config=RATES, key=login)
        if not usage:
            self._rollback_login_failed_rl_usage()
            raise self.validation_error("too_many_login_attempts")
        self._login_failed_rl_usage.usage.extend(usage.usage)

    def post_login(self, request: HttpRequest, user: Any, **given: Any) -> HttpResponse:
        """Remember this device for the login: a browser keeps a signed cookie."""
        response: HttpResponse = super().post_login(request, user, **given)
        signed = _signer.sign(f"{user.email.lower()} {secrets.token_hex(8)}")
        response.set_cookie(
            DEVICE_COOKIE,
            signed,
            max_age=DEVICE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        login = _login_of(credentials)
        device = _read_device(request, login)
        address = subscriber_of(str(request.META.get("REMOTE_ADDR", "")))
        return f"{login}:device:{device}" if device else f"{login}:address:{address}"

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Forget failed tries: the password was set anew by the e-mailed link."""
        super()._delete_login_attempts_cached_email(request, **credentials)
        ratelimit.clear(
            request, app="fairtag", action=ANYWHERE, config=RATES, key=_login_of(credentials)
        )


def _login_of(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "").lower()


def _read_device(request: HttpRequest, login: str) -> str:
    """Return the random name of a device that signed in to this login before, else ""."""
    try:
        known, _space, name = _signer.unsign(request.COOKIES.get(DEVICE_COOKIE, "")).rpartition(" ")
    except BadSignature:
        return ""
    return name if known == login else ""
