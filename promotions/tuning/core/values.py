"""Values of campaign tuning: metrics, state, proposals and their outcome.

Money is integer minor units of the campaign's market, depth is percent of a price, times are aware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum


class CampaignAction(StrEnum):
    """What may be moved. A window only ever ends sooner: a later end would break a promise."""

    EXPOSURE = "exposure"
    DEPTH = "depth"
    AUDIENCE = "audience"
    WINDOW = "window"
    PAUSE = "pause"


class Source(StrEnum):
    """Who proposes."""

    RULE = "rule"
    FORECAST = "forecast"
    FEEDBACK = "feedback"
    HOLDOUT = "holdout"


class Outcome(StrEnum):
    """What the guardrails made of a proposal."""

    APPLY = "apply"
    ASK = "ask"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds that hold at every look with the stated error, and on how many observations."""

    low: float
    high: float
    count: int

    def lies_below(self, value: float) -> bool:
        """Return whether everything the interval allows is below `value`."""
        return self.high < value

    def lies_above(self, value: float) -> bool:
        """Return whether everything the interval allows is above `value`."""
        return self.low > value


@dataclass(frozen=True, slots=True)
class MetricTotals:
    """Sums over some minutes of one campaign; they add up.

    `margin_minor` is what its orders left after costs and discounts; `margin_squares` sums the
    squares by redemption, `positivity_squares` those of the chance that a review is glad.
    """

    minutes: int = 0
    impressions: int = 0
    clicks: int = 0
    carts: int = 0
    redemptions: int = 0
    spend_minor: int = 0
    sales_minor: int = 0
    margin_minor: int = 0
    margin_squares: float = 0.0
    returns: int = 0
    returned_minor: int = 0
    reviews: int = 0
    rating_sum: int = 0
    read: int = 0
    positivity_sum: float = 0.0
    positivity_squares: float = 0.0

    def __add__(self, other: MetricTotals) -> MetricTotals:
        """Return both together.

        >>> (MetricTotals(minutes=1, clicks=2) + MetricTotals(minutes=1, clicks=3)).clicks
        5
        """
        names = [one.name for one in fields(self)]
        return MetricTotals(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True)
class CampaignState:
    """A live campaign as it stands. `percent` None: its depth is no single percentage.

    `holdout` bounds the profit it adds by shopper against its holdout; `by_group` the same in
    each group of shoppers it addresses, by `name_group`. `deepest` is the percentage at which its
    first line meets a floor.
    """

    campaign_id: int
    audience: str
    starts_at: datetime
    ends_at: datetime
    now: datetime
    exposure_weight: float = 1.0
    percent: float | None = None
    deepest: float = 100.0
    budget_minor: int | None = None
    spent_minor: int = 0
    holdout: Interval | None = None
    by_group: Mapping[str, Interval] = field(default_factory=dict)
    changed_at: datetime | None = None

    @property
    def elapsed(self) -> float:
        """Return which share of its window has passed, 0 to 1.

        >>> from datetime import UTC
        >>> day = [datetime(2026, 11, number, tzinfo=UTC) for number in (1, 5, 2)]
        >>> CampaignState(1, "public", *day).elapsed
        0.25
        """
        whole = (self.ends_at - self.starts_at) / timedelta(seconds=1)
        passed = (self.now - self.starts_at) / timedelta(seconds=1)
        return min(1.0, max(0.0, passed / whole)) if whole > 0 else 1.0


@dataclass(frozen=True, slots=True)
class AdjustingTerms:
    """How far the machine may go with a campaign. `is_automatic` off: it only proposes.

    One step of exposure multiplies or divides the weight by `weight_step`, one of depth is
    `depth_step` percentage points. `alpha` is the error of every interval.
    """

    is_automatic: bool = False
    weight_step: float = 1.5
    weight_min: float = 0.25
    weight_max: float = 4.0
    depth_step: float = 2.5
    depth_min: float = 0.0
    depth_max: float = 30.0
    cooldown: timedelta = timedelta(hours=6)
    least_impressions: int = 500
    least_redemptions: int = 30
    least_reviews: int = 20
    approve_above_minor: int = 100_000
    alpha: float = 0.05


@dataclass(frozen=True, slots=True)
class Proposal:
    """One change, why, on what evidence, and what it is expected to bring until the end."""

    lever: CampaignAction
    source: Source
    reason_code: str
    before: float | str | None
    after: float | str | None
    evidence: Mapping[str, float] = field(default_factory=dict)
    expected_minor: float = 0.0


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of a proposal, and the guardrail that bound, "" if none did."""

    proposal: Proposal
    outcome: Outcome
    bound_by: str = ""
