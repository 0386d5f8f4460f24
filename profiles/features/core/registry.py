"""The allow-list of features: purpose, source and sensitivity of each. Nothing else exists.

Never registrable, directly or inferred: age, sex, ethnicity, religion, health, disability, union,
orientation, family, income, job, education, exact place, name, device, operating system, browser,
referrer, battery, language.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from profiles.values import EventValue

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


# Features do not see sensitive products at all, and this is the only place that decides it. What
# somebody buys can tell of health, sexual life, belief or origin (GDPR, art. 9). No feature may
# rest on that, so an event about such products adds nothing to any sum and moves no extreme, online
# and in batch alike. Whether an event is about them is asked anew at each computation, by what
# the catalogue says then and not when it happened: a flag that is set late reaches back.

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

KINDS = (
    "view",
    "click",
    "search",
    "cart_add",
    "cart_remove",
    "checkout",
    "purchase",
    "order",
    "return",
    "review",
    "offer_view",
    "offer_click",
)
KIND_CODES = {kind: code for code, kind in enumerate(KINDS)}
NO_ID = -1


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Parallel arrays of shape (n,). Ids are -1 and `price_rank` is NaN where absent.

    `kind` indexes KINDS; `at` is Unix time in seconds; amounts are minor units of the whole line.
    """

    kind: NDArray[np.int16]
    at: FloatArray
    variant_id: IntArray
    category_id: IntArray
    brand_id: IntArray
    quantity: IntArray
    paid_minor: IntArray
    list_minor: IntArray
    is_discounted: BoolArray
    price_rank: FloatArray

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, where: NDArray[np.int64] | NDArray[np.bool_] | slice) -> EventColumns:
        """Return the selected rows."""
        return EventColumns(
            kind=self.kind[where],
            at=self.at[where],
            variant_id=self.variant_id[where],
            category_id=self.category_id[where],
            brand_id=self.brand_id[where],
            quantity=self.quantity[where],
            paid_minor=self.paid_minor[where],
            list_minor=self.list_minor[where],
            is_discounted=self.is_discounted[where],
            price_rank=self.price_rank[where],
        )

    def join(self, other: EventColumns) -> EventColumns:
        """Return these rows followed by the other's."""
        names = [field.name for field in fields(self)]
        return EventColumns(
            **{name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in names}
        )


def columns_of(events: Sequence[EventValue]) -> EventColumns:
    """Return events as columns, in the order given."""

    def ids(name: str) -> IntArray:
        values = (getattr(event, name) for event in events)
        return np.fromiter((NO_ID if v is None else v for v in values), np.int64, len(events))

    def amounts(name: str) -> IntArray:
        return np.fromiter((getattr(event, name) or 0 for event in events), np.int64, len(events))

    return EventColumns(
        kind=np.fromiter((KIND_CODES[event.kind] for event in events), np.int16, len(events)),
        at=np.fromiter((event.occurred_at.timestamp() for event in events), float, len(events)),
        variant_id=ids("variant_id"),
        category_id=ids("category_id"),
        brand_id=ids("brand_id"),
        quantity=amounts("quantity"),
        paid_minor=amounts("paid_minor"),
        list_minor=amounts("list_minor"),
        is_discounted=np.fromiter((event.is_discounted for event in events), bool, len(events)),
        price_rank=np.fromiter(
            (np.nan if event.price_rank is None else event.price_rank for event in events),
            float,
            len(events),
        ),
    )


@dataclass(frozen=True, slots=True)
class SensitiveProducts:
    """Ids of sensitive categories and variants, each ascending and without repetition."""

    category_id: IntArray
    variant_id: IntArray

    def hide(self, events: EventColumns) -> BoolArray:
        """Return which events features must not see, (n,): by variant, or by category alone.

        >>> from datetime import UTC, datetime
        >>> from uuid import UUID
        >>> from profiles.features.core.registry import columns_of
        >>> from profiles.values import EventValue
        >>> goods = SensitiveProducts(np.array([3]), np.array([7]))
        >>> one, now = UUID(int=1), datetime(2025, 1, 1, tzinfo=UTC)
        >>> goods.hide(columns_of([
        ...     EventValue(one, now, "alice", "view", variant_id=7, category_id=4),
        ...     EventValue(one, now, "alice", "view", category_id=3),
        ...     EventValue(one, now, "alice", "view", variant_id=8, category_id=4),
        ...     EventValue(one, now, "alice", "order"),
        ... ])).tolist()
        [True, True, False, False]
        """
        return _is_in(events.variant_id, self.variant_id) | _is_in(
            events.category_id, self.category_id
        )

    @property
    def fingerprint(self) -> str:
        """What tells two sets of products apart, 16 hexadecimal digits."""
        digest = hashlib.blake2b(self.category_id.astype(">i8").tobytes(), digest_size=8)
        digest.update(b"|" + self.variant_id.astype(">i8").tobytes())
        return digest.hexdigest()


def _is_in(ids: IntArray, chosen: IntArray) -> BoolArray:
    """Return which of `ids` are in ascending `chosen`: log(m) each, quick for one or millions."""
    if not len(chosen):
        return np.zeros(len(ids), dtype=np.bool_)
    at = np.minimum(np.searchsorted(chosen, ids), len(chosen) - 1)
    return np.asarray(chosen[at] == ids, dtype=np.bool_)


NO_SENSITIVE_GOODS = SensitiveProducts(np.zeros(0, np.int64), np.zeros(0, np.int64))
