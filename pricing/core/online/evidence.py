"""Evidence about elasticities as arrays: a likelihood that a prior is put below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.core.arrays import BoolArray, FloatArray, IntArray

ALARM_NUMBERS = 11  # of one `DriftAlarm`
# Shoppers of a variant and week share a draw and its surprises: a purchase counts for less.
OVERDISPERSION = 1.5
# What was learned counts half after so many days.
EVIDENCE_HALF_LIFE_DAYS = 60.0
# How many purchases' worth the belief is that a variant sells like all goods do.
LEVEL_PRECISION = 1.0 / OVERDISPERSION


@dataclass(frozen=True, slots=True)
class Evidence:
    """What outcomes said so far about N variants (ascending by `variant_id`), without any prior.

    A purchase has rate exp(level - e x): x is the log of the public price less `reference`, plus
    what the draw did to it. `anchor_minor` is the merchant's own price while it was gathered (0:
    none yet); with another one a level begins anew, see `begin_anew`. The likelihood of a variant's
    (level, e) is kept as a normal by its natural parameters, so that another model can stand below
    the same evidence:

    - `precision`, `weighted`: of e, from personal draws, centered and so apart from the level;
    - `public_precision`, `public_weighted`: of e, from public prices; `cross` and
      `level_precision`, `level_weighted` are the rest of that matrix and vector.

    With a prior N(m, s^2) of e, and P = 1/s^2 + `precision` + `public_precision`, the posterior has
    the matrix [[level_precision + l, -cross], [-cross, P]]; see `integrate_levels`. `level` is its
    mode. `randomized` is the part of the information about e that chance alone gave. `trust` in
    (0, 1] multiplies the prior's precision: below 1 after an alarm, until a model was fitted after
    it. `sent_mean` and `sent_sd` are the elasticity as it was last handed to the publisher.

    What siblings lose when one of them is cut (see `diversion`): `category_id` says who they are,
    `home_log` is the log price from which each one's move is reckoned, `shown_log` the one shown
    last; `beside` is what siblings' moves would do to the log rate if they took everything from
    each other, `offset` what is believed of it. `taken_level`, `taken_slope`, `taken_precision` and
    `taken_weighted` are the natural parameters that the share of it adds to those of level and
    elasticity. `sold` and `shown` count purchases and prices shown, `together` siblings bought
    in the same baskets.

    `interest` is how the log purchase rate grows with log(1 + z), `look` how it differs for looks
    at everybody's price, each with its precision; `base` counts purchases and prices shown over
    all goods. `alarm_family` (F,), ascending, carries the state of each family's alarm, (F, 11).
    `model_version` is the model that `trust` is about.
    """

    variant_id: IntArray
    family_id: IntArray
    category_id: IntArray
    anchor_minor: IntArray
    reference: FloatArray
    level: FloatArray
    level_precision: FloatArray
    level_weighted: FloatArray
    cross: FloatArray
    public_weighted: FloatArray
    public_precision: FloatArray
    weighted: FloatArray
    precision: FloatArray
    randomized: FloatArray
    taken_level: FloatArray
    taken_slope: FloatArray
    taken_precision: FloatArray
    taken_weighted: FloatArray
    sold: FloatArray
    together: FloatArray
    shown: FloatArray
    home_log: FloatArray
    shown_log: FloatArray
    beside: FloatArray
    offset: FloatArray
    trust: FloatArray
    sent_mean: FloatArray
    sent_sd: FloatArray
    interest: FloatArray
    look: FloatArray
    base: FloatArray
    alarm_family: IntArray
    alarm: FloatArray
    model_version: int = 0

    def __len__(self) -> int:
        return len(self.variant_id)

    @staticmethod
    def nothing(model_version: int = 0) -> Evidence:
        """Return the evidence of no sighting: one purchase in fifty prices shown is believed."""
        ids, none = np.zeros(0, dtype=np.int64), np.zeros(0)
        empty: dict[str, Any] = dict.fromkeys(BY_VARIANT, none)
        return Evidence(
            **empty,
            variant_id=ids,
            family_id=ids,
            category_id=ids,
            anchor_minor=ids,
            interest=np.array([0.0, 1.0]),
            look=np.array([0.0, 1.0]),
            base=np.array([1.0, 50.0]),
            alarm_family=ids,
            alarm=np.zeros((0, ALARM_NUMBERS)),
            model_version=model_version,
        )

    @property
    def base_level(self) -> float:
        """The log of purchases per price shown, over all goods."""
        return float(np.log(self.base[0] / self.base[1]))

    def fade(self, kept: float | FloatArray) -> Evidence:
        """Return the evidence with this share of it left, of all variants or of each (N,)."""
        return replace(self, **{name: getattr(self, name) * kept for name in NATURAL})

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays for `pack_arrays`; `from_arrays` reads them back.

        >>> Evidence.from_arrays(Evidence.nothing(3).arrays()).model_version
        3
        """
        packed: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in _ARRAYS}
        return packed | {"model_version": np.array([self.model_version])}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Evidence:
        """Return the evidence that `arrays` was made from.

        What was stored before public prices counted knows nothing of them, and has no reference:
        the next price shown becomes it.
        """
        old = {} if "cross" in arrays else _read_before_looks(arrays)
        old |= {} if "beside" in arrays else _read_before_siblings(arrays)
        kept = {name: old[name] if name in old else arrays[name] for name in _ARRAYS}
        return Evidence(**kept, model_version=int(arrays["model_version"][0]))


_ARRAYS = tuple(name for name in Evidence.__annotations__ if name != "model_version")
# Natural parameters of the likelihood: what fades, and what an alarm doubts.
NATURAL = (
    "level_precision",
    "level_weighted",
    "cross",
    "public_weighted",
    "public_precision",
    "weighted",
    "precision",
    "randomized",
    "taken_level",
    "taken_slope",
    "taken_precision",
    "taken_weighted",
    "sold",
    "together",
    "shown",
)
_MOVES = ("home_log", "shown_log", "beside", "offset")
BY_VARIANT = (*NATURAL, *_MOVES, "reference", "level", "trust", "sent_mean", "sent_sd")


def _read_before_looks(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    none = np.zeros(len(arrays["variant_id"]))
    return {
        "anchor_minor": none.astype(np.int64),
        "reference": none + np.nan,
        "level_weighted": arrays["level_precision"] * arrays["level"],
        "cross": none,
        "public_weighted": none,
        "public_precision": none,
        "randomized": arrays["precision"],
        "look": np.array([0.0, 1.0]),
    }


def _read_before_siblings(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return what evidence of before siblings counted knows of them: nothing, so everybody stands
    alone until shown again."""
    none = np.zeros(len(arrays["variant_id"]))
    names = (*(name for name in NATURAL if name not in arrays), "beside", "offset")
    return {
        **dict.fromkeys(names, none),
        "category_id": -arrays["variant_id"],
        "home_log": none + np.nan,
        "shown_log": none + np.nan,
    }


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of each elasticity e and of the share D that its siblings lose, once levels are
    integrated out, arrays (N,): a normal likelihood by its natural parameters. `joint` is the
    entry of (e, D) in its matrix."""

    weighted: FloatArray
    precision: FloatArray
    joint: FloatArray
    taken_weighted: FloatArray
    taken_precision: FloatArray


def know_elasticities(weighted: FloatArray, precision: FloatArray) -> Known:
    """Return what is known where siblings tell nothing."""
    none = np.zeros(len(weighted))
    return Known(weighted, precision, none, none, none)


def integrate_levels(evidence: Evidence) -> Known:
    """Return what is known of each elasticity and of what siblings lose, levels integrated out.

    With l the precision and h the mean of the prior of levels, and A, B, C, y_a, y_e the natural
    parameters of public prices: C - B^2 / (A + l) and y_e + B (y_a + l h) / (A + l) (the Schur
    complement), each on top of what personal draws say; alike for the share that siblings lose,
    with J, -K, T and y_d for its entries beside level, elasticity and itself.

    >>> integrate_levels(Evidence.nothing()).precision.tolist()
    []
    """
    level = evidence.level_precision + LEVEL_PRECISION
    height = evidence.level_weighted + LEVEL_PRECISION * evidence.base_level
    public = np.maximum(evidence.public_precision - evidence.cross**2 / level, 0.0)
    weighted = evidence.public_weighted + evidence.cross / level * height
    taken = evidence.taken_level / level
    rest = evidence.taken_precision - evidence.taken_level * taken
    return Known(
        weighted=evidence.weighted + weighted,
        precision=evidence.precision + public,
        joint=evidence.cross * taken - evidence.taken_slope,
        taken_weighted=evidence.taken_weighted - taken * height,
        taken_precision=np.maximum(rest, 0.0),
    )


_OF_LEVEL = ("level_precision", "level_weighted", "cross", "taken_level")


def begin_anew(evidence: Evidence, where: BoolArray) -> Evidence:
    """Return the evidence with new levels for the variants in `where` (N,).

    What they told of elasticities stays, their levels integrated out; sales from now on are
    compared with each other only. For a price that a merchant changes: demand may have been why.
    """
    known = integrate_levels(evidence)
    fresh: dict[str, FloatArray] = {
        "public_weighted": known.weighted - evidence.weighted,
        "public_precision": known.precision - evidence.precision,
        "taken_slope": -known.joint,
        "taken_weighted": known.taken_weighted,
        "taken_precision": known.taken_precision,
        "reference": np.full(len(evidence), np.nan),
    } | dict.fromkeys(_OF_LEVEL, np.zeros(len(evidence)))
    begun: dict[str, Any] = {
        name: np.where(where, new, getattr(evidence, name)) for name, new in fresh.items()
    }
    return replace(evidence, **begun)


def find_sorted(known: IntArray, wanted: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Return where each wanted id stands in ascending `known` (0 if absent), and whether it does.

    >>> find_sorted(np.array([3, 5]), np.array([5, 4]))[1].tolist()
    [True, False]
    """
    if not len(known):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    is_there = known[at] == wanted
    return np.where(is_there, at, 0), is_there
