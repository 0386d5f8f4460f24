"""Products that the law of a market's places lets nobody promote, to be left out while drafting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from pricing.core.jurisdictions import candidate_codes
from promotions.core.law.places import find_law
from promotions.selectors.law_evidence import find_kind
from promotions.selectors.law_rows import load_laws
from promotions.selectors.laws import list_reached_places
from shop.catalog.selectors import load_variant_arrays


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The kinds that may not be promoted somewhere, and their products on sale."""

    kinds: tuple[str, ...]
    variant_ids: tuple[int, ...]


def find_forbidden(*, market_code: str, now: datetime) -> Forbidden:
    """Return what may not be promoted today in some place that a market reaches. Five queries."""
    laws, arrays = load_laws(), load_variant_arrays()
    places = {place for _market, place in list_reached_places(market_code)}
    kinds = {
        kind
        for place in places
        for kind in find_law(laws, candidate_codes(place), now.date()).banned_kinds
    }
    found = {kind: find_kind(kind, arrays) for kind in sorted(kinds)}
    named = tuple(kind for kind, mask in found.items() if mask.any())
    if not named:
        return Forbidden((), ())
    mask = np.logical_or.reduce([found[kind] for kind in named])
    return Forbidden(named, tuple(arrays.variant_id[mask].tolist()))
