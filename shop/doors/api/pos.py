"""The door of tills: a token of one store opens it, and opens nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from promotions.loyalty.api import PosTerminal, find_pos_terminal
from shop.doors.api.systems import SystemAuthentication, SystemView
from shop.ground.jobs.limits import Policy
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop

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

    @property
    def token_id(self) -> int:
        """Which token it calls by."""
        return self.till.token_id


class PosAuthentication(SystemAuthentication):
    """Reads a till's token; those of accounts and guests are refused."""

    missing = PosTokenRequired
    request_text = gettext_noop("Send the till's token.")
    refusal_text = gettext_noop("This is no till's token, or it was revoked.")

    def find_caller(self, token: str) -> PosCaller | None:
        """Return the till. One query."""
        till = find_pos_terminal(token)
        return None if till is None else PosCaller(till)


class PosView(SystemView):
    """The base of what tills may call."""

    authentication_classes = (PosAuthentication,)
    policy = TILL

    @property
    def till(self) -> PosTerminal:
        """Which till calls."""
        caller: Any = self.request.user
        till: PosTerminal = caller.till
        return till
