"""The door of `shoppers`, the only module of it that others import.

Who shops here and what they agreed to.
"""

from profiles.shoppers.selectors.shoppers import (
    ShopperColumns,
    ShopperNotFound,
    find_shopper,
    find_shopper_for_account,
    get_shopper,
    get_shopper_by_id,
    list_active_shoppers,
    list_consents,
    list_members,
    list_pseudonyms,
    list_shoppers,
    list_stale_pseudonyms,
    load_shopper_columns,
    owner_ids,
    shopper_value,
)
from profiles.shoppers.selectors.traits import (
    list_audit_traits,
    load_audit_traits,
)
from profiles.shoppers.services import (
    note_place,
)
from profiles.shoppers.services.traits import (
    exchange_traits,
)

__all__ = [
    "ShopperColumns",
    "ShopperNotFound",
    "exchange_traits",
    "find_shopper",
    "find_shopper_for_account",
    "get_shopper",
    "get_shopper_by_id",
    "list_active_shoppers",
    "list_audit_traits",
    "list_consents",
    "list_members",
    "list_pseudonyms",
    "list_shoppers",
    "list_stale_pseudonyms",
    "load_audit_traits",
    "load_shopper_columns",
    "note_place",
    "owner_ids",
    "shopper_value",
]
