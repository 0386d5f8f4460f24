"""The door of the suite: all that others import."""

from orders.fulfilment.core import (
    ARRIVED,
    HANDED_OUT,
    LineCount,
    ParcelItem,
    ParcelState,
    ParcelView,
    PickList,
    Progress,
    Replacement,
    count_left,
)
from orders.fulfilment.selectors import (
    count_line,
    count_packed,
    export_parcels,
    goes_to_address,
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
from orders.fulfilment.services.erasure import forget_tracking
from orders.fulfilment.services.handing import hand_out_parcel, settle_after_refund, ship_parcel
from orders.fulfilment.services.packing import cancel_parcel, pack_order, pack_replacement
from orders.fulfilment.services.replacing import plan_replacements

__all__ = [
    "ARRIVED",
    "HANDED_OUT",
    "LineCount",
    "ParcelItem",
    "ParcelState",
    "ParcelView",
    "PickList",
    "Progress",
    "Replacement",
    "cancel_parcel",
    "count_left",
    "count_line",
    "count_packed",
    "export_parcels",
    "forget_tracking",
    "goes_to_address",
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
    "pack_replacement",
    "plan_replacements",
    "settle_after_refund",
    "ship_parcel",
    "show_progress",
]
