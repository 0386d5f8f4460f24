"""What the database knows about entered codes."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q

from promotions.core.values import CouponValue
from promotions.models import Coupon, OfferVariant, Redemption
from promotions.selectors.book import compile_or_skip


def find_coupons(
    *, codes: Sequence[str], variant_ids: Sequence[int], shopper_id: int | None
) -> list[CouponValue]:
    """Return one value per code, also for codes nobody knows. One query.

    Of an offer that lists its variants only those in `variant_ids` (the cart's) are read: a
    coupon may cover thousands.
    """
    covered = OfferVariant.objects.filter(offer_id=OuterRef("offer_id"))
    mine = Q(redemptions__shopper_id=shopper_id) if shopper_id else Q(pk__in=[])
    rows = (
        Coupon.objects.filter(code__in=codes)
        .select_related("offer__campaign")
        .annotate(
            lists_variants=Exists(covered),
            variants=ArraySubquery(covered.filter(variant_id__in=variant_ids).values("variant_id")),
            used=Count("redemptions", mine & Q(redemptions__state=Redemption.State.COMMITTED)),
            held=Count("redemptions", mine & Q(redemptions__state=Redemption.State.HELD)),
        )
    )
    known = {row.code: row for row in rows}
    return [_coupon_value(code, known.get(code)) for code in codes]


def _coupon_value(code: str, row: Coupon | None) -> CouponValue:
    if row is None:
        return CouponValue(code)
    campaign, limit = row.offer.campaign, row.per_shopper_limit
    left = None if campaign.budget_minor is None else campaign.budget_minor - campaign.spent_minor
    used, held = row.used, row.held  # type: ignore[attr-defined]  # annotated above
    variants = row.variants if row.lists_variants else None  # type: ignore[attr-defined]  # annotated above
    return CouponValue(
        code=code,
        offer=compile_or_skip(row.offer, variant_ids=variants, left_minor=left),
        coupon_id=row.pk,
        is_active=row.is_active,
        is_used_up=row.max_redemptions is not None and row.redeemed >= row.max_redemptions,
        is_used_up_by_shopper=limit is not None and used >= limit,
        is_held_by_shopper=limit is not None and used < limit <= used + held,
    )
