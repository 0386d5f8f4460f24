"""The evaluation of a cart with the offers that may apply, and what one more unit adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from pricing.base.core.values import Reason
from profiles.experiments.api import ArmChoice
from promotions.campaigns.api import CompiledBook, live_at, load_offer_book
from promotions.engine.api import (
    EVERYTHING,
    All,
    Any,
    CartHas,
    CartLineValue,
    CartValue,
    Circumstances,
    Condition,
    DifferentProducts,
    Evaluation,
    EvaluationInput,
    ExactlyOne,
    Failure,
    GroupOf,
    Hint,
    HintReach,
    OfferValue,
    Rejection,
    RemainingQuantity,
    Scope,
    ShopperView,
    UnitPrice,
    evaluate_offers,
    explain,
    find_missing,
    find_next_step,
    least_left,
    needed_facts,
    shuts_out_others,
)
from promotions.law.api import label_personal
from promotions.offers.selectors.comparing import (
    price_for_everyone,
    price_for_members,
    recall_shared,
    shared_key,
)
from promotions.offers.selectors.gathering import (
    CartQuestion,
    Gathered,
    LookUp,
    LookUpGifts,
    gather_offers,
    list_cart_arms,
)
from promotions.sentences.api import MOST_NAMED, name_deals, say_products, speak
from shop.ground.catalog.selectors import catalog_version
from shop.ground.kernel.translation import gettext_noop, locale_of, translate

MOST_DEALS = 2
ENDS = gettext_noop("{name}: ends on other products in your cart")


@dataclass(frozen=True, slots=True)
class Deal:
    """An offer on several units, in words: what it gives and asks, with its products named.

    Where `size` units simply cost `together_minor`, both say so; else they are 0.
    """

    offer_id: int
    text: str
    size: int = 0
    together_minor: int = 0


@dataclass(frozen=True, slots=True)
class LinePreview:
    """What one more unit of a variant adds to the price of the visitor's cart.

    `labels` name the offers that lower it there, `barred` those that would lower it in an empty
    cart but do not in this one. `is_exclusive`: an offer that lowers it is never combined with some
    others, so that it may end once other products come. `ends_at` is the first end among those that
    lower it, `has_clock` whether that one was told before anybody saw it; `left` is the least that
    is left of any. `audience` says for whom they are: "personal" (chosen shoppers), "group"
    (verified), "members" (all of them, or a tier), else "public". `own_offer_id` is the first for
    chosen shoppers, which then bears `law_label`. `deals` are offers on several units that it is
    part of. `everyone_minor` is what one unit costs whom nobody knows, with nothing else in the
    cart; None where that is what it costs the shopper. `reached_minor` is what comes off
    the order as a whole once the unit is in the cart; it is in no price of a product. `parts` lead
    from `quoted_minor` to `adjusted_minor`: each offer with its audience and what it changes.
    """

    variant_id: int
    adjusted_minor: int
    quoted_minor: int
    labels: tuple[str, ...] = ()
    ends_at: datetime | None = None
    has_clock: bool = False
    left: RemainingQuantity | None = None
    audience: str = "public"
    own_offer_id: int | None = None
    law_label: str = ""
    barred: tuple[str, ...] = ()
    is_exclusive: bool = False
    deals: tuple[Deal, ...] = ()
    everyone_minor: int | None = None
    reached_minor: int = 0
    parts: tuple[Reason, ...] = ()
    is_priced: bool = field(init=False)

    def __post_init__(self) -> None:
        is_priced = bool(self.labels) or self.adjusted_minor != self.quoted_minor
        object.__setattr__(self, "is_priced", is_priced)


@dataclass(frozen=True, slots=True)
class Previews:
    """By variant id: what one more unit would cost the shopper, and what it would every member.

    Variants whose price no offer and no cart changes are absent. `members` is for who is not signed
    in, minor units, and only where that is less than the shopper pays. `arms` are those of
    experiments whose difference is on these products: give them to `log_exposures` where they are
    shown. `is_shared`: others see the very same values.
    """

    mine: Mapping[int, LinePreview] = field(default_factory=dict)
    members: Mapping[int, int] = field(default_factory=dict)
    arms: tuple[ArmChoice, ...] = ()
    is_shared: bool = field(default=False, compare=False)


def preview_lines(question: CartQuestion, lines: Sequence[CartLineValue]) -> Previews:
    """Return what one unit of each of `lines` more adds to the price of a cart.

    Gifts, delivery and points are no price of a unit. What only some members get is no price of
    every member. Queries: as `gather_offers` says, and one for campaigns under experiment where
    members have prices of their own.

    With an empty cart a line is evaluated once for all who get the same offers on it. Whose those
    are, what budgets and limits leave and which hours hold is asked each time.
    """
    gathered, language = gather_offers(question, lines), question.language
    key = None if question.book is not None else shared_key(gathered, language)
    if key is None:
        return _preview_each(lines, gathered, language)
    known = recall_shared(gathered.book, key)
    missing = [line for line in lines if line not in known]
    if missing:
        found = _preview_each(missing, gathered, language)
        for line in missing:
            one = line.variant_id
            known[line] = found.mine.get(one), found.members.get(one)
    told = [(line.variant_id, *known[line]) for line in lines]
    return Previews(
        mine={one: mine for one, mine, _ in told if mine is not None},
        members={one: minor for one, _, minor in told if minor is not None},
        is_shared=True,
    )


def _preview_each(lines: Sequence[CartLineValue], gathered: Gathered, language: str) -> Previews:
    prices = gathered.price_units()
    deals = {line.variant_id: prices.find_multibuys(line) for line in lines}
    named = name_deals(language) if any(deals.values()) else {}
    mine = {}
    for line in lines:
        price, own = prices.price(line), deals[line.variant_id]
        if own or not _is_usual(price, line):
            shown = _preview(line, price, gathered, language)
            mine[line.variant_id] = replace(shown, deals=_tell(own, named))
    special = [
        line
        for line in lines
        if line.variant_id in mine
        and (
            gathered.asked.cart.lines
            or line.unit_minor < line.everybodys_minor
            or mine[line.variant_id].audience != "public"
        )
    ]
    for variant_id, everyone_minor in price_for_everyone(special, gathered).items():
        mine[variant_id] = replace(mine[variant_id], everyone_minor=everyone_minor)
    members: Mapping[int, int] = {}
    if not gathered.asked.shopper.is_member:
        paid = {key: shown.adjusted_minor for key, shown in mine.items()}
        members = price_for_members(lines, gathered, paid)
    return Previews(mine, members, list_seen_arms(lines, gathered))


def list_seen_arms(lines: Iterable[CartLineValue], gathered: Gathered) -> tuple[ArmChoice, ...]:
    """Return the arms whose difference one unit of any of `lines` shows, the same in every arm."""
    choices = gathered.arms.choices
    if not choices:
        return ()
    offers = (*gathered.asked.offers, *gathered.others)
    tested = [offer for offer in offers if offer.campaign_id in choices]
    asked = replace(gathered.asked, offers=tuple(tested))
    prices = replace(gathered, asked=asked).price_units()
    seen = {offer.campaign_id for line in lines for offer in prices.find_fitting(line)}
    return tuple(choice for key, choice in choices.items() if key in seen)


def _tell(deals: Sequence[OfferValue], named: Mapping[int, str]) -> tuple[Deal, ...]:
    told = [
        Deal(one.offer_id, named[one.offer_id], *_together(one))
        for one in deals
        if one.offer_id in named
    ]
    return tuple(told[:MOST_DEALS])


def _together(offer: OfferValue) -> tuple[int, int]:
    """Return how many units cost what together, (0, 0) where an offer says more than that."""
    benefit = offer.benefit
    if benefit.amount_minor and isinstance(benefit.terms, GroupOf) and not benefit.terms.free:
        return benefit.terms.size, benefit.amount_minor
    return 0, 0


def _is_usual(price: UnitPrice, line: CartLineValue) -> bool:
    is_same = price.amount_minor == line.unit_minor and not price.reached_minor
    return is_same and not price.offer_ids and not price.barred_ids


def _preview(
    line: CartLineValue, price: UnitPrice, gathered: Gathered, language: str
) -> LinePreview:
    by_id = {offer.offer_id: offer for offer in gathered.asked.with_unlocked}
    applied = [by_id[one] for one in price.offer_ids]
    shown = LinePreview(
        variant_id=line.variant_id,
        adjusted_minor=price.amount_minor,
        quoted_minor=line.unit_minor,
        barred=tuple(by_id[one].label(language) for one in price.barred_ids),
        reached_minor=price.reached_minor,
        parts=tuple(_tell_part(by_id[one], minor, language) for one, minor in price.taken),
    )
    if not applied:
        return shown
    own = [offer.offer_id for offer in applied if offer.audience == "personal"]
    first = min(applied, key=lambda offer: (offer.ends_at, not offer.has_clock))
    return replace(
        shown,
        labels=tuple(offer.label(language) for offer in applied),
        ends_at=first.ends_at,
        has_clock=first.has_clock,
        left=least_left(room for offer in applied for room in offer.rooms),
        audience=audience_of(applied),
        own_offer_id=own[0] if own else None,
        law_label=gathered.asked.law_label if own else "",
        is_exclusive=any(shuts_out_others(offer, gathered.book.offers) for offer in applied),
    )


def _tell_part(offer: OfferValue, taken_minor: int, language: str) -> Reason:
    label = offer.label(language)
    if taken_minor < 0:
        return Reason("ends", -taken_minor, translate(ENDS, language, name=label))
    return Reason(audience_of([offer]), -taken_minor, label)


def audience_of(applied: Sequence[OfferValue]) -> str:
    """Return for whom offers are together: "personal", "group", "members" or "public"."""
    if any(offer.audience == "personal" for offer in applied):
        return "personal"
    facts = frozenset().union(*(needed_facts(offer.condition) for offer in applied))
    if "groups" in facts:
        return "group"
    is_members = "tier" in facts or any(offer.audience == "members" for offer in applied)
    return "members" if is_members else "public"


# Refusals that say that products are not there: true, but of no use without their names
UNNAMED = frozenset({"product_missing", "category_missing", "brand_missing"})
UNKNOWN = "#"


def name_products(
    found: Evaluation, asked: EvaluationInput, given: Circumstances, *, language: str, locale: str
) -> Evaluation:
    """Return the evaluation with products named in its hints; hints that cannot name them go.

    Refusals of codes whose products are not in the cart name them likewise. One or two queries for
    each kind of products that were not named since the catalogue changed.
    """
    if not found.hints and not any(one.code for one in found.rejected):
        return found
    offers = {offer.offer_id: offer for offer in asked.with_unlocked}
    catalogue = catalog_version()

    def say(told: Hint | Rejection, missing_minor: int, missing_quantity: int) -> str | None:
        offer = offers.get(told.offer_id or 0)
        if offer is None:
            return None
        failure = Failure(told.reason_code, missing_minor, missing_quantity)
        return _say(offer, failure, given, catalogue, language=language, locale=locale)

    hints = [
        replace(hint, message=message)
        for hint in found.hints
        if (message := say(hint, hint.missing_minor, hint.missing_quantity))
    ]
    rejected = [
        replace(one, message=message)
        if one.code
        and one.reason_code in UNNAMED
        and (message := say(one, *map(int, _missing_of(one))))
        else one
        for one in found.rejected
    ]
    return replace(found, hints=tuple(hints), rejected=tuple(rejected))


def _missing_of(rejection: Rejection) -> tuple[int | str, int | str]:
    detail = rejection.detail
    return detail.get("missing_minor", 0), detail.get("missing_quantity", 0)


def _say(
    offer: OfferValue,
    failure: Failure,
    given: Circumstances,
    catalogue: int,
    *,
    language: str,
    locale: str,
) -> str | None:
    """Return what to add, with the products named; None if nobody can name them."""
    step, scopes = _find_wanted(offer, failure, given)
    plain = tuple(replace(scope, except_variant_ids=frozenset()) for scope in scopes)
    products = _name_scopes(plain, offer.market_code, language, catalogue)
    if products is None:
        return None
    reason = step.reason_code
    if not reason.startswith(("next_step", "products_below")):
        reason = "cart_value_below" if step.missing_minor else "cart_quantity_below"
    return explain(
        reason,
        language=language,
        locale=locale,
        currency=given.cart.currency,
        name=offer.label(language),
        failure=step,
        goods=products,
    )


def _find_wanted(
    offer: OfferValue, failure: Failure, given: Circumstances
) -> tuple[Failure, tuple[Scope, ...]]:
    """Return what exactly is missing, and which products would do."""
    lines = given.cart.lines
    if failure.reason_code.startswith("next_step"):
        return next(iter(find_next_step(offer, lines)), failure), (offer.scope,)
    for leaf in _list_leaves(offer.condition):
        if failure in leaf.failures(given):
            return failure, (leaf.scope,)
    return next(iter(find_missing(offer, lines)), failure), offer.scopes


def _list_leaves(condition: Condition) -> Iterator[CartHas | DifferentProducts]:
    match condition:
        case All(parts) | Any(parts) | ExactlyOne(parts):
            for part in parts:
                yield from _list_leaves(part)
        case CartHas() | DifferentProducts():
            yield condition
        case _:
            return


@lru_cache(maxsize=512)
def _name_scopes(
    scopes: Sequence[Scope], market_code: str, language: str, catalogue: int
) -> str | None:
    """Return the products as words: "" for all of them, None if one has no name. The catalogue's
    version keys the memory."""
    if EVERYTHING in scopes:
        return ""
    english, chinese = speak(scopes, market_code)
    words = chinese if language.startswith("zh") else english
    names = [
        words.translate("the products of this offer")
        if len(scope.variant_ids or ()) > MOST_NAMED
        else say_products(scope, words)
        for scope in dict.fromkeys(scopes)
    ]
    said = words.either(names)
    if UNKNOWN in said:
        return None
    return words.translate(" of {goods}", goods=said)


def list_live_offers(*, now: datetime, market_code: str) -> tuple[OfferValue, ...]:
    """Return offers that apply by themselves at `now`. No query, one a second per process.

    Budgets are not looked at here; `evaluate_cart` reads them fresh.
    """
    return tuple(offer for offer in load_offer_book().offers if live_at(offer, now, market_code))


def evaluate_cart(
    *,
    cart: CartValue,
    codes: Sequence[str],
    shopper: ShopperView,
    now: datetime,
    language: str,
    locale: str,
    look_up: LookUp | None = None,
    look_up_gifts: LookUpGifts | None = None,
    book: CompiledBook | None = None,
) -> Evaluation:
    """Return the evaluation of `cart` with live offers and entered `codes`.

    The arguments are those of `CartQuestion`; what this room knows itself (groups, tier) is read
    as `look_up` is called. No query without codes, budgets, use limits,
    personal campaigns or such facts; at most one for each of these. Without `look_up_gifts` no
    gift is given. Offers for chosen shoppers carry the label of the region, or are none there,
    and together with a personal price go no deeper than the region's law says.
    `book` is that of a rehearsal, drafts as if they were live; without it the live one is taken.
    """
    question = CartQuestion(
        cart=cart,
        codes=codes,
        shopper=shopper,
        now=now,
        language=language,
        look_up=look_up,
        look_up_gifts=look_up_gifts,
        book=book,
    )
    asked = gather_offers(question).asked
    return _evaluate(asked, now=now, language=language, locale=locale)


@dataclass(frozen=True, slots=True)
class CartAnswer:
    """What the evaluator was asked about a cart, its answer, and the arms whose difference the cart
    shows: give them to `log_exposures`."""

    asked: EvaluationInput
    evaluation: Evaluation
    arms: tuple[ArmChoice, ...]


def answer_cart(question: CartQuestion) -> CartAnswer:
    """Return what the live offers and entered codes make of a cart that somebody looks at.

    As `evaluate_cart`; queries: two more where a campaign on these products is under experiment.
    """
    now, language = question.now, question.language
    gathered = gather_offers(question)
    asked, tested = gathered.asked, gathered.tested
    arms = list_cart_arms(cart=question.cart, shopper=question.shopper, now=now, tested=tested)
    evaluation = _evaluate(asked, now=now, language=language, locale=locale_of(language))
    return CartAnswer(asked, evaluation, tuple(arms))


def _evaluate(asked: EvaluationInput, *, now: datetime, language: str, locale: str) -> Evaluation:
    """Return the evaluator's answer, what is personal labeled, products named in hints.

    Queries: as `name_products` says.
    """
    reach = HintReach(settings.HINT_SHARE_PERCENT, settings.HINT_LEAST_MINOR)
    found = evaluate_offers(
        cart=asked.cart,
        offers=asked.offers,
        coupons=asked.coupons,
        shopper=asked.shopper,
        now=now,
        language=language,
        locale=locale,
        reach=reach,
    )
    codes = frozenset(coupon.code for coupon in asked.coupons)
    given = Circumstances(asked.cart, asked.shopper, now, codes)
    found = name_products(found, asked, given, language=language, locale=locale)
    return label_personal(found, asked.with_unlocked, asked.law_label)
