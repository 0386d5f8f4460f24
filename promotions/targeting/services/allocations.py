"""Decide who gets which personal offer, and keep every decision with its probability."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from profiles.experiments.api import log_exposures
from profiles.values import ShopperValue
from promotions.campaigns.models import CampaignShopper
from promotions.targeting.core.allocation import (
    NULL_OFFER,
    Allocator,
    Problem,
    find_best,
)
from promotions.targeting.core.arms import CHOSEN, CONTROL
from promotions.targeting.core.exploration import BREAK_EVEN
from promotions.targeting.models import AllocationPlan, OfferDecision
from promotions.targeting.selectors.allocations import (
    Plan,
    Served,
    list_eligible,
    list_plans,
    load_served,
)
from promotions.targeting.services.allocation_plans import DrawnArm
from promotions.targeting.services.allocation_table import Table, lay_table
from promotions.targeting.services.offer_beliefs import greet_offers

CHUNK = 2_000
Arm = OfferDecision.Arm


@dataclass(frozen=True, slots=True)
class AllocationReport:
    """What a run did: shoppers looked at, decisions written, offers given."""

    shoppers: int = 0
    decisions: int = 0
    given: int = 0


@dataclass(frozen=True, slots=True)
class _Choice:
    """What was decided for a shopper in a plan: the place of its depth or NULL_OFFER."""

    plan: Plan
    shopper_id: int
    arm: str
    place: int
    drawn: DrawnArm
    value: float
    cost: float
    reason: str
    draws: Mapping[str, list[str | float]]


def allocate_offers(
    *,
    now: datetime,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> AllocationReport:
    """Decide for everybody in all live plans, with budgets solved over all of them at once.

    Safe to run twice: what is decided stays decided, an offer given is kept until its campaign
    ends, and only new decisions are written, each in one transaction with what it gives.
    `on_progress` is told after each part how many shoppers of all are done.
    """
    plans = greet_offers(plans=list_plans(now=now), now=now)
    shoppers = list_eligible(now=now, shopper_ids=None) if plans else []
    served = load_served()
    on_progress(0, len(shoppers))
    tables = list(_tables(plans, shoppers, served, now))
    best = np.full(len(shoppers), NULL_OFFER, np.int32)
    if served is not None and tables:
        best = _solve(tables)
    decisions = given = first = 0
    for table in tables:
        chosen = best[first : first + len(table.shopper_ids)]
        written, added = _write(_choose_all(table, chosen, served), served, now)
        decisions, given, first = decisions + written, given + added, first + len(chosen)
        on_progress(first, len(shoppers))
    return AllocationReport(len(shoppers), decisions, given)


def redecide_shoppers(*, shopper_ids: Sequence[int], now: datetime) -> AllocationReport:
    """Decide anew for shoppers whose profile changed, at the prices of money as they stand."""
    plans = list_plans(now=now)
    shoppers = list_eligible(now=now, shopper_ids=shopper_ids) if plans else []
    served = load_served() if shoppers else None
    decisions = given = 0
    for table in _tables(plans, shoppers, served, now):
        written, added = _write(_choose_all(table, _at_prices(table), served), served, now)
        decisions, given = decisions + written, given + added
    return AllocationReport(len(shoppers), decisions, given)


def _tables(
    plans: list[Plan], shoppers: list[ShopperValue], served: Served | None, now: datetime
) -> Iterator[Table]:
    for chunk in batched(shoppers, CHUNK):
        yield lay_table(plans, chunk, served, now)


def _at_prices(table: Table) -> NDArray[np.int32]:
    """Return the best offer of each shopper at the plans' prices of money, (n,)."""
    widths = [len(plan.depths) for plan in table.plans]
    return find_best(
        table.value.astype(np.float32),
        table.cost.astype(np.float32),
        np.repeat([plan.price for plan in table.plans], widths).astype(np.float32),
        np.repeat([plan.left_minor > 0 for plan in table.plans], widths),
    ).choice


def _solve(tables: list[Table]) -> NDArray[np.int32]:
    """Return the best offers of all shoppers (n,) within the budgets; keep lambda of each plan.

    Value is counted above what it costs, so lambda is BREAK_EVEN plus what scarcity adds. The
    budget to be allocated is what is left without what was promised or is due by chance.
    """
    plans = tables[0].plans
    value = np.concatenate([table.value for table in tables]).astype(np.float32)
    cost = np.concatenate([table.cost for table in tables]).astype(np.float32)
    charges = np.zeros((len(plans), value.shape[1]), dtype=bool)
    for at in range(len(plans)):
        charges[at, tables[0].columns(at)] = True
    committed = np.sum([table.committed() for table in tables], axis=0)
    left = np.array([plan.left_minor for plan in plans]) - committed
    # No budget: as much as all of its offers together could cost.
    most = charges @ cost.sum(axis=0, dtype=np.float64) + 1.0
    budgets = np.clip(left, 0.0, most)
    net = value - np.float32(BREAK_EVEN) * cost
    model = Allocator().fit(Problem.of(net, cost, budgets, charges))
    for plan, price in zip(plans, (model.price_ + BREAK_EVEN).tolist(), strict=True):
        AllocationPlan.objects.filter(campaign_id=plan.campaign_id).update(price=price)
    return model.choice_


def _choose_all(table: Table, best: NDArray[np.int32], served: Served | None) -> list[_Choice]:
    """Return what is new: first decisions, and offers for those who had none."""
    found = []
    for row in range(len(table.shopper_ids)):
        for at in range(len(table.plans)):
            before = table.before(row, at)
            if before is None and table.is_full(row, at):
                continue  # nothing is decided for now, so nothing is learned from it either
            choice = _choose(table, row, at, int(best[row]), has_model=served is not None)
            if before is None or (before.offer_id is None and choice.place >= 0):
                found.append(choice)
    return found


def _choose(table: Table, row: int, at: int, chosen: int, *, has_model: bool) -> _Choice:
    plan, drawn, columns = table.plans[at], table.arms[row][at], table.columns(at)
    arm, place = str(Arm.CHOSEN), NULL_OFFER
    reason = "not_worth_it" if has_model else "no_model"
    if drawn.kind == CONTROL:
        arm, reason = str(Arm.CONTROL), "control"
    elif drawn.kind != CHOSEN:
        arm, place, reason = str(Arm.CHANCE), drawn.place, "by_chance"
    elif columns.start <= chosen < columns.stop:
        place, reason = chosen - columns.start, "chosen"
        if chosen in table.draws[row]:
            reason = "explored"
    counted = has_model and place >= 0
    return _Choice(
        plan=plan,
        shopper_id=table.shopper_ids[row],
        arm=arm,
        place=place,
        drawn=drawn,
        value=float(table.raw_value[row, columns.start + place]) if counted else 0.0,
        cost=float(table.cost[row, columns.start + place]) if counted else 0.0,
        reason=reason,
        draws=table.draws_of(row, at) if has_model else {},
    )


@transaction.atomic
def _write(choices: list[_Choice], served: Served | None, now: datetime) -> tuple[int, int]:
    """Write decisions, what they give, and who saw which arm of an experiment, together; return how
    many decisions and offers."""
    plans = list(dict.fromkeys(choice.plan.campaign_id for choice in choices))
    known = AllocationPlan.objects.filter(campaign_id__in=plans)
    price_of = dict(known.values_list("campaign_id", "price"))
    decisions = [_decision(one, served, price_of[one.plan.campaign_id], now) for one in choices]
    OfferDecision.objects.bulk_create(decisions, batch_size=1_000)
    given = [
        CampaignShopper(
            campaign_id=one.plan.campaign_id,
            shopper_id=one.shopper_id,
            offer_id=one.plan.offer_ids[one.place],
            reason=one.reason,
        )
        for one in choices
        if one.place >= 0
    ]
    CampaignShopper.objects.bulk_create(given, batch_size=1_000, ignore_conflicts=True)
    log_exposures([one.drawn.choice for one in choices], now=now)
    return len(decisions), len(given)


def _decision(one: _Choice, served: Served | None, price: float, now: datetime) -> OfferDecision:
    return OfferDecision(
        at=now,
        campaign_id=one.plan.campaign_id,
        shopper_id=one.shopper_id,
        offer_id=one.plan.offer_ids[one.place] if one.place >= 0 else None,
        arm=one.arm,
        propensity=one.drawn.chances[one.drawn.kind],
        chances=_name_chances(one),
        depth=one.plan.depths[one.place] if one.place >= 0 else 0.0,
        model_id=None if served is None else served.id,
        value_minor=one.value,
        cost_minor=one.cost,
        price=price,
        reason=one.reason,
        exploration_share=one.plan.exploration_share,
        draws=one.draws,
    )


def _name_chances(choice: _Choice) -> dict[str, float]:
    """Return the chance of every alternative; depths by the id of their offer."""
    ids = choice.plan.offer_ids
    named = choice.drawn.chances.items()
    return {str(ids[int(kind)]) if kind.isdigit() else kind: chance for kind, chance in named}
