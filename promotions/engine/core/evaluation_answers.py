"""Conversion of the winning plan to answers: adjustments, gifts, delivery cuts, points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from promotions.engine.core.answers import Floored
from promotions.engine.core.benefits.lines import OpenLine
from promotions.engine.core.carts import CartLineValue, CartValue
from promotions.engine.core.conditions.leaves import Circumstances, Failure
from promotions.engine.core.limits import MONEY_SHORT, Tally, Use, explain_part
from promotions.engine.core.stacking.effects import Candidate, Effect
from promotions.engine.core.stacking.plans import find_cut_lines, say_percent
from promotions.engine.core.stacking.steps import Plan, Step, open_lines, prepare, rooms_of
from promotions.engine.core.stacking.units import apply_all, list_wishes
from promotions.engine.core.values import (
    Adjustment,
    AppliedOffer,
    AwardedGift,
    DeliveryCut,
    OfferValue,
    PointsGrant,
    Rejection,
)

# Why what a shopper chose and earns is not given: there is none left of it, for now or for good
USED_UP = frozenset(
    {
        "gift_gone",
        "budget_spent",
        "sold_out",
        "units_left",
        "limit_reached",
        "limit_reached_for_now",
        "limit_reached_here",
        "used_by_you",
        "used_by_you_for_now",
    }
)


def list_adjustments(plan: Plan, cart: CartValue, language: str) -> tuple[Adjustment, ...]:
    """Return one adjustment per offer and line that it lowers."""
    cut, cap = find_cut_lines(plan, cart), cart.personal_cap or 0
    return tuple(
        Adjustment(
            offer_id=effect.candidate.offer.offer_id,
            campaign_id=effect.candidate.offer.campaign_id,
            line_id=line.line_id,
            amount_minor=-part,
            reason_code=reason_of(effect.candidate),
            label=effect.candidate.offer.label(language),
            coupon_code=effect.candidate.coupon_code,
            revision=effect.candidate.offer.revision,
            capped_at=say_percent(cap)
            if (effect.candidate.offer.offer_id, line.line_id) in cut
            else "",
            is_on_order=effect.candidate.offer.benefit.is_on_order,
        )
        for effect in plan.effects
        for line, part in zip(cart.lines, effect.taken, strict=True)
        if part
    )


def list_applied(plan: Plan, language: str) -> tuple[AppliedOffer, ...]:
    """Return every offer that gave something, in the order applied."""
    return tuple(
        AppliedOffer(
            offer_id=effect.candidate.offer.offer_id,
            campaign_id=effect.candidate.offer.campaign_id,
            amount_minor=effect.amount_minor,
            label=effect.candidate.offer.label(language),
            coupon_code=effect.candidate.coupon_code,
            coupon_id=effect.candidate.coupon_id,
            units=effect.count,
            revision=effect.candidate.offer.revision,
        )
        for effect in plan.effects
        if effect.is_used
    )


def explain_short(effect: Effect, cart: CartValue) -> Failure:
    """Return why an offer gave less than it means: no money is left, what it says itself, or what
    else limits leave."""
    offer, by_variant = effect.candidate.offer, Counter[int]()
    left = explain_part(rooms_of(offer), Use(effect.count, effect.amount_minor))
    if left.reason_code in MONEY_SHORT:
        return left
    for line, count in zip(cart.lines, effect.units, strict=True):
        by_variant[line.variant_id] += count
    most, each = offer.benefit.most_units, offer.benefit.most_units_line
    if most is not None and effect.count >= most:
        return Failure("units_an_order", detail={"left": most})
    if each is not None and max(by_variant.values()) >= each:
        return Failure("units_of_each", detail={"left": each})
    return left


def list_gifts(plan: Plan, language: str) -> tuple[AwardedGift, ...]:
    """Return what offers add for nothing."""
    return tuple(
        AwardedGift(
            offer_id=effect.candidate.offer.offer_id,
            campaign_id=effect.candidate.offer.campaign_id,
            variant_id=effect.gift.variant_id,
            quantity=effect.gift_quantity,
            unit_minor=effect.gift.unit_minor,
            reason_code=reason_of(effect.candidate),
            label=effect.candidate.offer.label(language),
            coupon_code=effect.candidate.coupon_code,
            revision=effect.candidate.offer.revision,
            choices=tuple(gift.variant_id for gift in effect.givable),
        )
        for effect in plan.effects
        if effect.gift is not None
    )


def list_lost_gifts(
    offers: Iterable[OfferValue], rejected: Iterable[Rejection], given: Circumstances
) -> tuple[int, ...]:
    """Return the offers whose gift was chosen and is earned, but is out of stock or used up."""
    reasons = {each.offer_id: each.reason_code for each in rejected}
    return tuple(
        sorted(
            offer.offer_id
            for offer in offers
            if offer.offer_id in given.cart.gift_choices
            and reasons.get(offer.offer_id) in USED_UP
            and not offer.condition.failures(given)
            and any(map(offer.covers, given.cart.lines))
        )
    )


def list_deliveries(plan: Plan, language: str) -> tuple[DeliveryCut, ...]:
    """Return what each offer takes off each way of delivery."""
    return tuple(
        DeliveryCut(
            offer_id=effect.candidate.offer.offer_id,
            campaign_id=effect.candidate.offer.campaign_id,
            method_code=method,
            amount_minor=-amount,
            reason_code=reason_of(effect.candidate),
            label=effect.candidate.offer.label(language),
            coupon_code=effect.candidate.coupon_code,
            revision=effect.candidate.offer.revision,
        )
        for effect in plan.effects
        for method, amount in effect.cuts.items()
        if amount
    )


def list_points(plan: Plan, language: str) -> tuple[PointsGrant, ...]:
    """Return the points each offer promises."""
    return tuple(
        PointsGrant(
            effect.candidate.offer.offer_id,
            effect.candidate.offer.campaign_id,
            effect.points,
            effect.candidate.offer.label(language),
        )
        for effect in plan.effects
        if effect.points
    )


def sum_lines(plan: Plan, lines: Sequence[CartLineValue]) -> dict[str, int]:
    """Return every line's price after all reductions, by line id."""
    totals = [line.value_minor for line in lines]
    for effect in plan.effects:
        totals = [total - part for total, part in zip(totals, effect.taken, strict=True)]
    return {line.line_id: total for line, total in zip(lines, totals, strict=True)}


def reason_of(candidate: Candidate) -> str:
    """Return the code of why something is cheaper: by offer or coupon, and by which benefit."""
    source = "coupon" if candidate.coupon_code else "offer"
    return f"{source}_{candidate.offer.benefit.kind.value}"


def find_floored(
    plan: Plan, losers: Iterable[Candidate], cart: CartValue, language: str
) -> tuple[Floored, ...]:
    """Return the offers, each with a line, that would have taken more without the floors.

    Of those applied, and of `losers` those that only a floor keeps from giving anything. What an
    offer takes off other lines instead is no loss.
    """
    left = sum_lines(plan, cart.lines)
    found: list[Floored] = []
    low = [one for one in cart.lines if left[one.line_id] <= one.floor_minor * one.quantity]
    if not low:
        return ()
    if any(effect.candidate.offer.covers(line) for effect in plan.effects for line in low):
        for wish, effect in list_wishes(plan, cart, free_line=_without_floor):
            found += _compare(wish, effect.taken, cart, language)
    nothing = (0,) * len(cart.lines)
    for candidate in losers:
        if is_floored_to_nothing(candidate, cart):
            lines = [_without_floor(line) for line in open_lines(cart)]
            wish = prepare(candidate, cart).reduce(lines, Tally())
            found += _compare(wish, nothing, cart, language)
    return tuple(found)


def _without_floor(line: OpenLine) -> OpenLine:
    return replace(line, floor_minor=0)


def is_floored_to_nothing(candidate: Candidate, cart: CartValue) -> bool:
    """Return whether only floors keep the candidate from giving anything on this cart."""
    bare = replace(cart, lines=tuple(replace(line, floor_minor=0) for line in cart.lines))
    alone = apply_all([prepare(candidate, bare)], bare)
    return alone is not None and any(effect.is_used for effect in alone.effects)


def _compare(wish: Step, taken: Sequence[int], cart: CartValue, language: str) -> list[Floored]:
    if sum(wish.taken) <= sum(taken):
        return []
    offer = wish.prepared.candidate.offer
    return [
        Floored(offer.offer_id, line.line_id, offer.label(language))
        for line, wanted, part in zip(cart.lines, wish.taken, taken, strict=True)
        if wanted > part
    ]
