"""Privacy noise by OpenDP; the draws cannot be seeded or repeated."""

from __future__ import annotations

from typing import Any

import numpy as np

from pricing.base.core.arrays import FloatArray, IntArray


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
