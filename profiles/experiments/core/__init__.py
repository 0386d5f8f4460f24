"""Statistics of experiments: assignment, and inference valid at every look.

>>> from profiles.experiments.core import Arm, compare_arms
>>> treated = Arm(clusters=9_500, visits=19_000.0, total=38_000.0, squares=190_000.0,
...               products=76_000.0, visits_squared=38_000.0)
>>> holdout = Arm(clusters=500, visits=1_000.0, total=2_500.0, squares=13_000.0,
...               products=5_000.0, visits_squared=2_000.0)
>>> lift = compare_arms(treated, holdout, level=0.99)
>>> lift.difference, lift.is_worse
(-0.5, True)
"""

from profiles.experiments.core.adaptive import compare_adaptive, score_units, thompson_shares
from profiles.experiments.core.assignment import (
    SLOTS,
    ArmPlan,
    Assignment,
    BadDesign,
    ExperimentPlan,
    Targeting,
    UnitFacts,
    assign,
    cap_price,
    check_arms,
    find_slots,
)
from profiles.experiments.core.cell_metrics import (
    CELL_METRICS,
    CellColumn,
    CellGuard,
    CellMetric,
    list_columns,
    read_cell_guards,
    read_cell_metric,
)
from profiles.experiments.core.estimates import (
    Comparison,
    Estimate,
    Sample,
    adjust,
    compare,
    spend_alpha,
    split_alpha,
)
from profiles.experiments.core.metrics import COLUMNS, METRICS, Metric, take_sample
from profiles.experiments.core.power import Design, Foresight, Need, estimate_need, foresee_cells
from profiles.experiments.core.readings import MetricReading, Promise, Reading, Units, read_units
from profiles.experiments.core.sequences import (
    LEAST_CLUSTERS,
    MISMATCH,
    Arm,
    arm_of,
    check_balance,
    compare_arms,
    grow_arms,
    weigh_counts,
)
from profiles.experiments.core.serving import (
    MOST_ASTRAY,
    MOST_LOOKS_APART,
    ServedHours,
    ServedReading,
    check_served,
)
from profiles.experiments.core.switchback import (
    LEAST_CLUSTERS_OF_GOODS,
    CellReading,
    cluster_items,
    compare_turns,
    draw_cells,
    find_turn,
    is_treated,
    read_cells,
    weigh_between,
)
from profiles.lots import Lot, OpenLots, Purpose, draw_lot, find_place, find_seed, is_in_share

__all__ = [
    "CELL_METRICS",
    "COLUMNS",
    "LEAST_CLUSTERS",
    "LEAST_CLUSTERS_OF_GOODS",
    "METRICS",
    "MISMATCH",
    "MOST_ASTRAY",
    "MOST_LOOKS_APART",
    "SLOTS",
    "Arm",
    "ArmPlan",
    "Assignment",
    "BadDesign",
    "CellColumn",
    "CellGuard",
    "CellMetric",
    "CellReading",
    "Comparison",
    "Design",
    "Estimate",
    "ExperimentPlan",
    "Foresight",
    "Lot",
    "Metric",
    "MetricReading",
    "Need",
    "OpenLots",
    "Promise",
    "Purpose",
    "Reading",
    "Sample",
    "ServedHours",
    "ServedReading",
    "Targeting",
    "UnitFacts",
    "Units",
    "adjust",
    "arm_of",
    "assign",
    "cap_price",
    "check_arms",
    "check_balance",
    "check_served",
    "cluster_items",
    "compare",
    "compare_adaptive",
    "compare_arms",
    "compare_turns",
    "draw_cells",
    "draw_lot",
    "estimate_need",
    "find_place",
    "find_seed",
    "find_slots",
    "find_turn",
    "foresee_cells",
    "grow_arms",
    "is_in_share",
    "is_treated",
    "list_columns",
    "read_cell_guards",
    "read_cell_metric",
    "read_cells",
    "read_units",
    "score_units",
    "spend_alpha",
    "split_alpha",
    "take_sample",
    "thompson_shares",
    "weigh_between",
    "weigh_counts",
]
