"""A chunk of shoppers beside all plans: arms, values, costs, and what may not be chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from profiles.lots import Purpose, is_in_share
from profiles.values import ShopperValue
from promotions.targeting.core.allocation import NULL_OFFER
from promotions.targeting.core.arms import CHOSEN, price_decisions
from promotions.targeting.core.exploration import draw_effect
from promotions.targeting.models import OfferDecision
from promotions.targeting.selectors.allocations import (
    Belief,
    Plan,
    Served,
    count_given,
    list_decided,
    list_frames,
)
from promotions.targeting.services.allocation_plans import DrawnArm, draw_arms

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn of a new offer's effect for a shopper, and from which belief."""

    belief: Belief
    effect: float

    def as_record(self) -> list[str | float]:
        """Return what a decision keeps: seed, mean, sd, draw."""
        return [self.belief.seed, self.belief.mean, self.belief.sd, self.effect]


def believe(plans: Sequence[Plan], value: FloatArray) -> FloatArray:
    """Return values (n, columns) with those of new offers times the mean effect believed."""
    found = value.copy()
    for column, _, _, belief in _list_new(plans):
        found[:, column] = _scale(value[:, column], np.full(len(value), belief.mean))
    return found


def explore(
    plans: Sequence[Plan], units: Sequence[str], value: FloatArray
) -> tuple[FloatArray, list[dict[int, Draw]]]:
    """Return values (n, columns) with the effects of new offers drawn for who explores, and those
    draws by shopper and column.

    A plan's `exploration_share` of the shoppers explore, always the same ones; for the others the
    mean counts. Costs are not touched: a draw buys no room in a budget.
    """
    found, draws = believe(plans, value), [dict[int, Draw]() for _ in units]
    for column, plan, offer_id, belief in _list_new(plans):
        for row, unit in enumerate(units):
            if not explores(unit, plan.exploration_share, plan.salt):
                continue
            effect = draw_effect(belief.mean, belief.sd, unit, belief.seed, str(offer_id))
            draws[row][column] = Draw(belief, effect)
            found[row, column] = _scale(value[row, column : column + 1], np.array([effect]))[0]
    return found, draws


def explores(unit: str, share: float, salt: str) -> bool:
    """Return whether a shopper is one of the `share` that new offers are tried on. Whoever is keeps
    being it when the share grows."""
    return is_in_share(unit, share, Purpose.NEW_OFFER, salt)


def _list_new(plans: Sequence[Plan]) -> Iterator[tuple[int, Plan, int, Belief]]:
    column = 0
    for plan in plans:
        told = plan.beliefs or (None,) * len(plan.offer_ids)
        for offer_id, belief in zip(plan.offer_ids, told, strict=True):
            if belief is not None and belief.is_new:
                yield column, plan, offer_id, belief
            column += 1


def _scale(value: FloatArray, effect: FloatArray) -> FloatArray:
    masked = np.isneginf(value)
    return np.where(masked, -np.inf, np.where(masked, 0.0, value) * effect)


@dataclass(frozen=True, slots=True)
class Table:
    """n shoppers beside the plans; their depths side by side are the columns, (n, columns) each.

    `value` is -inf where an offer may not be chosen: another arm, above the frequency cap, or one
    was given before. `raw_value` is what is believed of an offer; in `value` it is drawn instead
    where a shopper explores a new one: `draws` of each shopper, by column.
    """

    plans: Sequence[Plan]
    shopper_ids: list[int]
    arms: list[list[DrawnArm]]
    value: FloatArray
    cost: FloatArray
    raw_value: FloatArray
    decided: dict[tuple[int, int], OfferDecision]
    given: dict[int, int]
    draws: list[dict[int, Draw]]

    def columns(self, at: int) -> slice:
        """Return the columns of the plan at place `at`."""
        first = sum(len(plan.depths) for plan in self.plans[:at])
        return slice(first, first + len(self.plans[at].depths))

    def before(self, row: int, at: int) -> OfferDecision | None:
        """Return what was decided for a shopper in a plan before."""
        return self.decided.get((self.shopper_ids[row], self.plans[at].campaign_id))

    def is_full(self, row: int, at: int) -> bool:
        """Return whether a shopper was given as many offers lately as the plan's cap allows."""
        return self.given.get(self.shopper_ids[row], 0) >= self.plans[at].frequency_cap

    def draws_of(self, row: int, at: int) -> dict[str, list[str | float]]:
        """Return what a shopper's decision in the plan at place `at` was drawn from, by offer: only
        where the best is chosen, chance asks no model."""
        if self.arms[row][at].kind != CHOSEN:
            return {}
        columns, ids = self.columns(at), self.plans[at].offer_ids
        return {
            str(ids[column - columns.start]): drawn.as_record()
            for column, drawn in self.draws[row].items()
            if columns.start <= column < columns.stop
        }

    def committed(self) -> FloatArray:
        """Return what offers given before, and those due by chance, are expected to cost, by
        plan."""
        total = np.zeros(len(self.plans))
        for at, plan in enumerate(self.plans):
            place_of = {offer_id: place for place, offer_id in enumerate(plan.offer_ids)}
            cost = self.cost[:, self.columns(at)]
            for row in range(len(self.shopper_ids)):
                before, place = self.before(row, at), self.arms[row][at].place
                if before is not None and before.offer_id is not None:
                    place = place_of.get(before.offer_id, NULL_OFFER)
                if place >= 0:
                    total[at] += cost[row, place]
        return total


def lay_table(
    plans: Sequence[Plan], shoppers: Sequence[ShopperValue], served: Served | None, now: datetime
) -> Table:
    """Return the table of some shoppers. Four queries, one per 500 shoppers, and one per campaign
    under experiment."""
    ids = [one.id for one in shoppers]
    by_id = {one.id: one for one in shoppers}
    value, cost, order = _price(plans, ids, served, now)
    units = [by_id[pk].pseudonym for pk in order]
    drawn, draws = explore(plans, units, value)
    table = Table(
        plans=plans,
        shopper_ids=order,
        arms=draw_arms(plans, [by_id[pk] for pk in order]),
        value=drawn,
        cost=cost,
        raw_value=believe(plans, value),
        draws=draws,
        decided=list_decided(ids, [plan.campaign_id for plan in plans]),
        given=count_given(ids, before=now),
    )
    _mask(table)
    return table


def _price(
    plans: Sequence[Plan], ids: Sequence[int], served: Served | None, now: datetime
) -> tuple[FloatArray, FloatArray, list[int]]:
    """Return value and cost (n, columns) and whose they are; without a model no value is known."""
    width = sum(len(plan.depths) for plan in plans)
    if served is None:
        return np.full((len(ids), width), -np.inf), np.zeros((len(ids), width)), list(ids)
    products = {plan.campaign_id: plan.variant_ids for plan in plans}
    order: list[int] = []
    values, costs = [], []
    for shopper_ids, frames in list_frames(ids, as_of=now, goods=products):
        parts = []
        for plan in plans:
            chance = served.model.predict(frames[plan.campaign_id], [0.0, *plan.depths])
            parts.append(price_decisions(chance, plan.depths, plan.margin_minor, plan.spend_minor))
        values.append(np.concatenate([value for value, _ in parts], axis=1))
        costs.append(np.concatenate([cost for _, cost in parts], axis=1))
        order.extend(shopper_ids)
    return np.concatenate(values), np.concatenate(costs), order


def _mask(table: Table) -> None:
    for row in range(len(table.shopper_ids)):
        for at in range(len(table.plans)):
            before = table.before(row, at)
            is_given = before is not None and before.offer_id is not None
            if table.arms[row][at].kind != CHOSEN or is_given or table.is_full(row, at):
                table.value[row, table.columns(at)] = -np.inf
