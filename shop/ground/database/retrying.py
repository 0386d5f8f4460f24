"""One more try of a transaction that the database ended so that others could go on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.db import OperationalError, connection

LOST = frozenset({"40P01", "40001"})  # deadlock found, serialization failure


def try_twice[**P, R](act: Callable[P, R]) -> Callable[P, R]:
    """Decorate a service, outside its transaction: one that lost a deadlock is run once more.

    Inside a caller's transaction, which is lost as a whole, nothing is tried again. What `act`
    says to others than the database must bear being said twice.
    """

    @wraps(act)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except OperationalError as error:
            if connection.in_atomic_block or not has_lost(error):
                raise
        return act(*args, **kwargs)

    return tried


def has_lost(error: BaseException) -> bool:
    """Return whether the database ended a transaction because of another one."""
    return getattr(error.__cause__, "sqlstate", None) in LOST
