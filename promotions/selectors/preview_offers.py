"""Which offers one visitor could get on single goods, before any cart exists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from promotions.core.benefits import WITHOUT_LINES
from promotions.core.carts import CartLineValue, CartValue, ShopperFacts
from promotions.core.circumstances import Circumstances
from promotions.core.conditions import needed_facts
from promotions.core.evaluate import find_failures
from promotions.core.limits import Buyer, Entity
from promotions.core.one_piece import Pieces, is_plain, may_apply, put_alone
from promotions.core.shoppers import ShopperView
from promotions.core.values import OfferValue
from promotions.selectors.arms import OfferArms, find_offer_arms, list_tested_campaigns
from promotions.selectors.book import CompiledBook, live_at, load_offer_book
from promotions.selectors.budgets import recall_budgets
from promotions.selectors.facts import LookUp, complete_shopper
from promotions.selectors.holdouts import drop_held_out
from promotions.selectors.limits import LimitBook, load_limits, with_rooms
from promotions.selectors.offers import (
    cap_personal,
    facts_of,
    fill_budgets,
    find_given,
    keep_from_sensitive,
    keep_given,
    list_budgeted,
)
from shop.catalog.selectors import get_market

NOBODY = ShopperFacts()
MOST_TRIED = 60
WHO = "who"
FindVisitor = Callable[[], ShopperView]
FindTier = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class PreviewPlace:
    """Where and when prices are shown, in which language."""

    market_code: str
    channel: str
    currency: str
    now: datetime
    language: str
    region: str = ""

    def empty_cart(self) -> CartValue:
        """Return a cart of the place without anything in it."""
        time_zone = get_market(self.market_code).time_zone
        return CartValue((), self.currency, self.market_code, self.channel, self.region, time_zone)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The offers that could lower single goods for one shopper, with what is left of each.

    `arms` says which of them the shopper's arms hide, `given` which personal campaigns are theirs;
    `cart` is empty and stands under the cap, `law_label` is what personal offers must say,
    `pieces` are the memory of the book they are from.
    """

    offers: tuple[OfferValue, ...]
    shopper: ShopperView
    cart: CartValue
    arms: OfferArms = field(default_factory=OfferArms)
    given: Mapping[int, int | None] = field(default_factory=dict)
    law_label: str = ""
    pieces: Pieces = field(default_factory=dict)


def gather_offers(
    lines: Sequence[CartLineValue],
    place: PreviewPlace,
    shopper: ShopperView,
    *,
    find_visitor: FindVisitor | None,
    find_tier: FindTier | None,
    look_up: LookUp | None,
) -> Gathered | None:
    """Return what a cart would ask about one piece of each of `lines`; None: no offer lowers any.

    `find_visitor` names the shopper, asked only if an offer on these goods is not the same for
    everybody; `find_tier` their tier, for a page that asks for it more than once. What budgets
    have left is remembered for a second (`recall_budgets`): the cart reads it anew. Queries: one
    each for use limits and whom campaigns address, two for arms, what these two and
    `complete_shopper` take; each only where an offer that could apply to one piece asks.
    """
    book = load_offer_book()
    offers = _list_live(book, lines, place)
    if not offers:
        return None
    limits, tested = load_limits(), list_tested_campaigns()
    asks = {offer.offer_id: _asks_of(offer, limits, tested) for offer in offers}
    offers = _drop_hopeless(offers, lines, place, asks)
    if find_visitor is not None and any(WHO in asks[offer.offer_id] for offer in offers):
        shopper = find_visitor()
    offers = drop_held_out(offers, shopper.shopper_id)
    if shopper.shopper_id is None or not shopper.allows_personal:
        offers = [offer for offer in offers if offer.audience != "personal"]
    # Whom campaigns address comes first: of those that are not theirs nothing else is asked
    cart = place.empty_cart()
    given, rule = find_given(offers, shopper, cart, place.now)
    mine = [o for o in offers if o.audience != "personal" or o.campaign_id in given]
    offers, _ = keep_from_sensitive(keep_given(mine, given), lines)
    buyer = Buyer(shopper.shopper_id, place.channel, cart.time_zone, place.now)
    offers = _with_left(offers, book, buyer)
    shopper = _complete(shopper, offers, place.now, find_tier, look_up)
    return Gathered(
        offers=tuple(offers),
        shopper=shopper,
        cart=cap_personal(cart, given, place.now),
        arms=find_offer_arms(
            {offer.campaign_id for offer in offers}, shopper, place.channel, tested
        ),
        given=given,
        law_label=rule.label(place.language),
        pieces=book.pieces,
    )


def _complete(
    shopper: ShopperView,
    offers: Sequence[OfferValue],
    now: datetime,
    find_tier: FindTier | None,
    look_up: LookUp | None,
) -> ShopperView:
    facts = frozenset().union(*(needed_facts(offer.condition) for offer in offers))
    if find_tier is not None and "tier" in facts and shopper.shopper_id is not None:
        shopper, facts = replace(shopper, tier=find_tier()), facts - {"tier"}
    return complete_shopper(shopper, facts, now=now, look_up=look_up)


class Fitting:
    """Which of the gathered offers apply to single goods; `seen` are the campaigns some arm of
    which showed."""

    def __init__(self, found: Gathered, place: PreviewPlace) -> None:
        self.seen: set[int] = set()
        self._found, self._now = found, place.now
        self._facts = facts_of(found.shopper, found.given)
        self._settled: dict[int, bool] = {}

    def list_offers(self, alone: CartValue) -> list[OfferValue]:
        """Return the offers that apply to the one line of `alone`.

        Most offers ask for more than one unit: to word why they fail costs more than all else.
        """
        given = Circumstances(alone, self._facts, self._now)
        line = alone.lines[0]
        fit = [
            offer
            for offer in self._found.offers
            if offer.covers(line) and self._applies(offer, given)
        ]
        if self._found.arms.choices:
            self.seen.update(offer.campaign_id for offer in fit)
            fit = self._found.arms.keep(fit)
        return fit

    def _applies(self, offer: OfferValue, given: Circumstances) -> bool:
        if not is_plain(offer):
            return not find_failures(offer, given, self._now)
        applies = self._settled.get(offer.offer_id)
        if applies is None:  # the same for all it covers
            applies = not find_failures(offer, given, self._now)
            self._settled[offer.offer_id] = applies
        return applies


def keep_for_every_member(offers: Sequence[OfferValue]) -> list[OfferValue]:
    """Return the offers whose price every member gets: none is held out, tested or chosen."""
    tested = list_tested_campaigns()
    return [
        offer
        for offer in offers
        if offer.audience != "personal"
        and not offer.holdout_percent
        and offer.campaign_id not in tested
    ]


def _list_live(
    book: CompiledBook, lines: Sequence[CartLineValue], place: PreviewPlace
) -> list[OfferValue]:
    return [
        offer
        for offer in book.index.touching(lines)
        if live_at(offer, place.now, place.market_code) and offer.benefit.kind not in WITHOUT_LINES
    ]


def _drop_hopeless(
    offers: list[OfferValue],
    lines: Sequence[CartLineValue],
    place: PreviewPlace,
    asks: Mapping[int, frozenset[str]],
) -> list[OfferValue]:
    """Return the offers without those that no single piece of `lines` meets, whoever asks.

    An answer that could not matter is not worth a query: only offers that ask for what no other
    asks are tried, on no more goods than a query takes time.
    """
    asked = frozenset().union(*(asks[o.offer_id] for o in offers if is_plain(o)))
    tried = {o.offer_id for o in offers if not asks[o.offer_id] <= asked}
    tried -= {o.offer_id for o in offers if is_plain(o)}
    if not tried or len(lines) > MOST_TRIED:
        return offers
    cart = place.empty_cart()
    alone = [(one, Circumstances(put_alone(one, cart), NOBODY, place.now)) for one in lines]
    return [
        offer
        for offer in offers
        if offer.offer_id not in tried
        or any(offer.covers(line) and may_apply(offer, given) for line, given in alone)
    ]


def _with_left(offers: list[OfferValue], book: CompiledBook, buyer: Buyer) -> list[OfferValue]:
    """Return the offers with what budgets have left, up to a second ago, and use limits now."""
    left = recall_budgets(list_budgeted(offers, book), book.budgeted, buyer.now)
    return with_rooms(fill_budgets(offers, left), buyer)


def _asks_of(offer: OfferValue, limits: LimitBook, tested: Collection[int]) -> frozenset[str]:
    """Return what has to be read for an offer: facts, and WHO, whom it addresses, its limits."""
    asks, own = set(needed_facts(offer.condition)), limits.limits_of(offer)
    by_shopper = any(limit.entity is Entity.SHOPPER for limit in own)
    if asks or by_shopper or offer.holdout_percent > 0:
        asks.add(WHO)
    if offer.audience == "personal":
        asks |= {WHO, "addressed"}
    if offer.campaign_id in tested:
        asks |= {WHO, "arm"}
    return frozenset(asks | {"limits"} if own else asks)
