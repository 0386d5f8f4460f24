"""Mathematics of experiments: who gets which arm, and what may be said of it at every look.

>>> from profiles.core.experiments import Arm, compare_arms
>>> treated = Arm(clusters=9_500, visits=19_000.0, total=38_000.0, squares=190_000.0,
...               products=76_000.0, visits_squared=38_000.0)
>>> holdout = Arm(clusters=500, visits=1_000.0, total=2_500.0, squares=13_000.0,
...               products=5_000.0, visits_squared=2_000.0)
>>> lift = compare_arms(treated, holdout, level=0.99)
>>> lift.difference, lift.is_worse
(-0.5, True)
"""

from profiles.core.experiments.adaptive import compare_adaptive, score_units, thompson_shares
from profiles.core.experiments.assignment import (
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
    is_in_share,
    pick_arm,
    slot_of,
)
from profiles.core.experiments.balance import MISMATCH, check_balance, weigh_counts
from profiles.core.experiments.cell_metrics import (
    CELL_METRICS,
    CellColumn,
    CellGuard,
    CellMetric,
    list_columns,
    read_cell_guards,
    read_cell_metric,
)
from profiles.core.experiments.clusters import cluster_items, weigh_between
from profiles.core.experiments.estimates import (
    Comparison,
    Estimate,
    Sample,
    adjust,
    compare,
    spend_alpha,
    split_alpha,
)
from profiles.core.experiments.foresight import Foresight, foresee_cells
from profiles.core.experiments.metrics import COLUMNS, METRICS, Metric, take_sample
from profiles.core.experiments.power import Design, Need, estimate_need, estimate_power
from profiles.core.experiments.readings import MetricReading, Promise, Reading, Units, read_units
from profiles.core.experiments.sequences import (
    LEAST_CLUSTERS,
    Arm,
    arm_of,
    compare_arms,
    grow_arms,
)
from profiles.core.experiments.serving import (
    MOST_ASTRAY,
    MOST_LOOKS_APART,
    ServedHours,
    ServedReading,
    check_served,
)
from profiles.core.experiments.switchback import (
    LEAST_CLUSTERS_OF_GOODS,
    CellReading,
    compare_turns,
    draw_cells,
    find_turn,
    is_treated,
    read_cells,
)

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
    "Metric",
    "MetricReading",
    "Need",
    "Promise",
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
    "estimate_need",
    "estimate_power",
    "find_slots",
    "find_turn",
    "foresee_cells",
    "grow_arms",
    "is_in_share",
    "is_treated",
    "list_columns",
    "pick_arm",
    "read_cell_guards",
    "read_cell_metric",
    "read_cells",
    "read_units",
    "score_units",
    "slot_of",
    "spend_alpha",
    "split_alpha",
    "take_sample",
    "thompson_shares",
    "weigh_between",
    "weigh_counts",
]
