"""The door of `experiments`, the only module of it that others import.

Assignment, exposures and read-outs of experiments.
"""

from profiles.experiments.core.assignment import (
    ArmPlan,
    ServedHours,
)
from profiles.experiments.core.estimates import (
    Comparison,
    spend_alpha,
)
from profiles.experiments.core.metrics import (
    CELL_METRICS,
    METRICS,
)
from profiles.experiments.core.power import (
    Design,
    estimate_need,
)
from profiles.experiments.core.sequences import (
    LEAST_CLUSTERS,
    Arm,
    arm_of,
    compare_arms,
    grow_arms,
)
from profiles.experiments.core.switchback import (
    LEAST_CLUSTERS_OF_GOODS,
)
from profiles.experiments.selectors.cells import (
    CellPeriod,
    PublicArm,
    find_next_turn,
    find_public_arms,
)
from profiles.experiments.selectors.experiments import (
    HELD_OUT,
    OTHERS,
    PRICES_NOTICE,
    ArmChoice,
    Served,
    choose_arm,
    choose_arms,
    list_experiment_lots,
    list_running,
)
from profiles.experiments.selectors.outcomes import (
    HoldoutReading,
    read_experiment_holdout,
)
from profiles.experiments.selectors.staff import (
    METRIC_NAMES,
    OUTCOMES,
    Baseline,
    CellForecast,
    CellPlan,
    ExperimentRow,
    ReadoutRow,
    count_unanswered,
    forecast_cells,
    get_experiment,
    list_experiments,
    read_baseline,
)
from profiles.experiments.services.drafts import (
    BadExperiment,
    ExperimentDraft,
    save_draft,
    set_clusters,
)
from profiles.experiments.services.experiments import (
    decide_experiment,
    log_exposures,
    prolong_experiment,
    set_holdout,
    start_experiment,
    stop_experiment,
)
from profiles.experiments.services.readouts import read_experiments

__all__ = [
    "CELL_METRICS",
    "HELD_OUT",
    "LEAST_CLUSTERS",
    "LEAST_CLUSTERS_OF_GOODS",
    "METRICS",
    "METRIC_NAMES",
    "OTHERS",
    "OUTCOMES",
    "PRICES_NOTICE",
    "Arm",
    "ArmChoice",
    "ArmPlan",
    "BadExperiment",
    "Baseline",
    "CellForecast",
    "CellPeriod",
    "CellPlan",
    "Comparison",
    "Design",
    "ExperimentDraft",
    "ExperimentRow",
    "HoldoutReading",
    "PublicArm",
    "ReadoutRow",
    "Served",
    "ServedHours",
    "arm_of",
    "choose_arm",
    "choose_arms",
    "compare_arms",
    "count_unanswered",
    "decide_experiment",
    "estimate_need",
    "find_next_turn",
    "find_public_arms",
    "forecast_cells",
    "get_experiment",
    "grow_arms",
    "list_experiment_lots",
    "list_experiments",
    "list_running",
    "log_exposures",
    "prolong_experiment",
    "read_baseline",
    "read_experiment_holdout",
    "read_experiments",
    "save_draft",
    "set_clusters",
    "set_holdout",
    "spend_alpha",
    "start_experiment",
    "stop_experiment",
]
