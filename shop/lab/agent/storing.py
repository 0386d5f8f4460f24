"""A policy as named arrays, to be stored without pickle, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from pricing.demand.core.choice import pack_fit, read_fit
from shop.lab.agent.columns import Plan
from shop.lab.agent.features import Feature, Features
from shop.lab.agent.remembered import PriceMemory
from shop.lab.agent.seen import Seen

if TYPE_CHECKING:
    from shop.lab.agent.learner import Learner
    from shop.lab.agent.policy import AdaptivePolicy

_GENERATOR = 2**64


def pack_policy(policy: AdaptivePolicy) -> dict[str, Any]:
    """Return everything `policy` learned as arrays by name."""
    learner = policy.learner
    learner.consolidate()
    arrays: dict[str, Any] = {
        "rules": np.array([policy.cap, policy.margin, policy.shocks]),
        "states": np.array([policy.has_proposed, policy.is_calm]),
        "generator": _pack_generator(policy.rng),
        "items": np.array(list(policy.slots), dtype=np.int64),
        "references": policy.references,
        "shelves": policy.shelves.first,
        "alarm": np.array([policy.alarm.usual, policy.alarms]),
        "late": policy.alarm.rows,
        "stock": policy.watch.items,
        "cycles": policy.watch.cycles,
        "plan": np.array(json.dumps(asdict(learner.plan))),
        "doubt": np.array(learner.doubt),
        "counts": np.array([learner.visits, learner.fitted, learner.selected, learner.judged]),
    }
    arrays |= {f"price_{name}": part for name, part in policy.remembered.to_arrays().items()}
    if learner.fit is not None:
        arrays |= {f"fit_{name}": part for name, part in pack_fit(learner.fit).items()}
    return arrays | {f"seen_{name}": part for name, part in learner.seen.to_arrays().items()}


def unpack_policy(policy: AdaptivePolicy, arrays: Mapping[str, Any]) -> None:
    """Give a new `policy` what `pack_policy` told of another."""
    policy.cap, policy.margin, policy.shocks = arrays["rules"].tolist()
    policy.has_proposed, policy.is_calm = arrays["states"].tolist()
    policy.rng = _unpack_generator(arrays["generator"])
    policy.slots = {item: slot for slot, item in enumerate(arrays["items"].tolist())}
    policy.references = np.array(arrays["references"])
    policy.shelves.first = np.array(arrays["shelves"])
    usual, alarms = arrays["alarm"].tolist()
    policy.alarm.usual, policy.alarms = usual, int(alarms)
    policy.alarm.rows = np.array(arrays["late"])
    policy.watch.items, policy.watch.cycles = np.array(arrays["stock"]), np.array(arrays["cycles"])
    policy.remembered = PriceMemory.from_arrays(_cut(arrays, "price_"))
    _unpack_learner(policy.learner, arrays)


def _unpack_learner(learner: Learner, arrays: Mapping[str, Any]) -> None:
    learner.plan = _read_plan(json.loads(str(arrays["plan"])))
    learner.doubt = float(arrays["doubt"])
    learner.visits, learner.fitted, learner.selected, learner.judged = arrays["counts"].tolist()
    fit = _cut(arrays, "fit_")
    learner.fit = read_fit(fit) if fit else None
    learner.seen = Seen.from_arrays(_cut(arrays, "seen_"))


def _read_plan(told: dict[str, Any]) -> Plan:
    made = told.pop("features")
    features = tuple(
        Feature(**{name: _freeze(one) for name, one in feature.items()})
        for feature in made["features"]
    )
    read = Features(features, tuple(made["names"]), tuple(made["means"]))
    return Plan(read, **{name: _freeze(one) for name, one in told.items()})


def _freeze(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _cut(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name[len(prefix) :]: part for name, part in arrays.items() if name.startswith(prefix)}


def _pack_generator(rng: np.random.Generator) -> Any:
    """Return PCG64's two 128-bit numbers as four of 64 bits."""
    state: Mapping[str, Any] = rng.bit_generator.state
    numbers = [divmod(state["state"][name], _GENERATOR) for name in ("state", "inc")]
    return np.array(numbers, dtype=np.uint64)


def _unpack_generator(numbers: Any) -> np.random.Generator:
    (high, low), (step_high, step_low) = numbers.tolist()
    generator = np.random.PCG64()
    generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": high * _GENERATOR + low, "inc": step_high * _GENERATOR + step_low},
        "has_uint32": 0,
        "uinteger": 0,
    }
    return np.random.Generator(generator)
