"""Optional restrictions of an offer in the builder: sentences whose blanks may stay empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any as Json

from promotions.planning.core.builder import blanks as b
from promotions.sentences.core.plans import Answers, Blank, Template
from shop.ground.kernel.translation import gettext_noop


@dataclass(frozen=True, slots=True)
class Bound:
    """A sentence of blanks, none of which has to be filled in, and what it adds to an offer.

    `fits` says to which sentences it may be added; `is_of_goods`: what it builds narrows the
    products of the sentence, and is no field of the offer.
    """

    sentence: str
    blanks: tuple[Blank, ...]
    build: Callable[[Answers], dict[str, Json]] = field(repr=False)
    fits: Callable[[Template], bool] = field(repr=False)
    is_of_goods: bool = False


def list_bounds(template: Template) -> list[Bound]:
    """Return what may narrow an offer of this sentence."""
    return [bound for bound in BOUNDS if bound.fits(template)]


def _open(name: str, label: str) -> Blank:
    return replace(b.count(name, label, ""), is_needed=False)


def _units(answers: Answers) -> dict[str, Json]:
    return {name: answers.get(name) for name in ("max_line_units", "max_order_units")}


def _goods(answers: Answers) -> dict[str, Json]:
    """Return what narrows the products of the sentence, beside the scope it builds."""
    said: dict[str, Json] = {key: answers[key] for key in _PRICES if answers.get(key) is not None}
    return said | ({"not_reduced": True} if answers.get("goods_at") == "list" else {})


_PRICES = ("price_from", "price_to")
BOUNDS = (
    Bound(
        gettext_noop("This means {goods_at}, priced from {price_from} to {price_to} each."),
        b.AT_PRICES,
        _goods,
        lambda template: template.has_scope,
        is_of_goods=True,
    ),
    Bound(
        gettext_noop(
            "At most {max_line_units} pieces of each product and {max_order_units} of an order."
        ),
        (
            _open("max_line_units", gettext_noop("most pieces of each product")),
            _open("max_order_units", gettext_noop("most pieces of an order")),
        ),
        _units,
        lambda template: template.is_of_units,
    ),
)
