"""The one exception family that doors turn into messages."""

from __future__ import annotations

from typing import Any


class FairtagError(Exception):
    """A refusal with a stable code, a plain sentence and machine-readable detail.

    Subclasses live beside the function that raises them and set `code`. `detail` must be
    JSON-serialisable and free of personal data: it reaches API clients and logs.

    >>> error = FairtagError("Say how many.", code="quantity_missing", field="quantity")
    >>> error.code, str(error), error.detail
    ('quantity_missing', 'Say how many.', {'field': 'quantity'})
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, **detail: Any) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.message = message
        self.detail: dict[str, Any] = detail
