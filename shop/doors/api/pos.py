"""The door of tills: a token of one store opens it, and opens nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from promotions.loyalty.api import PosTerminal, find_pos_terminal
from shop.doors.api.authentication import TokenRefused
from shop.doors.api.base import ApiView
from shop.doors.api.errors import TooManyRequests
from shop.ground.jobs.limits import Policy, take
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop

SCHEME = "Bearer"
TILL = Policy("till", 600, 60, by="till")


class PosTokenRequired(FairtagError):
    """The address is for tills, and the request carries no till's token."""

    code = "till_token_required"


@dataclass(frozen=True, slots=True)
class PosCaller:
    """A till that calls. It is no shopper and no account."""

    till: PosTerminal

    @property
    def pk(self) -> None:
        """No account, under the name the request log looks for."""
        return None


class PosAuthentication(BaseAuthentication):
    """Reads a till's token; those of accounts and guests are refused."""

    def authenticate(self, request: Request) -> tuple[PosCaller, None]:
        """Return the till. Raises PosTokenRequired, TokenRefused (token_invalid). One query."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != SCHEME or not token:
            raise PosTokenRequired(gettext_noop("Send the till's token."))
        till = find_pos_terminal(token.strip())
        if till is None:
            raise TokenRefused(gettext_noop("This is no till's token, or it was revoked."))
        return PosCaller(till), None

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return 'Bearer realm="fairtag"'


class PosView(ApiView):
    """The base of what tills may call; counted by till."""

    authentication_classes = (PosAuthentication,)

    def perform_authentication(self, request: Request) -> None:
        """Learn which till calls."""
        _ = self.till

    def check_throttles(self, request: Request) -> None:
        """Take the request from the till's own bucket; raise TooManyRequests."""
        verdict = take(TILL, str(self.till.token_id))
        self.verdicts.append(verdict)
        if not verdict.is_allowed:
            raise TooManyRequests(verdict.retry_seconds)

    @property
    def till(self) -> PosTerminal:
        """Which till calls."""
        caller: Any = self.request.user
        till: PosTerminal = caller.till
        return till
