"""Give a till its token, and take it away."""

from __future__ import annotations

import secrets
from datetime import datetime

from promotions.core.tills import TOKEN_PREFIX, digest_token
from promotions.models import TillToken


def make_till_token(
    *, store_id: int, name: str, by_id: int | None, now: datetime
) -> tuple[int, str]:
    """Return a new token's id and the token itself, which is shown this once."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = TillToken.objects.create(
        store_id=store_id,
        name=name,
        digest=digest_token(token),
        created_at=now,
        created_by_id=by_id,
    )
    return row.pk, token


def revoke_till_token(*, token_id: int, by_id: int, now: datetime) -> bool:
    """End a token at once; return whether it was still good. Twice is once."""
    good = TillToken.objects.filter(pk=token_id, revoked_at__isnull=True)
    return bool(good.update(revoked_at=now, revoked_by_id=by_id))
