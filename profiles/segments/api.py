"""The door of `segments`, the only module of it that others import.

Segments, tags and predictions; features in batch and online profiles.
"""

from profiles.segments.core.tags import (
    TAG_NAMES,
)
from profiles.segments.selectors.feature_tables import (
    compute_feature_rows,
    compute_feature_tables,
)
from profiles.segments.selectors.online import (
    OnlineUnavailable,
    read_online_profiles,
    read_profile_part,
    read_taste,
)
from profiles.segments.selectors.segments import (
    PredictionLine,
    describe_chances,
    list_segments,
    map_segments,
    map_tags,
    name_tags,
)
from profiles.segments.services.profiles import (
    refresh_profiles,
)
from profiles.segments.services.segments import (
    refit_segments,
)

__all__ = [
    "TAG_NAMES",
    "OnlineUnavailable",
    "PredictionLine",
    "compute_feature_rows",
    "compute_feature_tables",
    "describe_chances",
    "list_segments",
    "map_segments",
    "map_tags",
    "name_tags",
    "read_online_profiles",
    "read_profile_part",
    "read_taste",
    "refit_segments",
    "refresh_profiles",
]
