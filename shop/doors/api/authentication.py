"""Callers of the API: accounts by access token, guests by signed pseudonym, or anonymous."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.headless.contrib.rest_framework.authentication import JWTTokenAuthentication
from allauth.headless.tokens.strategies.jwt.internal import get_token_session
from django.contrib.auth import get_user_model
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from profiles.accounts.api import belongs_to_account, link_account
from profiles.shoppers.api import find_shopper_for_account
from shop.doors.pages.recent import is_recent
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError

GUEST_HEADER = "X-Shopper-Token"
GUEST_TOKEN_SECONDS = 400 * 24 * 3600  # 13 months: as long as the storefront's cookie
MAX_TOKEN_LENGTH = 200

_signer = TimestampSigner(salt="shop.api.guest")


class TokenRefused(FairtagError):
    """A token that is no use any more; the client gets a new one and tries again."""

    code = "token_invalid"


class SignInRequired(FairtagError):
    """The operation belongs to an account, and the request carries no access token."""

    code = "sign_in_required"


class ReauthenticationRequired(FairtagError):
    """The operation asks for the password or second factor again: it was given too long ago."""

    code = "reauthentication_required"


class GuestTokenRequired(FairtagError):
    """The operation belongs to a shopper, and nobody said which."""

    code = "shopper_token_required"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `pseudonym` is None for a visitor who has done nothing yet.

    `has_joined`: the guest token that was sent is of the time before the guest signed in.
    """

    account_id: int | None
    pseudonym: str | None
    address: str
    has_joined: bool = False

    @property
    def pk(self) -> int | None:
        """The account's id, under the name the request log looks for."""
        return self.account_id


def sign_guest_token(pseudonym: str) -> str:
    """Return the token a guest's device keeps: the pseudonym, when, and our signature."""
    packed = urlsafe_b64encode(UUID(pseudonym).bytes).rstrip(b"=").decode()
    return _signer.sign(packed)


def read_guest_token(token: str) -> str:
    """Return the pseudonym in a guest token. Raises TokenRefused."""
    try:
        if len(token) > MAX_TOKEN_LENGTH:
            raise BadSignature("too long")
        packed = _signer.unsign(token, max_age=GUEST_TOKEN_SECONDS)
        return str(UUID(bytes=urlsafe_b64decode(packed + "==")))
    except SignatureExpired as error:
        raise TokenRefused(
            "The shopper token has expired. Ask for a new one.", code="token_expired"
        ) from error
    except (BadSignature, ValueError) as error:
        raise TokenRefused("The shopper token is not valid. Ask for a new one.") from error


class CallerAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer` (an account) and `X-Shopper-Token` (a guest).

    A token that is present but not valid is refused, never ignored: the client would otherwise
    see public prices and an empty cart without knowing why. A guest token whose guest has signed
    in opens nothing by itself; views refuse it, but for the one that gives new tokens.
    """

    def authenticate(self, request: Request) -> tuple[Caller, Any]:
        """Return the caller and the claims of the access token, if any. 0 to 3 queries."""
        address = request.META["REMOTE_ADDR"]
        token = request.headers.get(GUEST_HEADER, "")
        pseudonym = read_guest_token(token) if token else None
        signed_in = _access_tokens.authenticate(request)
        if signed_in is None:
            has_joined = pseudonym is not None and belongs_to_account(pseudonym)
            return Caller(None, None if has_joined else pseudonym, address, has_joined), None
        account, claims = signed_in
        shopper = find_shopper_for_account(account.pk)
        if shopper is None:  # an account of the time before, or made by staff
            shopper = link_account(account_id=account.pk, pseudonym=pseudonym, now=utc_now())
        return Caller(account.pk, shopper.pseudonym, address), claims

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return 'Bearer realm="fairtag"'


def proved_lately(claims: Mapping[str, Any], account_id: int, now: datetime) -> bool:
    """Return whether the session behind an access token was proved lately. One query."""
    session = get_token_session(dict(claims))
    return session is not None and is_recent(session, get_user_model()(pk=account_id), now)


_access_tokens = JWTTokenAuthentication()
