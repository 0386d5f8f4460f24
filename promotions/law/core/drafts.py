"""A draft as the law sees it: what it promises, what it claims, and the products it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promotions.campaigns.core.claims import Claims
from promotions.law.core.depth import (
    Roles,
    all_bought,
    deepest_unit,
    given_away,
    named_percents,
    promises_amount,
)
from promotions.law.core.gifts import Together

type IntArray = NDArray[np.int64]
type FloatArray = NDArray[np.float64]
type BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CoveredVariants:
    """The m variants a draft covers, arrays (m,), amounts in minor units of the market.

    `public_minor`: the price before the cut. `reference_minor`: what "was" may name by the
    place's own strategy if the cut begins when the draft does, 0 where nothing may be named.
    `before_raise_minor`: the lowest public price in the days of `LawRow.raise_days` before the
    cut. `list_share`: share of units of 90 days really sold at list, NaN without sales.
    `cost_minor` is -1, `stock` -1 where unknown; `daily_units` are sold a day. `kinds` holds the
    names of special kinds, `is_kind` (k, m) which variant is of which; `roles` say what they are to
    each of the draft's n offers (None: each is taken off all of them); `units` are what a unit
    comes to by each offer where that is reckoned already, for every law that asks. `has_floors`:
    there is a price book, so that the floors are known.
    """

    variant_id: IntArray
    public_minor: IntArray
    reference_minor: IntArray
    before_raise_minor: IntArray
    list_share: FloatArray
    cost_minor: IntArray
    floor_minor: IntArray
    stock: IntArray
    daily_units: FloatArray
    kinds: tuple[str, ...] = ()
    is_kind: BoolArray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.bool_))
    roles: tuple[Roles, ...] | None = None
    units: tuple[IntArray, ...] | None = None
    has_floors: bool = True

    def role(self, at: int) -> Roles:
        """Return what the products are to the draft's offer number `at`."""
        return all_bought(len(self.variant_id)) if self.roles is None else self.roles[at]

    def of_kinds(self, names: frozenset[str]) -> BoolArray:
        """Return which variants are of one of the named kinds, (m,)."""
        chosen = [self.is_kind[at] for at, name in enumerate(self.kinds) if name in names]
        if not chosen:
            return np.zeros(len(self.variant_id), dtype=np.bool_)
        found: BoolArray = np.logical_or.reduce(chosen)
        return found


@dataclass(frozen=True, slots=True)
class Window:
    """An earlier run of a like offer: its campaign, when it ended, and how much of it is like."""

    name: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be released. `offers` are its active offers as in a snapshot.

    `promised_ends_at` is the end shoppers were told already; `windows` are earlier runs of like
    offers; `label_code` is the label that the place wants beside personal prices, "" for none;
    `together` are the gifts for chosen shoppers, of it and of others, that are worth most at once.
    `sells_below_floor`: no price floor stops its offers.
    """

    names: tuple[str, ...]
    audience: str
    starts_at: datetime
    ends_at: datetime
    offers: tuple[Mapping[str, Any], ...]
    goods: CoveredVariants
    claims: Claims = field(default_factory=Claims)
    promised_ends_at: datetime | None = None
    windows: tuple[Window, ...] = ()
    personal_allowed: bool = True
    label_code: str = ""
    has_zh_name: bool = True
    together: Together | None = None
    sells_below_floor: bool = False

    @property
    def percent(self) -> float:
        """Return the deepest share taken off a single piece, percent; 0 for none."""
        named = [offer for offer in self.offers if offer.get("benefit_kind") == "percentage"]
        return max((share for offer in named for share in named_percents(offer)), default=0.0)

    @property
    def named_percent(self) -> float:
        """Return the deepest percentage of any kind that an offer names; 0 for none."""
        return max((each for offer in self.offers for each in named_percents(offer)), default=0.0)

    @property
    def depth(self) -> float:
        """Return the deepest cut of a unit, percent: as named of a piece, else above its floor.

        >>> example_draft(percent=10).depth
        10.0
        """
        others = self._over(lambda offer: offer.get("benefit_kind") != "percentage")
        public = self.goods.public_minor
        left = np.maximum(others, self._floors())
        share = float(np.max(1.0 - left / np.maximum(public, 1), initial=0.0))
        return max(self.percent, round(100.0 * share, 1))

    def reduced_minor(self) -> IntArray:
        """Return the price of one piece after the deepest unconditional cut, (m,).

        >>> draft = example_draft(percent=10)
        >>> draft.reduced_minor().tolist()
        [900]
        """
        return self._over(lambda offer: not offer.get("condition") and _is_of_a_piece(offer))

    def deepest_minor(self) -> IntArray:
        """Return what a unit comes to at most off by any offer, whatever it asks, (m,)."""
        return self._over(lambda _offer: True)

    def sold_minor(self) -> IntArray:
        """Return the least a unit really goes for, (m,): no offer takes it below its floor."""
        return np.maximum(self.deepest_minor(), self._floors())

    def promised_minor(self, *, is_named: bool) -> IntArray:
        """Return what a unit comes to by the offers that promise it free, cheaper by an amount or
        at a price, (m,); without those of a percentage if names say it (`is_named`)."""
        return self._over(
            lambda offer: promises_amount(offer) and not (is_named and any(named_percents(offer)))
        )

    def _floors(self) -> IntArray:
        """Return below what no unit goes, (m,): nothing where floors do not stop the offers."""
        lowest = np.minimum(self.goods.floor_minor, self.goods.public_minor)
        return np.zeros_like(lowest) if self.sells_below_floor else lowest

    def percents_minor(self) -> IntArray:
        """Return what a unit comes to by the offers that name a percentage, (m,)."""
        return self._over(lambda offer: any(named_percents(offer)))

    def given_away(self) -> BoolArray:
        """Return which products are given away for nothing, (m,)."""
        found = np.zeros(len(self.goods.variant_id), dtype=np.bool_)
        for at, offer in enumerate(self.offers):
            found |= given_away(offer, self.goods.role(at))
        return found

    def named_products(self) -> BoolArray:
        """Return which products an offer is about, (m,): "5.00 off all goods" is about none."""
        found = np.zeros(len(self.goods.variant_id), dtype=np.bool_)
        for at in range(len(self.offers)):
            role = self.goods.role(at)
            found |= role.given | (role.bought & role.names_goods)
        return found

    def _over(self, is_asked: Callable[[Mapping[str, Any]], bool]) -> IntArray:
        """Return the least a unit comes to over the offers asked for, (m,)."""
        prices = self.goods.public_minor
        known = self.goods.units
        least = prices
        for at, offer in enumerate(self.offers):
            if is_asked(offer):
                role = self.goods.role(at)
                unit = deepest_unit(offer, prices, role) if known is None else known[at]
                least = np.minimum(least, unit)
        return least


def _is_of_a_piece(offer: Mapping[str, Any]) -> bool:
    """Whether one piece is cheaper without buying more: what a price tag could say."""
    kind, terms = offer.get("benefit_kind"), offer.get("terms") or {}
    if kind == "quantity_tiers":
        return any(step["from"] <= 1 for step in terms["steps"])
    is_off_cart = kind == "fixed_amount" and offer.get("target") == "cart"
    is_single = kind in ("percentage", "fixed_amount", "set_price")
    return is_single and "size" not in terms and not is_off_cart


def example_draft(*, percent: float = 10, **fields: Any) -> Draft:
    """Return a lawful public draft: one product at 10.00 that long cost 10.00. For examples."""
    one = np.ones(1, dtype=np.int64)
    products = CoveredVariants(
        variant_id=one,
        public_minor=one * 1_000,
        reference_minor=one * 1_000,
        before_raise_minor=one * 1_000,
        list_share=np.ones(1),
        cost_minor=one * 400,
        floor_minor=one * 420,
        stock=one * 500,
        daily_units=np.ones(1) * 3.0,
    )
    offer = {
        "code": "a",
        "benefit_kind": "percentage",
        "percent": str(percent),
        "target": "line",
        "condition": {},
    }
    known: dict[str, Any] = {
        "names": (f"{percent:g} % off", f"{percent:g}% 优惠"),
        "audience": "public",
        "starts_at": datetime.fromisoformat("2026-12-01T00:00:00+00:00"),
        "ends_at": datetime.fromisoformat("2026-12-11T00:00:00+00:00"),
        "offers": (offer,),
        "goods": products,
    }
    return Draft(**(known | fields))
