"""The door of `privacy`, the only module of it that others import.

Export, erasure and retention of personal data.
"""

from profiles.privacy.core import (
    FieldClass,
    RoomPrivacy,
    classify,
)
from profiles.privacy.services import (
    PRIVACY,
    StaffAccount,
    erase_everywhere,
    erase_shopper,
    export_everything,
    forget_expired,
)

__all__ = [
    "PRIVACY",
    "FieldClass",
    "RoomPrivacy",
    "StaffAccount",
    "classify",
    "erase_everywhere",
    "erase_shopper",
    "export_everything",
    "forget_expired",
]
