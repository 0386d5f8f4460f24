"""The allow-list of features: purpose, source and sensitivity of each. Nothing else exists.

Never registrable, directly or inferred: age, sex, ethnicity, religion, health, disability, union,
orientation, family, income, job, education, exact place, name, device, operating system, browser,
referrer, battery, language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

FORBIDDEN_WORDS = frozenset(
    {
        "age",
        "sex",
        "gender",
        "ethnicity",
        "ethnic",
        "race",
        "religion",
        "health",
        "disability",
        "union",
        "orientation",
        "family",
        "marital",
        "kids",
        "children",
        "household",
        "income",
        "salary",
        "job",
        "occupation",
        "education",
        "place",
        "zip",
        "postcode",
        "latitude",
        "longitude",
        "address",
        "name",
        "device",
        "phone",
        "os",
        "browser",
        "referrer",
        "battery",
        "language",
        "locale",
        "nationality",
        "pregnancy",
    }
)
PURPOSES = frozenset({"price", "recommendations", "analytics"})
SENSITIVITIES = frozenset({"low", "medium"})


class UnknownFeature(ValueError):
    """A feature outside the allow-list, or one that may not be on it. Stops the start."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One registered feature.

    `purposes` are the uses it is registered for; `is_monotone` says that one more event at the
    same moment never lowers it, which every feature of a price must be: a shopper who visits,
    buys or spends more then never pays more.
    """

    name: str
    purposes: frozenset[str]
    source: str
    sensitivity: str
    is_monotone: bool
    meaning: str


def _feature(
    name: str, purposes: str, source: str, meaning: str, *, is_monotone: bool = False
) -> Feature:
    return Feature(
        name=name,
        purposes=frozenset(purposes.split()),
        source=source,
        sensitivity="low",
        is_monotone=is_monotone,
        meaning=meaning,
    )


_EVERYWHERE = "price recommendations analytics"
_NOT_PRICE = "recommendations analytics"

_LIST = (
    _feature(
        "activity", _EVERYWHERE, "views, clicks, searches, cart", "recent visits", is_monotone=True
    ),
    _feature("cart_adds", _EVERYWHERE, "cart", "recent additions to the cart", is_monotone=True),
    _feature("purchases", _EVERYWHERE, "purchases", "lines bought lately", is_monotone=True),
    _feature("orders", _EVERYWHERE, "orders", "orders lately: frequency", is_monotone=True),
    _feature("spend", _EVERYWHERE, "purchases", "amount spent lately: value", is_monotone=True),
    _feature(
        "discounted", _EVERYWHERE, "purchases", "lines bought on offer lately", is_monotone=True
    ),
    _feature("offer_clicks", _EVERYWHERE, "offers", "offers opened lately", is_monotone=True),
    _feature(
        "recency", _EVERYWHERE, "all events", "1 now, 1/2 after 14 days away", is_monotone=True
    ),
    _feature(
        "tenure_days", _EVERYWHERE, "all events", "days since the first event", is_monotone=True
    ),
    _feature(
        "category_affinity",
        _EVERYWHERE,
        "views, cart, purchases",
        "interest by category",
        is_monotone=True,
    ),
    _feature(
        "brand_affinity",
        _EVERYWHERE,
        "views, cart, purchases",
        "interest by brand",
        is_monotone=True,
    ),
    _feature(
        "variant_affinity",
        _EVERYWHERE,
        "views, cart, purchases",
        "interest by variant",
        is_monotone=True,
    ),
    _feature("discount_share", _NOT_PRICE, "purchases", "share of lines bought on offer"),
    _feature("savings_share", _NOT_PRICE, "purchases", "share of list value saved"),
    _feature("price_level", _NOT_PRICE, "purchases", "mean price rank inside categories"),
    _feature("basket_value", _NOT_PRICE, "orders, purchases", "spend per order"),
    _feature("basket_lines", _NOT_PRICE, "orders, purchases", "lines per order"),
    _feature("basket_units", _NOT_PRICE, "orders, purchases", "pieces per order"),
    _feature("order_interval_days", _NOT_PRICE, "orders", "mean days between orders"),
    _feature("days_since_order", _NOT_PRICE, "orders", "days since the last order"),
    _feature("weekend_share", _NOT_PRICE, "orders", "share of orders on a weekend"),
    _feature("category_breadth", _NOT_PRICE, "purchases", "effective number of categories"),
    _feature("brand_focus", _NOT_PRICE, "purchases", "concentration on few brands"),
    _feature("return_share", _NOT_PRICE, "returns", "share of lines returned"),
)

FEATURES: dict[str, Feature] = {feature.name: feature for feature in _LIST}


def check_feature(feature: Feature) -> None:
    """Raise UnknownFeature if `feature` may not be registered as it is.

    >>> check_feature(_feature("age_group", "price", "form", "how old", is_monotone=True))
    Traceback (most recent call last):
    ...
    profiles.features.core.registry.UnknownFeature: 'age_group' holds a word that may never be used
    """
    words = set(re.split(r"[^a-z]+", feature.name.lower()))
    if words & FORBIDDEN_WORDS:
        raise UnknownFeature(f"{feature.name!r} holds a word that may never be used")
    if not feature.purposes or not feature.purposes <= PURPOSES:
        raise UnknownFeature(f"{feature.name!r} needs purposes out of {sorted(PURPOSES)}")
    if feature.sensitivity not in SENSITIVITIES or not feature.source or not feature.meaning:
        raise UnknownFeature(f"{feature.name!r} needs a sensitivity, a source and a meaning")
    if "price" in feature.purposes and not feature.is_monotone:
        raise UnknownFeature(f"{feature.name!r} may not make a price: it can fall with loyalty")


def check_registry() -> None:
    """Check every registered feature; called at start. Raises UnknownFeature."""
    for feature in FEATURES.values():
        check_feature(feature)


def require_features(names: Iterable[str], *, purpose: str) -> None:
    """Raise UnknownFeature unless every name is registered for `purpose`.

    Every model calls this with its input names before it is fitted, loaded or served.

    >>> require_features(["spend", "recency"], purpose="price")
    >>> require_features(["income"], purpose="price")
    Traceback (most recent call last):
    ...
    profiles.features.core.registry.UnknownFeature: 'income' is not registered for price
    """
    for name in names:
        if name not in FEATURES or purpose not in FEATURES[name].purposes:
            raise UnknownFeature(f"{name!r} is not registered for {purpose}")
