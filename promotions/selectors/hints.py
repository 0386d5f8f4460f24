"""Hints and refusals of codes with the offer and the products they mean, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from promotions.core.answers import Evaluation, Hint, Rejection
from promotions.core.asked import Asked
from promotions.core.builder.words import MOST_NAMED, say_goods
from promotions.core.carts import EVERYTHING, Scope
from promotions.core.circumstances import Circumstances, Failure
from promotions.core.conditions import All, Any, CartHas, Condition, DifferentProducts, ExactlyOne
from promotions.core.evaluate_missing import find_missing, find_next_step
from promotions.core.reasons import explain
from promotions.core.values import OfferValue
from promotions.selectors.builder_names import speak
from shop.catalog.selectors import catalog_version

# Refusals that say that products are not there: true, but of no use without their names
UNNAMED = frozenset({"product_missing", "category_missing", "brand_missing"})
UNKNOWN = "#"


def name_products(
    found: Evaluation, asked: Asked, given: Circumstances, *, language: str, locale: str
) -> Evaluation:
    """Return the evaluation with products named in its hints; hints that cannot name them go.

    Refusals of codes whose products are not in the cart name them likewise. One or two queries for
    each kind of products that were not named since the catalogue changed.
    """
    offers = {offer.offer_id: offer for offer in asked.with_unlocked}

    def say(told: Hint | Rejection, missing_minor: int, missing_quantity: int) -> str | None:
        offer = offers.get(told.offer_id or 0)
        if offer is None:
            return None
        failure = Failure(told.reason_code, missing_minor, missing_quantity)
        return _say(offer, failure, given, language=language, locale=locale)

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
    offer: OfferValue, failure: Failure, given: Circumstances, *, language: str, locale: str
) -> str | None:
    """Return what to add, with the products named; None if nobody can name them."""
    step, scopes = _find_wanted(offer, failure, given)
    plain = tuple(replace(scope, except_variant_ids=frozenset()) for scope in scopes)
    goods = _name_scopes(plain, offer.market_code, language, catalog_version())
    if goods is None:
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
        goods=goods,
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
        words.pick(("the products of this offer", "此优惠的商品"))
        if len(scope.variant_ids or ()) > MOST_NAMED
        else say_goods(scope, words)
        for scope in dict.fromkeys(scopes)
    ]
    said = words.either(names)
    if UNKNOWN in said:
        return None
    return said if words.is_chinese else f" of {said}"
