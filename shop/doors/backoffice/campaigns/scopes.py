"""A scope of products as blanks: what is picked, what is left out, at which prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from promotions.planning.api import BLANKS
from promotions.sentences.api import Blank
from shop.doors.backoffice.campaigns.product_picker import describe_chosen, list_tokens
from shop.doors.backoffice.campaigns.sentences import MarketContext
from shop.ground.kernel.translation import gettext_noop
from shop.ground.staff.columns import show_money
from shop.ground.staff.phrases import join_names

type Scope = Mapping[str, Any]

MOST_SAID = 3
CHOSEN = frozenset({"categories", "brands", "variants"})
LEFT_OUT = frozenset({"except_categories", "except_brands", "except_variants"})
BOUNDS = ("price_from", "price_to")
PRICES = frozenset({"not_reduced", *BOUNDS})
LEFT_OUT_BLANK = Blank("except", "goods", gettext_noop("left out"), "", is_needed=False)
PRICE_BLANKS = tuple(BLANKS[name] for name in ("goods_at", *BOUNDS))


def is_picked(scope: Scope) -> bool:
    """Return whether the blanks can say the scope."""
    return set(scope) <= CHOSEN | LEFT_OUT | PRICES


def say_scope(scope: Scope, place: MarketContext) -> str:
    """Return the whole scope in a few words: all products but those left out, at their prices."""
    said = say_chosen(scope, place)
    if left_out := say_left_out(scope, place):
        said = _("%(goods)s without %(others)s") % {"goods": said, "others": left_out}
    if prices := say_prices(scope, place):
        said = _("%(goods)s (%(prices)s)") % {"goods": said, "prices": prices}
    return said


def say_chosen(scope: Scope, place: MarketContext) -> str:
    """Return the names of what is picked."""
    return say_picks(list_tokens(scope), place) or _("all products")


def say_left_out(scope: Scope, place: MarketContext) -> str:
    """Return the names of what is left out, "" for nothing."""
    return say_picks(list_left_out(scope), place)


def say_prices(scope: Scope, place: MarketContext) -> str:
    """Return at which prices the products are meant, "" for any."""
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
    return " ".join(said)


def say_picks(tokens: str, place: MarketContext) -> str:
    """Return the names of the first picks and how many more there are."""
    if not tokens:
        return ""
    picks = describe_chosen(tokens.split(","), place.language, place.picks)["chosen"]
    names = join_names(one.name for one in picks[:MOST_SAID])
    more = len(picks) - MOST_SAID
    return _("%(names)s and %(n)d more") % {"names": names, "n": more} if more > 0 else names


def list_left_out(scope: Scope) -> str:
    """Return the picks that are left out, with commas between them."""
    return list_tokens({word.removeprefix("except_"): scope.get(word, ()) for word in LEFT_OUT})


def read_prices(scope: Scope) -> dict[str, Any]:
    """Return what stands in the blanks of prices."""
    at = "list" if scope.get("not_reduced") else "any"
    return {name: scope.get(name) for name in BOUNDS} | {"goods_at": at}


def read_scope(scope: Scope) -> dict[str, Any]:
    """Return what stands in all blanks of a scope."""
    picked = {"goods": list_tokens(scope), "except": list_left_out(scope)}
    return {**picked, **read_prices(scope)}


def put_chosen(scope: Scope, picks: Scope | None) -> dict[str, Any]:
    """Return the scope with other products picked; what was left out stays left out."""
    return {**_without(scope, CHOSEN | {"listed"}), **(picks or {})}


def put_left_out(scope: Scope, picks: Scope | None) -> dict[str, Any]:
    """Return the scope with other products left out."""
    named = {f"except_{word}": ids for word, ids in (picks or {}).items()}
    return {**_without(scope, LEFT_OUT), **named}


def put_prices(scope: Scope, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scope with other prices."""
    said = {name: answers[name] for name in BOUNDS if answers.get(name) is not None}
    if answers.get("goods_at") == "list":
        said["not_reduced"] = True
    return {**_without(scope, PRICES), **said}


def write_scope(scope: Scope, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scope that all its blanks say."""
    picked = put_left_out(put_chosen(scope, answers["goods"]), answers["except"])
    return put_prices(picked, answers)


def _without(scope: Scope, words: frozenset[str]) -> dict[str, Any]:
    return {word: value for word, value in scope.items() if word not in words}
