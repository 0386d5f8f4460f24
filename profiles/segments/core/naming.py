"""Names for segments out of what sets them apart, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.segments.core.segmentation import LOGARITHMIC, SEGMENT_FEATURES
from shop.ground.kernel.translation import gettext_noop, pgettext_noop, translate

FloatArray = NDArray[np.float64]

LANGUAGES = ("en", "zh-hans")
NOTABLE = 0.4
TYPICAL = gettext_noop("Typical shoppers")

# feature: when high, then when low
_PHRASES: dict[str, tuple[str, str]] = {
    "orders": (gettext_noop("frequent visits"), gettext_noop("occasional visits")),
    "spend": (gettext_noop("large weekly shop"), gettext_noop("small purchases")),
    "discount_share": (gettext_noop("mostly on offer"), gettext_noop("rarely on offer")),
    "price_level": (gettext_noop("finer choices"), gettext_noop("thrifty choices")),
    "basket_lines": (gettext_noop("full baskets"), gettext_noop("quick trips")),
    "weekend_share": (gettext_noop("weekend shoppers"), gettext_noop("weekday shoppers")),
    "category_breadth": (gettext_noop("all over the store"), gettext_noop("few aisles")),
    "brand_focus": (gettext_noop("loyal to few brands"), gettext_noop("many brands")),
}
_COMMA = pgettext_noop("list", ", ")
_FIGURES = gettext_noop(
    "About {lines} lines an order, {on_offer} bought on offer, {weekend} of orders at the weekend."
)


@dataclass(frozen=True, slots=True)
class SegmentName:
    """A readable name and a sentence with figures, in both languages."""

    name: str
    name_zh: str
    description: str
    description_zh: str


def name_segments(
    centroids: FloatArray, mean: FloatArray, scale: FloatArray, taken: Sequence[str] = ()
) -> list[SegmentName]:
    """Return one name per centroid (k, d), all different from each other and from `taken`.

    A name joins the two traits that stand out most; where two segments would be called alike, a
    third trait (then a number) tells them apart.
    """
    used = set(taken)
    names = []
    for centroid in centroids:
        traits = np.argsort(-np.abs(centroid), kind="stable")
        name = _first_free(centroid, traits, used)
        used.add(name[0])
        figures = describe(centroid * scale + mean)
        names.append(SegmentName(*name, *figures))
    return names


def _first_free(centroid: FloatArray, traits: NDArray[np.int64], used: set[str]) -> tuple[str, str]:
    notable = [trait for trait in traits if abs(centroid[trait]) >= NOTABLE]
    for length in range(2, len(traits) + 1):
        chosen = notable[:length] if length == 2 else list(traits[:length])
        name = _join(centroid, chosen)
        if name[0] not in used:
            return name
    base, number = _join(centroid, list(traits[:2])), 2
    while f"{base[0]} {number}" in used:
        number += 1
    return f"{base[0]} {number}", f"{base[1]} {number}"


def _join(centroid: FloatArray, traits: Sequence[int]) -> tuple[str, str]:
    """Return the name of these traits in both languages: stored, and read in either."""
    phrases = [_PHRASES[SEGMENT_FEATURES[t]][0 if centroid[t] > 0 else 1] for t in traits]
    english, chinese = (
        translate(_COMMA, language).join(translate(one, language) for one in phrases or [TYPICAL])
        for language in LANGUAGES
    )
    return english[0].upper() + english[1:], chinese


def describe(point: FloatArray) -> tuple[str, str]:
    """Return a sentence about the middle of a segment; `point` (d,) is transformed features.

    >>> describe(np.array([np.log1p(13.0), 0, 0.45, 0.6, np.log1p(9.0), 0.3, 0, 0]))[0]
    'About 9 lines an order, 45% bought on offer, 30% of orders at the weekend.'
    """
    values = {
        name: float(np.expm1(value) if name in LOGARITHMIC else value)
        for name, value in zip(SEGMENT_FEATURES, point, strict=True)
    }
    figures = {
        "lines": f"{values['basket_lines']:.0f}",
        "on_offer": f"{values['discount_share']:.0%}",
        "weekend": f"{values['weekend_share']:.0%}",
    }
    english, chinese = (translate(_FIGURES, language, **figures) for language in LANGUAGES)
    return english, chinese
