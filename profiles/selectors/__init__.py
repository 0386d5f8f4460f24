"""Read the room."""

from profiles.selectors.experiments import (
    ArmChoice,
    choose_arm,
    choose_arms,
    list_running,
)
from profiles.selectors.features import compute_feature_rows
from profiles.selectors.guests import belongs_to_account
from profiles.selectors.online import (
    OnlineUnavailable,
    queue_part_reads,
    read_online_profiles,
    read_taste,
)
from profiles.selectors.purchases import load_purchase_cells
from profiles.selectors.recommendations import recommend_variants
from profiles.selectors.segments import list_segments, map_segments, map_tags, name_tags
from profiles.selectors.shoppers import (
    ShopperNotFound,
    find_shopper,
    find_shopper_for_account,
    get_shopper,
    get_shopper_by_id,
    list_active_shoppers,
    list_consents,
    list_pseudonyms,
    list_shoppers,
    list_stale_pseudonyms,
    map_external_shoppers,
)

__all__ = [
    "ArmChoice",
    "OnlineUnavailable",
    "ShopperNotFound",
    "belongs_to_account",
    "choose_arm",
    "choose_arms",
    "compute_feature_rows",
    "find_shopper",
    "find_shopper_for_account",
    "get_shopper",
    "get_shopper_by_id",
    "list_active_shoppers",
    "list_consents",
    "list_pseudonyms",
    "list_running",
    "list_segments",
    "list_shoppers",
    "list_stale_pseudonyms",
    "load_purchase_cells",
    "map_external_shoppers",
    "map_segments",
    "map_tags",
    "name_tags",
    "queue_part_reads",
    "read_online_profiles",
    "read_taste",
    "recommend_variants",
]
