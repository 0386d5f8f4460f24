"""Doors of other systems: a token that staff made opens them, and opens nothing else."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from shop.doors.api.authentication import TokenRefused
from shop.doors.api.base import ApiView
from shop.doors.api.errors import TooManyRequests
from shop.ground.jobs.limits import Policy, take
from shop.ground.kernel.errors import FairtagError

SCHEME = "Bearer"


class SystemAuthentication(BaseAuthentication):
    """Reads a token of one kind; those of all others are refused."""

    missing: ClassVar[type[FairtagError]]
    request_text: ClassVar[str]
    refusal_text: ClassVar[str]

    def find_caller(self, token: str) -> Any:
        """Return who calls by a token, with its `token_id`; None where it is no good. One query."""
        raise NotImplementedError  # each kind of token has its table

    def authenticate(self, request: Request) -> tuple[Any, None]:
        """Return who calls. Raises the refusal `missing`, or TokenRefused (token_invalid)."""
        scheme, _sep, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != SCHEME or not token:
            raise self.missing(self.request_text)
        caller = self.find_caller(token.strip())
        if caller is None:
            raise TokenRefused(self.refusal_text)
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return 'Bearer realm="fairtag"'


class SystemView(ApiView):
    """The base of what other systems may call; counted by token."""

    policy: ClassVar[Policy]

    def perform_authentication(self, request: Request) -> None:
        """Learn who calls."""
        _ = request.user

    def check_throttles(self, request: Request) -> None:
        """Take the request from the token's own bucket; raise TooManyRequests."""
        caller: Any = request.user
        verdict = take(self.policy, str(caller.token_id))
        self.verdicts.append(verdict)
        if not verdict.is_allowed:
            raise TooManyRequests(verdict.retry_seconds)
