"""The door of `terms`, the only module of it that others import.

Tax rates, delivery methods, and what an address needs in each country.
"""

from orders.terms.core.tax import (
    DELIVERY_PATH,
    Method,
    Rate,
    price_options,
)
from orders.terms.selectors.addresses import (
    CountryRules,
    FieldFault,
    check_address,
    check_phone,
    list_regions,
    list_served,
    read_country,
    write_address,
)
from orders.terms.selectors.terms import (
    FRESH_SECONDS,
    Terms,
    find_delivery_rates,
    find_method,
    forget_terms,
    list_delivery_methods,
    list_delivery_options,
    list_tax_classes,
    load_terms,
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
