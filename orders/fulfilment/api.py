"""The door of the suite: all that others import."""

from orders.fulfilment.core import (
    ARRIVED,
    HANDED_OUT,
    ParcelItem,
    ParcelState,
    ParcelView,
    Progress,
    Replacement,
)
from orders.fulfilment.selectors import (
    awaits_delivery,
    count_packed,
    export_parcels,
    list_carriers,
    list_handed_out,
    list_left,
    list_packed,
    list_parcels,
    make_pick_list,
    name_delivery,
    orders_to_pack,
    orders_with_parcels,
    show_progress,
)
from orders.fulfilment.services.packing import (
    cancel_parcel,
    forget_tracking,
    hand_out_parcel,
    pack_order,
    ship_parcel,
)
from orders.fulfilment.services.replacing import plan_replacements

__all__ = [
    "ARRIVED",
    "HANDED_OUT",
    "ParcelItem",
    "ParcelState",
    "ParcelView",
    "Progress",
    "Replacement",
    "awaits_delivery",
    "cancel_parcel",
    "count_packed",
    "export_parcels",
    "forget_tracking",
    "hand_out_parcel",
    "list_carriers",
    "list_handed_out",
    "list_left",
    "list_packed",
    "list_parcels",
    "make_pick_list",
    "name_delivery",
    "orders_to_pack",
    "orders_with_parcels",
    "pack_order",
    "plan_replacements",
    "ship_parcel",
    "show_progress",
]
