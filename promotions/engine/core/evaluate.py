"""The one evaluator: the same for list pages, product page, cart, API, admin and replay.

(cart, shopper facts, live offers, entered codes, now) -> adjustments with reasons. Pure: no order
of lines, offers or codes changes a result, and dates are judged by the `now` that is handed in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from promotions.engine.core.carts import sort_lines
from promotions.engine.core.conditions.tree import Circumstances, Failure
from promotions.engine.core.evaluation_answers import (
    explain_short,
    find_floored,
    list_adjustments,
    list_applied,
    list_deliveries,
    list_gifts,
    list_lost_gifts,
    list_points,
    sum_lines,
)
from promotions.engine.core.limits import Room
from promotions.engine.core.missing import HintReach, choose_hints, find_missing
from promotions.engine.core.reasons import explain
from promotions.engine.core.stacking.plans import (
    Candidate,
    Plan,
    apply_candidates,
    best_plan,
    find_full_limit,
    is_cut_to_nothing,
    say_percent,
)
from promotions.engine.core.stacking.rules import exclude_each_other
from promotions.engine.core.stacking.steps import place_of
from promotions.engine.core.values import (
    BenefitKind,
    CartValue,
    CouponValue,
    Evaluation,
    Hint,
    LimitedOffer,
    OfferValue,
    Rejection,
    ShopperFacts,
)
from shop.ground.kernel.translation import translate

MAX_CODE_LENGTH = 40


def normalize_code(text: str) -> str:
    """Return the one spelling a code is stored and looked up in.

    Upper case, no spaces, compatibility forms folded (full-width letters of a Chinese keyboard),
    cut at MAX_CODE_LENGTH.

    >>> normalize_code(" welcome 5 "), normalize_code("ＷＥＬＣＯＭＥ５")
    ('WELCOME5', 'WELCOME5')
    """
    folded = unicodedata.normalize("NFKC", text)
    return "".join(folded.split()).upper()[:MAX_CODE_LENGTH]


def find_coupon_failure(coupon: CouponValue, now: datetime) -> Failure | None:
    """Return the first true reason, or None. What only this shopper knows comes before the rest.

    >>> from datetime import UTC
    >>> find_coupon_failure(CouponValue("NOPE"), datetime(2026, 11, 26, tzinfo=UTC)).reason_code
    'unknown_code'
    """
    has_ended = coupon.ended_at is not None and now >= coupon.ended_at
    reasons = (
        (coupon.offer is None, "unknown_code"),
        (not coupon.is_active, "code_disabled"),
        (coupon.is_used_up_by_shopper, "code_used_by_you"),
        (coupon.is_held_by_shopper, "code_held_by_you"),
        (has_ended, "code_ended"),
        (coupon.is_reserved, "code_reserved"),
        (coupon.is_used_up, "code_used_up"),
    )
    reason = next((reason for holds, reason in reasons if holds), None)
    if reason is None:
        return None
    if reason == "code_ended" and coupon.ended_at is not None:
        return Failure(reason, detail={"date": last_day(coupon.ended_at)})
    return Failure(reason)


def last_day(ends_at: datetime) -> str:
    """Return the last day of what ends at `ends_at`, the first moment after it.

    >>> from datetime import UTC
    >>> last_day(datetime(2026, 12, 1, tzinfo=UTC))
    '2026-11-30'
    """
    return (ends_at - timedelta(microseconds=1)).date().isoformat()


@dataclass(frozen=True, slots=True)
class EvaluationInput:
    """The evaluator's input, and why some offers were never put to it.

    `given` are the personal campaigns that address the shopper, with the one offer of it that the
    allocator gave, or None for all of them. `arms` are the shopper's, by campaign under
    experiment; `hidden` the offers other arms get; `passed_over` the variants that offers for
    chosen shoppers leave out. `law_label` is what the region asks personal offers to say.
    """

    cart: CartValue
    offers: tuple[OfferValue, ...]
    coupons: tuple[CouponValue, ...]
    shopper: ShopperFacts
    given: Mapping[int, int | None] = field(default_factory=dict)
    arms: Mapping[int, str] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    passed_over: frozenset[int] = frozenset()
    allows_personal: bool = True
    law_label: str = ""

    @property
    def with_unlocked(self) -> tuple[OfferValue, ...]:
        """Return the offers, those that codes bring with them."""
        return (*self.offers, *(one.offer for one in self.coupons if one.offer is not None))


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What the evaluator knew of an article beyond its price, in the order of an order's lines."""

    product_id: int
    category_ids: tuple[int, ...]
    brand_id: int
    floor_minor: int


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """A code that was entered: the offer it brought, how it stood, and what limits left of it."""

    coupon: CouponValue
    offer_id: int | None
    rooms: tuple[Room, ...]


@dataclass(frozen=True, slots=True)
class FrozenFacts:
    """`EvaluationInput` without what versions of campaigns and lines of orders keep already.

    `rooms` is what use limits left, by offer; `left_minor` what was left of money, by campaign.
    Of `cart` the lines are empty: `lines` has the facts of each. `rules` numbers those by which
    the evaluator judged (`evaluate.RULES`).
    """

    cart: CartValue
    lines: tuple[LineFacts, ...]
    shopper: ShopperFacts
    codes: tuple[CodeFacts, ...]
    rooms: Mapping[int, tuple[Room, ...]]
    left_minor: Mapping[int, int]
    given: Mapping[int, int | None]
    arms: Mapping[int, str]
    hidden: frozenset[int]
    passed_over: frozenset[int]
    allows_personal: bool
    rules: int = 1


# Raise it with every change by which the same facts give another result: orders keep it
RULES = 4
NEAR = HintReach()
STATUS_REASONS = {"draft": "not_published", "paused": "paused", "ended": "closed"}
NOTHING_TO_GIVE = {
    BenefitKind.GIFT: "gift_gone",
    BenefitKind.DELIVERY: "delivery_is_free",
    BenefitKind.POINTS: "too_little_for_points",
    BenefitKind.SET_PRICE: "already_cheaper",
    BenefitKind.BUNDLE: "already_cheaper",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """How to say a reason: language, number format and currency."""

    language: str
    locale: str
    currency: str

    def reject(
        self, offer: OfferValue | None, failure: Failure, *, code: str | None = None, date: str = ""
    ) -> Rejection:
        """Return the refusal of `code` or of an offer, in words."""
        message = explain(
            failure.reason_code,
            language=self.language,
            locale=self.locale,
            currency=self.currency,
            name="" if offer is None else offer.label(self.language),
            failure=failure,
            date=date,
        )
        detail: dict[str, int | str] = {**failure.detail}
        if failure.missing_minor:
            detail["missing_minor"] = failure.missing_minor
        if failure.missing_quantity:
            detail["missing_quantity"] = failure.missing_quantity
        offer_id = None if offer is None else offer.offer_id
        return Rejection(failure.reason_code, message, code, offer_id, detail)


def evaluate_offers(
    *,
    cart: CartValue,
    offers: Sequence[OfferValue],
    coupons: Sequence[CouponValue],
    shopper: ShopperFacts,
    now: datetime,
    language: str = "en",
    locale: str = "en_US",
    reach: HintReach = NEAR,
) -> Evaluation:
    """Return the best allowed combination of `offers` and `coupons` on `cart`.

    `offers` apply by themselves unless they require a coupon; each of `coupons` brings its own.
    A code that does not apply is in `rejected` with its true reason; hints name what is missing
    for offers this shopper may have, no further than `reach`. `totals` sums to the cart less the
    discount, to the cent.
    """
    words = Wording(language, locale, cart.currency)
    cart = replace(cart, lines=sort_lines(cart.lines))
    given = Circumstances(cart, shopper, now, frozenset(coupon.code for coupon in coupons))
    candidates, rejected, near = _sort_out_offers(offers, given, now, words)
    automatic = {candidate.offer.offer_id for candidate in candidates}
    by_code, refused, near_by_code = _sort_out_coupons(coupons, given, now, words, automatic)
    everything = [*candidates, *by_code]
    plan = best_plan(everything, cart)
    rejected.extend(refused)
    rejected.extend(_rejections_of_losers(everything, plan, cart, words))
    at_floor = {one.offer_id for one in rejected if one.reason_code == "price_floor"}
    losers = [each for each in everything if each.offer.offer_id in at_floor]
    return Evaluation(
        adjustments=list_adjustments(plan, cart, language),
        applied=list_applied(plan, language),
        rejected=tuple(sorted(rejected, key=lambda r: (r.code or "", r.offer_id or 0))),
        hints=_hints(choose_hints([*near, *near_by_code], everything, plan, given, reach), words),
        totals=sum_lines(plan, cart.lines),
        gifts=list_gifts(plan, language),
        deliveries=list_deliveries(plan, language),
        points=list_points(plan, language),
        lost_gifts=list_lost_gifts(_offers_of(offers, coupons), rejected, given),
        personal_cap=cart.personal_cap,
        floored=find_floored(plan, losers, cart, language),
        partly_given=tuple(_list_partly_given(plan, cart, words)),
    )


def _list_partly_given(plan: Plan, cart: CartValue, words: Wording) -> Iterator[LimitedOffer]:
    for effect in plan.effects:
        offer = effect.candidate.offer
        if effect.is_short and effect.is_used and not offer.benefit.cheapest_first:
            said = words.reject(offer, explain_short(effect, cart))
            message = translate(
                "{offer}: {message}",
                words.language,
                offer=offer.label(words.language),
                message=said.message,
            )
            yield LimitedOffer(offer.offer_id, said.reason_code, message, effect.count)


def _offers_of(
    offers: Sequence[OfferValue], coupons: Sequence[CouponValue]
) -> tuple[OfferValue, ...]:
    return (*offers, *(coupon.offer for coupon in coupons if coupon.offer is not None))


def find_failures(offer: OfferValue, given: Circumstances, now: datetime) -> tuple[Failure, ...]:
    """Return why `offer` does not apply now; empty if it does. Far reasons stand before near ones.

    Order of asking: state, dates and money left; place and person; cart.
    """
    closed = _why_closed(offer, now) or _why_not_for(offer, given)
    if closed:
        return (Failure(closed),)
    if spent := next((room for room in offer.rooms if room.is_spent), None):
        return tuple(filter(None, [spent.refusal()]))
    failures = offer.condition.failures(given)
    if not failures and not any(offer.covers(line) for line in given.cart.lines):
        return (Failure("nothing_in_scope"),)
    failures = failures or find_missing(offer, given.cart.lines)
    return tuple(sorted(failures, key=lambda failure: failure.is_near))


def _why_closed(offer: OfferValue, now: datetime) -> str:
    if offer.status != "live":
        return STATUS_REASONS.get(offer.status, "closed")
    if now < offer.starts_at:
        return "not_started"
    if now >= offer.ends_at:
        return "ended"
    return "budget_spent" if offer.left_minor is not None and offer.left_minor <= 0 else ""


def _why_not_for(offer: OfferValue, given: Circumstances) -> str:
    if offer.market_code and offer.market_code != given.cart.market_code:
        return "wrong_market"
    if offer.audience == "members" and not given.shopper.is_member:
        return "members_only"
    if offer.audience == "personal" and offer.campaign_id not in given.shopper.campaign_ids:
        return "not_addressed"
    return "" if given.cart.lines else "cart_empty"


def _sort_out_offers(
    offers: Iterable[OfferValue], given: Circumstances, now: datetime, words: Wording
) -> tuple[list[Candidate], list[Rejection], list[tuple[OfferValue, Failure]]]:
    candidates: list[Candidate] = []
    rejected: list[Rejection] = []
    near: list[tuple[OfferValue, Failure]] = []
    for offer in sorted(offers, key=lambda offer: offer.offer_id):
        if offer.requires_coupon:
            continue
        failures = find_failures(offer, given, now)
        if not failures:
            candidates.append(Candidate(offer))
            continue
        rejected.append(words.reject(offer, failures[0], date=_date_of(offer, failures[0])))
        if len(failures) == 1 and failures[0].is_near:
            near.append((offer, failures[0]))
    return candidates, rejected, near


def _sort_out_coupons(
    coupons: Iterable[CouponValue],
    given: Circumstances,
    now: datetime,
    words: Wording,
    automatic: set[int],
) -> tuple[list[Candidate], list[Rejection], list[tuple[OfferValue, Failure]]]:
    candidates: list[Candidate] = []
    rejected: list[Rejection] = []
    near: list[tuple[OfferValue, Failure]] = []
    unlocked = set(automatic)
    by_code = {coupon.code: coupon for coupon in coupons}
    for code, coupon in sorted(by_code.items()):
        offer = coupon.offer
        failures = _coupon_failures(coupon, unlocked, now) or (
            () if offer is None else find_failures(offer, given, now)
        )
        if offer is not None and not failures:
            unlocked.add(offer.offer_id)
            candidates.append(Candidate(offer, code, coupon.coupon_id))
            continue
        date = "" if offer is None else _date_of(offer, failures[0])
        rejected.append(words.reject(offer, failures[0], code=code, date=date))
        if offer is not None and len(failures) == 1 and failures[0].is_near:
            near.append((offer, failures[0]))
    return candidates, rejected, near


def _coupon_failures(coupon: CouponValue, unlocked: set[int], now: datetime) -> tuple[Failure, ...]:
    failure = find_coupon_failure(coupon, now)
    if failure is not None:
        return (failure,)
    is_double = coupon.offer is not None and coupon.offer.offer_id in unlocked
    return (Failure("already_applied"),) if is_double else ()


def _rejections_of_losers(
    candidates: Sequence[Candidate], plan: Plan, cart: CartValue, words: Wording
) -> list[Rejection]:
    winners = {effect.candidate.offer.offer_id for effect in plan.effects if effect.is_used}
    rejected = []
    for candidate in candidates:
        if candidate.offer.offer_id in winners:
            continue
        alone = apply_candidates((candidate,), cart)
        if alone is None:
            failure = find_full_limit(candidate, cart)
        elif any(effect.is_used for effect in alone.effects):
            failure = Failure(_why_beaten(candidate, plan))
        elif is_cut_to_nothing(candidate, cart):
            failure = Failure(
                "personal_cap", detail={"percent": say_percent(cart.personal_cap or 0)}
            )
        else:
            failure = Failure(NOTHING_TO_GIVE.get(candidate.offer.benefit.kind, "price_floor"))
        rejected.append(words.reject(candidate.offer, failure, code=candidate.coupon_code))
    return rejected


def _why_beaten(candidate: Candidate, plan: Plan) -> str:
    place = place_of(candidate.offer)
    winners = [place_of(effect.candidate.offer) for effect in plan.effects]
    if any(exclude_each_other(place, winner) for winner in winners):
        return "beaten"
    category = place.category
    if category is not None and category.max_offers is not None:
        same = [winner for winner in winners if winner.category == category]
        if len(same) >= category.max_offers:
            return "beaten"
    return "adds_nothing"


def _hints(near: Sequence[tuple[OfferValue, Failure]], words: Wording) -> tuple[Hint, ...]:
    return tuple(
        Hint(
            offer_id=offer.offer_id,
            reason_code=failure.reason_code,
            message=words.reject(offer, failure).message,
            missing_minor=failure.missing_minor,
            missing_quantity=failure.missing_quantity,
        )
        for offer, failure in near
    )


def _date_of(offer: OfferValue, failure: Failure) -> str:
    if failure.reason_code == "not_started":
        return offer.starts_at.date().isoformat()
    return last_day(offer.ends_at)
