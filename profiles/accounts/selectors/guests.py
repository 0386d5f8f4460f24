"""Check that a guest's pseudonym has not been joined to an account."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.db import connection

from profiles.events.core.keys import FREE, guest_key
from shop.ground.jobs.redis import RedisUnavailable, ask_redis

# How long a guest counts as nobody's account without asking the table again.
FREE_SECONDS = 30

_JOINED = """
SELECT 1 FROM profiles_shopper
WHERE pseudonym = %s AND (account_id IS NOT NULL OR merged_into_id IS NOT NULL)
"""


def belongs_to_account(pseudonym: str) -> bool:
    """Return whether the guest `pseudonym` once was is a login's shopper now. One query or none.

    What a guest kept is then worth nothing: on a shared device it would lead the next person to
    the former one's cart. Only the login itself opens them.

    Redis remembers for FREE_SECONDS that the answer was no, because the query was a tenth of a
    request for quotes. Who joins an account says so in Redis before the table does (`bar_guest`),
    and that is never overwritten from here: no answer of the time before outlives the joining.
    Without Redis, or where it forgot, the table is asked.
    """
    try:
        key = UUID(pseudonym)
    except ValueError:
        return False
    name = guest_key(str(key))
    try:
        [known] = ask_redis(("GET", name))
    except RedisUnavailable:
        return _has_joined(key)
    if known == FREE.encode():
        return False
    has_joined = _has_joined(key)
    if not has_joined and known is None:
        with suppress(RedisUnavailable):
            ask_redis(("SET", name, FREE, "NX", "EX", FREE_SECONDS))
    return has_joined


def _has_joined(key: UUID) -> bool:
    # As text this costs a fifth of what building the queryset does.
    with connection.cursor() as cursor:
        cursor.execute(_JOINED, [key])
        return cursor.fetchone() is not None
