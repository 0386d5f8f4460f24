"""Outcomes of measured shoppers before and after their first exposure, as arrays."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from django.db import connection

from profiles.experiments.core import COLUMNS, Promise, Units
from profiles.experiments.models import Experiment, ExperimentShares
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
