"""A few sensible live campaigns for a shop that has none of its own yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from promotions.campaigns.models import Campaign, Offer
from promotions.coupons.models import Coupon
from promotions.demo.services.release import create_demo, list_missing
from promotions.law.api import load_laws
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
    """Return the scope of all goods but those that some law lets nobody promote."""
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
