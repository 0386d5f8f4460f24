"""Claims of a campaign, read from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shop.ground.kernel.errors import FairtagError


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
    promotions.campaigns.core.claims.BadClaim: claims: “moon” does not belong here.
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
