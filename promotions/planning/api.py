"""The door of `planning`, the only module of it that others import.

The sentence builder, campaign files, forecasts, results, replays of the past.
"""

from promotions.planning.core.builder.blanks import BLANKS
from promotions.planning.core.builder.bounds import Bound, list_bounds
from promotions.planning.core.builder.clauses import (
    AND,
    BRACKET,
    CLAUSES,
    OR,
    WITH,
    Clause,
    Part,
    join_parts,
)
from promotions.planning.core.builder.prices import PRICES
from promotions.planning.core.builder.rows import (
    INSIDE,
    Path,
    Row,
    add_row,
    find_clause,
    list_rows,
    remove_row,
    replace_row,
    walk_rows,
)
from promotions.planning.core.builder.sets import SETS
from promotions.planning.core.builder.templates import CUTS
from promotions.planning.core.goals import (
    GoalFigure,
    HoldoutLift,
    Reading,
    Reconciliation,
    compare_holdout,
    read_lift,
    read_share,
    read_stock,
    reconcile,
)
from promotions.planning.core.recorded import (
    BurnDay,
    Forecast,
    ForecastDay,
    Interval,
    Outcome,
    RemainingBudgets,
    burn_budget,
    forecast,
    forecast_stock,
)
from promotions.planning.selectors.builder import (
    UnknownProducts,
    list_best_groups,
    list_groups,
    list_partners,
    list_stacking_groups,
    list_tiers,
    load_said,
    name_market,
    read_goods,
    say_campaign,
    say_rows,
    speak_campaign,
)
from promotions.planning.selectors.campaign_codes import find_version
from promotions.planning.selectors.campaign_schema import describe_campaigns
from promotions.planning.selectors.campaign_status import PHASES
from promotions.planning.selectors.changes import say_changes, say_faults
from promotions.planning.selectors.product_offers import list_product_offers
from promotions.planning.selectors.restoring import (
    Restored,
    RestoredBook,
    restore_book,
    restore_codes,
)
from promotions.planning.selectors.results import (
    CampaignUses,
    UseCount,
    count_uses,
    load_uses,
    split_addressed,
)
from promotions.planning.services.builder import add_offer, build_campaign
from promotions.planning.services.campaign_documents import (
    Writer,
    read_documents,
    require_version,
    write_document,
)
from promotions.planning.services.campaign_files import (
    BadFile,
    ImportReport,
    export_campaigns,
    import_campaigns,
)

__all__ = [
    "AND",
    "BLANKS",
    "BRACKET",
    "CLAUSES",
    "CUTS",
    "INSIDE",
    "OR",
    "PHASES",
    "PRICES",
    "SETS",
    "WITH",
    "BadFile",
    "Bound",
    "BurnDay",
    "CampaignUses",
    "Clause",
    "Forecast",
    "ForecastDay",
    "GoalFigure",
    "HoldoutLift",
    "ImportReport",
    "Interval",
    "Outcome",
    "Part",
    "Path",
    "Reading",
    "Reconciliation",
    "RemainingBudgets",
    "Restored",
    "RestoredBook",
    "Row",
    "UnknownProducts",
    "UseCount",
    "Writer",
    "add_offer",
    "add_row",
    "build_campaign",
    "burn_budget",
    "compare_holdout",
    "count_uses",
    "describe_campaigns",
    "export_campaigns",
    "find_clause",
    "find_version",
    "forecast",
    "forecast_stock",
    "import_campaigns",
    "join_parts",
    "list_best_groups",
    "list_bounds",
    "list_groups",
    "list_partners",
    "list_product_offers",
    "list_rows",
    "list_stacking_groups",
    "list_tiers",
    "load_said",
    "load_uses",
    "name_market",
    "read_documents",
    "read_goods",
    "read_lift",
    "read_share",
    "read_stock",
    "reconcile",
    "remove_row",
    "replace_row",
    "require_version",
    "restore_book",
    "restore_codes",
    "say_campaign",
    "say_changes",
    "say_faults",
    "say_rows",
    "speak_campaign",
    "split_addressed",
    "walk_rows",
    "write_document",
]
