"""The parts of an offer: what it takes off, which products it means, how many of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.planning.api import BLANKS
from promotions.sentences.api import Blank, write_percent
from shop.doors.backoffice.campaigns.offer_terms import (
    has_terms,
    list_term_blanks,
    read_terms,
    say_terms_of,
    write_terms,
)
from shop.doors.backoffice.campaigns.parts import Part, Snapshot, change_offer, find_offer
from shop.doors.backoffice.campaigns.product_picker import describe_chosen, list_tokens
from shop.doors.backoffice.campaigns.sentences import MarketContext
from shop.ground.kernel.translation import gettext_noop
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_units
from shop.ground.staff.phrases import join_names

type Offer = Mapping[str, Any]

MOST_SAID, MOST_LISTED = 3, 60
CHOSEN = frozenset({"categories", "brands", "variants"})
LEFT_OUT = frozenset({"except_categories", "except_brands", "except_variants"})
PRICES = ("price_from", "price_to")
LIMITS = ("max_line_units", "max_order_units")


@dataclass(frozen=True, slots=True)
class OfferPart:
    """A part of one offer; `write` returns the fields of the offer that change."""

    code: str
    title: Promise
    blanks: Callable[[Offer], tuple[Blank, ...]]
    say: Callable[[Offer, MarketContext], str]
    read: Callable[[Offer], dict[str, Any]]
    write: Callable[[Offer, dict[str, Any]], dict[str, Any]]
    fits: Callable[[Offer], bool] = lambda offer: True

    def of(self, offer_code: str, mark: str) -> Part:
        """Return it as a part of the campaign; `mark` tells those of several offers apart."""
        find = partial(find_offer, code=offer_code)

        def write(said: Snapshot, answers: dict[str, Any]) -> dict[str, Any]:
            return change_offer(said, offer_code, self.write(find(said), answers))

        return Part(
            self.code + mark,
            self.title,
            lambda said: self.blanks(find(said)),
            lambda said, place: self.say(find(said), place),
            lambda said, place: self.read(find(said)),
            write,
            lambda said: self.fits(find(said)),
        )


def _has_benefit(offer: Offer) -> bool:
    return offer.get("percent") is not None or offer.get("amount_minor") is not None


def _is_share(offer: Offer) -> bool:
    return offer.get("percent") is not None


def _say_benefit(offer: Offer, place: MarketContext) -> str:
    if _is_share(offer):
        return _("%(percent)s %% off") % {"percent": show_units(float(offer["percent"]))}
    amount = show_money(offer["amount_minor"], place.currency)
    is_price = offer["benefit_kind"] in ("set_price", "bundle")
    return (_("for %(amount)s") if is_price else _("%(amount)s off")) % {"amount": amount}


def _read_benefit(offer: Offer) -> dict[str, Any]:
    return {"percent": offer.get("percent"), "amount": offer.get("amount_minor")}


def _write_benefit(offer: Offer, answers: dict[str, Any]) -> dict[str, Any]:
    if _is_share(offer):
        return {"percent": write_percent(answers["percent"])}
    return {"amount_minor": answers["amount"]}


def _is_listed(offer: Offer) -> bool:
    return bool((offer.get("scope") or {}).get("listed"))


def _is_picked(offer: Offer) -> bool:
    if _is_listed(offer):
        return len(offer.get("variants") or ()) <= MOST_LISTED
    return CHOSEN | LEFT_OUT | {"not_reduced", *PRICES} >= set(offer.get("scope") or {})


def _scope_of(offer: Offer) -> dict[str, Any]:
    """Return the scope with what is listed one by one as picks."""
    scope = dict(offer.get("scope") or {})
    return {**scope, "variants": offer.get("variants") or []} if _is_listed(offer) else scope


def _say_goods(offer: Offer, place: MarketContext) -> str:
    return _say_picks(list_tokens(_scope_of(offer)), place) or _("all products")


def _say_picks(tokens: str, place: MarketContext) -> str:
    if not tokens:
        return ""
    picks = describe_chosen(tokens.split(","), place.language)["chosen"]
    names = join_names(one.name for one in picks[:MOST_SAID])
    more = len(picks) - MOST_SAID
    return _("%(names)s and %(n)d more") % {"names": names, "n": more} if more > 0 else names


def _write_goods(offer: Offer, answers: dict[str, Any]) -> dict[str, Any]:
    """Put the picks into the scope; what was left out by name stays left out."""
    kept = _without(offer, CHOSEN | {"listed"})
    return {"scope": {**kept, **(answers["goods"] or {})}, "variants": []}


def _without(offer: Offer, words: frozenset[str]) -> dict[str, Any]:
    scope = offer.get("scope") or {}
    return {word: value for word, value in scope.items() if word not in words}


def _left_out(offer: Offer) -> str:
    scope = offer.get("scope") or {}
    return list_tokens({word.removeprefix("except_"): scope.get(word, ()) for word in LEFT_OUT})


def _write_left_out(offer: Offer, answers: dict[str, Any]) -> dict[str, Any]:
    named = {f"except_{word}": ids for word, ids in (answers["except"] or {}).items()}
    return {"scope": {**_without(offer, LEFT_OUT), **named}}


def _say_prices(offer: Offer, place: MarketContext) -> str:
    scope = offer.get("scope") or {}
    texts = [
        (_("from %(price)s"), scope.get("price_from")),
        (_("to %(price)s"), scope.get("price_to")),
    ]
    said = [
        text % {"price": show_money(minor, place.currency)}
        for text, minor in texts
        if minor is not None
    ]
    if scope.get("not_reduced"):
        said.append(_("not reduced ones"))
    return " ".join(said) or _("any")


def _read_prices(offer: Offer) -> dict[str, Any]:
    scope = offer.get("scope") or {}
    at = "list" if scope.get("not_reduced") else "any"
    return {name: scope.get(name) for name in PRICES} | {"goods_at": at}


def _write_prices(offer: Offer, answers: dict[str, Any]) -> dict[str, Any]:
    said = {name: answers[name] for name in PRICES if answers.get(name) is not None}
    if answers.get("goods_at") == "list":
        said["not_reduced"] = True
    return {"scope": {**_without(offer, frozenset({"not_reduced", *PRICES})), **said}}


def _say_limits(offer: Offer, place: MarketContext) -> str:
    texts = [
        (offer.get("max_line_units"), _("%(n)s pieces of each product")),
        (offer.get("max_order_units"), _("%(n)s pieces of an order")),
    ]
    named = [text % {"n": show_units(value)} for value, text in texts if value]
    return join_names(named) or _("no limits")


def _blanks(*names: str) -> Callable[[Offer], tuple[Blank, ...]]:
    return lambda offer: tuple(BLANKS[name] for name in names)


_EXCEPT = Blank("except", "goods", gettext_noop("left out"), "", is_needed=False)
OFFER_PARTS: tuple[OfferPart, ...] = (
    OfferPart(
        "benefit",
        gettext_lazy("Discount"),
        lambda offer: (BLANKS["percent" if _is_share(offer) else "amount"],),
        _say_benefit,
        _read_benefit,
        _write_benefit,
        _has_benefit,
    ),
    OfferPart(
        "terms",
        gettext_lazy("Terms"),
        list_term_blanks,
        say_terms_of,
        read_terms,
        write_terms,
        has_terms,
    ),
    OfferPart(
        "goods",
        gettext_lazy("Products"),
        _blanks("goods"),
        _say_goods,
        lambda offer: {"goods": list_tokens(_scope_of(offer))},
        _write_goods,
        _is_picked,
    ),
    OfferPart(
        "except",
        gettext_lazy("Left out"),
        lambda offer: (_EXCEPT,),
        lambda offer, place: _say_picks(_left_out(offer), place) or _("no products"),
        lambda offer: {"except": _left_out(offer)},
        _write_left_out,
        lambda offer: _is_picked(offer) and not _is_listed(offer),
    ),
    OfferPart(
        "prices",
        gettext_lazy("Prices"),
        _blanks("goods_at", *PRICES),
        _say_prices,
        _read_prices,
        _write_prices,
        _is_picked,
    ),
    OfferPart(
        "limits",
        gettext_lazy("Limits"),
        _blanks(*LIMITS),
        _say_limits,
        lambda offer: {name: offer.get(name) for name in LIMITS},
        lambda offer, answers: {name: answers[name] for name in LIMITS},
    ),
)
