"""Tokens of accounts: how they are made, renewed and ended."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from allauth.core.internal.httpkit import authenticated_user
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy
from allauth.headless.tokens.strategies.jwt.internal import (
    decode_token,
    get_refresh_token_state,
    get_token_session,
)
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from shop.doors.api.authentication import GUEST_HEADER, Caller, TokenRefused, read_guest_token
from shop.doors.api.context import build_context
from shop.doors.pages.cards import quote_context
from shop.doors.pages.sign_in import join_guest
from shop.ground.kernel.clock import utc_now

REPLACED = "replaced_refresh_token"  # in the session: the token, its successor, and when


def join_guest_of(request: HttpRequest, *, account_id: int) -> None:
    """Give the account the cart and the history of the guest whose token came with the sign-in.

    Twice is once. A guest token that is no use is not worth refusing the sign-in.
    """
    try:
        guest = read_guest_token(request.headers.get(GUEST_HEADER, ""))
    except TokenRefused:
        return
    caller = Caller(account_id, guest, request.META["REMOTE_ADDR"])
    context = quote_context(build_context(request, caller, utc_now()), "cart")
    join_guest(account_id=account_id, guest=guest, context=context)


class RotatingTokenStrategy(JWTTokenStrategy):
    """Short access tokens; a refresh token works once, and its reuse ends the whole session.

    The session behind them lives as long as the refresh token.

    A refresh token that comes back a second time was copied: thief and owner cannot be told
    apart, so both have to sign in again (RFC 9700, section 4.14.2). But for the device that never
    got the answer: for `grace_seconds` the last token replaced works once more, as long as nobody
    used the one that replaced it, which is then no use to anybody.
    """

    grace_seconds: ClassVar[int] = 60

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any] | None:
        """Return fresh tokens after a sign-in, which also makes the guest's cart the account's."""
        request.session.set_expiry(settings.HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN)
        join_guest_of(request, account_id=authenticated_user(request).pk)
        payload: dict[str, Any] | None = super().create_access_token_payload(request)
        return payload

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """Return a fresh pair, or None after ending the session of a reused token."""
        session, payload = _find_session(refresh_token)
        if session is None:
            return None
        is_second = self._reopen(session, payload)
        fresh: tuple[str, str] | None = super().refresh_token(refresh_token)
        session, _payload = _find_session(refresh_token)
        if session is None:
            return None
        if fresh is None:
            session.flush()
            return None
        following = decode_token(fresh[1], "refresh")
        if following is not None and not is_second:
            session[REPLACED] = [payload["jti"], following["jti"], time.time()]
            session.save()
        return fresh

    def _reopen(self, session: SessionBase, payload: Mapping[str, Any]) -> bool:
        """Let the token just replaced work once more; return whether it does."""
        replaced, following, at = session.get(REPLACED, ("", "", 0.0))
        state = get_refresh_token_state(session)
        is_late = time.time() - at > self.grace_seconds
        if payload["jti"] != replaced or following not in state or is_late:
            return False
        del state[following], session[REPLACED]
        state[replaced] = payload["exp"]
        session.save()
        return True


def _find_session(refresh_token: str) -> tuple[SessionBase | None, Mapping[str, Any]]:
    """Return the session of a refresh token of ours, used or not, and what the token says."""
    payload: dict[str, Any] | None = decode_token(refresh_token, "refresh")
    return (None, {}) if payload is None else (get_token_session(payload), payload)
