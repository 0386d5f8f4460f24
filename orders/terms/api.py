"""The door of `terms`, the only module of it that others import.

Tax rates, delivery methods, and what an address needs in each country.
"""

from orders.terms.core import (
    DELIVERY_PATH,
    Method,
    Rate,
    price_options,
)
from orders.terms.selectors import (
    FRESH_SECONDS,
    CountryRules,
    FieldFault,
    Terms,
    check_address,
    check_phone,
    find_delivery_rates,
    find_method,
    forget_terms,
    list_delivery_methods,
    list_delivery_options,
    list_regions,
    list_served,
    list_tax_classes,
    load_terms,
    read_country,
    write_address,
)

__all__ = [
    "DELIVERY_PATH",
    "FRESH_SECONDS",
    "CountryRules",
    "FieldFault",
    "Method",
    "Rate",
    "Terms",
    "check_address",
    "check_phone",
    "find_delivery_rates",
    "find_method",
    "forget_terms",
    "list_delivery_methods",
    "list_delivery_options",
    "list_regions",
    "list_served",
    "list_tax_classes",
    "load_terms",
    "price_options",
    "read_country",
    "write_address",
]
