"""The door of `cart`, the only module of it that others import.

The cart: its lines, the promises on them, and what it costs now.
"""

from orders.cart.services.cart_rows import (
    OpenCart,
    holder_of,
    lock_cart,
    read_cart,
    require_shopper,
)
from orders.cart.services.carts import (
    accept_price_changes,
    add_to_cart,
    apply_coupon,
    choose_gift,
    remove_coupon,
    remove_line,
    set_quantity,
    use_points,
    view_cart,
)
from orders.cart.services.evaluation_input import (
    Priced,
    PricedCart,
    find_minimum_age,
    list_fees,
    preview_products,
    price_in_cart,
    read_priced_cart,
    stock_gifts,
)
from orders.cart.services.merging import (
    identity_of,
    merge_carts,
    remember_contact,
)
from orders.cart.services.rehearsals import (
    Rehearsed,
    rehearse_cart,
    rehearse_units,
)
from orders.cart.services.valuation import (
    Valuation,
    bonus_of,
    value_cart,
)

__all__ = [
    "OpenCart",
    "Priced",
    "PricedCart",
    "Rehearsed",
    "Valuation",
    "accept_price_changes",
    "add_to_cart",
    "apply_coupon",
    "bonus_of",
    "choose_gift",
    "find_minimum_age",
    "holder_of",
    "identity_of",
    "list_fees",
    "lock_cart",
    "merge_carts",
    "preview_products",
    "price_in_cart",
    "read_cart",
    "read_priced_cart",
    "rehearse_cart",
    "rehearse_units",
    "remember_contact",
    "remove_coupon",
    "remove_line",
    "require_shopper",
    "set_quantity",
    "stock_gifts",
    "use_points",
    "value_cart",
    "view_cart",
]
