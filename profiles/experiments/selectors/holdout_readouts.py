"""Results of the permanent holdout: spending and profit against all other shoppers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from profiles.experiments.core import Comparison, Sample, adjust, compare, split_alpha
from profiles.experiments.core.assignment import GLOBAL_HOLDOUT
from profiles.experiments.core.sequences import FloatArray
from profiles.experiments.models import EVERYTHING, ExperimentNamespace
from profiles.experiments.selectors.outcomes import ADDS, SIGN, who_is_willing
from profiles.lots import Purpose, is_in_share
from shop.ground.database.packed import Packed, fetch_packed

# A quarter of a year: long enough for what comes back, short enough to be about the shop of today.
WINDOW = timedelta(days=91)
ALPHA = 0.05
# Bounds are narrowest at so many shoppers in the smaller arm: fixed beforehand.
TUNED_FOR = 1_000.0
HOLDOUT_METRICS: Mapping[str, tuple[str, str]] = {
    "revenue_per_visit": ("paid_minor", "visits"),
    "margin_per_visit": ("margin_minor", "visits"),
    "revenue_per_shopper": ("paid_minor", "one"),
    "margin_per_shopper": ("margin_minor", "one"),
}
_SUMMED = ("paid_minor", "margin_minor")
# A visit is a day on which somebody did anything.
_SOURCE = """
FROM (
    SELECT owner.id, owner.pseudonym, {sums},
        count(DISTINCT (event.occurred_at AT TIME ZONE 'UTC')::date)::int8 AS visits
    FROM profiles_event event
    JOIN profiles_shopper owner ON owner.id = event.shopper_id
    WHERE event.occurred_at >= %(since)s AND event.occurred_at < %(until)s AND {willing}
    GROUP BY owner.id, owner.pseudonym
) shoppers
"""


@dataclass(frozen=True, slots=True)
class HoldoutReading:
    """Everybody else against who is held out: shoppers in each, and each metric's comparison."""

    share: float
    held: int
    others: int
    metrics: Mapping[str, Comparison]


def read_experiment_holdout(until: date) -> HoldoutReading | None:
    """Return what is known of who is held out of all experiments; None if nobody is.

    Two queries, the large one once a day.
    """
    shares = ExperimentNamespace.objects.filter(code=EVERYTHING).values_list("holdout_share")
    share = next((one for (one,) in shares), 0.0)
    if share <= 0.0:
        return None
    salt = (Purpose.EXPERIMENT_HOLDOUT, GLOBAL_HOLDOUT)
    return read_holdout(share, salt, "analytics", until)


@lru_cache(maxsize=8)
def read_holdout(share: float, salt: tuple[str, ...], purpose: str, until: date) -> HoldoutReading:
    """Return the comparison of a sticky share with everybody else, over the WINDOW to a day.

    Only who agreed to `purpose` is counted. What was held out was held out before the window too,
    so nothing is adjusted by the past. One query, once a day.
    """
    rows = fetch_packed(
        (
            Packed("shopper", ">i8", "int8send(id)"),
            *(Packed(name, ">i8", f"int8send({name})") for name in (*_SUMMED, "visits")),
            Packed("pseudonym", "S36", "textsend(rpad(pseudonym::text, 36))"),
        ),
        _SOURCE.format(
            sums=", ".join(f"({ADDS[one].format(sign=SIGN)})::int8 AS {one}" for one in _SUMMED),
            willing=who_is_willing(purpose),
        ),
        {"since": until - WINDOW, "until": until},
    )
    units = [one.decode().strip() for one in rows["pseudonym"].tolist()]
    is_held = np.array([is_in_share(one, share, *salt) for one in units], dtype=np.bool_)
    columns = {name: rows[name].astype(np.float64) for name in (*_SUMMED, "visits")}
    columns["one"] = np.ones(len(rows))
    return HoldoutReading(
        share=share,
        held=int(is_held.sum()),
        others=int((~is_held).sum()),
        metrics=_compare_all(columns, is_held),
    )


def _compare_all(columns: Mapping[str, FloatArray], is_held: np.ndarray) -> dict[str, Comparison]:
    """Return the comparison of each metric; the error is shared out over all of them."""
    alpha = split_alpha(ALPHA, len(HOLDOUT_METRICS))
    found = {}
    for name, (top, base) in HOLDOUT_METRICS.items():
        both = [Sample(columns[top][side], columns[base][side]) for side in (~is_held, is_held)]
        (others, held), _kept = adjust(both)
        found[name] = compare(others, held, alpha=alpha, tuned_for=TUNED_FOR)
    return found
