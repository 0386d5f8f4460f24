"""Signing up and in: who has an account stays unknown, and guesses lock no owner out.

Signing up answers the same for known and unknown addresses; the mail says which it was. So does
signing in: an address that was not confirmed by the link in the mail is answered like a wrong
password, or whoever signs up for an address would learn by signing in whether it was new.

Failed sign-ins are counted for each login by the device that signed in to it before, else by the
internet address. A second count, for all unknown devices together, stops guessing from many
addresses; over it a new device goes by the e-mailed link, while the owner's devices are let in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.signing import BadSignature, Signer
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shop.ground.kernel.addresses import subscriber_of
from shop.ground.storeinfo.selectors import get_store, mail_sender

type Saved = tuple[Any, HttpResponse | None]

DEVICE_COOKIE = f"{settings.COOKIE_PREFIX}fairtag_device"
DEVICE_SECONDS = 400 * 86_400
ANYWHERE = "login_failed_anywhere"
RATES = {ANYWHERE: "100/d/key"}

_signer = Signer(salt="shop.storefront.device")


class AccountAdapter(DefaultAccountAdapter):
    """allauth's adapter with our way to count failed sign-ins, for pages and API alike."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "The e-mail address or the password is not right. If you have just signed up, first"
            " follow the link in the e-mail we sent you."
        ),
        "too_many_login_attempts": _(
            "Too many failed sign-ins. Wait five minutes, use a device you signed in with before,"
            " or reset your password by e-mail."
        ),
    }

    def get_from_email(self) -> str:
        """Return the shop as the sender."""
        return mail_sender(get_language() or "en")

    def render_mail(
        self, template_prefix: str, email: str, context: dict[str, Any], headers: Any = None
    ) -> Any:
        """Return the mail, which calls the shop by its name."""
        known = {**context, "store_name": get_store().called(get_language() or "en")}
        return super().render_mail(template_prefix, email, known, headers=headers)

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

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Return the account, or None; an address that is not confirmed counts as a wrong one."""
        account = super().authenticate(request, **credentials)
        if account is None or _is_confirmed(account, _login_of(credentials)):
            return account
        make_password(secrets.token_hex(8))  # a wrong one is tried by two backends, this by one
        self.pre_authenticate(request, **credentials)  # counted again: it was given back
        return None

    def set_password(self, user: Any, password: str) -> None:
        """Set it. Who forgot it came by a mailed link, which proves the account's one address."""
        super().set_password(user, password)
        others = EmailAddress.objects.filter(user=user).exclude(email=user.email, verified=False)
        if not others.exists():
            user.confirm_email()

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


class SignUpFields(forms.Form):
    """What the sign-up of pages and API adds to allauth's own."""

    account_already_exists = False
    try_save: Callable[[HttpRequest], Saved]  # allauth's

    def __init__(self, *given: Any, **named: Any) -> None:
        """Stand before allauth's own way to save, which the forms built on this one bring."""
        super().__init__(*given, **named)
        self._save_first = self.try_save
        self.try_save = self._save_once

    def _save_once(self, request: HttpRequest) -> Saved:
        """Save; of two sign-ups for one address at the same moment the later one finds it known."""
        try:
            with transaction.atomic():
                return self._save_first(request)
        except IntegrityError:
            if not EmailAddress.objects.filter(email=self.cleaned_data["email"].lower()).exists():
                raise
            self.account_already_exists = True
            return self._save_first(request)

    def clean(self) -> dict[str, Any]:
        """Take as long for a known address as for a new one, whose password is hashed."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.account_already_exists and not self.errors:
            make_password(secrets.token_hex(8))
        return cleaned

    def signup(self, request: HttpRequest, user: Any) -> None:
        """Do nothing more with a new account."""


def _is_confirmed(account: Any, login: str) -> bool:
    return bool(EmailAddress.objects.filter(user=account, email=login, verified=True).exists())


def _login_of(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "").lower()


def _read_device(request: HttpRequest, login: str) -> str:
    """Return the random name of a device that signed in to this login before, else ""."""
    try:
        known, _space, name = _signer.unsign(request.COOKIES.get(DEVICE_COOKIE, "")).rpartition(" ")
    except BadSignature:
        return ""
    return name if known == login else ""
