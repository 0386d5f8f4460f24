"""Names for segments out of what sets them apart, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.core.segmentation import LOGARITHMIC, SEGMENT_FEATURES

FloatArray = NDArray[np.float64]

NOTABLE = 0.4
TYPICAL = ("Typical shoppers", "典型顾客")

# feature: (English, Chinese) when high, then when low
_PHRASES: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "orders": (("frequent visits", "常来"), ("occasional visits", "偶尔来")),
    "spend": (("large weekly shop", "采购量大"), ("small purchases", "采购量小")),
    "discount_share": (("mostly on offer", "多买特价"), ("rarely on offer", "少买特价")),
    "price_level": (("finer choices", "偏好优选"), ("thrifty choices", "偏好实惠")),
    "basket_lines": (("full baskets", "大购物篮"), ("quick trips", "快速购物")),
    "weekend_share": (("weekend shoppers", "周末购物"), ("weekday shoppers", "工作日购物")),
    "category_breadth": (("all over the store", "品类广泛"), ("few aisles", "品类集中")),
    "brand_focus": (("loyal to few brands", "品牌专一"), ("many brands", "品牌多样")),
}


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
        name = _join(centroid, chosen) if chosen else TYPICAL
        if name[0] not in used:
            return name
    base, number = _join(centroid, list(traits[:2])), 2
    while f"{base[0]} {number}" in used:
        number += 1
    return f"{base[0]} {number}", f"{base[1]} {number}"


def _join(centroid: FloatArray, traits: Sequence[int]) -> tuple[str, str]:
    phrases = [_PHRASES[SEGMENT_FEATURES[t]][0 if centroid[t] > 0 else 1] for t in traits]
    english = ", ".join(phrase for phrase, _ in phrases)
    return english[0].upper() + english[1:], "、".join(phrase for _, phrase in phrases)


def describe(point: FloatArray) -> tuple[str, str]:
    """Return a sentence about the middle of a segment; `point` (d,) is transformed features.

    >>> describe(np.array([np.log1p(13.0), 0, 0.45, 0.6, np.log1p(9.0), 0.3, 0, 0]))[0]
    'About 9 lines an order, 45% bought on offer, 30% of orders at the weekend.'
    """
    values = {
        name: float(np.expm1(value) if name in LOGARITHMIC else value)
        for name, value in zip(SEGMENT_FEATURES, point, strict=True)
    }
    return _english(values), _chinese(values)


def _english(values: Mapping[str, float]) -> str:
    return (
        f"About {values['basket_lines']:.0f} lines an order,"
        f" {values['discount_share']:.0%} bought on offer,"
        f" {values['weekend_share']:.0%} of orders at the weekend."
    )


def _chinese(values: Mapping[str, float]) -> str:
    return (
        f"每单约 {values['basket_lines']:.0f} 件商品，{values['discount_share']:.0%} 为特价购买，"
        f"{values['weekend_share']:.0%} 的订单在周末。"
    )
