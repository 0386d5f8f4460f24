"""One piece alone: the short way to its price finds what the evaluator finds."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from promotions.core.carts import CartLineValue, CartValue, Scope, ShopperFacts
from promotions.core.circumstances import Circumstances
from promotions.core.conditions import (
    ALWAYS,
    All,
    Any,
    CartHas,
    ChannelIn,
    CodeEntered,
    Condition,
    ExactlyOne,
    HasTag,
    Member,
    Not,
    TierIn,
    may_hold,
)
from promotions.core.evaluate import evaluate_offers, find_failures
from promotions.core.one_piece import Pieces, is_plain, lower_piece, may_apply, put_alone
from promotions.core.stacking import Candidate, best_plan
from promotions.core.values import OfferValue
from tests.factories.baskets import draw_basket, draw_offer, draw_personal_basket
from tests.factories.promotions import ALICE, NOON, make_offer

seeds = st.integers(0, 2**32)
BOB = ShopperFacts()
LEAVES: tuple[Condition, ...] = (
    Member(),
    TierIn(frozenset({"gold"})),
    HasTag(frozenset({"wine"})),
    ChannelIn(frozenset({"online"})),
    ChannelIn(frozenset({"store"})),
    CodeEntered(frozenset({"HELLO"})),
    CartHas(min_quantity=2),
    CartHas(min_value_minor=1_000),
    CartHas(Scope(category_ids=frozenset({1}))),
)
NODES = st.sampled_from((All, Any, ExactlyOne))


def _join(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(parts.map(Not), st.builds(lambda node, given: node(given), NODES, several))


TREES: st.SearchStrategy[Condition] = st.recursive(st.sampled_from(LEAVES), _join, max_leaves=6)


def _sorted_out(
    cart: CartValue, offers: list[OfferValue], line: CartLineValue, shopper: ShopperFacts
) -> tuple[CartValue, list[OfferValue]]:
    """Return the line alone, and the offers of a list that apply to it."""
    alone = put_alone(line, cart)
    now = Circumstances(alone, shopper, NOON)
    return alone, [o for o in offers if o.covers(line) and not find_failures(o, now, NOON)]


@settings(max_examples=400, deadline=None)
@forall(seeds)
def test_a_piece_costs_what_the_evaluator_says_of_it_alone(seed: int) -> None:
    rng = random.Random(seed)
    cart, offers, shopper = draw_personal_basket(rng)
    if rng.random() < 0.3:
        (cart, offers), shopper = draw_basket(rng), ALICE
    known: Pieces = {}
    for line in cart.lines:
        alone, fit = _sorted_out(cart, offers, line, shopper)
        found = evaluate_offers(cart=alone, offers=offers, coupons=(), shopper=shopper, now=NOON)
        lowered = lower_piece(fit, alone, known)  # goods with the same key cost the same
        assert lowered.offer_ids == tuple(applied.offer_id for applied in found.applied)
        assert line.unit_minor - lowered.amount_minor == found.totals[line.line_id]


@settings(max_examples=300, deadline=None)
@forall(seeds)
def test_a_single_candidate_is_chosen_as_from_several(seed: int) -> None:
    """One that covers nothing is no choice, but makes the whole search run."""
    rng = random.Random(seed)
    cart, _, _ = draw_personal_basket(rng)
    offer = draw_offer(rng, 1)
    if rng.random() < 0.5:
        offer = replace(offer, audience="personal")
    idle = make_offer(2, scope=Scope(variant_ids=frozenset({999})))
    alone = best_plan([Candidate(offer)], cart)
    assert alone == best_plan([Candidate(offer), Candidate(idle)], cart)


@settings(max_examples=400, deadline=None)
@forall(TREES, st.integers(0, 2_000))
def test_what_may_not_hold_holds_for_nobody(condition: Condition, unit_minor: int) -> None:
    line = CartLineValue("a", 1, 10, (1, 2), 5, quantity=1, unit_minor=unit_minor)
    cart = CartValue((line,), "USD", "us", "online")
    crowd = (BOB, ALICE, replace(ALICE, tier="gold", tags=frozenset({"wine"})))
    holds = [not condition.failures(Circumstances(cart, one, NOON)) for one in crowd]
    assert may_hold(condition, Circumstances(cart, BOB, NOON)) or not any(holds)


@settings(max_examples=300, deadline=None)
@forall(seeds)
def test_what_may_not_apply_to_a_piece_applies_for_nobody(seed: int) -> None:
    rng = random.Random(seed)
    cart, _, shopper = draw_personal_basket(rng)
    offers = [draw_offer(rng, n) for n in range(1, 8)]
    for line in cart.lines:
        alone, fit = _sorted_out(cart, offers, line, shopper)
        given = Circumstances(alone, BOB, NOON)
        assert all(may_apply(offer, given) for offer in fit)
        plain = [offer for offer in offers if is_plain(offer)]
        assert all(may_apply(offer, given) for offer in plain if offer.covers(line))


def test_what_needs_more_than_a_piece_is_known_to_fail_before_anybody_is_asked() -> None:
    line = CartLineValue("a", 1, 10, (1, 2), 5, quantity=3, unit_minor=999)
    given = Circumstances(put_alone(line, CartValue((), "USD", "us", "online")), BOB, NOON)
    dear, many = CartHas(min_value_minor=1_000), CartHas(min_quantity=2)
    store = ChannelIn(frozenset({"store"}))
    fail: list[Condition] = [dear, many, All((Member(), dear)), Any((store, many)), Not(Not(store))]
    may: list[Condition] = [ALWAYS, Member(), Any((Member(), dear)), Not(dear), Not(Member())]
    assert not any(may_apply(make_offer(condition=one), given) for one in fail)
    assert all(may_apply(make_offer(condition=one), given) for one in may)
