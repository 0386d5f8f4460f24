"""The door of `segments`, the only module of it that others import.

Segments, tags and predictions; features in batch and online profiles.
"""

from profiles.segments.core.rules import (
    FIELDS,
    LEAST,
    MOST,
    MOST_GROUPS,
    MOST_ROWS,
    TAG_NAMES,
    Row,
    Rule,
    RuleRefused,
    say_rule,
)
from profiles.segments.selectors.made import (
    LEAST_SHOWN,
    SegmentPage,
    Selection,
    count_tags,
    find_segment,
    name_features,
    select_found,
    select_shoppers,
)
from profiles.segments.selectors.online import (
    OnlineUnavailable,
    compute_feature_rows,
    compute_feature_tables,
    read_online_profiles,
    read_profile_part,
    read_taste,
)
from profiles.segments.selectors.segments import (
    PredictionLine,
    describe_chances,
    list_made_rules,
    list_segments,
    map_segments,
    map_tags,
    name_tags,
)
from profiles.segments.services.made import (
    count_segments,
    retire_segment,
    save_segment,
    seed_demo_segments,
)
from profiles.segments.services.segments import (
    refit_segments,
    refresh_profiles,
)

__all__ = [
    "FIELDS",
    "LEAST",
    "LEAST_SHOWN",
    "MOST",
    "MOST_GROUPS",
    "MOST_ROWS",
    "TAG_NAMES",
    "OnlineUnavailable",
    "PredictionLine",
    "Row",
    "Rule",
    "RuleRefused",
    "SegmentPage",
    "Selection",
    "compute_feature_rows",
    "compute_feature_tables",
    "count_segments",
    "count_tags",
    "describe_chances",
    "find_segment",
    "list_made_rules",
    "list_segments",
    "map_segments",
    "map_tags",
    "name_features",
    "name_tags",
    "read_online_profiles",
    "read_profile_part",
    "read_taste",
    "refit_segments",
    "refresh_profiles",
    "retire_segment",
    "save_segment",
    "say_rule",
    "seed_demo_segments",
    "select_found",
    "select_shoppers",
]
