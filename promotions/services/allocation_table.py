"""A chunk of shoppers beside all plans: arms, values, costs, and what may not be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from profiles.core.values import ShopperValue
from promotions.core.allocation import NULL_OFFER
from promotions.core.arms import price_decisions
from promotions.models import OfferDecision
from promotions.selectors.allocations import (
    Plan,
    Served,
    count_given,
    list_decided,
    list_frames,
)
from promotions.services.allocation_arms import CHOSEN, DrawnArm, draw_arms
from promotions.services.exploring import Draw, believe, explore

FloatArray = NDArray[np.float64]


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
    goods = {plan.campaign_id: plan.variant_ids for plan in plans}
    order: list[int] = []
    values, costs = [], []
    for shopper_ids, frames in list_frames(ids, as_of=now, goods=goods):
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
