"""The door of `wishes`, the only module of it that others import.

Wish lists, and letters to who waits for a sold-out variant.
"""

from profiles.wishes.selectors import list_awaited, list_saved
from profiles.wishes.services import (
    BadRestockLink,
    ListFull,
    ask_restock,
    ask_restock_by_mail,
    confirm_restock,
    drop_restock,
    drop_saved,
    end_restock,
    forget_old_requests,
    move_saved,
    read_restock_link,
    save_variant,
    tell_restocked,
)

__all__ = [
    "BadRestockLink",
    "ListFull",
    "ask_restock",
    "ask_restock_by_mail",
    "confirm_restock",
    "drop_restock",
    "drop_saved",
    "end_restock",
    "forget_old_requests",
    "list_awaited",
    "list_saved",
    "move_saved",
    "read_restock_link",
    "save_variant",
    "tell_restocked",
]
