"""Examples of points."""

from __future__ import annotations

from shop.doors.api.v1.examples import AT, LATER, Json, usd

MOVE: Json = {
    "kind": "earn",
    "points": 24,
    "is_pending": True,
    "order": "FT-7K3M9-2QXAB",
    "store": "",
    "at": AT,
}
POINTS: Json = {
    "is_member": True,
    "earn_rate": "1.0000",
    "available": 1240,
    "worth": usd(1240),
    "pending": 24,
    "owed": 0,
    "expiring": 300,
    "expires_at": LATER,
    "tier": {"code": "silver", "name": "Silver"},
    "tier_kept_until": None,
    "next_tier": {"code": "gold", "name": "Gold"},
    "missing": usd(18000),
    "progress": 0.64,
    "invite_code": "K7M2PQR9TX",
    "member_number": "482177309157",
    "friends_joined": 2,
    "friends_rewarded": 1,
}
CODE: Json = {"code": "K7M2-P9QX", "expires_at": LATER}
