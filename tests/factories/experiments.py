"""Experiments to test with: shorter lists of recommendations, half and half."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.contrib.auth import get_user_model

from profiles.accounts.services.bulk import load_events_bulk, load_shoppers_bulk
from profiles.experiments.core.assignment import GLOBAL_HOLDOUT, ServedHours
from profiles.experiments.core.switchback import is_treated
from profiles.experiments.selectors.cells import CellPeriod
from profiles.experiments.selectors.experiments import Served, choose_arm
from profiles.experiments.services.drafts import ArmPlan, ExperimentDraft, set_clusters
from profiles.experiments.services.experiments import log_exposures
from profiles.lots import Purpose, is_in_share
from profiles.models import Experiment, ExperimentItem
from profiles.shoppers.selectors.shoppers import list_shoppers
from profiles.values import ShopperValue
from promotions.release.services.checks import launch_experiment, save_experiment
from tests.factories.profiles import CHEDDAR, EVERYTHING, NOON, make_guest

PLAIN = ArmPlan("plain", 0.5, name="As it is", name_zh="照旧", is_control=True)
SHORT = ArmPlan("short", 0.5, name="Six picks", name_zh="六个推荐", settings={"limit": 6})


def somebody_else() -> int:
    """Return who starts an experiment with public prices."""
    people = get_user_model().objects
    return int(people.get_or_create(email="starter@staff.example")[0].pk)


def make_draft(**changes: Any) -> ExperimentDraft:
    """Return a draft that may be started as it is."""
    known: dict[str, Any] = {
        "code": "short-list",
        "name": "Shorter lists",
        "name_zh": "更短的列表",
        "hypothesis": "Fewer picks are read more carefully, so more shoppers order.",
        "subject": "recommendations",
        "arms": (PLAIN, SHORT),
        "primary_metric": "conversion",
        "minimum_effect": 0.05,
        "planned_units": 2_000,
        "planned_days": 28,
        "purpose": "recommendations",
        "namespace": "home",
        "guards": {"revenue_per_shopper": 0.05},
    }
    return ExperimentDraft(**(known | changes))


def start(**changes: Any) -> int:
    """Save a draft and start it at noon; return its id."""
    found = save_experiment(draft=make_draft(**changes), by_id=None, now=NOON)
    launch_experiment(experiment_id=found, now=NOON)
    return found


def start_switchback(variant_ids: Sequence[int], *, now: datetime, **changes: Any) -> int:
    """Let products sell at 95 % of their public price turn by turn, two days each; return the id.

    Each is a cluster of its own and the salt is fixed: products of one category would all be
    cheaper in the same turn, and a coin of its own for each run would leave a test without any.
    """
    known: dict[str, Any] = {
        "code": "lower-prices",
        "subject": "public_prices",
        "unit": "cluster",
        "primary_metric": "revenue_per_shopper",
        "guards": {},
        "period_days": 2,
        "wash_out_days": 1,
        "arms": (PLAIN, ArmPlan("lower", 0.5, name="5 % less", price_factor=0.95)),
    }
    found = save_experiment(draft=make_draft(**(known | changes)), by_id=None, now=now)
    set_clusters(experiment_id=found, variant_ids=variant_ids)
    Experiment.objects.filter(pk=found).update(salt="arms")
    for number, item in enumerate(
        ExperimentItem.objects.filter(experiment_id=found).order_by("pk")
    ):
        ExperimentItem.objects.filter(pk=item.pk).update(cluster=number)
    launch_experiment(experiment_id=found, now=now, by_id=somebody_else())
    return found


def guest_in(arm: str, code: str = "short-list") -> ShopperValue:
    """Return a guest whom the hash gives an arm."""
    while True:
        guest = make_guest()
        choice = choose_arm(code, shopper=guest)
        assert choice is not None
        if choice.arm == arm:
            return guest


def see(shopper: ShopperValue, code: str = "short-list") -> int:
    """Let a shopper see their arm at noon; return how many exposures are new."""
    return log_exposures([choose_arm(code, shopper=shopper)], now=NOON)


@dataclass(frozen=True, slots=True)
class Planted:
    """Shoppers of an experiment by arm, in order of their ids."""

    experiment_id: int
    by_arm: dict[str, list[int]]


def plant(
    experiment_id: int,
    *,
    shoppers: int,
    chance: dict[str, float],
    seed: int = 1,
    day: datetime = NOON,
    paid_minor: int = 1_000,
) -> Planted:
    """Let shoppers see their arm on `day` and order once within the next day with a chance by arm.

    Before the start each ordered for up to 30.00: what CUPED adjusts by.
    """
    rng = np.random.default_rng(seed)
    code = Experiment.objects.values_list("code", flat=True).get(pk=experiment_id)
    names = [(f"planted-{seed}-{one}", None) for one in range(shoppers)]
    ids = load_shoppers_bulk(rows=names, market_code="us", consents=EVERYTHING, now=day)
    values = list_shoppers(sorted(ids.values()))
    choices = [choose_arm(code, shopper=one) for one in values]
    log_exposures(choices, now=day)
    by_arm: dict[str, list[int]] = {arm: [] for arm in chance}
    rows: list[str] = []
    for choice in choices:
        if choice is None or choice.shopper_id is None:
            continue
        by_arm[choice.arm].append(choice.shopper_id)
        past, hour = int(rng.integers(0, 3_001)), float(rng.uniform(1.0, 23.0))
        rows += order_rows(choice.shopper_id, NOON - timedelta(days=9), past, rng)
        if rng.random() < chance[choice.arm]:
            rows += order_rows(
                choice.shopper_id, day + timedelta(hours=hour), paid_minor + past // 4, rng
            )
    load_events_bulk(csv_chunks=(row.encode() + b"\n" for row in rows), source="planted", now=day)
    return Planted(experiment_id, by_arm)


def order_rows(
    shopper_id: int, at: datetime, paid_minor: int, rng: np.random.Generator, variant: int = CHEDDAR
) -> list[str]:
    """Return an order with one line as the bulk door takes it."""
    line, whole = (UUID(int=int.from_bytes(rng.bytes(16))) for _ in range(2))
    when = at.isoformat()
    return [
        f"{line},{when},{shopper_id},purchase,{variant},1,{paid_minor},{paid_minor},f,B{line},online",
        f"{whole},{when},{shopper_id},order,,,,,,B{line},online",
    ]


def spend_by_side(
    held_minor: int, other_minor: int, share: float = 0.3, variant: int = CHEDDAR
) -> dict[bool, list[int]]:
    """Let 600 shoppers come on two days and buy on one of them, for about so much by side."""
    ids = load_shoppers_bulk(
        rows=[(f"one-{n}", None) for n in range(600)],
        market_code="us",
        consents=EVERYTHING,
        now=NOON,
    )
    rng, rows = np.random.default_rng(3), list[str]()
    paid: dict[bool, list[int]] = {True: [], False: []}
    for one in list_shoppers(sorted(ids.values())):
        is_held = is_in_share(one.pseudonym, share, Purpose.EXPERIMENT_HOLDOUT, GLOBAL_HOLDOUT)
        amount = round((held_minor if is_held else other_minor) * float(rng.uniform(0.5, 1.5)))
        paid[is_held].append(amount)
        rows += order_rows(one.id, NOON - timedelta(days=9), amount, rng, variant)
        rows += order_rows(one.id, NOON - timedelta(days=3), 0, rng, variant)[1:]
    load_events_bulk(csv_chunks=(row.encode() + b"\n" for row in rows), source="test", now=NOON)
    return paid


def serve_as_drawn(period: CellPeriod) -> Served:
    """Return what is served if every turn's price was shown for all of its hours, never looked at.

    Products by clusters, one place: the witness of tests without a room of prices.
    """
    salt = Experiment.objects.values_list("salt", flat=True).get(pk=period.experiment_id)
    hours = 24.0 * (period.period_days - period.wash_out_days)
    return Served(
        places=1,
        hours=tuple(
            ServedHours(cluster, turn, is_treated(salt, cluster, turn), True, False, hours)
            for cluster in period.items.values()
            for turn in range(period.turns)
        ),
        looks={},
    )
