"""The clean refusal of who came second."""

from __future__ import annotations

from collections.abc import Mapping

from promotions.metrics import redemptions_refused_total
from shop.kernel.errors import FairtagError


class CouponExhausted(FairtagError):
    """A limit or budget was reached by somebody else a moment ago.

    Codes: code_used_up, code_used_by_you, code_disabled, budget_spent, and those of use limits
    (limit_reached, sold_out, used_by_you, ...); `detail["coupon"]` is the code where there is
    one. The caller shows the cart again without the offer.
    """

    code = "coupon_exhausted"


def refuse_use(
    reason: str, coupon: str = "", words: Mapping[str, int | str] | None = None
) -> CouponExhausted:
    """Return the refusal, counted, for the caller to raise; `words` are what its sentence names."""
    redemptions_refused_total.labels(reason=reason).inc()
    detail = dict(words or {})
    if coupon:
        detail["coupon"] = coupon
    return CouponExhausted("Somebody else was faster: this offer is gone.", code=reason, **detail)
