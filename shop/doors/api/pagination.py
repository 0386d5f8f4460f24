"""Opaque, signed cursors: a page starts after a place in the order, not at a number."""

from __future__ import annotations

from django.core.signing import BadSignature, Signer

from shop.ground.kernel.errors import FairtagError

_signer = Signer(salt="shop.api.cursor")


class CursorInvalid(FairtagError):
    """The cursor was not made by this API, or for another list."""

    code = "cursor_invalid"


def write_cursor(kind: str, place: str) -> str:
    """Return the cursor of list `kind` that continues after `place`.

    >>> read_cursor("orders", write_cursor("orders", "F-7"))
    'F-7'
    """
    return _signer.sign_object([kind, place])


def read_cursor(kind: str, cursor: str) -> str:
    """Return the place in a cursor of list `kind`. Raises CursorInvalid."""
    try:
        found, place = _signer.unsign_object(cursor)
    except (BadSignature, ValueError) as error:
        raise CursorInvalid("The cursor is not valid; start from the first page.") from error
    if found != kind:
        raise CursorInvalid("The cursor belongs to another list; start from the first page.")
    return str(place)
