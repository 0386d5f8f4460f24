"""What the room keeps for itself: figures, the key of seals, and noise."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from math import isfinite
from typing import Any

import numpy as np
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from pricing.base.core.values import FloatArray, IntArray
from profiles.values import Lift


def show_lift(lift: Lift) -> dict[str, Any]:
    """Return the figures of a lift; a bound that is infinite is None."""
    found: dict[str, Any] = keep_finite({name: getattr(lift, name) for name in Lift.__slots__})
    return found


def keep_finite(figures: Any) -> Any:
    """Return figures, however deep in lists and mappings, with None for what is no finite number.

    >>> keep_finite({"wmape": float("nan"), "weeks": [1.5, float("inf")], "kind": "linear"})
    {'wmape': None, 'weeks': [1.5, None], 'kind': 'linear'}
    """
    if isinstance(figures, dict):
        return {name: keep_finite(value) for name, value in figures.items()}
    if isinstance(figures, list | tuple):
        return [keep_finite(value) for value in figures]
    return None if isinstance(figures, float) and not isfinite(figures) else figures


@lru_cache(maxsize=8)
def _derive(texts: tuple[str, ...]) -> dict[int, bytes]:
    keys: dict[int, bytes] = {}
    for text in texts:
        number, separator, secret = text.partition(":")
        if not separator or not number.isdigit() or int(number) > 255 or not secret:
            raise ImproperlyConfigured("QUOTE_KEYS must look like 2:new-secret,1:old-secret")
        # A key of its own: a leaked quote key must not open sessions, nor the other way round.
        keys[int(number)] = hashlib.blake2b(
            secret.encode(), digest_size=32, person=b"fairtag-quote"
        ).digest()
    return keys


def verifying_keys() -> Mapping[int, bytes]:
    """Return all accepted keys by their id."""
    return _derive(tuple(settings.QUOTE_KEYS))


def signing_key() -> tuple[int, bytes]:
    """Return the id and the key that new quotes are signed with."""
    return next(iter(verifying_keys().items()))


def find_noise_sd(*, epsilon: float, delta: float, sensitivity: float) -> float:
    """Return the smallest Gaussian scale that keeps (epsilon, delta) for counts which one household
    moves by `sensitivity` in Euclidean distance at most.

    Found by bisection on OpenDP's own account (Canonne, Kamath and Steinke 2020, discrete Gaussian
    in zero-concentrated privacy, converted to approximate privacy).
    """
    scale: float = _load_opendp().binary_search_param(
        lambda sd: _promise(sd, delta),
        d_in=sensitivity,
        d_out=(epsilon, delta),
        bounds=(0.1 * sensitivity, 1e4 * sensitivity),
    )
    return scale


def add_noise(
    counts: IntArray, *, epsilon: float, delta: float, sensitivity: float
) -> tuple[FloatArray, float]:
    """Return counts with noise, in their shape, and its standard deviation.

    Raises ValueError if OpenDP does not confirm the promise for this scale.
    """
    scale = find_noise_sd(epsilon=epsilon, delta=delta, sensitivity=sensitivity)
    if not _promise(scale, delta).check(sensitivity, (epsilon, delta)):
        raise ValueError(f"noise of sd {scale:g} does not keep epsilon {epsilon:g}")
    noisy = _measurement(scale)(counts.ravel().tolist())
    return np.array(noisy, dtype=np.float64).reshape(counts.shape), scale


def _load_opendp() -> Any:
    """Return OpenDP. It takes seconds and 150 MB: only a process that draws noise loads it."""
    import opendp.prelude as dp  # noqa: PLC0415  # only who draws noise loads it

    # OpenDP asks to be told that its constructors, proven but not yet vetted by an outside review,
    # are wanted: the discrete Gaussian and the conversion from zero-concentrated privacy are.
    dp.enable_features("contrib")
    return dp


def _measurement(scale: float) -> Any:
    dp = _load_opendp()
    domain = dp.vector_domain(dp.atom_domain(T=dp.i64))
    return dp.m.make_gaussian(domain, dp.l2_distance(T=dp.f64), scale)


def _promise(scale: float, delta: float) -> Any:
    dp = _load_opendp()
    return dp.c.make_fix_delta(dp.c.make_zCDP_to_approxDP(_measurement(scale)), delta)
