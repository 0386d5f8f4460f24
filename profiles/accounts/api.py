"""The door of `accounts`, the only module of it that others import.

Logins and guests, customers of lists, imports, what staff see of a shopper.
"""

from profiles.accounts.core import CUSTOMER_FIELDS, Answer, CustomerChange, KnownCustomer
from profiles.accounts.selectors import (
    ShopperUnknown,
    StaffShopper,
    belongs_to_account,
    find_customer_fields,
    find_email,
    find_household,
    list_consent_answers,
    list_customers,
    list_households,
    list_recent_events,
    map_numbers,
    read_customers,
    read_profile_freshness,
    read_shopper,
    read_stream,
)
from profiles.accounts.services.bulk import load_events_bulk, load_shoppers_bulk, load_traits_bulk
from profiles.accounts.services.customers import (
    forget_customer,
    name_households,
    restore_customer,
    save_customers,
)
from profiles.accounts.services.identity import (
    get_or_create_guest,
    link_account,
)

__all__ = [
    "CUSTOMER_FIELDS",
    "Answer",
    "CustomerChange",
    "KnownCustomer",
    "ShopperUnknown",
    "StaffShopper",
    "belongs_to_account",
    "find_customer_fields",
    "find_email",
    "find_household",
    "forget_customer",
    "get_or_create_guest",
    "link_account",
    "list_consent_answers",
    "list_customers",
    "list_households",
    "list_recent_events",
    "load_events_bulk",
    "load_shoppers_bulk",
    "load_traits_bulk",
    "map_numbers",
    "name_households",
    "read_customers",
    "read_profile_freshness",
    "read_shopper",
    "read_stream",
    "restore_customer",
    "save_customers",
]
