"""Values for staff pages: price proposals, price overrides and data-quality reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shop.ground.approvals.core.values import Kind

Band = tuple[float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposed, decided or published change of a public price. Amounts are minor units.

    `effect_share` and `effect_weekly` map "units", "revenue" and "profit" to low, mean and high of
    a 90 % interval (None: not known); `candidates` are (price, gain, chance). `bound`, `relaxed`
    and `badges` are codes, `why` their sentences in the reader's language. `state` is the state at
    the moment of reading: a snooze that is over reads as "pending".
    """

    id: int
    variant_id: int
    market: str
    channel: str
    created_at: datetime
    state: str
    cause: str
    current_minor: int
    proposed_minor: int
    final_minor: int
    floor_minor: int
    ceiling_minor: int
    objective: str
    elasticity: float | None
    elasticity_sd: float | None
    is_causal: bool
    gain: float | None
    chance: float | None
    candidates: Sequence[tuple[int, float | None, float | None]]
    effect_share: Mapping[str, Band]
    effect_weekly: Mapping[str, Band]
    bound: tuple[str, ...]
    relaxed: tuple[str, ...]
    badges: tuple[str, ...]
    why: tuple[str, ...]
    policy_version: int
    model_version: int
    book_version: int | None
    needs_two: bool
    first_by_id: int | None
    decided_by_id: int | None
    decided_at: datetime | None
    snoozed_until: datetime | None
    reason: str

    @property
    def change_share(self) -> float:
        """The change as a share of the price before it: -0.02 is 2 % lower."""
        return self.final_minor / self.current_minor - 1.0


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """A price or limit set by hand. `is_in_force` at the moment of reading."""

    id: int
    variant_id: int
    market: str
    channel: str
    kind: str
    amount_minor: int
    starts_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    reason: str
    created_by_id: int | None
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class QualityRow:
    """What is wrong with what we know of a variant: codes and their sentences."""

    variant_id: int
    codes: tuple[str, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """A page of the data-quality report: `total` variants match, `counts` by code are of all."""

    rows: tuple[QualityRow, ...]
    total: int
    counts: Mapping[str, int]


POLICY = Kind("pricing.pricingpolicy")
MODEL_USE = Kind("pricing.demandmodelversion")
AUDIT_WAIVER = Kind("pricing.modelaudit", right="pricing.approve_demandmodelversion")
