"""Why a code that exists cannot be used now, before its offer is even looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

from promotions.core.circumstances import Failure
from promotions.core.values import CouponValue


def find_coupon_failure(coupon: CouponValue, now: datetime) -> Failure | None:
    """Return the first true reason, or None. What only this shopper knows comes before the rest.

    >>> from datetime import UTC
    >>> find_coupon_failure(CouponValue("NOPE"), datetime(2026, 11, 26, tzinfo=UTC)).reason_code
    'unknown_code'
    """
    has_ended = coupon.ended_at is not None and now >= coupon.ended_at
    reasons = (
        (coupon.offer is None, "unknown_code"),
        (not coupon.is_active, "code_disabled"),
        (coupon.is_used_up_by_shopper, "code_used_by_you"),
        (coupon.is_held_by_shopper, "code_held_by_you"),
        (has_ended, "code_ended"),
        (coupon.is_reserved, "code_reserved"),
        (coupon.is_used_up, "code_used_up"),
    )
    reason = next((reason for holds, reason in reasons if holds), None)
    if reason is None:
        return None
    if reason == "code_ended" and coupon.ended_at is not None:
        return Failure(reason, detail={"date": last_day(coupon.ended_at)})
    return Failure(reason)


def last_day(ends_at: datetime) -> str:
    """Return the last day of what ends at `ends_at`, the first moment after it.

    >>> from datetime import UTC
    >>> last_day(datetime(2026, 12, 1, tzinfo=UTC))
    '2026-11-30'
    """
    return (ends_at - timedelta(microseconds=1)).date().isoformat()
