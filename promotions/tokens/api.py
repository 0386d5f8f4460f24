"""The door of `tokens`, the only module of it that others import.

Tokens with which staff call the API.
"""

from promotions.tokens.core import (
    LONGEST_LIFE,
    MAX_TOKEN_LENGTH,
    StaffKey,
    StaffScope,
    digest_token,
)
from promotions.tokens.selectors import find_staff_key
from promotions.tokens.services import make_staff_token, revoke_staff_token

__all__ = [
    "LONGEST_LIFE",
    "MAX_TOKEN_LENGTH",
    "StaffKey",
    "StaffScope",
    "digest_token",
    "find_staff_key",
    "make_staff_token",
    "revoke_staff_token",
]
