"""A group to prove membership of and a campaign for the allocator to give out, for the demo."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from promotions.campaigns.models import Campaign, Offer
from promotions.coupons.models import VerifiedGroup
from promotions.demo.services.offers import list_kept_out
from promotions.demo.services.release import create_demo, list_missing
from promotions.targeting.api import set_allocation
from shop.ground.catalog.selectors import list_categories

GROUPS = (
    ("student", "Students", "学生", ["student.example"]),
    ("teacher", "Teachers", "教师", ["school.example"]),
)
DEPTHS = (5, 10, 15)
SHARE = {"benefit_kind": Offer.Benefit.PERCENTAGE, "target": Offer.Target.LINE}


@transaction.atomic
def seed_demo_personal(*, market_code: str, now: datetime) -> int:
    """Create groups, an offer for one and a campaign in three depths that the allocator gives out.

    What exists is left alone; return how many campaigns were created.
    """
    for code, name, name_zh, domains in GROUPS:
        VerifiedGroup.objects.get_or_create(
            code=code, defaults={"name": name, "name_zh": name_zh, "mail_domains": domains}
        )
    wanted = {"students-breakfast": _create_students, "a-little-off": _create_own}
    missing = list_missing(wanted, now=now)
    for code in missing:
        wanted[code](code, market_code, now)
    return len(missing)


def _create_students(code: str, market_code: str, now: datetime) -> Campaign:
    offer = {
        **SHARE,
        "percent": Decimal(10),
        "scope": _scope("breakfast"),
        "condition": {"groups": ["student"]},
        "stacking": Offer.Stacking.BEST_UNIT,
        "stacking_group": "weekly",
    }
    names = ("Students: save on breakfast", "学生专享：早餐优惠")
    # Not open to everybody: it may not lower the reference of what is announced to all.
    fields: dict[str, Any] = {"kind": Campaign.Kind.MEMBER, "audience": Campaign.Audience.MEMBERS}
    return create_demo(code, names, market_code=market_code, now=now, offers=[offer], **fields)


def _create_own(code: str, market_code: str, now: datetime) -> Campaign:
    scope = _scope("snacks")
    campaign = create_demo(
        code,
        ("A little off snacks & sweets", "零食糖果小优惠"),
        market_code=market_code,
        now=now,
        offers=[{**SHARE, "percent": Decimal(depth), "scope": scope} for depth in DEPTHS],
        kind=Campaign.Kind.PRICE_CUT,
        audience=Campaign.Audience.PERSONAL,
        budget_minor=300_000,
    )
    if campaign.status == Campaign.Status.LIVE:
        set_allocation(campaign_id=campaign.pk, is_on=True)
    return campaign


def _scope(department: str) -> dict[str, list[int]]:
    tree = list_categories("en")
    fit = [root for root in tree.roots if tree.nodes[root].path == department]
    return {"categories": fit} if fit else list_kept_out(tree)
