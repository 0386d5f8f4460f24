"""Comparison of a recorded cart with and without a draft, within remaining budgets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from orders.reports.api import RecordedOrder
from pricing.base.core.values import Policy
from promotions.campaigns.api import CompiledBook, find_costs
from promotions.coupons.api import break_down_discount
from promotions.engine.api import (
    NOWHERE,
    CartValue,
    Evaluation,
    ShopperFacts,
    evaluate_offers,
)
from promotions.planning.api import Outcome, RemainingBudgets


@dataclass(frozen=True, slots=True)
class Books:
    """What runs without the draft, and with it; `known` is what carts came to without."""

    live: CompiledBook
    tried: CompiledBook
    known: dict[object, Evaluation]

    @property
    def drafts(self) -> frozenset[int]:
        """Return the campaigns that are rehearsed."""
        return self.tried.as_live

    def touch(self, cart: CartValue) -> bool:
        """Return whether the drafts mean a product of the cart."""
        automatic = [one for one in self.tried.offers if one.campaign_id in self.drafts]
        unlocked = [one.offer for one in self.tried.unlocked if one.offer is not None]
        return any(one.covers(line) for one in (*automatic, *unlocked) for line in cart.lines)


@dataclass(frozen=True, slots=True)
class Setting:
    """What runs, which order is tried, who looks, and when."""

    books: Books
    order_id: int
    shopper: ShopperFacts
    at: datetime

    def evaluate(
        self,
        cart: CartValue,
        budgets: RemainingBudgets,
        *,
        with_draft: bool,
        free: frozenset[int] = frozenset(),
    ) -> Evaluation:
        """Return what the cart would come to with what is left; `free` have no budget."""
        book = self.books.tried if with_draft else self.books.live
        cart = budgets.fill(cart)
        fit = [offer for offer in book.offers if any(map(offer.covers, cart.lines))]
        coupons = [
            replace(one, offer=budgets.bound([one.offer], free=free)[0])
            for one in (book.unlocked if with_draft else ())
            if one.offer is not None
        ]
        offers = budgets.bound(fit, free=free)
        evaluate = partial(
            evaluate_offers,
            cart=cart,
            offers=offers,
            coupons=coupons,
            shopper=self.shopper,
            now=self.at,
            reach=NOWHERE,
        )
        if with_draft:
            return evaluate()
        # A budget beyond the cart's value bounds nothing: what exactly is left does not matter.
        left = [min(one.left_minor or 0, cart.value_minor) for one in offers]
        ids = [(one.offer_id, one.left_minor is None) for one in offers]
        key = (self.order_id, self.at, book.version, *ids, *left, cart.gifts)
        if key not in self.books.known:
            self.books.known[key] = evaluate()
        return self.books.known[key]


def compare_cart(
    order: RecordedOrder,
    cart: CartValue,
    setting: Setting,
    both_budgets: tuple[RemainingBudgets, RemainingBudgets],
) -> Outcome:
    """Return one cart's outcome and take what it uses up; see `Outcome` on the open budget."""
    budgets_before, budgets = both_budgets
    drafts = setting.books.drafts
    is_touched = setting.books.touch(cart)
    with_it = setting.evaluate(cart, budgets, with_draft=is_touched, free=drafts)
    after = {one.campaign_id for one in with_it.applied}
    is_reached = bool(after & drafts)
    # Where the draft gives nothing, the best without it is the best with it.
    is_same = not is_reached and budgets_before.is_like(budgets, cart.value_minor)
    without = with_it if is_same else setting.evaluate(cart, budgets_before, with_draft=False)
    budgets_before.pay(without)
    spent = _spent_on(with_it, drafts)
    got = with_it
    if not all(budgets.has(one, spent) for one in drafts):
        got = setting.evaluate(cart, budgets, with_draft=True)
    budgets.pay(got)
    before = {one.campaign_id for one in without.applied}
    return Outcome(
        day=0,
        shopper_id=order.shopper_id,
        value_minor=cart.value_minor,
        is_reached=is_reached,
        cost_minor=_given(with_it) - _given(without),
        margin_before_minor=_margin(order, without),
        margin_minor=_margin(order, with_it),
        displaced=tuple(sorted(before - after - drafts)),
        at_floor=is_reached and _meets_floor(cart, with_it),
        spent_minor=spent,
        burnt_minor=_spent_on(got, drafts),
        is_refused=is_reached and not any(one.campaign_id in drafts for one in got.applied),
    )


def _spent_on(found: Evaluation, campaign_ids: frozenset[int]) -> int:
    return sum(one.amount_minor for one in found.applied if one.campaign_id in campaign_ids)


def _given(found: Evaluation) -> int:
    return sum(one.amount_minor for one in found.applied)


def _margin(order: RecordedOrder, found: Evaluation) -> int:
    """Return products less cost over the lines whose cost is known; tax is left out of account.

    Less what gifts cost (assumed where no cost is known) and what is taken off the delivery.
    """
    costs = find_costs([gift.variant_id for gift in found.gifts], order.market_code)
    share = Policy().assumed_cost_share
    parts = [
        break_down_discount(found, one, costs=costs, assumed_cost_share=share)
        for one in found.applied
    ]
    given = sum(one.gift_cost_minor + one.delivery_minor for one in parts)
    return -given + sum(
        found.totals[line.line_id] - line.cost_minor * line.quantity
        for line in order.bought
        if line.cost_minor is not None
    )


def _meets_floor(cart: CartValue, found: Evaluation) -> bool:
    lowered = {one.line_id for one in found.adjustments}
    return any(
        line.line_id in lowered
        and line.floor_minor > 0
        and found.totals[line.line_id] <= line.floor_minor * line.quantity
        for line in cart.lines
    )
