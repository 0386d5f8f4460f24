"""Profit that campaigns add, estimated against their holdout, and order profit at cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import F, Q, Sum
from numpy.typing import NDArray

from pricing.base.core.values import Policy
from profiles.events.api import BasketLine, ShopperLine, list_shopper_lines, list_shopper_returns
from profiles.experiments.api import LEAST_CLUSTERS, arm_of, compare_arms
from profiles.segments.api import map_segments, map_tags
from promotions.campaigns.api import find_costs
from promotions.campaigns.models import Campaign
from promotions.coupons.models import Redemption
from promotions.loyalty.api import map_tiers
from promotions.planning.api import split_addressed
from promotions.tuning.core.guardrails import name_group
from promotions.tuning.core.values import Interval

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def measure_holdout(
    campaign: Campaign, *, now: datetime, alpha: float
) -> tuple[Interval | None, dict[str, Interval]]:
    """Return what a campaign adds in profit by shopper since it began, with bounds.

    For members' and personal campaigns: the whole, and each segment, tag and tier of which both
    arms have enough shoppers (their errors add up to `alpha`). Tiers are those of when it began:
    what it makes people buy may lift them. Everything the shoppers bought counts, with the offer or
    without: that is what makes it incremental. None where nobody is held out. The bounds hold at
    every look. Nine queries.
    """
    if not campaign.holdout_percent:
        return None, {}
    treated, held_out = split_addressed(campaign.pk)
    everybody = np.concatenate([treated, held_out])
    profit = sum_profits(everybody, since=campaign.starts_at, until=now)
    is_treated = np.arange(len(everybody)) < len(treated)
    whole = _compare(profit, is_treated, alpha)
    groups = {
        name: members
        for name, members in _list_groups(everybody.tolist(), campaign.starts_at).items()
        if min(np.bincount(is_treated[members], minlength=2)) >= LEAST_CLUSTERS
    }
    return whole, {
        name: found
        for name, members in groups.items()
        if (found := _compare(profit[members], is_treated[members], alpha / len(groups)))
    }


def _list_groups(shopper_ids: Sequence[int], began: datetime) -> dict[str, IntArray]:
    """Return who of the shoppers is in which group, as positions, by its name."""
    segments, tags = map_segments(shopper_ids), map_tags(shopper_ids)
    tiers = map_tiers(shopper_ids=shopper_ids, now=began)
    found = defaultdict[str, list[int]](list)
    for at, shopper_id in enumerate(shopper_ids):
        for word, codes in (
            ("segments", filter(None, [segments.get(shopper_id)])),
            ("tags", tags.get(shopper_id, ())),
            ("tiers", filter(None, [tiers.get(shopper_id)])),
        ):
            for code in codes:
                found[name_group(word, code)].append(at)
    return {name: np.array(members, dtype=np.int64) for name, members in sorted(found.items())}


def sum_profits(shopper_ids: IntArray, *, since: datetime, until: datetime) -> FloatArray:
    """Return what each shopper (n,) left after the cost of what they bought, kept and were given.

    Of the orders of [since, until). What came back of them earns nothing and costs nothing,
    whenever it did: a return takes off each unit's own share. Minor units. Three queries.
    """
    window: dict[str, Any] = {"since": since, "until": until, "shopper_ids": shopper_ids.tolist()}
    place = {shopper_id: at for at, shopper_id in enumerate(shopper_ids.tolist())}
    profit = np.zeros(len(shopper_ids))
    for sign, lines in ((1, list_shopper_lines(**window)), (-1, list_shopper_returns(**window))):
        for line, margin in zip(lines, value_lines(lines), strict=True):
            profit[place[line.shopper_id]] += sign * margin
    for shopper_id, minor in _sum_given(shopper_ids, since, until).items():
        profit[place[shopper_id]] -= minor
    return profit


def _sum_given(shopper_ids: IntArray, since: datetime, until: datetime) -> dict[int, int]:
    """Return what offers cost by shopper that stands on no bought line: gifts and delivery.

    A fee is taken to cover what the delivery costs, so what is taken off it is lost. What came back
    is not. One query.
    """
    uses = Redemption.objects.filter(
        Q(gift_cost_minor__gt=0) | Q(delivery_minor__gt=0),
        shopper_id__in=shopper_ids.tolist(),
        state=Redemption.State.COMMITTED,
        at__gte=since,
        at__lt=until,
    ).order_by()
    lost = F("gift_cost_minor") + F("delivery_minor") - F("came_back_minor")
    return dict(uses.values_list("shopper_id").annotate(minor=Sum(lost)))


def value_lines(lines: Iterable[BasketLine | ShopperLine]) -> list[int]:
    """Return what each line leaves after its cost in the buyer's market, unknown ones assumed as
    prices do."""
    lines, assumed = list(lines), Policy().assumed_cost_share
    bought = defaultdict[str, set[int]](set)
    for line in lines:
        bought[line.market_code].add(line.variant_id)
    costs = {market: find_costs(sorted(ids), market) for market, ids in bought.items()}
    margins = []
    for line in lines:
        unit = costs[line.market_code].get(line.variant_id)
        paid_for = round(assumed * line.list_minor) if unit is None else unit * line.quantity
        margins.append(line.paid_minor - paid_for)
    return margins


def _compare(profit: FloatArray, is_treated: NDArray[np.bool_], alpha: float) -> Interval | None:
    one = np.ones(len(profit))
    place = np.arange(len(profit))
    arms = [arm_of(profit[arm], one[arm], place[arm]) for arm in (is_treated, ~is_treated)]
    lift = compare_arms(*arms, level=1.0 - alpha)
    if not np.isfinite(lift.low):
        return None
    return Interval(lift.low, lift.high, lift.treated_shoppers)


def sum_orders(lines: Iterable[BasketLine]) -> Mapping[str, tuple[int, int]]:
    """Return sales and margin of each order."""
    lines = list(lines)
    worth: dict[str, tuple[int, int]] = {}
    for line, left in zip(lines, value_lines(lines), strict=True):
        sales, margin = worth.get(line.basket_ref, (0, 0))
        worth[line.basket_ref] = (sales + line.paid_minor, margin + left)
    return worth
