"""Give a member of staff a token of their own, and take it away."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

from promotions.tokens.core import STAFF_PREFIX, digest_token
from promotions.tokens.models import StaffToken


def make_staff_token(
    *, account_id: int, name: str, scopes: Collection[str], expires_at: datetime, now: datetime
) -> tuple[int, str]:
    """Return a new token's id and the token itself, which is shown this once.

    It belongs to whoever makes it: a token for somebody else would let its maker write as them
    and then approve it alone.
    """
    token = STAFF_PREFIX + secrets.token_urlsafe(32)
    row = StaffToken.objects.create(
        account_id=account_id,
        name=name,
        scopes=sorted(scopes),
        digest=digest_token(token),
        created_at=now,
        expires_at=expires_at,
    )
    return row.pk, token


def revoke_staff_token(*, token_id: int, by_id: int, now: datetime) -> bool:
    """End a token at once; return whether it was still good. Twice is once."""
    good = StaffToken.objects.filter(pk=token_id, revoked_at__isnull=True)
    return bool(good.update(revoked_at=now, revoked_by_id=by_id))
