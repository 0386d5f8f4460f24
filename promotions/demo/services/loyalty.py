"""A points programme, a partner and campaigns to come back and to bring friends, for the demo."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from promotions.campaigns.api import CampaignRefused, Step
from promotions.campaigns.models import Campaign, Offer
from promotions.demo.services.offers import list_kept_out
from promotions.demo.services.release import create_demo, list_missing, make_lawful
from promotions.loyalty.api import (
    OPENING_NOTE,
    Act,
    Purchase,
    expiry_of,
    find_programme,
    forget_programme,
    join_programme,
    make_available,
)
from promotions.loyalty.models import (
    Bucket,
    MembershipTier,
    PointsEntry,
    PointsOrder,
    ProgrammeTerms,
    TermsCategory,
)
from promotions.partners.models import Partner, PartnerShare
from promotions.release.api import move_campaign, open_for_change
from shop.ground.catalog.selectors import list_categories

OPENING = 1_200
TIERS = (
    ("silver", "Silver", "银卡", 30_000, Decimal("1.25")),
    ("gold", "Gold", "金卡", 80_000, Decimal("1.50")),
)


@transaction.atomic
def seed_demo_loyalty(*, market_code: str, now: datetime) -> int:
    """Create terms, a partner and three campaigns, or leave those alone that exist; return how many
    campaigns were created.
    """
    if not ProgrammeTerms.objects.filter(market_code=market_code).exists():
        _create_terms(market_code, now)
    wanted = {
        "dairy-weeks": _create_partner_campaign,
        "win-back": _create_win_back,
        "friends": _create_friends,
    }
    missing = list_missing(wanted, now=now)
    for code in missing:
        wanted[code](code, market_code, now)
    return len(missing)


@transaction.atomic
def open_demo_membership(
    *, shopper_id: int, market_code: str, purchases: Mapping[str, Purchase], now: datetime
) -> None:
    """Make a demo shopper a member with an opening balance. Safe to run twice.

    `purchases` by order number count for the tier: the household showed its card in the store all
    year. What they earned is in the opening balance.
    """
    account_id = join_programme(shopper_id=shopper_id, market_code=market_code, now=now)
    key = f"opening:{account_id}"
    programme = find_programme(market_code=market_code, now=now)
    if programme is not None and not PointsEntry.objects.filter(key=key).exists():
        make_available(
            account_id=account_id,
            act=Act(PointsEntry.Kind.ADJUST, key, now, note=OPENING_NOTE),
            source=Bucket.ADJUSTED,
            points=OPENING,
            expires_at=expiry_of(programme.terms, now),
        )
        PointsOrder.objects.bulk_create(
            PointsOrder(
                account_id=account_id,
                terms_id=programme.terms.terms_id,
                order_ref=f"opening:{number}",
                state=PointsOrder.State.RELEASED,
                counted_minor=purchase.minor,
                at=purchase.at,
                paid_at=purchase.at,
            )
            for number, purchase in purchases.items()
        )


def _create_terms(market_code: str, now: datetime) -> None:
    terms = ProgrammeTerms.objects.create(
        market_code=market_code,
        valid_from=now,
        earn_rate=Decimal(1),
        point_value=Decimal(1),
        min_points=100,
        expiry_months=12,
        referral_points=500,
    )
    for code, name, name_zh, threshold, multiplier in TIERS:
        MembershipTier.objects.create(
            terms=terms,
            code=code,
            name=name,
            name_zh=name_zh,
            threshold_minor=threshold,
            multiplier=multiplier,
        )
    fresh = _find_department("produce")
    if fresh is not None:
        TermsCategory.objects.create(terms=terms, category_id=fresh, multiplier=Decimal(2))
    forget_programme()


def _create_partner_campaign(code: str, market_code: str, now: datetime) -> None:
    dairy = _find_department("dairy")
    campaign = create_demo(
        code,
        ("Happy Cow weeks: 10% off dairy", "快乐奶牛周：乳制品九折"),
        market_code=market_code,
        now=now,
        kind=Campaign.Kind.PARTNER,
        budget_minor=500_000,
        offers=[
            {
                "benefit_kind": Offer.Benefit.PERCENTAGE,
                "target": Offer.Target.LINE,
                "percent": Decimal(10),
                "scope": {"categories": [dairy]} if dairy is not None else {},
                "stacking": Offer.Stacking.BEST_UNIT,
                "stacking_group": "weekly",
            }
        ],
    )
    partner, _ = Partner.objects.get_or_create(
        code="happy-cow", defaults={"name": "Happy Cow Dairy"}
    )
    PartnerShare.objects.create(
        partner=partner, campaign=campaign, percent=Decimal(50), cap_minor=250_000
    )


def _create_win_back(code: str, market_code: str, now: datetime) -> None:
    create_demo(
        code,
        ("Welcome back: save on your next order", "欢迎回来：下一单享优惠"),
        market_code=market_code,
        now=now,
        kind=Campaign.Kind.WIN_BACK,
        audience=Campaign.Audience.PERSONAL,
        budget_minor=200_000,
        offers=[
            {
                "benefit_kind": Offer.Benefit.PERCENTAGE,
                "target": Offer.Target.CART,
                "percent": Decimal(15),
                "max_discount_minor": 1_500,
                "scope": list_kept_out(list_categories("en")),
            }
        ],
    )


def _create_friends(code: str, market_code: str, now: datetime) -> None:
    create_demo(
        code,
        ("From a friend: save on your first order", "好友推荐：首单享优惠"),
        market_code=market_code,
        now=now,
        kind=Campaign.Kind.REFERRAL,
        audience=Campaign.Audience.PERSONAL,
        budget_minor=200_000,
        offers=[
            {
                "benefit_kind": Offer.Benefit.PERCENTAGE,
                "target": Offer.Target.CART,
                "percent": Decimal(20),
                "max_discount_minor": 500,
                "condition": {"all": [{"cart_value": 1500}, {"first_order": True}]},
                "scope": list_kept_out(list_categories("en")),
            }
        ],
    )


def _find_department(word: str) -> int | None:
    tree = list_categories("en")
    fit = [tree.nodes[root] for root in tree.roots if word in tree.nodes[root].name.lower()]
    return min((node.category_id for node in fit), default=None)


log = logging.getLogger("fairtag.promotions")
LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is planned: `path` of its department, percent off, days until it begins."""

    code: str
    name: str
    name_zh: str
    path: str
    percent: int
    in_days: int
    goal: str
    budget_minor: int
    is_handed_in: bool = False


PLANS = (
    _Plan("snack-week", "Snack week: 10% off", "零食周九折", "snacks", 10, 5, "sales", 50_000),
    _Plan(
        code="household-clearance",
        name="Household clearance: 35% off",
        name_zh="家居清仓六五折",
        path="household",
        percent=35,
        in_days=9,
        goal="stock",
        budget_minor=80_000,
        is_handed_in=True,
    ),
)


@transaction.atomic
def seed_demo_plans(*, market_code: str, now: datetime) -> int:
    """Create what is planned; what exists is left alone. Return how many campaigns were created.

    What the law refuses to hand in stays a draft.
    """
    tree = list_categories("en")
    places = {node.path: node.category_id for node in tree.nodes.values()}
    missing = list_missing([plan.code for plan in PLANS], now=now)
    wanted = [plan for plan in PLANS if plan.code in missing and plan.path in places]
    for plan in wanted:
        _create(plan, places[plan.path], market_code, now)
    return len(wanted)


def _create(plan: _Plan, category_id: int, market_code: str, now: datetime) -> None:
    starts = now + timedelta(days=plan.in_days)
    made = Campaign.objects.create(
        code=plan.code,
        name=plan.name,
        name_zh=plan.name_zh,
        kind=Campaign.Kind.PRICE_CUT,
        goal=plan.goal,
        market_code=market_code,
        starts_at=starts,
        ends_at=starts + LASTS,
        budget_minor=plan.budget_minor,
    )
    offer = Offer(
        campaign=made,
        code=plan.code,
        name=plan.name,
        name_zh=plan.name_zh,
        benefit_kind=Offer.Benefit.PERCENTAGE,
        target=Offer.Target.LINE,
        percent=Decimal(plan.percent),
        scope={"categories": [category_id]},
        stacking=Offer.Stacking.BEST_UNIT,
        stacking_group="weekly",
    )
    offer.full_clean()
    offer.save()
    make_lawful(made, now=now)
    open_for_change(campaign_id=made.pk, now=now)
    if plan.is_handed_in:
        _hand_in(made, now)


def _hand_in(campaign: Campaign, now: datetime) -> None:
    reason = "The shelves are needed for the spring range"
    try:
        with transaction.atomic():
            move_campaign(
                campaign_id=campaign.pk, step=Step.SCHEDULE, reason=reason, by_id=None, now=now
            )
    except CampaignRefused as refusal:
        log.warning("Campaign %s stays a draft: %s", campaign.code, refusal)
