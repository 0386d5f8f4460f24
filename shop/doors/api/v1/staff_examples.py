"""Examples of campaigns written by staff systems."""

from __future__ import annotations

from shop.doors.api.v1.examples import Json

DOCUMENT: Json = {
    "format": 2,
    "code": "spring",
    "name": "Spring voucher",
    "kind": "coupon",
    "audience": "public",
    "starts_at": "2026-12-01T00:00:00+00:00",
    "ends_at": "2026-12-08T00:00:00+00:00",
    "offers": [
        {
            "code": "spring-10",
            "name": "10% off",
            "benefit_kind": "percentage",
            "target": "cart",
            "percent": "10",
            "requires_coupon": True,
            "coupons": [{"code": "SPRING10", "max_redemptions": 500, "per_shopper_limit": 1}],
        }
    ],
}
STATE: Json = {
    "code": "spring",
    "status": "draft",
    "phase": "draft",
    "revision": 1,
    "pending_revision": None,
    "version": "1-2f6a1c09b4e7",
}
CAMPAIGN: Json = {**STATE, "campaign": DOCUMENT}
WRITTEN: Json = {
    **STATE,
    "is_new": True,
    "is_waiting": False,
    "changes": ["Offer “spring-10”: 1 codes are new: SPRING10"],
}
STEP_REQUEST: Json = {"step": "schedule", "reason": "agreed in the weekly meeting"}
STEPPED: Json = {**STATE, "status": "scheduled", "phase": "scheduled"}
