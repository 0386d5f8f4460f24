"""A few sensible live campaigns for a shop that has none of its own yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from promotions.campaigns.models import Campaign, CampaignShopper, Offer
from promotions.coupons.models import Coupon, VerifiedGroup
from promotions.demo.services.release import create_demo, list_missing
from promotions.law.api import load_laws
from promotions.targeting.api import set_allocation
from shop.ground.catalog.core.values import CategoryNode, CategoryTree
from shop.ground.catalog.selectors import list_categories

GOALS = {
    "welcome": Campaign.Goal.NEWCOMERS,
    "members-fresh": Campaign.Goal.LOYALTY,
    "spend-40": Campaign.Goal.MARGIN,
}


@dataclass(frozen=True, slots=True)
class _Plan:
    code: str
    name: str
    name_zh: str
    kind: str
    offer: dict[str, Any]
    audience: str = "public"
    budget_minor: int | None = None
    coupon: dict[str, Any] = field(default_factory=dict)


def seed_demo_offers(*, market_code: str, now: datetime) -> int:
    """Create the demo campaigns; those that exist stay as they are. Return how many were created.

    Each is released as the law allows it (`create_demo`), or stays a draft. Ends are fixed here,
    before anybody sees them, so that a countdown may honestly show them.
    """
    tree = list_categories("en")
    kept_out = list_kept_out(tree)
    plans = [
        *_category_plans(tree, list_categories("zh-hans")),
        _spend_plan(kept_out),
        _welcome_plan(kept_out),
    ]
    with transaction.atomic():
        missing = list_missing([plan.code for plan in plans], now=now)
        new = [plan for plan in plans if plan.code in missing]
        for plan in new:
            _create(plan, market_code, now)
    return len(new)


def list_kept_out(tree: CategoryTree) -> dict[str, list[int]]:
    """Return the scope of all products but those that some law lets nobody promote."""
    kinds = {kind for law in load_laws() for kind in law.banned_kinds}
    named = [n.category_id for n in tree.nodes.values() if kinds.intersection(n.path.split("/"))]
    return {"except_categories": sorted(named)} if named else {}


def _category_plans(tree: CategoryTree, chinese: CategoryTree) -> list[_Plan]:
    plans = []
    cheese = _find_category(tree, ("cheese", "dairy", "yogurt"), depth=1)
    fresh = _find_category(tree, ("produce", "fruit", "vegetable", "bakery"), depth=0)
    if cheese is not None:
        zh = chinese.nodes[cheese.category_id].name
        offer = {
            "benefit_kind": Offer.Benefit.PERCENTAGE,
            "target": Offer.Target.LINE,
            "percent": Decimal(10),
            "scope": {"categories": [cheese.category_id]},
            "stacking": Offer.Stacking.BEST_UNIT,
            "stacking_group": "weekly",
        }
        name, name_zh = f"10% off {cheese.name.lower()}", f"{zh}九折"
        plans.append(_Plan("weekly-tenth", name, name_zh, Campaign.Kind.PRICE_CUT, offer))
    if fresh is not None and fresh != cheese:
        zh = chinese.nodes[fresh.category_id].name
        offer = {
            "benefit_kind": Offer.Benefit.PERCENTAGE,
            "target": Offer.Target.LINE,
            "percent": Decimal(5),
            "scope": {"categories": [fresh.category_id]},
            "stacking": Offer.Stacking.BEST_UNIT,
            "stacking_group": "weekly",
        }
        name, name_zh = f"With an account: 5% off {fresh.name.lower()}", f"注册用户专享：{zh}九五折"
        kind, audience = Campaign.Kind.MEMBER, Campaign.Audience.MEMBERS
        plans.append(_Plan("members-fresh", name, name_zh, kind, offer, audience))
    return plans


def _spend_plan(scope: dict[str, list[int]]) -> _Plan:
    return _Plan(
        code="spend-40",
        name="$5 off when you spend $40",
        name_zh="满 40 美元减 5 美元",
        kind=Campaign.Kind.PRICE_CUT,
        offer={
            "benefit_kind": Offer.Benefit.FIXED_AMOUNT,
            "target": Offer.Target.CART,
            "amount_minor": 500,
            "condition": {"cart_value": 4000},
            "scope": scope,
        },
    )


def _welcome_plan(scope: dict[str, list[int]]) -> _Plan:
    return _Plan(
        code="welcome",
        name="$5 off your first order",
        name_zh="首单立减 5 美元",
        kind=Campaign.Kind.WELCOME,
        budget_minor=1_000_000,
        offer={
            "benefit_kind": Offer.Benefit.FIXED_AMOUNT,
            "target": Offer.Target.CART,
            "amount_minor": 500,
            "condition": {"all": [{"cart_value": 1500}, {"first_order": True}]},
            "requires_coupon": True,
            "scope": scope,
        },
        coupon={"code": "WELCOME5", "per_shopper_limit": 1},
    )


def _find_category(
    tree: CategoryTree, words: tuple[str, ...], *, depth: int
) -> CategoryNode | None:
    """Return the largest category named by an early word, at `depth` if there is one."""
    for word in words:
        fit = [node for node in tree.nodes.values() if word in node.name.lower()]
        at_depth = [node for node in fit if node.depth == depth]
        if at_depth or (fit and word == words[-1]):
            return max(at_depth or fit, key=lambda node: (node.product_count, node.path))
    return None


def _create(plan: _Plan, market_code: str, now: datetime) -> None:
    made = create_demo(
        plan.code,
        (plan.name, plan.name_zh),
        market_code=market_code,
        now=now,
        offers=[plan.offer],
        kind=plan.kind,
        goal=GOALS.get(plan.code, Campaign.Goal.SALES),
        audience=plan.audience,
        budget_minor=plan.budget_minor,
    )
    if plan.coupon:
        Coupon.objects.create(offer=made.offers.get(), **plan.coupon)


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


CODE = "best-sellers-week"
NAMES = ("A week of 10% off best sellers", "热销商品一周九折")
HELD_OUT, BUDGET = 20, 50_000


@transaction.atomic
def seed_ended_campaign(
    *,
    market_code: str,
    category_ids: Sequence[int],
    shopper_ids: Sequence[int],
    starts_at: datetime,
    ends_at: datetime,
) -> bool:
    """Create the campaign and release it at its begin, for these shoppers; True if new.

    A share of them is held out, so that its results have a lift. What they buy in its window is
    counted as it is bought: nothing of its results is written here.
    """
    if CODE not in list_missing([CODE], now=starts_at):
        return False
    offer = {
        "benefit_kind": Offer.Benefit.PERCENTAGE,
        "target": Offer.Target.LINE,
        "percent": Decimal(10),
        "scope": {"categories": sorted(category_ids)},
        "stacking": Offer.Stacking.BEST_UNIT,
        "stacking_group": "weekly",
    }
    made = create_demo(
        CODE,
        NAMES,
        market_code=market_code,
        now=starts_at,
        ends_at=ends_at,
        offers=[offer],
        kind=Campaign.Kind.PRICE_CUT,
        audience=Campaign.Audience.PERSONAL,
        goal=Campaign.Goal.SALES,
        budget_minor=BUDGET,
        holdout_percent=HELD_OUT,
    )
    CampaignShopper.objects.bulk_create(
        CampaignShopper(campaign=made, shopper_id=one) for one in shopper_ids
    )
    return True
