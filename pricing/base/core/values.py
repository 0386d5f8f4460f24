"""Frozen, slotted values shared with other rooms. Amounts are integer minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PublicPrices:
    """Current public prices of a market's channel as parallel arrays (m,), sorted by variant id."""

    variant_id: IntArray
    list_minor: IntArray
    public_minor: IntArray
    version: int


@dataclass(frozen=True, slots=True)
class PricePoint:
    """One entry of a price history; holds from `valid_from` to the next point of its kind."""

    kind: str
    amount_minor: int
    valid_from: datetime
    source: str


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One price for bulk loading into the ledger."""

    variant_id: int
    kind: Literal["list", "public"]
    amount_minor: int
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class DemandCurve:
    """Expected weekly units over a price grid, with a posterior band, and the observed weeks.

    Arrays over the grid: `price_minor`, `mean`, `low`, `high` (90 % band), `profit_minor`;
    over observed weeks: `seen_price_minor`, `seen_units`. `is_causal` False is the
    "observational" badge.
    """

    variant_id: int
    elasticity: float
    elasticity_sd: float
    is_causal: bool
    current_minor: int
    suggested_minor: int
    price_minor: IntArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    profit_minor: FloatArray
    seen_price_minor: FloatArray
    seen_units: FloatArray


@dataclass(frozen=True, slots=True)
class ModelVersionRow:
    """A model version as staff see it."""

    id: int
    kind: str
    status: str
    trained_at: datetime
    window_start: date
    window_end: date
    rows: int
    metrics: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class SwitchRow:
    """A kill switch that is on."""

    scope: str
    key: str
    reason: str
    at: datetime


QuoteSource = Literal["personal", "book", "public"]
Arm = Literal["treated", "holdout", "none"]
Objective = Literal["profit", "revenue", "units"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The bounds of one policy version. Shares are fractions of a price: 0.10 is 10 %.

    `won_purchase_share` is what a won purchase is worth beyond its own margin, as a share of the
    public price; `spread_aversion` is how dear it is to treat shoppers differently (payoffs are
    multiplied by exp(-spread_aversion / 2 * log(quoted / public)^2)); `assumed_cost_share` stands
    in for an unknown cost, as a share of the list price. `exploration` is how much of the posterior
    sd of an elasticity is drawn anew for each shopper, variant and week (0: nothing is, prices are
    the expected best ones); `shock_share` is the most of variant-weeks whose public price is moved
    by one price point at random, so that elasticities can be learned from chance.

    `objective` is what public prices maximise; `target_margin` the margin over cost they aim at
    (it gives way before the floor does). With `keeps_to_competitors` no public price rises further
    than `competitor_above` over the lowest competitor; an elasticity with a randomised source may
    move a price `causal_reach` away from its anchor. A changed price rests `cooldown_hours`.
    Without `auto_publish` the model's changes wait for staff, those above `two_person_step` for
    two. Stock that must last `restock_days` (0: it need not) has a shadow price where it would not;
    `substitution_share` of the units a lower price wins would have bought a sibling, or more where
    looks taught so. With `learns_from_looks` elasticities are those of the choice model, fitted to
    looks and decisions on top of weekly sales (docs/choice.md), else of weekly sales alone.

    >>> Policy().personal_cap
    0.1
    """

    version: int = 1
    floor_margin: float = 0.02
    personal_cap: float = 0.10
    step_cap: float = 0.10
    ceiling_over_list: float = 0.0
    max_changes_per_day: int = 4
    hold_minutes: int = 60
    quote_minutes: int = 60
    no_rise_hours: int = 24
    assumed_cost_share: float = 0.70
    won_purchase_share: float = 0.10
    spread_aversion: float = 20.0
    holdout_share: float = 0.05
    min_confidence: float = 0.80
    max_model_age_hours: int = 24 * 14
    exploration: float = 0.5
    shock_share: float = 0.05
    objective: Objective = "profit"
    target_margin: float = 0.0
    competitor_above: float = 0.10
    causal_reach: float = 0.30
    cooldown_hours: int = 0
    two_person_step: float = 0.05
    restock_days: int = 0
    substitution_share: float = 0.0
    auto_publish: bool = True
    learns_from_looks: bool = True
    keeps_to_competitors: bool = False


@dataclass(frozen=True, slots=True)
class JurisdictionRule:
    """What a place asks of a personal price on one day. Half-open period; `valid_to` may be None.

    The test label stands beside a personal price that a price test moved: it says what the label
    says, and that a test is part of it.

    >>> STRICTEST.personal_allowed
    False
    """

    code: str
    personal_allowed: bool
    label_code: str
    label_en: str
    label_zh: str
    reference_strategy: str
    opt_in_required: bool
    unit_price_required: bool
    valid_from: date = date(2000, 1, 1)
    valid_to: date | None = None
    test_label_en: str = ""
    test_label_zh: str = ""

    def label(self, language: str, *, is_test: bool = False) -> str:
        """Return the label text in `language` ("zh..." or anything else for English)."""
        if is_test:
            return self.test_label_zh if language.startswith("zh") else self.test_label_en
        return self.label_zh if language.startswith("zh") else self.label_en


STRICTEST = JurisdictionRule(
    code="unknown",
    personal_allowed=False,
    label_code="",
    label_en="",
    label_zh="",
    reference_strategy="eu_low30_offered_before_start",
    opt_in_required=True,
    unit_price_required=True,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a price: a signed amount in minor units and a sentence. Parts sum exactly."""

    code: str
    amount_minor: int
    text: str


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The price this shopper would be quoted if something were not known: "without your views"."""

    code: str
    quoted_minor: int
    text: str


@dataclass(frozen=True, slots=True)
class PriceView:
    """The value every door shows for one variant, HTML and JSON alike.

    `quoted_minor <= public_minor` always; `reference_minor` is a legal "was" price above the
    public price, or None; `reference_name` is its short name. `units` is how many of the units that
    prices are compared by one piece holds, 0 where that is unknown. `token` is the signed quote
    that a cart keeps; `rung` says which step of the fallback ladder answered. `reasons` sum to
    `quoted_minor`, the first being the public price.
    """

    variant_id: int
    currency: str
    list_minor: int
    public_minor: int
    quoted_minor: int
    is_personal: bool
    reference_minor: int | None = None
    reference_name: str = ""
    reference_note: str = ""
    label_code: str = ""
    label: str = ""
    quote_id: UUID | None = None
    token: str | None = None
    expires_at: datetime | None = None
    rung: QuoteSource = "public"
    reasons: tuple[Reason, ...] = ()
    unit_minor: int | None = None
    unit_label: str = ""
    units: float = 0.0

    @property
    def is_kept(self) -> bool:
        """Return whether it is an earlier public price, kept while everybody pays more."""
        return not self.is_personal and self.quoted_minor < self.public_minor


@dataclass(frozen=True, slots=True)
class QuoteContext:
    """Who asks, from where, and when. `shopper_pseudonym` None is an anonymous visitor.

    `gpc` is the browser's Sec-GPC signal and counts as an opt-out. `purpose` says which page or
    call asks ("category", "cart", "api", ...) and is kept with the quote. `is_look` says that a
    person is shown the prices: then those that are everybody's are counted. `is_simulated` marks
    the visits of the demo that nobody made: what they order says so for good.
    """

    shopper_pseudonym: str | None
    market: str
    channel: str
    jurisdiction_code: str
    language: str
    gpc: bool
    now: datetime
    purpose: str = ""
    is_look: bool = False
    is_simulated: bool = False


@dataclass(frozen=True, slots=True)
class QuoteBatch:
    """Prices by variant id, in the order asked, and how many came from each price point.

    `fallback_reason` says why no personal price was possible at all ("" if one was).
    """

    prices: dict[int, PriceView]
    rung_counts: dict[str, int]
    fallback_reason: str = ""


@dataclass(frozen=True, slots=True)
class VerifiedQuote:
    """What a valid token promises. `is_personal` False is a promise of the public price."""

    quote_id: UUID
    variant_id: int
    market: str
    channel: str
    currency: str
    list_minor: int
    public_minor: int
    quoted_minor: int
    is_personal: bool
    rung: QuoteSource
    label_code: str
    jurisdiction_code: str
    policy_version: int
    model_version: int
    book_version: int
    arm: Arm
    owner: bytes
    issued_at: datetime
    expires_at: datetime
    kid: int


@dataclass(frozen=True, slots=True)
class QuoteTrace:
    """A stored quote with everything behind it, for "why this price" and the quote inspector."""

    quote_id: UUID
    variant_id: int
    shopper_id: int | None
    shopper_hash: str
    market: str
    channel: str
    currency: str
    purpose: str
    list_minor: int
    public_minor: int
    quoted_minor: int
    is_personal: bool
    rung: str
    arm: str
    propensity: float
    label_code: str
    jurisdiction_code: str
    policy_version: int
    model_version: int
    book_version: int
    issued_at: datetime
    expires_at: datetime
    is_complete: bool
    is_stored: bool
    reasons: tuple[Reason, ...]
    counterfactuals: tuple[Counterfactual, ...]
    features: Mapping[str, float]
    inputs: Mapping[str, Any]
    candidates: tuple[Mapping[str, Any], ...]
    guard_actions: tuple[str, ...]
    kid: int
    signature: str


_EEA_CODES = (
    "AT BE BG HR CY CZ DE DK EE EEA ES FI FR GR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
)
EEA = frozenset(_EEA_CODES.split())


@lru_cache(maxsize=1024)
def candidate_codes(code: str) -> tuple[str, ...]:
    """Return the rows to look for, most special first.

    >>> candidate_codes("US-NY"), candidate_codes("FR"), candidate_codes("GB")
    (('US-NY', 'US-other'), ('FR', 'EU'), ('GB', 'UK'))
    >>> candidate_codes("IT-RM")
    ('IT-RM', 'IT', 'EU')

    "US" is a visitor of whom no state is known: a row of its own asks what the strictest state
    does. A known state without a row is "US-other".
    """
    country, _, region = code.partition("-")
    own = (code, country) if region else (code,)
    if country == "US":
        return (code, "US-other")
    if country == "GB":
        return (*own, "UK")
    if country in EEA:
        return (*own, "EU")
    return own


def find_rule(rows: Sequence[JurisdictionRule], code: str, day: date) -> JurisdictionRule:
    """Return the row of `code` that holds on `day` (half-open periods), or the strictest.

    A place with rows of its own of which none holds yet (or any more) is unknown for that day; it
    does not fall back to a laxer neighbour.

    >>> find_rule([], "US-NY", date(2026, 11, 25)).personal_allowed
    False
    """
    for candidate in candidate_codes(code):
        own = [row for row in rows if row.code == candidate]
        if own:
            return next((row for row in own if _holds(row, day)), STRICTEST)
    return STRICTEST


def _holds(row: JurisdictionRule, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day < row.valid_to)
