"""A draft as the law sees it: what it promises, what it claims, and the goods it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shop.kernel.errors import FairtagError

type IntArray = NDArray[np.int64]
type FloatArray = NDArray[np.float64]
type BoolArray = NDArray[np.bool_]


class BadClaim(FairtagError):
    """The claims of a campaign cannot be read; `detail["place"]` says where."""

    code = "bad_claim"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a campaign says of itself beyond its names.

    `was_minor`: an old price named beside the new one. `up_to_percent`: "up to". `countdown`: a
    running clock to the stored end; `countdown_to`: to another moment. `only_left`: pieces said
    to be left, or "stock" for what is really there. `quantity`: pieces set aside. `is_free`: said
    to be free, `terms` what it takes. `review`: a reward for a review, with `min_rating`,
    `is_positive`, `is_disclosed`. `points_expire`: when points end, `points_noticed` when that is
    said. `is_labelled`: whether the place's label stands beside a personal offer.
    """

    was_minor: int | None = None
    up_to_percent: float | None = None
    countdown: bool = False
    countdown_to: datetime | None = None
    only_left: int | str | None = None
    quantity: int | None = None
    is_free: bool = False
    terms: str = ""
    review: Mapping[str, Any] | None = None
    points_expire: datetime | None = None
    points_noticed: datetime | None = None
    is_labelled: bool = True


@dataclass(frozen=True, slots=True)
class Goods:
    """The m variants a draft covers, arrays (m,), amounts in minor units of the market.

    `public_minor`: the price before the cut. `reference_minor`: what "was" may name by the
    place's own strategy if the cut begins when the draft does, 0 where nothing may be named.
    `before_raise_minor`: the lowest public price in the days of `LawRow.raise_days` before the
    cut. `list_share`: share of units of 90 days really sold at list, NaN without sales.
    `cost_minor` is -1, `stock` -1 where unknown; `daily_units` are sold a day. `kinds` holds the
    names of special kinds, `is_kind` (k, m) which variant is of which; `covers` (n, m) says which
    of the draft's n offers covers which variant (None: each covers all).
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
    covers: BoolArray | None = None

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

    code: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be released. `offers` are its active offers as in a snapshot.

    `promised_ends_at` is the end shoppers were told already; `windows` are earlier runs of like
    offers; `label_code` is the label that the place wants beside personal prices, "" for none.
    """

    names: tuple[str, ...]
    audience: str
    starts_at: datetime
    ends_at: datetime
    offers: tuple[Mapping[str, Any], ...]
    goods: Goods
    claims: Claims = field(default_factory=Claims)
    promised_ends_at: datetime | None = None
    windows: tuple[Window, ...] = ()
    personal_allowed: bool = True
    label_code: str = ""
    has_zh_name: bool = True

    @property
    def percent(self) -> float:
        """Return the deepest share taken off, percent; 0 for none."""
        named = [offer for offer in self.offers if offer.get("benefit_kind") == "percentage"]
        shares = [float(offer["percent"]) for offer in named if offer.get("percent")]
        return max(shares, default=0.0)

    def reduced_minor(self) -> IntArray:
        """Return the price of one piece after the deepest unconditional cut, (m,).

        >>> draft = example_draft(percent=10)
        >>> draft.reduced_minor().tolist()
        [900]
        """
        prices = self.goods.public_minor
        reduced = prices.copy()
        for at, offer in enumerate(self.offers):
            if offer.get("condition"):
                continue
            cut = _cut(offer, prices)
            covers = self.goods.covers
            cut = cut if covers is None else np.where(covers[at], cut, prices)
            reduced = np.minimum(reduced, cut)
        return reduced


_FIELDS = {
    "was_minor": "was_minor",
    "up_to_percent": "up_to_percent",
    "countdown": "countdown",
    "countdown_to": "countdown_to",
    "only_left": "only_left",
    "quantity": "quantity",
    "free": "is_free",
    "terms": "terms",
    "review": "review",
    "points_expire": "points_expire",
    "points_noticed": "points_noticed",
    "label": "is_labelled",
}
_MOMENTS = ("countdown_to", "points_expire", "points_noticed")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "was_minor": (int,),
    "up_to_percent": (int, float),
    "countdown": (bool,),
    "only_left": (int, str),
    "quantity": (int,),
    "free": (bool,),
    "terms": (str,),
    "review": (dict,),
    "label": (bool,),
}


def parse_claims(tree: Any) -> Claims:
    """Return the claims of a JSON object. Raises BadClaim with the place.

    >>> parse_claims({"countdown": True, "terms": "one per order"}).countdown
    True
    >>> parse_claims({"moon": "full"})
    Traceback (most recent call last):
    promotions.core.law.drafts.BadClaim: claims: “moon” does not belong here.
    """
    if not isinstance(tree, Mapping):
        raise BadClaim("claims: expected an object.", place="claims")
    values: dict[str, Any] = {}
    for word, value in tree.items():
        if word not in _FIELDS:
            raise BadClaim(f"claims: “{word}” does not belong here.", place="claims")
        values[_FIELDS[word]] = _read(word, value)
    return Claims(**values)


def _read(word: str, value: Any) -> Any:
    place = f"claims.{word}"
    if word in _MOMENTS:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            moment = None
        if moment is None or moment.tzinfo is None:
            raise BadClaim(f"{place}: expected a moment with its time zone.", place=place)
        return moment
    is_flag = bool in _TYPES[word]
    if not isinstance(value, _TYPES[word]) or isinstance(value, bool) is not is_flag:
        raise BadClaim(f"{place}: this value does not belong here.", place=place)
    if word == "only_left" and isinstance(value, str) and value != "stock":
        raise BadClaim(f"{place}: expected a number or “stock”.", place=place)
    return value


def _cut(offer: Mapping[str, Any], prices: IntArray) -> IntArray:
    """Return prices after one offer on a single piece; unchanged where it asks for more."""
    kind = offer.get("benefit_kind")
    if kind == "percentage":
        share = float(offer["percent"]) / 100.0
        cut: IntArray = prices - np.floor(prices * share + 0.5).astype(np.int64)
        return cut
    amount = offer.get("amount_minor")
    if kind != "fixed_amount" or amount is None or offer.get("target") == "cart":
        return prices
    return np.maximum(prices - int(amount), 0)


def example_draft(*, percent: float = 10, **fields: Any) -> Draft:
    """Return a lawful public draft: one product at 10.00 that long cost 10.00. For examples."""
    one = np.ones(1, dtype=np.int64)
    goods = Goods(
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
        "goods": goods,
    }
    return Draft(**(known | fields))
