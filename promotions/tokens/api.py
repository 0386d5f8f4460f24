"""The door of `tokens`, the only module of it that others import.

Tokens with which other systems call the API; those of staff.
"""

from promotions.tokens.core import LONGEST_LIFE, StaffKey, StaffScope
from promotions.tokens.models import AccessToken
from promotions.tokens.selectors import find_staff_key, find_token
from promotions.tokens.services import make_staff_token, make_token, revoke_token

__all__ = [
    "LONGEST_LIFE",
    "AccessToken",
    "StaffKey",
    "StaffScope",
    "find_staff_key",
    "find_token",
    "make_staff_token",
    "make_token",
    "revoke_token",
]
