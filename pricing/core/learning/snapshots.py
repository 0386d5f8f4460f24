"""A policy as named arrays, to be stored without pickle, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pricing.core.learning.encoding import FeatureEncoder
from pricing.core.learning.fitting import Evidence
from pricing.core.learning.posterior import Coefficients
from pricing.core.learning.remembered import PriceMemory
from pricing.core.learning.shrinkage import Spreads
from pricing.core.learning.sightings import Sightings

if TYPE_CHECKING:
    from pricing.core.learning.policy import AdaptivePolicy

_GENERATOR = 2**64
_OF_MODEL = ("acting", "common")


def pack_policy(policy: AdaptivePolicy) -> dict[str, Any]:
    """Return everything `policy` learned as arrays by name."""
    model = policy.model
    model.consolidate()
    arrays: dict[str, Any] = {
        "rules": np.array([policy.cap, policy.margin, policy.shocks]),
        "states": np.array([policy.has_proposed, policy.is_calm]),
        "generator": _pack_generator(policy.rng),
        "items": np.array(list(policy.slots), dtype=np.int64),
        "references": policy.references,
        "alarm": np.array(policy.alarm.usual),
        "alarms": np.array(policy.alarms),
        "stock": policy.watch.items,
        "cycles": policy.watch.cycles,
        "times": np.array([model.first_time, model.last_time]),
        "counts": np.array([model.visits, model.fitted_visits]),
        "mode_shared": model.mode.shared,
        "mode_own": model.mode.own,
        "spreads_shared": model.spreads.shared,
        "spreads_own": model.spreads.own,
        "curvature": model.evidence.curvature,
        "pull": model.evidence.pull,
    }
    arrays |= {name: getattr(model, name) for name in _OF_MODEL}
    arrays |= {f"price_{name}": part for name, part in policy.remembered.to_arrays().items()}
    arrays |= {f"feature_{name}": array for name, array in policy.encoder.to_arrays().items()}
    return arrays | {f"memory_{name}": part for name, part in model.memory.to_arrays().items()}


def unpack_policy(policy: AdaptivePolicy, arrays: Mapping[str, Any]) -> None:
    """Give a new `policy` what `pack_policy` told of another."""
    policy.cap, policy.margin, policy.shocks = arrays["rules"].tolist()
    policy.has_proposed, policy.is_calm = arrays["states"].tolist()
    policy.rng = _unpack_generator(arrays["generator"])
    policy.slots = {item: slot for slot, item in enumerate(arrays["items"].tolist())}
    policy.references = np.array(arrays["references"])
    policy.alarm.usual = float(arrays["alarm"])
    policy.alarms = int(arrays["alarms"])
    policy.watch.items, policy.watch.cycles = np.array(arrays["stock"]), np.array(arrays["cycles"])
    policy.remembered = PriceMemory.from_arrays(_cut(arrays, "price_"))
    policy.encoder = FeatureEncoder.from_arrays(_cut(arrays, "feature_"))
    model = policy.model
    model.fit_shape(len(policy.slots), policy.encoder.feature_of_columns())
    model.first_time, model.last_time = arrays["times"].tolist()
    model.visits, model.fitted_visits = arrays["counts"].tolist()
    model.mode = Coefficients(np.array(arrays["mode_shared"]), np.array(arrays["mode_own"]))
    model.spreads = Spreads(np.array(arrays["spreads_shared"]), np.array(arrays["spreads_own"]))
    model.evidence = Evidence(np.array(arrays["curvature"]), np.array(arrays["pull"]))
    model.memory = Sightings.from_arrays(_cut(arrays, "memory_"))
    for name in _OF_MODEL:
        setattr(model, name, np.array(arrays[name]))


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
