"""Frozen values and ids that other rooms may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Consents:
    """What a shopper agrees to now. Everything is off unless somebody said otherwise."""

    price: bool = False
    recommendations: bool = False
    marketing: bool = False
    analytics: bool = False

    @property
    def allows_tracking(self) -> bool:
        """Whether behaviour may be recorded: some purpose that needs it is agreed to."""
        return self.price or self.recommendations or self.analytics

    def without_price(self) -> Consents:
        """Return the same answers with personal prices off (Sec-GPC, minors)."""
        return Consents(
            recommendations=self.recommendations,
            marketing=self.marketing,
            analytics=self.analytics,
        )

    def strictest(self, other: Consents) -> Consents:
        """Return what both agree to: when two profiles merge, a no wins.

        >>> Consents(price=True, marketing=True).strictest(Consents(price=True))
        Consents(price=True, recommendations=False, marketing=False, analytics=False)
        """
        return Consents(
            price=self.price and other.price,
            recommendations=self.recommendations and other.recommendations,
            marketing=self.marketing and other.marketing,
            analytics=self.analytics and other.analytics,
        )


PURPOSES = ("price", "recommendations", "marketing", "analytics")


@dataclass(frozen=True, slots=True)
class ShopperValue:
    """A shopper as other rooms see one. `pseudonym` is the text form of a UUID.

    `consents` are the current answers; a minor's never include personal prices. `place_code` is
    where the last order was placed, as law knows places; empty where nobody knows.
    """

    id: int
    pseudonym: str
    account_id: int | None
    home_store_id: int | None
    market_code: str
    is_minor: bool
    created_at: datetime
    last_seen_at: datetime
    consents: Consents
    opt_out_reason: str = ""
    external_ref: str | None = None
    place_code: str = ""


@dataclass(frozen=True, slots=True)
class EventValue:
    """One observed act. Amounts are minor units for all pieces of the line together.

    `category_id`, `brand_id` and `price_rank` (in [0, 1]: share of the category's variants that
    cost less) describe the variant at the time of the event.
    """

    id: UUID
    occurred_at: datetime
    shopper: str
    kind: str
    variant_id: int | None = None
    category_id: int | None = None
    brand_id: int | None = None
    quantity: int = 1
    paid_minor: int | None = None
    list_minor: int | None = None
    is_discounted: bool = False
    price_rank: float | None = None
    basket_ref: str = ""
    query: str = ""
    offer_ref: str = ""
    quote_id: UUID | None = None
    channel: str = "online"


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """Derived features of one shopper as of a moment.

    `values` are named by the registry in `profiles.features.core`; affinities are decayed,
    non-negative engagement sums by category, brand and variant id.
    """

    shopper: str
    as_of: datetime
    values: Mapping[str, float]
    category_affinity: Mapping[int, float] = field(default_factory=dict)
    brand_affinity: Mapping[int, float] = field(default_factory=dict)
    variant_affinity: Mapping[int, float] = field(default_factory=dict)
    segment: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OnlineProfile:
    """What is known about a shopper at this moment, from one read.

    `consents` is None when Redis knows nothing of the shopper: then nothing is agreed to.
    Who agreed to nothing that needs a profile has no `feature_row`, segment or tags.
    `is_warm` is False after Redis lost its memory until the features are rebuilt; the features
    are then incomplete and must not make a price.
    """

    pseudonym: str
    shopper_id: int | None
    consents: Consents | None
    is_warm: bool
    feature_row: FeatureRow | None
    segment: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfilePart:
    """What of a profile is wanted: decayed sums by name, interest by category and variant id."""

    sums: Sequence[str]
    category_ids: Sequence[int]
    variant_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """Why the event at `index` of a batch was refused: a stable code and a sentence."""

    index: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of a batch; the counts and the length of `rejected` add up to its size."""

    accepted: int = 0
    duplicates: int = 0
    rejected: tuple[RejectedEvent, ...] = ()
    dropped_no_consent: int = 0
    dropped_bot: int = 0


@dataclass(frozen=True, slots=True)
class PurchasedLine:
    """One line of an order. Amounts are minor units for all `quantity` pieces together.

    `paid_minor` is what was paid after all discounts, `list_minor` the merchant's list price.
    """

    variant_id: int
    quantity: int
    paid_minor: int
    list_minor: int
    is_discounted: bool = False
    quote_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A variant worth showing, best first by `score`.

    `score` is how likely it counts beside the first. `reason` is what moved the score most:
    "familiar" (the shopper bought it), "goes_with" (bought by the same shoppers as what this one
    bought or saw), "kind" (of a kind bought before), "seen" (looked at) or "popular".
    """

    variant_id: int
    score: float
    reason: str


# Codes of segments that staff define begin so. A shopper is in one found segment, and in any number
# of these, which are carried as tags.
MADE_SEGMENT = "own-"


@dataclass(frozen=True, slots=True)
class SegmentValue:
    """A segment as other rooms and staff see it; `is_made`: staff define it with a rule."""

    code: str
    name: str
    name_zh: str
    description: str
    description_zh: str
    shopper_count: int
    is_active: bool
    is_made: bool = False


@dataclass(frozen=True, slots=True)
class PurchaseCells:
    """Weekly sales per variant as parallel arrays of shape (n,), by variant, then week.

    `week_start` is the local Monday of the week; amounts are minor units summed over pieces.
    """

    variant_id: NDArray[np.int64]
    week_start: NDArray[np.datetime64]
    units: NDArray[np.int64]
    revenue_minor: NDArray[np.int64]
    list_revenue_minor: NDArray[np.int64]
    discounted_units: NDArray[np.int64]
    lines: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ConsentValue:
    """One answer to one question, with the version of the text that was shown."""

    purpose: str
    is_granted: bool
    how: str
    locale: str
    text_version: str
    recorded_at: datetime
    given_on: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Lift:
    """What a visit of the treated brings, of the holdout, and their difference with its bounds.

    `low` and `high` hold at every look at once with the level asked for; they are infinite while
    there are too few shoppers to say anything.
    """

    treated: float
    holdout: float
    difference: float
    low: float
    high: float
    error: float
    treated_shoppers: int
    holdout_shoppers: int
    treated_visits: int
    holdout_visits: int

    @property
    def is_worse(self) -> bool:
        """Whether the treated certainly bring less."""
        return self.high < 0.0


@dataclass(frozen=True, slots=True)
class Participant:
    """Who asks for an arm of an experiment: as much of a shopper as assignment looks at."""

    shopper_id: int
    pseudonym: str
    consents: Consents
    market_code: str
    is_member: bool = False

    @classmethod
    def of(cls, shopper: ShopperValue) -> Participant:
        """Return a shopper as a participant."""
        return cls(
            shopper_id=shopper.id,
            pseudonym=shopper.pseudonym,
            consents=shopper.consents,
            market_code=shopper.market_code,
            is_member=shopper.account_id is not None,
        )
