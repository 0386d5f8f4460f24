"""Codes as they were at a moment: which offer they brought, and how often they had been used."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from promotions.core.codes import normalize_code
from promotions.core.values import CouponValue, OfferValue
from promotions.models import Coupon, Redemption
from promotions.selectors.restoring import counted_at


def restore_codes(
    codes: Sequence[str],
    *,
    offers: Collection[OfferValue],
    applied: Collection[str],
    shopper_id: int | None,
    at: datetime,
    order_ref: str,
) -> list[CouponValue]:
    """Return one value per entered code, with the offer of then among `offers`.

    Uses are counted as they stood at `at`, without the order's own. How often a code may be used,
    and whether it is switched off, is not kept by day and taken as today; one that `applied` was
    good. Two queries.
    """
    entered = list(dict.fromkeys(normalize_code(code) for code in codes))
    if not entered:
        return []
    rows = {
        row.code: row for row in Coupon.objects.filter(code__in=entered).select_related("batch")
    }
    uses = Redemption.objects.filter(counted_at(at), coupon__in=list(rows.values()))
    pairs = list(uses.exclude(order_ref=order_ref).values_list("coupon_id", "shopper_id"))
    by_id = {offer.offer_id: offer for offer in offers}
    found = []
    for code in entered:
        row = rows.get(code)
        if row is None:
            found.append(CouponValue(code))
            continue
        is_good = code in applied
        used = sum(coupon_id == row.pk for coupon_id, _ in pairs)
        mine = pairs.count((row.pk, shopper_id)) if shopper_id is not None else 0
        limit, own = row.max_redemptions, row.per_shopper_limit
        found.append(
            CouponValue(
                code=code,
                offer=by_id.get(row.offer_id),
                coupon_id=row.pk,
                is_active=row.is_active or is_good,
                is_used_up=not is_good and limit is not None and used >= limit,
                is_used_up_by_shopper=not is_good and own is not None and mine >= own,
                ended_at=None if row.batch is None else row.batch.ends_at,
            )
        )
    return found
