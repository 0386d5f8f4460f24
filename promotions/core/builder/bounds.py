"""What narrows an offer beside its own sentence: sentences whose blanks may stay empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any as Json

from promotions.core.builder import blanks as b
from promotions.core.builder.plans import Answers, Blank, Template, Text


@dataclass(frozen=True, slots=True)
class Bound:
    """A sentence of blanks, none of which has to be filled in, and what it adds to an offer.

    `fits` says to which sentences it may be added; `is_of_goods`: what it builds narrows the goods
    of the sentence, and is no field of the offer.
    """

    sentence: Text
    blanks: tuple[Blank, ...]
    build: Callable[[Answers], dict[str, Json]] = field(repr=False)
    fits: Callable[[Template], bool] = field(repr=False)
    is_of_goods: bool = False


def list_bounds(template: Template) -> list[Bound]:
    """Return what may narrow an offer of this sentence."""
    return [bound for bound in BOUNDS if bound.fits(template)]


def _open(name: str, english: str, chinese: str) -> Blank:
    return replace(b.count(name, english, chinese, ""), is_needed=False)


def _units(answers: Answers) -> dict[str, Json]:
    return {name: answers.get(name) for name in ("max_line_units", "max_order_units")}


def _goods(answers: Answers) -> dict[str, Json]:
    """Return what narrows the goods of the sentence, beside the scope it builds."""
    said: dict[str, Json] = {key: answers[key] for key in _PRICES if answers.get(key) is not None}
    return said | ({"not_reduced": True} if answers.get("goods_at") == "list" else {})


_PRICES = ("price_from", "price_to")
_AT = Blank(
    "goods_at",
    "choice",
    ("at which price", "价格范围"),
    "any",
    is_needed=False,
    choices=(
        ("any", ("all of them", "以上全部商品")),
        ("list", ("not reduced ones", "仅未降价的商品")),
    ),
)
BOUNDS = (
    Bound(
        (
            "This means {goods_at}, priced from {price_from} to {price_to} each.",
            "适用于{goods_at}，单价 {price_from} 至 {price_to}。",
        ),
        (
            _AT,
            Blank("price_from", "money", ("lowest price", "最低单价"), "", is_needed=False),
            Blank("price_to", "money", ("highest price", "最高单价"), "", is_needed=False),
        ),
        _goods,
        lambda template: template.has_scope,
        is_of_goods=True,
    ),
    Bound(
        (
            "At most {max_line_units} pieces of each product and {max_order_units} of an order.",
            "每种商品最多优惠 {max_line_units} 件，每单最多优惠 {max_order_units} 件。",
        ),
        (
            _open("max_line_units", "most pieces of each product", "每种商品最多件数"),
            _open("max_order_units", "most pieces of an order", "每单最多件数"),
        ),
        _units,
        lambda template: template.is_of_units,
    ),
)
