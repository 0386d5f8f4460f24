"""The door of staff: a token that one of them made opens it, as far as their own rights go."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework.request import Request

from promotions.tokens.api import StaffKey, find_staff_key
from shop.doors.api.responses import json_response
from shop.doors.api.systems import SystemAuthentication, SystemView
from shop.ground.jobs.limits import Policy
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop
from shop.ground.staff.log import record_act, write_act

STAFF = Policy("staff", 120, 60, by="staff token")
_VERSION = re.compile(r'(?:W/)?"([0-9a-f-]{1,60})"')


class StaffTokenRequired(FairtagError):
    """The address is for staff, and the request carries no staff token."""

    code = "staff_token_required"


class StaffForbidden(FairtagError):
    """The token's scopes, or the rights of whoever made it, do not reach so far."""

    code = "staff_forbidden"


class VersionMalformed(FairtagError):
    """If-Match is no ETag of ours."""

    code = "if_match_malformed"


@dataclass(frozen=True, slots=True)
class StaffCaller:
    """A member of staff who calls by a token: no shopper, and no session."""

    key: StaffKey
    account: Any

    @property
    def pk(self) -> int:
        """The account's id, under the name the request log looks for."""
        return self.key.account_id

    @property
    def token_id(self) -> int:
        """Which token is called by."""
        return self.key.token_id


class StaffAuthentication(SystemAuthentication):
    """Reads a staff token; those of accounts, guests and tills are refused."""

    missing = StaffTokenRequired
    request_text = gettext_noop("Send a staff token.")
    refusal_text = gettext_noop("This is no staff token, or it has expired or was revoked.")

    def find_caller(self, token: str) -> StaffCaller | None:
        """Return the member of staff, and name them in the log of the request. One query."""
        found = find_staff_key(token, utc_now())
        if found is None:
            return None
        key, account = found
        structlog.contextvars.bind_contextvars(user_id=key.account_id, staff_token=key.token_id)
        return StaffCaller(key, account)


class StaffView(SystemView):
    """The base of what staff tokens may call."""

    authentication_classes = (StaffAuthentication,)
    policy = STAFF
    keys_kept = None  # a system may repeat the one of thousands that failed, hours later

    @property
    def staff(self) -> StaffCaller:
        """Who calls."""
        caller: Any = self.request.user
        staff: StaffCaller = caller
        return staff

    @property
    def key_scope(self) -> str:
        """Whose Idempotency-Keys these are."""
        return f"staff:{self.staff.pk}"

    def act_once(
        self, request: Request, body: Any, act: Callable[[], tuple[int, Any]]
    ) -> HttpResponse:
        """Run `act`, which returns status and answer, once per key; a key is needed."""

        def answer() -> HttpResponse:
            status, shown = act()
            return json_response(shown, status=status)

        return self.answer_once(body, answer, needs_key=True)

    def record(
        self,
        table: str,
        object_id: int,
        said: str | Promise,
        *,
        is_new: bool = False,
        reason: str = "",
        **figures: str,
    ) -> None:
        """Log with a row of `table` what the token's owner did by this token."""
        act = write_act(said, reason=reason, token=self.staff.key.name, **figures)
        by_id = self.staff.pk
        record_act(table=table, object_id=object_id, by_id=by_id, act=act, is_new=is_new)

    def require(self, scope: str, *rights: str) -> None:
        """Raise StaffForbidden unless the token has the scope and its owner the rights."""
        if scope not in self.staff.key.scopes:
            said = _("This token does not open “%(scope)s”: make one that does.")
            raise StaffForbidden(said % {"scope": scope}, scope=scope)
        if not self.staff.account.has_perms(rights):
            raise StaffForbidden(_("Your role may not do this."), rights=list(rights))


def read_version(request: HttpRequest) -> str | None:
    """Return the version in If-Match, or None without one. Raises VersionMalformed."""
    given = request.headers.get("If-Match", "").strip()
    if not given:
        return None
    found = _VERSION.fullmatch(given)
    if found is None:
        raise VersionMalformed(_("If-Match must be the ETag that was read, in quotes."))
    return found[1]
