"""The parts of an offer: what it takes off, which products it means, how many of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.campaigns.api import list_goods
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
from shop.doors.backoffice.campaigns.product_picker import list_tokens
from shop.doors.backoffice.campaigns.scopes import (
    LEFT_OUT_BLANK,
    PRICE_BLANKS,
    is_picked,
    list_left_out,
    put_chosen,
    put_left_out,
    put_prices,
    read_prices,
    say_chosen,
    say_left_out,
    say_prices,
)
from shop.doors.backoffice.campaigns.sentences import MarketContext
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_units
from shop.ground.staff.phrases import join_names

type Offer = Mapping[str, Any]

MOST_LISTED = 60
# Their products stand in the terms; the offer has no scope beside
OWN_GOODS = frozenset({"bundle", "gift", "delivery"})
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
    return (_("%(amount)s for") if is_price else _("%(amount)s off")) % {"amount": amount}


def _read_benefit(offer: Offer) -> dict[str, Any]:
    return {"percent": offer.get("percent"), "amount": offer.get("amount_minor")}


def _write_benefit(offer: Offer, answers: dict[str, Any]) -> dict[str, Any]:
    if _is_share(offer):
        return {"percent": write_percent(answers["percent"])}
    return {"amount_minor": answers["amount"]}


def _is_listed(offer: Offer) -> bool:
    return bool((offer.get("scope") or {}).get("listed"))


def list_picked(offer: Offer) -> set[tuple[str, int]]:
    """Return the products, brands and categories that the parts of an offer name."""
    told = {word: offer.get(word) or {} for word in ("condition", "terms")}
    named = list_goods({**told, "scope": _scope_of(offer)} if _is_picked(offer) else told)
    return {(kind, key) for kind, key in named if isinstance(key, int)}


def list_offer_tokens(offer: Offer) -> str:
    """Return the picks of an offer's products, with commas between them; "" for all products."""
    return list_tokens(_scope_of(offer)) if _is_picked(offer) else ""


def _is_picked(offer: Offer) -> bool:
    if offer["benefit_kind"] in OWN_GOODS:
        return False
    if _is_listed(offer):
        return len(offer.get("variants") or ()) <= MOST_LISTED
    return is_picked(offer.get("scope") or {})


def _scope_of(offer: Offer) -> dict[str, Any]:
    """Return the scope with what is listed one by one as picks."""
    scope = dict(offer.get("scope") or {})
    return {**scope, "variants": offer.get("variants") or []} if _is_listed(offer) else scope


def _write_products(offer: Offer, answers: dict[str, Any]) -> dict[str, Any]:
    return {"scope": put_chosen(offer.get("scope") or {}, answers["goods"]), "variants": []}


def _say_limits(offer: Offer, place: MarketContext) -> str:
    texts = [
        (offer.get("max_line_units"), _("%(n)s pieces of each product")),
        (offer.get("max_order_units"), _("%(n)s pieces of an order")),
    ]
    named = [text % {"n": show_units(value)} for value, text in texts if value]
    return join_names(named) or _("no limits")


def _blanks(*names: str) -> Callable[[Offer], tuple[Blank, ...]]:
    return lambda offer: tuple(BLANKS[name] for name in names)


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
        lambda offer, place: say_chosen(_scope_of(offer), place),
        lambda offer: {"goods": list_offer_tokens(offer)},
        _write_products,
        _is_picked,
    ),
    OfferPart(
        "except",
        gettext_lazy("Left out"),
        lambda offer: (LEFT_OUT_BLANK,),
        lambda offer, place: say_left_out(offer.get("scope") or {}, place) or _("no products"),
        lambda offer: {"except": list_left_out(offer.get("scope") or {})},
        lambda offer, said: {"scope": put_left_out(offer.get("scope") or {}, said["except"])},
        lambda offer: _is_picked(offer) and not _is_listed(offer),
    ),
    OfferPart(
        "prices",
        gettext_lazy("Prices"),
        lambda offer: PRICE_BLANKS,
        lambda offer, place: say_prices(offer.get("scope") or {}, place) or _("any"),
        lambda offer: read_prices(offer.get("scope") or {}),
        lambda offer, said: {"scope": put_prices(offer.get("scope") or {}, said)},
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
