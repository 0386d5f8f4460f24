"""Names of promotions for shoppers: the benefit and the condition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any as Json

from promotions.engine.api import Scope, parse_scope
from promotions.sentences.core.plans import Answers, Template, write_percent
from promotions.sentences.core.words import Lexicon, say_number, say_products
from shop.ground.kernel.translation import gettext_noop

LONGEST = 120
LONGEST_GOODS = 70
# kind -> name; the blanks are the sentence's own, and {off}: "free" or "at 10% off"
NAMES: Mapping[str, str] = {
    "price_cut": gettext_noop("{percent}% off {goods}"),
    "set_price": gettext_noop("{goods} at {price} each"),
    "any_few": gettext_noop("Any {size} of {goods} for {price}"),
    "amount_off": gettext_noop("{amount} off each: {goods}"),
    "cart_amount": gettext_noop("{amount} off from {cart_value}"),
    "coupon": gettext_noop("{amount} off from {cart_value}"),
    "coupon_batch": gettext_noop("{percent}% off {goods} with your code"),
    "flash_sale": gettext_noop("Flash sale: {percent}% off {goods}"),
    "member": gettext_noop("With an account: {percent}% off {goods}"),
    "welcome": gettext_noop("{amount} off your first order from {cart_value}"),
    "win_back": gettext_noop("Welcome back: {percent}% off {goods}"),
    "referral": gettext_noop("From a friend: {amount} off your first order from {cart_value}"),
    "partner": gettext_noop("{percent}% off {goods}"),
    "gift": gettext_noop("Gift from {cart_value}: {gift}"),
    "buy_get": gettext_noop("{goods}: buy {buy}, get {get} {off}"),
    "cheapest_free": gettext_noop("{goods}: of {size} the cheapest is free"),
    "cheapest_piece": gettext_noop("{goods}: the cheapest of {pieces} {off}"),
    "bundle": gettext_noop("{goods} + {goods2}: {percent}% off together"),
    "quantity_tiers": gettext_noop(
        "{goods}: {percent1}% off from {from1}, {percent2}% from {from2}"
    ),
    "spend_tiers": gettext_noop("{goods}: {amount1} off from {from1}, {amount2} from {from2}"),
    "free_delivery": gettext_noop("Free delivery from {cart_value}"),
    "points": gettext_noop("{goods}: {points} points for each {per}"),
}
_SHORT = gettext_noop("chosen products")


def name_promotion(template: Template, answers: Answers, words: Lexicon) -> str:
    """Return what shoppers read of a filled-in sentence, in the language of `words`.

    Long lists of products are not spelled out; a name that is too long all the same is the kind's.
    """
    said = {
        blank.name: _SAY.get(blank.kind, _say_plain)(answers.get(blank.name), words)
        for blank in template.blanks
        if blank.name in answers
    }
    if "percent" in said:
        off = words.translate("at {percent}% off", percent=said["percent"])
        said["off"] = words.translate("free") if answers["percent"] == 100 else off
    name = words.translate(NAMES[template.code], **said)
    name = name[:1].upper() + name[1:]
    return name if len(name) <= LONGEST else words.translate(template.title)


def say_briefly(scope: Scope, words: Lexicon) -> str:
    """Return which products a scope means; long lists are not spelled out."""
    products = say_products(scope, words)
    return products if len(products) <= LONGEST_GOODS else words.translate(_SHORT)


def _say_gift(ids: Json, words: Lexicon) -> str:
    return words.either([words.name("variant", one) for one in ids])


def _say_plain(value: Json, _words: Lexicon) -> str:
    return say_number(value) if isinstance(value, int) else str(value)


_SAY: Mapping[str, Callable[[Json, Lexicon], str]] = {
    "percent": lambda value, _words: write_percent(value),
    "money": lambda value, words: words.money(value) if value is not None else "",
    "goods": lambda scope, words: say_briefly(parse_scope(scope or {}), words),
    "gift": _say_gift,
}
