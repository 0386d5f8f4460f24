"""Outcomes of measured shoppers as arrays, and what the permanent holdout shows of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from django.db import connection

from profiles.experiments.core.assignment import GLOBAL_HOLDOUT
from profiles.experiments.core.estimates import Comparison, Sample, adjust, compare, split_alpha
from profiles.experiments.core.metrics import COLUMNS
from profiles.experiments.core.readings import Promise, Units
from profiles.experiments.core.sequences import FloatArray
from profiles.experiments.models import (
    EVERYTHING,
    Experiment,
    ExperimentNamespace,
    ExperimentShares,
)
from profiles.lots import Purpose, is_in_share
from shop.ground.catalog.selectors import cost_sql
from shop.ground.database.packed import Packed, fetch_packed

# The first exposure of each shopper, guests counted as who they became; who does not agree any
# more, or was erased, is not measured. {willing} is made of the consent columns of our own table.
FIRST_SEEN = """
SELECT DISTINCT ON (owner.id) owner.id AS shopper_id, seen.arm_id, seen.at, seen.revision
FROM profiles_exposure seen
JOIN profiles_shopper guest ON guest.id = seen.shopper_id
JOIN profiles_shopper owner ON owner.id = coalesce(guest.merged_into_id, guest.id)
WHERE seen.experiment_id = %(experiment)s AND {willing}
ORDER BY owner.id, seen.at, seen.id
"""
# In the buyer's market, whose currency the event's money is in
UNIT_COST = cost_sql(
    variant="event.variant_id",
    market="(SELECT market_code FROM profiles_shopper buyer WHERE buyer.id = event.shopper_id)",
)
# What an event adds to each column. Margin counts where the cost is known.
ADDS = {
    "orders": "count(*) FILTER (WHERE event.kind = 'order')",
    "units": "coalesce(sum(event.quantity) FILTER (WHERE event.kind = 'purchase'), 0)",
    "paid_minor": "coalesce(sum({sign} * event.paid_minor), 0)",
    "margin_minor": "coalesce(sum({sign} * (event.paid_minor"
    f" - event.quantity * {UNIT_COST})) FILTER (WHERE event.kind IN ('purchase', 'return')), 0)",
    "returned_units": "coalesce(sum(event.quantity) FILTER (WHERE event.kind = 'return'), 0)",
    "views": "count(*) FILTER (WHERE event.kind = 'view')",
    "clicks": "count(*) FILTER (WHERE event.kind = 'click')",
    "cart_adds": "coalesce(sum(event.quantity) FILTER (WHERE event.kind = 'cart_add'), 0)",
    "offer_views": "count(*) FILTER (WHERE event.kind = 'offer_view')",
    "offer_clicks": "count(*) FILTER (WHERE event.kind = 'offer_click')",
}
SIGN = "CASE event.kind WHEN 'purchase' THEN 1 WHEN 'return' THEN -1 END"
_SUMS = ", ".join(
    f"coalesce(sum({name}) FILTER (WHERE is_before IS {side}), 0)::int8 AS {name}_{label}"
    for side, label in (("FALSE", "after"), ("TRUE", "before"))
    for name in COLUMNS
)
_SOURCE = """
FROM (
    WITH seen AS MATERIALIZED ({first_seen}), outcome AS MATERIALIZED (
        SELECT coalesce(guest.merged_into_id, guest.id) AS owner_id, counted.*
        FROM profiles_experimentoutcome counted
        JOIN profiles_shopper guest ON guest.id = counted.shopper_id
        WHERE counted.experiment_id = %(experiment)s
    )
    SELECT seen.shopper_id, arm.position, seen.revision, {sums}
    FROM seen
    JOIN profiles_experimentarm arm ON arm.id = seen.arm_id
    LEFT JOIN outcome ON outcome.owner_id = seen.shopper_id
    GROUP BY seen.shopper_id, arm.position, seen.revision, seen.at
    ORDER BY seen.at, seen.shopper_id
) units
"""
_COLUMNS = (
    Packed("arm", ">i8", "int8send(position::int8)"),
    Packed("revision", ">i8", "int8send(revision::int8)"),
    *(
        Packed(f"{name}_{label}", ">i8", f"int8send({name}_{label})")
        for label in ("after", "before")
        for name in COLUMNS
    ),
)
_EXPOSED = """
SELECT seen.revision, arm.position, count(*)
FROM profiles_exposure seen
JOIN profiles_experimentarm arm ON arm.id = seen.arm_id
WHERE seen.experiment_id = %s
GROUP BY seen.revision, arm.position
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Units that may be measured, and all exposures by revision and arm."""

    units: Units
    exposed: dict[int, list[int]]


def who_is_willing(purpose: str) -> str:
    """Return the SQL that tells, of the row `owner`, whether an experiment may measure it."""
    tracking = "(owner.consent_price OR owner.consent_recommendations OR owner.consent_analytics)"
    minor = " AND NOT owner.is_minor" if purpose == "price" else ""
    return f"owner.erased_at IS NULL AND owner.consent_{purpose} AND {tracking}{minor}"


def read_promise(row: Experiment) -> Promise:
    """Return what was registered; columns changed since then are not looked at."""
    kept = row.registration
    arms = kept["arms"]
    return Promise(
        arms=tuple(arm["code"] for arm in arms),
        control=next(at for at, arm in enumerate(arms) if arm["is_control"]),
        primary=kept["primary_metric"],
        guards=kept["guards"],
        alpha=kept["alpha"],
        planned_units=kept["planned_units"],
        least_share=min(arm["share"] for arm in arms),
        is_adaptive=kept["mode"] == Experiment.Mode.BANDIT,
    )


def load_measured(row: Experiment) -> Measured:
    """Return the units of an experiment, in the order in which they were first seen. Three
    queries; a million units are some 170 MB."""
    purpose = row.registration["purpose"]
    source = _SOURCE.format(
        sums=_SUMS, first_seen=FIRST_SEEN.format(willing=who_is_willing(purpose))
    )
    rows = fetch_packed(_COLUMNS, source, {"experiment": row.pk})
    codes = [arm["code"] for arm in row.registration["arms"]]
    moved = ExperimentShares.objects.filter(experiment=row)
    shares = {
        revision: [kept[code] for code in codes]
        for revision, kept in moved.values_list("revision", "shares")
    }

    def columns(label: str) -> dict[str, np.ndarray]:
        return {name: rows[f"{name}_{label}"].astype(np.float64) for name in COLUMNS}

    units = Units(
        arm=rows["arm"].astype(np.int64),
        revision=rows["revision"].astype(np.int64),
        after=columns("after"),
        before=columns("before"),
        shares=shares,
    )
    return Measured(units, _count_exposed(row.pk, len(codes)))


def _count_exposed(experiment_id: int, arms: int) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(lambda: [0] * arms)
    with connection.cursor() as cursor:
        cursor.execute(_EXPOSED, [experiment_id])
        for revision, position, count in cursor.fetchall():
            found[revision][position] = count
    return dict(found)


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
_HOLDOUTS = """
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
        _HOLDOUTS.format(
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
