"""Use limits and budgets, exact in the database: hold at the order, commit at payment, release."""

from __future__ import annotations

from datetime import datetime

from promotions.core.values import Evaluation
from shop.kernel.errors import FairtagError


class CouponExhausted(FairtagError):
    """A limit or budget was reached by somebody else a moment ago; `detail` says which."""

    code = "coupon_exhausted"


def hold_redemptions(
    *, order_ref: str, shopper_id: int | None, evaluation: Evaluation, now: datetime
) -> None:
    """Count every applied offer of `evaluation` as used by `order_ref`, or nothing at all."""
    raise NotImplementedError


def commit_redemptions(*, order_ref: str, now: datetime) -> int:
    """Make the held redemptions of `order_ref` final; return how many. Twice is once."""
    raise NotImplementedError


def release_redemptions(*, order_ref: str, now: datetime) -> int:
    """Give back uses and budget of `order_ref`; return how many. Twice is once."""
    raise NotImplementedError
