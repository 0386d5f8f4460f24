"""Why offers applied to an order or did not: what was frozen, and the evaluator asked again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orders.selectors.recorded import RecordedOrder, find_facts_then
from orders.services.rehearsing import Rehearsed
from pricing.core.values import QuoteContext
from promotions.core.conditions import needed_facts
from promotions.core.evaluate import evaluate_offers
from promotions.core.values import CouponValue
from promotions.selectors.builder_drafts import compile_campaigns
from promotions.selectors.builder_people import list_campaigns_at
from shop.backoffice.previews import Verdict, judge_offers
from shop.backoffice.rehearsals import make_carts
from shop.kernel.clock import utc_now
from shop.kernel.money import format_money


@dataclass(frozen=True, slots=True)
class ReplayedLine:
    """A line: what was taken off then, offer by offer, and what the replay takes off."""

    name: str
    quantity: int
    value: str
    frozen: tuple[tuple[str, str, int], ...]
    taken: str
    replayed: str
    is_same: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """An order's offers as frozen and as evaluated again today for that moment."""

    lines: tuple[ReplayedLine, ...]
    verdicts: tuple[Verdict, ...]
    is_same: bool
    is_first: bool
    changed: tuple[int, ...]
    asks_profile: bool


def replay_order(order: RecordedOrder, *, language: str) -> Replay:
    """Return the replay of an order. About eight queries.

    Campaigns are taken as their rows say today; `changed` are those whose version is another one
    than the order used. Budgets and limits are left out: what was left then is not kept. Codes
    count as good. Segment, tags, tier and groups of that day are not kept either.
    """
    revisions = list_campaigns_at(market_code=order.market_code, at=order.placed_at)
    offers = [replace(one, status="live") for one in compile_campaigns(revisions.keys())]
    facts = frozenset().union(*(needed_facts(offer.condition) for offer in offers))
    shopper = find_facts_then([order], facts, now=utc_now())[0]
    frozen = _frozen_campaigns(order)
    shopper = replace(shopper, campaign_ids=frozenset(frozen), is_private=_is_private(shopper))
    cart = make_carts([order], now=utc_now())[0]
    cart = replace(cart, delivery_code=order.delivery_method or None)
    codes = _codes_of(order)
    found = evaluate_offers(
        cart=cart,
        offers=[offer for offer in offers if any(map(offer.covers, cart.lines))],
        coupons=[CouponValue(codes[one.offer_id], one) for one in offers if one.offer_id in codes],
        shopper=shopper,
        now=order.placed_at,
        language=language,
    )
    context = QuoteContext(
        None,
        order.market_code,
        order.channel,
        order.region,
        language,
        gpc=False,
        now=order.placed_at,
    )
    lines = _lines_of(order, Rehearsed(cart, found), language)
    return Replay(
        lines=lines,
        verdicts=judge_offers(Rehearsed(cart, found), offers, 0, context),
        is_same=all(line.is_same for line in lines),
        is_first=shopper.is_first_order is True,
        changed=_changed(frozen, revisions),
        asks_profile=bool(facts & {"segment", "tags", "tier", "groups"}),
    )


def _changed(used: dict[int, int | None], holds: dict[int, int]) -> tuple[int, ...]:
    """Return the campaigns of which another version holds than the order used."""
    return tuple(
        sorted(key for key, version in used.items() if version != (holds.get(key) or None))
    )


def _is_private(shopper: object) -> bool:
    """Behaviour of that day is not kept beyond orders: conditions on it count as unknown."""
    return getattr(shopper, "history", None) is None


def _frozen_campaigns(order: RecordedOrder) -> dict[int, int | None]:
    """Return the campaigns of the order's adjustments with the version each one used."""
    used: dict[int, int | None] = {}
    for line in order.lines:
        for one in line.adjustments:
            revision = one.get("revision")
            used[int(str(one["campaign_id"]))] = None if revision is None else int(str(revision))
    return used


def _codes_of(order: RecordedOrder) -> dict[int, str]:
    """Return, by offer, the code that unlocked it, from the adjustments themselves."""
    return {
        int(str(one["offer_id"])): str(one["coupon_code"])
        for line in order.lines
        for one in line.adjustments
        if one.get("coupon_code")
    }


def _lines_of(order: RecordedOrder, replayed: Rehearsed, language: str) -> tuple[ReplayedLine, ...]:
    locale = "zh_Hans_CN" if language.startswith("zh") else "en_US"

    def money(minor: int) -> str:
        return format_money(minor, order.currency, locale)

    lines = []
    for line in order.lines:
        value = line.quoted_minor * line.quantity
        taken = value - replayed.evaluation.totals[line.line_id]
        frozen = tuple(
            (str(one["label"]), money(int(str(one["amount_minor"]))), int(str(one["campaign_id"])))
            for one in line.adjustments
        )
        lines.append(
            ReplayedLine(
                line.name,
                line.quantity,
                money(value),
                frozen,
                money(line.discount_minor),
                money(taken),
                taken == line.discount_minor,
            )
        )
    return tuple(lines)
