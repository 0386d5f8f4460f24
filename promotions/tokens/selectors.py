"""Read whose a staff token is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from promotions.tokens.core import MAX_TOKEN_LENGTH, STAFF_PREFIX, StaffKey, digest_token
from promotions.tokens.models import StaffToken


def find_staff_key(token: str, now: datetime) -> tuple[StaffKey, Any] | None:
    """Return what a token is and the account it belongs to, whose rights it has; or None.

    None for one that is unknown, expired or revoked, and where the account is no staff any more.
    One query.
    """
    if not token.startswith(STAFF_PREFIX) or len(token) > MAX_TOKEN_LENGTH:
        return None
    good = StaffToken.objects.filter(revoked_at__isnull=True, expires_at__gt=now)
    staff = good.filter(account__is_active=True, account__is_staff=True)
    row = staff.filter(digest=digest_token(token)).select_related("account").first()
    if row is None:
        return None
    return StaffKey(row.pk, row.name, row.account_id, frozenset(row.scopes)), row.account
