"""Make tokens, and revoke them."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from promotions.tokens.core import PRICES_A_DAY, digest_token
from promotions.tokens.models import AccessToken, StaffToken


def make_token(table: type[AccessToken], *, now: datetime, **fields: Any) -> tuple[int, str]:
    """Return a new token's id and the token itself, which is shown this once."""
    token = table.prefix + secrets.token_urlsafe(32)
    row = table._default_manager.create(digest=digest_token(token), created_at=now, **fields)
    return row.pk, token


def revoke_token(
    table: type[AccessToken], *, token_id: int, by_id: int | None, now: datetime
) -> bool:
    """End a token at once; return whether it was still good. Twice is once."""
    good = table._default_manager.filter(pk=token_id, revoked_at__isnull=True)
    return bool(good.update(revoked_at=now, revoked_by_id=by_id))


def make_staff_token(
    *,
    account_id: int,
    name: str,
    scopes: Collection[str],
    expires_at: datetime,
    now: datetime,
    prices_a_day: int = PRICES_A_DAY,
) -> tuple[int, str]:
    """Return a new token's id and the token itself.

    It belongs to whoever makes it: a token for somebody else would let its maker write as them
    and then approve it alone.
    """
    return make_token(
        StaffToken,
        account_id=account_id,
        name=name,
        scopes=sorted(scopes),
        expires_at=expires_at,
        prices_a_day=prices_a_day,
        now=now,
    )
