"""Carts, offers and campaigns to test with: realistic by default, named people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from promotions.campaigns.selectors.book import forget_offer_book
from promotions.engine.core.carts import CartLineValue, CartValue, Scope, ShopperFacts
from promotions.engine.core.conditions.tree import ALWAYS, CartHas
from promotions.engine.core.values import (
    Benefit,
    BenefitKind,
    CouponValue,
    OfferValue,
    Stacking,
    Target,
)
from promotions.models import Campaign, Coupon, Offer

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
# Pages read the clock: what is live for them stays so whenever a test runs.
END = datetime(2099, 12, 5, 12, tzinfo=UTC)
CHEESE, BREAD, WINE = 1, 2, 3  # category ids
ALICE = ShopperFacts(shopper_id=1, is_member=True, is_first_order=False)


def make_line(line_id: str = "cheese", **fields: Any) -> CartLineValue:
    """Return one piece of cheese at 10.00 unless told otherwise."""
    number = sum(map(ord, line_id))
    known: dict[str, Any] = {
        "variant_id": number,
        "product_id": number,
        "category_ids": (CHEESE,),
        "brand_id": 7,
        "quantity": 1,
        "unit_minor": 1_000,
    }
    return CartLineValue(line_id=line_id, **(known | fields))


def make_cart(*lines: CartLineValue) -> CartValue:
    """Return an online cart in dollars."""
    return CartValue(lines or (make_line(),), "USD", "us", "online")


def percent_off(
    percent: str = "10", target: Target = Target.LINE, cap: int | None = None
) -> Benefit:
    """Return a percentage benefit."""
    return Benefit(BenefitKind.PERCENTAGE, target, Decimal(percent), None, cap)


def amount_off(amount: int = 500, target: Target = Target.CART, cap: int | None = None) -> Benefit:
    """Return a fixed-amount benefit."""
    return Benefit(BenefitKind.FIXED_AMOUNT, target, None, amount, cap)


def make_offer(offer_id: int = 1, benefit: Benefit | None = None, **fields: Any) -> OfferValue:
    """Return a live public offer of its own campaign: 10 % off each line."""
    known: dict[str, Any] = {
        "campaign_id": offer_id * 100,
        "code": f"offer-{offer_id}",
        "name": {"en": f"Offer {offer_id}", "zh-hans": f"优惠 {offer_id}"},
        "benefit": benefit or percent_off(),
        "starts_at": NOON - timedelta(days=1),
        "ends_at": NOON + timedelta(days=1),
    }
    return OfferValue(offer_id=offer_id, **(known | fields))


def make_coupon(
    code: str = "WELCOME5", offer: OfferValue | None = None, **fields: Any
) -> CouponValue:
    """Return a valid code for 5.00 off the cart."""
    unlocked = offer or make_offer(90, amount_off(), requires_coupon=True)
    return CouponValue(code=code, offer=unlocked, coupon_id=unlocked.offer_id, **fields)


@st.composite
def carts(draw: st.DrawFn, max_lines: int = 5) -> CartValue:
    """Draw a cart of one to `max_lines` lines; floors below, at and even above the price."""
    count = draw(st.integers(1, max_lines))
    lines = []
    for i in range(count):
        unit = draw(st.integers(0, 3_000))
        lines.append(
            make_line(
                f"line-{i}",
                variant_id=i,
                product_id=i // 2,
                category_ids=(draw(st.sampled_from((CHEESE, BREAD, WINE))),),
                brand_id=draw(st.integers(1, 3)),
                quantity=draw(st.integers(1, 5)),
                unit_minor=unit,
                floor_minor=draw(st.sampled_from((0, 0, unit // 2, unit * 9 // 10, unit + 5))),
            )
        )
    return make_cart(*lines)


def benefits() -> st.SearchStrategy[Benefit]:
    """Draw percentages and amounts on every target, some of them capped."""
    caps = st.one_of(st.none(), st.integers(1, 2_000))
    percents = st.decimals(min_value="0.01", max_value=100, places=2)
    shares = st.builds(
        Benefit,
        st.just(BenefitKind.PERCENTAGE),
        st.sampled_from((Target.LINE, Target.CART)),
        percents,
        st.none(),
        caps,
    )
    amounts = st.builds(
        Benefit,
        st.just(BenefitKind.FIXED_AMOUNT),
        st.sampled_from(tuple(Target)),
        st.none(),
        st.integers(1, 2_500),
        caps,
    )
    return st.one_of(shares, amounts)


def scopes() -> st.SearchStrategy[Scope]:
    """Draw everything, one category, one brand or one product."""
    one = st.integers(1, 3).map(lambda number: frozenset({number}))
    return st.one_of(
        st.just(Scope()),
        one.map(lambda ids: Scope(category_ids=ids)),
        one.map(lambda ids: Scope(brand_ids=ids)),
        one.map(lambda ids: Scope(except_category_ids=ids)),
    )


@st.composite
def offer_lists(draw: st.DrawFn, max_offers: int = 6) -> list[OfferValue]:
    """Draw up to `max_offers` offers of every stacking kind, some with thresholds and budgets."""
    count = draw(st.integers(0, max_offers))
    return [
        make_offer(
            offer_id,
            draw(benefits()),
            scope=draw(scopes()),
            condition=draw(
                st.sampled_from(
                    (ALWAYS, ALWAYS, CartHas(min_value_minor=2_000), CartHas(Scope(), 4))
                )
            ),
            stacking=draw(st.sampled_from((Stacking.STACK, Stacking.STACK, *Stacking))),
            stacking_group=draw(st.sampled_from(("", "week"))),
            priority=draw(st.integers(-1, 1)),
            left_minor=draw(st.sampled_from((None, None, None, 0, 300, 5_000))),
        )
        for offer_id in range(1, count + 1)
    ]


def make_gift(variant_id: int, condition: dict[str, Any], **fields: Any) -> Campaign:
    """Store a live campaign that gives a piece of a variant to carts that meet the condition."""
    known: dict[str, Any] = {
        "starts_at": NOON - timedelta(days=1),
        "ends_at": END,
    }
    campaign = Campaign.objects.create(
        code="gift", name="Gift", kind="gift", status="live", **(known | fields)
    )
    offer = Offer(
        campaign=campaign,
        code="gift",
        name="Free gift",
        benefit_kind="gift",
        target="cart",
        terms={"variants": [variant_id]},
        condition=condition,
    )
    offer.full_clean()
    offer.save()
    forget_offer_book()
    return campaign


def make_campaign(
    name: str,
    *,
    percent: str | None = None,
    amount_minor: int | None = None,
    code: str = "",
    budget_minor: int | None = None,
    uses: int | None = None,
    per_shopper: int | None = None,
    audience: str = "public",
    **offer: Any,
) -> Campaign:
    """Store a live campaign of one offer, with a code if `code` is given."""
    campaign = Campaign.objects.create(
        code=name,
        name=name,
        kind="coupon" if code else "price_cut",
        audience=audience,
        status="live",
        starts_at=NOON - timedelta(days=10),
        ends_at=END,
        budget_minor=budget_minor,
    )
    row = Offer.objects.create(
        campaign=campaign,
        code=name,
        name=name,
        benefit_kind="percentage" if percent else "fixed_amount",
        target=offer.pop("target", "line" if percent else "cart"),
        percent=None if percent is None else Decimal(percent),
        amount_minor=amount_minor,
        requires_coupon=bool(code),
        **offer,
    )
    if code:
        Coupon.objects.create(
            code=code, offer=row, max_redemptions=uses, per_shopper_limit=per_shopper
        )
    forget_offer_book()
    return campaign
