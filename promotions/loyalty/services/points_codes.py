"""Codes a member shows at a till: a few minutes, one use, and one at a time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from promotions.coupons.api import TooManyWrongCodes, draw_codes
from promotions.engine.api import normalize_code
from promotions.loyalty.core.pos import (
    CODE_LASTS,
    CODE_PATTERN,
    PosRefused,
    PosTerminal,
    read_member_number,
)
from promotions.loyalty.models import PointsAccount, PointsCode
from promotions.loyalty.services.points import PointsRefused
from shop.ground.jobs.limits import Policy, peek, take
from shop.ground.kernel.hashing import sign
from shop.ground.kernel.translation import gettext_noop

WRONG_AT_TILL = Policy("wrong_at_till", 20, 600, by="till")


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code as its member sees it, this once."""

    code: str
    expires_at: datetime


def make_points_code(*, shopper_id: int, now: datetime) -> ShownCode:
    """Make a member's code; the one before is no use any more.

    Raises PointsRefused (not_a_member).
    """
    account_id = (
        PointsAccount.objects.filter(shopper_id=shopper_id).values_list("pk", flat=True).first()
    )
    if account_id is None:
        raise PointsRefused(gettext_noop("Join the points programme first."), code="not_a_member")
    [code] = draw_codes(CODE_PATTERN, 1, secrets.token_bytes)
    shown = ShownCode(code, now + CODE_LASTS)
    PointsCode.objects.update_or_create(
        account_id=account_id,
        defaults={
            "digest": digest_points_code(code),
            "expires_at": shown.expires_at,
            "used_at": None,
        },
    )
    return shown


def use_points_code(*, till: PosTerminal, code: str, now: datetime) -> int:
    """Use a code up and return its member's account; only inside a transaction.

    The conditional update decides who of two tills has it. Raises PosRefused (code_unknown,
    code_expired, code_used), TooManyWrongCodes.
    """
    check_tries(till)
    codes = PointsCode.objects.filter(digest=digest_points_code(code))
    found = codes.select_related("account").first()
    if found is not None and found.account.market_code == till.market_code:
        # No join in here: who waited for the row's lock would judge a subquery by the old row
        if codes.filter(used_at__isnull=True, expires_at__gt=now).update(used_at=now):
            return found.account_id
        count_wrong(till)
        if found.expires_at > now:
            raise PosRefused(
                gettext_noop("This code was used. Ask for a new one."), code="code_used"
            )
        raise PosRefused(
            gettext_noop("This code has expired. Ask for a new one."), code="code_expired"
        )
    count_wrong(till)
    raise PosRefused(
        gettext_noop("Nobody has this code. Check it with the shopper."), code="code_unknown"
    )


def find_member(*, till: PosTerminal, number: str) -> PointsAccount:
    """Return the account behind a member number. Raises PosRefused (member_unknown),
    TooManyWrongCodes.
    """
    check_tries(till)
    read = read_member_number(number)
    found = None
    if read is not None:
        rows = PointsAccount.objects.filter(member_number=read, market_code=till.market_code)
        found = rows.filter(shopper__isnull=False).first()
    if found is None:
        count_wrong(till)
        raise PosRefused(gettext_noop("Nobody has this member number."), code="member_unknown")
    return found


def check_tries(till: PosTerminal) -> None:
    """Refuse a till that entered too many wrong codes and numbers. Raises TooManyWrongCodes."""
    verdict = peek(WRONG_AT_TILL, str(till.token_id))
    if not verdict.is_allowed:
        raise TooManyWrongCodes(
            "Too many wrong codes were entered. Please try again in a few minutes.",
            retry_after_seconds=verdict.retry_seconds,
        )


def count_wrong(till: PosTerminal) -> None:
    """Count a code or number that is no good. One Redis call."""
    take(WRONG_AT_TILL, str(till.token_id))


def digest_points_code(code: str) -> str:
    """Return what is kept of a code: keyed, since eight signs alone could be tried out."""
    text = normalize_code(code).replace("-", "")
    return sign(f"points-code:{text}".encode(), key=settings.SECRET_KEY.encode()).hex()
