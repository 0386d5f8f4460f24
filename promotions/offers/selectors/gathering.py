"""The one gatherer of offers: what may apply to a cart, and to one with products added to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import connection

from pricing.base.core.values import STRICTEST, JurisdictionRule
from profiles.experiments.api import ArmChoice, choose_arm, list_running
from profiles.lots import Purpose, is_in_share
from profiles.shoppers.api import list_shoppers
from promotions.campaigns.api import (
    CompiledBook,
    live_at,
    load_offer_book,
    read_budgets,
    recall_budgets,
)
from promotions.campaigns.models import Campaign
from promotions.coupons.api import add_rooms, find_coupons, read_groups
from promotions.engine.api import (
    Buyer,
    CartLineValue,
    CartValue,
    CouponValue,
    EvaluationInput,
    Gift,
    GiftStock,
    OfferValue,
    ShopperFacts,
    ShopperView,
    UnitPrices,
    drop_idle,
    needed_facts,
    normalize_code,
)
from promotions.law.api import find_personal_cap, find_personal_rule
from promotions.loyalty.api import read_tier
from shop.ground.catalog.selectors import list_never_personal


@dataclass(frozen=True, slots=True)
class OfferArms:
    """The arm of one shopper in each campaign under experiment, by campaign id."""

    choices: Mapping[int, ArmChoice] = field(default_factory=dict)

    @property
    def names(self) -> dict[int, str]:
        """Return the code of each arm, by campaign id."""
        return {campaign_id: choice.arm for campaign_id, choice in self.choices.items()}

    def hides(self, campaign_id: int, offer_code: str) -> bool:
        """Return whether an offer is not for the shopper's arm."""
        choice = self.choices.get(campaign_id)
        if choice is None or "offers" not in choice.settings:
            return False
        return offer_code not in choice.settings["offers"]

    def keep(self, offers: Iterable[OfferValue]) -> list[OfferValue]:
        """Return the offers that are for the shopper's arm."""
        return [one for one in offers if not self.hides(one.campaign_id, one.code)]


def list_tested_campaigns() -> dict[int, str]:
    """Return the experiment (its code) of each campaign under one. One query if there is any."""
    running = {one.subject_ref: one.plan.code for one in list_running("offers")}
    if not running:
        return {}
    rows = Campaign.objects.filter(code__in=running).values_list("pk", "code")
    return {pk: running[code] for pk, code in rows}


def find_offer_arms(
    campaign_ids: Iterable[int],
    shopper: ShopperView,
    channel: str,
    tested: Mapping[int, str] | None = None,
) -> OfferArms:
    """Return the arms of a shopper for those of the campaigns that are under experiment.

    `tested` is what `list_tested_campaigns` says, for who asked it already. Nobody in particular
    gets the plain arm. Two queries if any is, at most; else none.
    """
    tested = list_tested_campaigns() if tested is None else tested
    wanted = {one: tested[one] for one in campaign_ids if one in tested}
    if not wanted:
        return OfferArms()
    found = [] if shopper.shopper_id is None else list_shoppers([shopper.shopper_id])
    chosen = {
        campaign_id: choose_arm(
            code,
            shopper=found[0] if found else None,
            channel=channel,
            segment=shopper.segment,
            tags=shopper.tags,
        )
        for campaign_id, code in wanted.items()
    }
    return OfferArms({key: one for key, one in chosen.items() if one is not None})


def list_cart_arms(
    *,
    cart: CartValue,
    shopper: ShopperView,
    now: datetime,
    tested: Mapping[int, str] | None = None,
) -> list[ArmChoice]:
    """Return the arms whose difference a cart shows: it holds products their campaigns cover.

    The same in every arm, so that arms may be compared; give them to `log_exposures`. `tested` is
    as above.
    """
    tested = list_tested_campaigns() if tested is None else tested
    if not tested:
        return []
    covered = {
        offer.campaign_id
        for offer in load_offer_book().index.touching(cart.lines)
        if live_at(offer, now, cart.market_code)
    }
    return list(find_offer_arms(covered, shopper, cart.channel, tested).choices.values())


def is_held_out(campaign_id: int, percent: int, shopper_id: int | None) -> bool:
    """Return whether a shopper is in the campaign's holdout: sticky, by a salted hash.

    Nobody is where the share is 0. Whoever has no shopper row cannot be counted in either arm
    and gets nothing that is measured.
    """
    if not percent:
        return False
    return shopper_id is None or is_in_share(
        str(shopper_id), percent / 100.0, Purpose.CAMPAIGN_HOLDOUT, str(campaign_id)
    )


def drop_held_out(offers: Iterable[OfferValue], shopper_id: int | None) -> list[OfferValue]:
    """Return the offers whose campaigns do not hold the shopper out."""
    return [
        offer
        for offer in offers
        if not is_held_out(offer.campaign_id, offer.holdout_percent, shopper_id)
    ]


def close_held_out(coupons: Sequence[CouponValue], shopper_id: int | None) -> list[CouponValue]:
    """Return codes as those see them who are held out: meant for other shoppers."""
    return [_close(coupon, shopper_id) for coupon in coupons]


def _close(coupon: CouponValue, shopper_id: int | None) -> CouponValue:
    offer = coupon.offer
    if offer is None or drop_held_out([offer], shopper_id):
        return coupon
    # No campaign has this number, so none addresses the shopper.
    closed = replace(offer, audience="personal", campaign_id=-offer.campaign_id)
    return replace(coupon, offer=closed)


LookUp = Callable[[ShopperView, frozenset[str]], ShopperView]
FindTier = Callable[[], str | None]
Reader = Callable[[ShopperView, datetime], ShopperView]

# Facts this room keeps itself, by the name `needed_facts` gives them. One query each at most.
READERS: dict[str, Reader] = {
    "groups": lambda view, now: replace(view, groups=_read_groups(view, now)),
    "tier": lambda view, now: replace(view, tier=_read_tier(view, now)),
}


def complete_shopper(
    shopper: ShopperView,
    facts: frozenset[str],
    *,
    now: datetime,
    look_up: LookUp | None,
    find_tier: FindTier | None = None,
) -> ShopperView:
    """Return the shopper with `facts`: this room's own, and by `look_up` those of rooms above.

    `find_tier` knows the tier on a page that asks for it more than once. Who is not known to the
    shop has none. `look_up` is called once, and only if a fact is left.
    """
    if find_tier is not None and "tier" in facts and shopper.shopper_id is not None:
        shopper, facts = replace(shopper, tier=find_tier()), facts - {"tier"}
    own = facts & READERS.keys()
    for fact in sorted(own) if shopper.shopper_id is not None else ():
        shopper = READERS[fact](shopper, now)
    left = facts - own
    return look_up(shopper, left) if look_up is not None and left else shopper


def _read_groups(shopper: ShopperView, now: datetime) -> frozenset[str]:
    if shopper.shopper_id is None:
        return frozenset()
    return read_groups(shopper_id=shopper.shopper_id, now=now)


def _read_tier(shopper: ShopperView, now: datetime) -> str | None:
    if shopper.shopper_id is None:
        return None
    return read_tier(shopper_id=shopper.shopper_id, now=now)


_GIVEN = """
SELECT campaign_id, offer_id FROM promotions_campaignshopper
WHERE shopper_id = %s AND campaign_id = ANY(%s)
"""
LookUpGifts = Callable[[Collection[int]], tuple[GiftStock, ...]]


@dataclass(frozen=True, slots=True)
class CartQuestion:
    """A cart and whose it is, as the rooms above ask about it.

    `look_up` completes the shopper with the facts of other rooms that some condition needs
    ("segment", "tags", "first_order", "orders_in:30", ...) and is called only then. Without
    `look_up_gifts` no gift is given. `find_tier` knows the tier on a page that asks for it more
    than once. `book` is that of a rehearsal, drafts as if they were live; without it the live one
    is taken.
    """

    cart: CartValue
    codes: Sequence[str]
    shopper: ShopperView
    now: datetime
    language: str
    look_up: LookUp | None = None
    look_up_gifts: LookUpGifts | None = None
    find_tier: FindTier | None = None
    book: CompiledBook | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the evaluator is asked about a cart, and what else pages ask of the same offers.

    `arms` are the shopper's in campaigns under experiment, `others` the offers that other arms get,
    `tested` the experiment of each such campaign.
    """

    asked: EvaluationInput
    arms: OfferArms
    others: tuple[OfferValue, ...]
    book: CompiledBook
    now: datetime
    tested: Mapping[int, str]

    def price_units(self) -> UnitPrices:
        """Return what one more unit of a product adds to the price of the cart."""
        return UnitPrices(self.asked, self.now, self.book.unit_prices)


def gather_offers(question: CartQuestion, products: Sequence[CartLineValue] = ()) -> Gathered:
    """Return what to ask the evaluator about a cart, also with any of `products` added to it.

    The one gatherer of offers: `evaluate_cart` says what is looked up. With `products` it is for
    pages that only show prices: offers that cannot change what products cost are left out, whom
    campaigns address is asked before anything else of them, and what budgets have left may be a
    second old.
    """
    cart, shopper, now = question.cart, question.shopper, question.now
    book = load_offer_book() if question.book is None else question.book
    lines = (*cart.lines, *products)
    coupons = _list_coupons(question.codes, lines, shopper, now, book)
    offers = _list_live(book, lines, cart.market_code, shopper, now)
    offers, coupons = drop_idle(offers, coupons) if products else (offers, coupons)
    given, rule = _find_given([*offers, *_unlocked(coupons)], shopper, cart, now)
    offers = _drop_others(offers, given) if products else offers
    tested, running = list_tested_campaigns(), {offer.campaign_id for offer in offers}
    arms = find_offer_arms(running, shopper, cart.channel, tested)
    offers, passed_over = _leave_out_never_personal(offers, lines)
    offers = _with_budgets(offers, book, now, is_fresh=not products)
    offers, coupons = add_rooms(offers, coupons, _buyer_of(shopper, cart, now))
    every = (*offers, *_unlocked(coupons))
    shopper = _complete(question, every)
    others = tuple(one for one in offers if arms.hides(one.campaign_id, one.code))
    asked = EvaluationInput(
        cart=_cap_personal(_add_gifts(cart, every, question.look_up_gifts), given, now),
        offers=tuple(_keep_given(arms.keep(offers), given)),
        coupons=tuple(coupons),
        shopper=_facts_of(shopper, given),
        given=given,
        arms=arms.names,
        hidden=frozenset(offer.offer_id for offer in others),
        passed_over=passed_over,
        allows_personal=shopper.allows_personal,
        law_label=rule.label(question.language) if given else "",
    )
    return Gathered(asked, arms, others, book, now, tested)


def _buyer_of(shopper: ShopperView, cart: CartValue, now: datetime) -> Buyer:
    return Buyer(shopper.shopper_id, cart.channel, cart.time_zone, now, shopper.identity)


def _complete(question: CartQuestion, offers: Iterable[OfferValue]) -> ShopperView:
    return complete_shopper(
        question.shopper,
        frozenset().union(*(needed_facts(offer.condition) for offer in offers)),
        now=question.now,
        look_up=question.look_up,
        find_tier=question.find_tier,
    )


def _unlocked(coupons: Iterable[CouponValue]) -> list[OfferValue]:
    return [coupon.offer for coupon in coupons if coupon.offer is not None]


def _list_live(
    book: CompiledBook,
    lines: Sequence[CartLineValue],
    market_code: str,
    shopper: ShopperView,
    now: datetime,
) -> list[OfferValue]:
    """Return the offers that run now and cover one of `lines`, unless they hold the shopper out."""
    return [
        offer
        for offer in drop_held_out(book.index.touching(lines), shopper.shopper_id)
        if live_at(offer, now, market_code)
        and (shopper.allows_personal or offer.audience != "personal")
    ]


def _add_gifts(
    cart: CartValue, offers: Iterable[OfferValue], look_up_gifts: LookUpGifts | None
) -> CartValue:
    given = [offer.benefit.terms for offer in offers]
    ids = frozenset().union(*(terms.variant_ids for terms in given if isinstance(terms, Gift)))
    return replace(cart, gifts=look_up_gifts(ids)) if ids and look_up_gifts is not None else cart


def _leave_out_never_personal(
    offers: list[OfferValue], lines: Sequence[CartLineValue]
) -> tuple[list[OfferValue], frozenset[int]]:
    """Return the offers, those for chosen shoppers without the products among `lines` that are
    never priced personally, and these products where it mattered.

    Whom staff chose for a discount on such products would tell of health or sexual life (GDPR art.
    9), of children or of drink. A code somebody enters is their own act and keeps its worth.
    """
    if not any(offer.is_for_chosen for offer in offers):
        return offers, frozenset()
    hidden = list_never_personal().intersection(line.variant_id for line in lines)
    if not hidden:
        return offers, frozenset()
    kept = [offer.without_variants(hidden) if offer.is_for_chosen else offer for offer in offers]
    return [offer for offer in kept if any(map(offer.covers, lines))], frozenset(hidden)


def _list_coupons(
    codes: Sequence[str],
    lines: Sequence[CartLineValue],
    shopper: ShopperView,
    now: datetime,
    book: CompiledBook,
) -> list[CouponValue]:
    entered = list(dict.fromkeys(normalize_code(code) for code in codes))
    variant_ids = [line.variant_id for line in lines]
    found = (
        find_coupons(
            codes=entered,
            variant_ids=variant_ids,
            shopper_id=shopper.shopper_id,
            identity=shopper.identity,
            now=now,
            as_live=book.as_live,
        )
        if entered
        else []
    )
    coupons = [_take_as_live(one, book.as_live) for one in (*found, *book.unlocked)]
    return close_held_out(coupons, shopper.shopper_id)


def _take_as_live(coupon: CouponValue, campaign_ids: Collection[int]) -> CouponValue:
    """Return the coupon with its offer released, if its campaign is one of `campaign_ids`."""
    offer = coupon.offer
    if offer is None or offer.campaign_id not in campaign_ids:
        return coupon
    return replace(coupon, offer=replace(offer, status="live"))


def _with_budgets(
    offers: list[OfferValue], book: CompiledBook, now: datetime, *, is_fresh: bool
) -> list[OfferValue]:
    """Return the offers with what their campaigns have left. One query if any has a budget."""
    ids = {offer.campaign_id for offer in offers} & book.budgeted
    left = read_budgets(ids, now) if is_fresh else recall_budgets(ids, book.budgeted, now)
    return [
        replace(o, left_minor=left[o.campaign_id]) if o.campaign_id in left else o for o in offers
    ]


def _drop_others(offers: Iterable[OfferValue], given: Mapping[int, int | None]) -> list[OfferValue]:
    """Return the offers without those that were given to other shoppers."""
    return [one for one in offers if one.audience != "personal" or one.campaign_id in given]


def _find_given(
    offers: Iterable[OfferValue], shopper: ShopperView, cart: CartValue, now: datetime
) -> tuple[Mapping[int, int | None], JurisdictionRule]:
    """Return which personal campaigns among `offers` address the shopper, with the one offer of it
    that the allocator gave, or None for all of them; and the law they stand under.

    None where the place allows no personal price. One query if any.
    """
    ids = {offer.campaign_id for offer in offers if offer.audience == "personal"}
    if not ids or shopper.shopper_id is None:
        return {}, STRICTEST
    rule = find_personal_rule(region=cart.region, market_code=cart.market_code, now=now)
    if not rule.personal_allowed:
        return {}, rule
    with connection.cursor() as cursor:  # as text: each cart asks it
        cursor.execute(_GIVEN, [shopper.shopper_id, list(ids)])
        return dict(cursor.fetchall()), rule


def _cap_personal(cart: CartValue, given: Mapping[int, int | None], now: datetime) -> CartValue:
    """Return the cart with the cap on what one shopper gets, if anything is for this one."""
    if not given:
        return cart
    cap = find_personal_cap(region=cart.region, market_code=cart.market_code, now=now)
    return replace(cart, personal_cap=cap)


def _keep_given(offers: Iterable[OfferValue], given: Mapping[int, int | None]) -> list[OfferValue]:
    """Return the offers without those of a campaign that gave the shopper another one."""
    return [offer for offer in offers if given.get(offer.campaign_id) in (None, offer.offer_id)]


def _facts_of(shopper: ShopperView, campaign_ids: Iterable[int]) -> ShopperFacts:
    """Return the shopper as the evaluator sees them, addressed by these personal campaigns."""
    return ShopperFacts(
        shopper_id=shopper.shopper_id,
        is_member=shopper.is_member,
        is_first_order=shopper.is_first_order,
        segment=shopper.segment,
        tags=shopper.tags,
        campaign_ids=frozenset(campaign_ids),
        tier=shopper.tier,
        groups=shopper.groups,
        history=shopper.history,
        is_private=shopper.is_private,
    )
