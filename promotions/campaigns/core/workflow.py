"""Workflow of a campaign: allowed transitions, roles, and when a second approver is needed.

What is stored is the decision of people (`Status`); what a campaign is at a moment
(`CampaignStatus`) follows from it and the dates, so no job has to run for it to be true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from shop.ground.approvals.core.values import Kind

WHOLE = 100.0
# Kinds of which a price says how deep they go, where no share does
PRICED = frozenset({"fixed_amount", "set_price", "bundle", "buy_get", "quantity_tiers", "gift"})


class Status(StrEnum):
    """What people decided. LIVE means released: it applies inside its dates."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"


class CampaignStatus(StrEnum):
    """What a campaign is at a moment. APPROVED: released, its first moment is still to come."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    APPROVED = "approved"
    LIVE = "live"
    PAUSED = "paused"
    OVER = "over"
    ENDED = "ended"


class Step(StrEnum):
    """What people do to a campaign."""

    SCHEDULE = "schedule"
    APPROVE = "approve"
    WITHDRAW = "withdraw"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


class Note(StrEnum):
    """What else the trail of a campaign holds: changes of a released one, and what waits."""

    FOUND = "found"
    REVISE = "revise"
    PROPOSE = "propose"
    REFUSE = "refuse"
    EXPLORE = "explore"
    CODES = "codes"


# After these the version they name does not hold, whatever the campaign's status.
WITHOUT_EFFECT = (Note.PROPOSE, Note.REFUSE, Note.EXPLORE, Note.CODES)

STEPS: Mapping[Step, tuple[frozenset[Status], Status]] = {
    Step.SCHEDULE: (frozenset({Status.DRAFT}), Status.SCHEDULED),
    Step.APPROVE: (frozenset({Status.SCHEDULED}), Status.LIVE),
    Step.WITHDRAW: (frozenset({Status.SCHEDULED}), Status.DRAFT),
    Step.PAUSE: (frozenset({Status.LIVE}), Status.PAUSED),
    Step.RESUME: (frozenset({Status.PAUSED}), Status.LIVE),
    Step.END: (frozenset({Status.SCHEDULED, Status.LIVE, Status.PAUSED}), Status.ENDED),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on two different people must agree.

    `budget_minor` is in minor units of the campaign's market, depths are percent of a price.
    Without a budget the lower depth `depth_unbudgeted` holds: nothing else bounds the cost. `stack`
    bounds what it and other campaigns take off the same unit together.
    """

    budget_minor: int = 500_000
    depth: float = 30.0
    depth_unbudgeted: float = 20.0
    stack: float = 25.0


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a campaign goes: budget (None: none), deepest cut in percent, window, the rest.

    `percents` are the shares taken off by offer code, `terms` a hash of everything else;
    `sells_below_floor`: no price floor stops it; `stack`: what it and others take off together.
    """

    budget_minor: int | None
    depth: float
    starts_at: str = ""
    ends_at: str = ""
    terms: str = ""
    percents: Mapping[str, float] = field(default_factory=dict)
    sells_below_floor: bool = False
    stack: float = 0.0


def status_at(status: str, starts_at: datetime, ends_at: datetime, now: datetime) -> CampaignStatus:
    """Return what a campaign is at `now`: half-open window, judged to the microsecond.

    >>> from datetime import UTC
    >>> noon, night = datetime(2026, 11, 26, 12, tzinfo=UTC), datetime(2026, 11, 26, 23, tzinfo=UTC)
    >>> status_at("live", noon, night, noon), status_at("live", noon, night, night)
    (<CampaignStatus.LIVE: 'live'>, <CampaignStatus.OVER: 'over'>)
    """
    if status != Status.LIVE:
        return CampaignStatus(status)
    if now < starts_at:
        return CampaignStatus.APPROVED
    return CampaignStatus.OVER if now >= ends_at else CampaignStatus.LIVE


def may_step(step: Step, status: str) -> bool:
    """Return whether `step` leads anywhere from `status`.

    >>> may_step(Step.PAUSE, "live"), may_step(Step.RESUME, "ended")
    (True, False)
    """
    return status in STEPS[step][0]


def measure_depth(
    offers: Iterable[Mapping[str, Any]], priced: Mapping[str, float] | None = None
) -> float:
    """Return the deepest cut of a snapshot's active offers, percent of a price (0..100).

    A share counts as it is; an amount off the cart as its share of the least cart that gets it; of
    sets and steps the deepest unit counts. What only prices bound (an amount without a least cart,
    a gift, a set price) counts as `priced` says by offer code, and as 100 where it says nothing.

    >>> measure_depth([{"benefit_kind": "percentage", "percent": "15", "is_active": True}])
    15.0
    >>> spend = {"benefit_kind": "fixed_amount", "amount_minor": 500, "is_active": True}
    >>> measure_depth([{**spend, "condition": {"cart_value": 4000}}])
    12.5
    >>> third = {"benefit_kind": "buy_get", "percent": "100", "terms": {"buy": 2, "get": 1}}
    >>> round(measure_depth([third]), 1)
    33.3
    >>> gift = {"code": "bag", "benefit_kind": "gift", "is_active": True}
    >>> measure_depth([gift]), measure_depth([gift], {"bag": 12.5})
    (100.0, 12.5)
    """
    known = priced or {}
    active = [offer for offer in offers if offer.get("is_active", True)]
    depths = [(_depth_of(offer), str(offer.get("code", ""))) for offer in active]
    return max((known.get(code, WHOLE) if d is None else d for d, code in depths), default=0.0)


def is_bound_by_prices(offer: Mapping[str, Any]) -> bool:
    """Return whether only prices say how deep an offer of a snapshot goes.

    >>> is_bound_by_prices({"benefit_kind": "set_price", "amount_minor": 500})
    True
    >>> is_bound_by_prices({"benefit_kind": "delivery"})
    False
    """
    return offer.get("benefit_kind") in PRICED and _depth_of(offer) is None


class Gate(NamedTuple):
    """What of a campaign goes beyond what one person decides: which limit, how far, and it."""

    code: str
    value: float = 0.0
    limit: float = 0.0


def list_gates(reach: Reach, limits: Limits) -> tuple[Gate, ...]:
    """Return why a campaign of this reach needs the word of a second person, () if it does not.

    >>> list_gates(Reach(400_000, 10.0), Limits())
    ()
    >>> list_gates(Reach(None, 25.0), Limits())
    (Gate(code='depth_unbudgeted', value=25.0, limit=20.0),)
    >>> [one.code for one in list_gates(Reach(100, 1.0, sells_below_floor=True), Limits())]
    ['floor']
    >>> [one.code for one in list_gates(Reach(100, 10.0, stack=19.0), Limits(stack=15.0))]
    ['stack']
    """
    found = [Gate("floor")] if reach.sells_below_floor else []
    bounds = [("stack", reach.stack, limits.stack)]
    if reach.budget_minor is None:
        bounds.append(("depth_unbudgeted", reach.depth, limits.depth_unbudgeted))
    else:
        bounds.append(("budget_minor", reach.budget_minor, limits.budget_minor))
        bounds.append(("depth", reach.depth, limits.depth))
    return tuple(found + [Gate(*one) for one in bounds if one[1] > one[2]])


def goes_further(new: Reach, old: Reach) -> bool:
    """Return whether `new` promises or costs more than `old`, which was agreed to.

    Less budget, smaller shares and an earlier end with the same terms never go further; other
    terms (products, conditions, audience, amounts) always may.

    >>> old = Reach(1_000, 20.0, "2026-11-01", "2026-12-01", "all", {"a": 20.0})
    >>> goes_further(Reach(900, 10.0, "2026-11-01", "2026-11-20", "all", {"a": 10.0}), old)
    False
    >>> goes_further(Reach(None, 10.0, "2026-11-01", "2026-11-20", "all", {"a": 10.0}), old)
    True
    """
    is_dearer = old.budget_minor is not None and (
        new.budget_minor is None or new.budget_minor > old.budget_minor
    )
    is_longer = new.starts_at < old.starts_at or new.ends_at > old.ends_at
    is_deeper = any(share > old.percents.get(code, 0.0) for code, share in new.percents.items())
    return is_dearer or is_longer or is_deeper or new.terms != old.terms


def _depth_of(offer: Mapping[str, Any]) -> float | None:
    """Return the deepest share an offer names; None where it names none."""
    kind, terms = offer.get("benefit_kind", "percentage"), offer.get("terms") or {}
    if kind == "bundle" and offer.get("percent") is None:
        return None
    percent = WHOLE if offer.get("percent") is None else float(offer["percent"])
    # Of a set the saving belongs to all its units, by value
    if kind in ("percentage", "bundle"):
        return percent
    if kind == "cheapest_free":
        return percent * int(terms.get("free", 1)) / int(terms["size"])
    if kind == "buy_get" and "get_scope" not in terms:
        return percent * int(terms["get"]) / (int(terms["buy"]) + int(terms["get"]))
    if kind in ("quantity_tiers", "spend_tiers"):
        steps = [_depth_of_step(step, kind) for step in terms["steps"]]
        named = [depth for depth in steps if depth is not None]
        return max(named) if len(named) == len(steps) else None
    if kind != "fixed_amount" or offer.get("amount_minor") is None:
        return None
    least = least_cart(offer.get("condition") or {})
    return min(WHOLE, 100.0 * int(offer["amount_minor"]) / least) if least else None


def _depth_of_step(step: Mapping[str, Any], kind: str) -> float | None:
    if step.get("percent") is not None:
        return float(step["percent"])
    is_of_money = kind == "spend_tiers" and step.get("amount") is not None
    return 100.0 * int(step["amount"]) / int(step["from"]) if is_of_money else None


def least_cart(condition: Any) -> int:
    """Return the least cart value that a condition demands in every case, minor units; else 0.

    >>> least_cart({"all": [{"cart_value": 1500}, {"first_order": True}]})
    1500
    >>> least_cart({"any": [{"cart_value": 1500}, {"member": True}]})
    0
    """
    if not isinstance(condition, Mapping):
        return 0
    value = condition.get("cart_value")
    if isinstance(value, int):
        return value
    if isinstance(condition.get("all"), list):
        return max((least_cart(part) for part in condition["all"]), default=0)
    if isinstance(condition.get("any"), list):
        return min((least_cart(part) for part in condition["any"]), default=0)
    return 0


CAMPAIGN = Kind("promotions.campaign", page="admin:campaign_workspace")
THRESHOLDS = Kind("promotions.campaignpolicy", right=CAMPAIGN.permission)
TERMS = Kind("promotions.programmeterms", right=CAMPAIGN.permission)
ADJUSTMENT = Kind("promotions.pointsadjustment", right="promotions.change_pointsadjustment")
