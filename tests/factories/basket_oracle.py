"""The best combination of offers found by trying all: another way than the engine's.

Every allowed set of offers is found by walking the tree, not by looking at pairs, and applied from
the written rules; `basket_takings` lists units one by one. Shared with the engine: the parsed
values, `prorate` and `spread`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

from promotions.engine.core.benefits.terms import Delivery, Gift, Points
from promotions.engine.core.carts import CartValue, ShopperFacts
from promotions.engine.core.conditions.leaves import Circumstances
from promotions.engine.core.evaluate import find_failures
from promotions.engine.core.limits import Counted
from promotions.engine.core.stacking.rules import Category, CategoryMode, GroupMode
from promotions.engine.core.values import Evaluation, OfferValue
from shop.ground.kernel.money import share_minor
from tests.factories.basket_groups import take_together
from tests.factories.basket_takings import (
    LATE,
    most_of,
    personal_rooms,
    take,
    turn_of,
    unit_group_of,
)
from tests.factories.promotions import ALICE, NOON


def find_best_gain(cart: CartValue, offers: list[OfferValue], shopper: ShopperFacts = ALICE) -> int:
    """Return the most money any allowed set of `offers` takes off products and delivery."""
    given = Circumstances(cart, shopper, NOON)
    able = [offer for offer in offers if not find_failures(offer, given, NOON)]
    alone = {offer.offer_id: gain_of(cart, [offer]) for offer in able}
    gives = {n for n, found in alone.items() if found is not None and found[1]}
    best = 0
    for chosen in allowed_sets(able, gives):
        found = gain_of(cart, [offer for offer in able if offer.offer_id in chosen])
        best = best if found is None else max(best, found[0])
    return best


def gain_of_evaluation(cart: CartValue, found: Evaluation) -> int:
    """Return the money the engine took off products and delivery."""
    products = sum(found.totals.values())
    full = {fee.code: fee.price_for(cart.full_minor) for fee in cart.deliveries}
    fees = dict(full)
    for cut in found.deliveries:
        fees[cut.method_code] += cut.amount_minor
    return cart.value_minor - products + _fee_gain(cart, full, fees)


def allowed_sets(offers: list[OfferValue], gives: set[int]) -> Iterator[frozenset[int]]:
    """Yield every allowed set of ids, by walking the tree from its root."""
    tree: dict[str, Any] = {"mode": GroupMode.STACK, "members": []}
    for offer in offers:
        node = tree
        for group in offer.path:
            key = (-group.priority, -1, group.code)
            below = next((m for k, m in node["members"] if k == key), None)
            if below is None:
                below = {"mode": group.mode, "members": [], "by_unit": []}
                node["members"].append((key, below))
            if group.mode is GroupMode.BEST_UNIT:  # a group may also have offers that stand alone
                below["mode"] = group.mode
            node = below
        node["members"].append(((-offer.priority, offer.offer_id, ""), offer.offer_id))
        if unit_group_of(offer):
            node["by_unit"].append(offer.offer_id)
    lonely = [g for g in _groups(tree) if g["mode"] is GroupMode.EXCLUSIVE]
    categories = {offer.offer_id: offer.category for offer in offers}
    for chosen in _sets_of(tree, gives):
        inside = [chosen & set(_leaves(group)) for group in lonely]
        if all(part in (frozenset(), chosen) for part in inside) and _fits(chosen, categories):
            yield chosen


def _groups(node: Any) -> Iterator[Any]:
    yield node
    for _, member in node["members"]:
        if isinstance(member, dict):
            yield from _groups(member)


def _leaves(node: Any) -> Iterator[int]:
    if not isinstance(node, dict):
        yield node
        return
    for _, member in node["members"]:
        yield from _leaves(member)


def _sets_of(node: Any, gives: set[int]) -> set[frozenset[int]]:
    if not isinstance(node, dict):
        return {frozenset(), frozenset({node})}
    members = sorted(node["members"], key=lambda pair: pair[0])
    if node["mode"] is GroupMode.BEST_UNIT:
        together = [m for _, m in members if m in node["by_unit"]]
        families = [_sets_of(member, gives) for _, member in members if member not in together]
        by_unit = {
            frozenset(some) for n in range(len(together) + 1) for some in combinations(together, n)
        }
        return by_unit.union(*families)
    if node["mode"] is GroupMode.ORDERED:
        members = [m for m in members if gives & set(_leaves(m[1]))][:1]
    families = [_sets_of(member, gives) for _, member in members]
    if node["mode"] in (GroupMode.STACK, GroupMode.ORDERED):
        return {frozenset().union(*chosen) for chosen in product(*families)}
    return {frozenset()}.union(*families)


def _fits(chosen: frozenset[int], categories: dict[int, Category | None]) -> bool:
    own = [categories[n] for n in chosen]
    for category in own:
        if category is None:
            continue
        same = [each for each in own if each == category]
        if category.max_offers is not None and len(same) > category.max_offers:
            return False
        others = [each for each in own if each != category]
        free = [each for each in others if each and each.mode is CategoryMode.JOINT]
        if category.mode is CategoryMode.EXCLUSIVE and len(free) < len(others):
            return False
    return True


def gain_of(cart: CartValue, offers: list[OfferValue]) -> tuple[int, bool] | None:
    """Return the money these offers take off together and whether they give anything at all.

    Each takes what budgets and limits on units leave of it. None: a limit does not allow it.
    """
    left = {line.line_id: line.value_minor for line in cart.lines}
    personal = personal_rooms(cart)
    spent = {offer.campaign_id: 0 for offer in offers}
    used: dict[int, int] = {}
    early = [offer for offer in offers if offer.benefit.kind not in LATE]
    grouped = defaultdict[str, list[OfferValue]](list)
    for offer in early:
        grouped[unit_group_of(offer)].append(offer)
    for offer in sorted(early, key=_order):
        together = grouped[unit_group_of(offer)] if unit_group_of(offer) else [offer]
        if len(together) > 1:
            if offer is min(together, key=_order):
                take_together(together, cart, left, personal, (spent, used))
            continue
        budget = _left_of_budget(offer, spent)
        taken, units = take(offer, cart, left, personal, (budget, _left_of_units(offer, used)))
        for line_id, part in taken.items():
            left[line_id] -= part
        spent[offer.campaign_id] += sum(taken.values())
        _count(offer, units, used)
    late = [offer for offer in offers if offer.benefit.kind in LATE]
    delivery_gain, gives = _have_late_ones(cart, late, left, spent)
    for offer in late:
        _count(offer, _gift_units(offer, cart, late), used)
    for offer in offers:
        if offer.left_minor is not None and spent[offer.campaign_id] > offer.left_minor:
            return None
        if any(used.get(room.limit.limit_id, 0) > (room.left_uses or 0) for room in offer.rooms):
            return None
    products_gain = cart.value_minor - sum(left.values())
    return products_gain + delivery_gain, gives or products_gain > 0


def _order(offer: OfferValue) -> tuple[float, str, int, int]:
    return turn_of(offer), unit_group_of(offer), -offer.priority, offer.offer_id


def _left_of_budget(offer: OfferValue, spent: dict[int, int]) -> int:
    return (
        10**12 if offer.left_minor is None else max(0, offer.left_minor - spent[offer.campaign_id])
    )


def _left_of_units(offer: OfferValue, used: dict[int, int]) -> int:
    """Return how many units the limits on units leave."""
    counted = [room for room in offer.rooms if room.limit.counted is Counted.UNITS]
    lefts = [(room.left_uses or 0) - used.get(room.limit.limit_id, 0) for room in counted]
    return max(0, min(lefts, default=10**9))


def _count(offer: OfferValue, units: int, used: dict[int, int]) -> None:
    """Count the offer in the limits on units; one use of its own limit always fits."""
    for room in offer.rooms:
        if room.limit.counted is Counted.UNITS:
            used[room.limit.limit_id] = used.get(room.limit.limit_id, 0) + units


def _gift_units(offer: OfferValue, cart: CartValue, late: list[OfferValue]) -> int:
    stock = {gift.variant_id: gift.available for gift in cart.gifts}
    for each in sorted(late, key=lambda o: (-o.priority, o.offer_id)):
        terms = each.benefit.terms
        worth = _give(each, terms, cart, stock) if isinstance(terms, Gift) else 0
        if each is offer:
            return terms.quantity if isinstance(terms, Gift) and worth else 0
    return 0


def _have_late_ones(
    cart: CartValue, late: list[OfferValue], left: dict[str, int], spent: dict[int, int]
) -> tuple[int, bool]:
    full = {fee.code: fee.price_for(cart.full_minor) for fee in cart.deliveries}
    fees, stock = dict(full), {gift.variant_id: gift.available for gift in cart.gifts}
    cuts: dict[int, dict[str, int]] = {}
    gives = False
    for offer in sorted(late, key=lambda o: (LATE.index(o.benefit.kind), -o.priority, o.offer_id)):
        terms = offer.benefit.terms
        if isinstance(terms, Gift):
            worth = _give(offer, terms, cart, stock)
            spent[offer.campaign_id] += worth
            gives |= worth > 0
        elif isinstance(terms, Delivery):
            most = min(most_of(offer), _left_of_budget(offer, spent))
            cuts[offer.offer_id] = _cut(offer, terms, fees, most)
            gives |= any(cuts[offer.offer_id].values())
        elif isinstance(terms, Points):
            scoped = sum(left[x.line_id] for x in cart.lines if offer.scope.covers(x))
            gives |= terms.per_minor is None or scoped >= terms.per_minor
    chosen = _chosen(cart, fees)
    for offer in late:
        spent[offer.campaign_id] += cuts.get(offer.offer_id, {}).get(chosen or "", 0)
    return _fee_gain(cart, full, fees), gives


def _chosen(cart: CartValue, fees: dict[str, int]) -> str | None:
    if not fees or cart.delivery_code:
        return cart.delivery_code if fees else None
    return min((f for f in cart.deliveries if f.needs_address), key=lambda f: fees[f.code]).code


def _fee_gain(cart: CartValue, full: dict[str, int], fees: dict[str, int]) -> int:
    before, after = _chosen(cart, full), _chosen(cart, fees)
    return 0 if before is None or after is None else full[before] - fees[after]


def _give(offer: OfferValue, terms: Gift, cart: CartValue, stock: dict[int, int]) -> int:
    prices = {gift.variant_id: gift.unit_minor for gift in cart.gifts}
    chosen = cart.gift_choices.get(offer.offer_id)
    worths = {
        variant_id: prices[variant_id] * terms.quantity
        for variant_id in sorted(terms.variant_ids, key=lambda each: each != chosen)
        if stock.get(variant_id, 0) >= terms.quantity
        and prices[variant_id] * terms.quantity <= most_of(offer)
    }
    most = 10**12 if offer.left_minor is None else offer.left_minor
    fitting = {variant_id: worth for variant_id, worth in worths.items() if worth <= most}
    for variant_id, worth in (fitting or worths).items():
        stock[variant_id] -= terms.quantity
        return worth
    return 0


def _cut(offer: OfferValue, terms: Delivery, fees: dict[str, int], most: int) -> dict[str, int]:
    cuts = {}
    for code, fee in fees.items():
        if terms.methods and code not in terms.methods:
            continue
        wish = share_minor(fee, offer.benefit.percent or 0) if offer.benefit.percent else 0
        if offer.benefit.amount_minor:
            wish = offer.benefit.amount_minor
        if terms.price_minor is not None:
            wish = fee - terms.price_minor
        cuts[code] = max(0, min(wish, fee, most))
    for code, cut in cuts.items():
        fees[code] -= cut
    return cuts
