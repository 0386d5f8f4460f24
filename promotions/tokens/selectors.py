"""Read whose a token is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from promotions.tokens.core import MAX_TOKEN_LENGTH, StaffKey, digest_token
from promotions.tokens.models import AccessToken, StaffToken


def find_token[T: AccessToken](table: type[T], token: str) -> QuerySet[T]:
    """Return the row of a token of `table` that was not revoked, or no row."""
    rows = table._default_manager.filter(revoked_at__isnull=True)
    if not token.startswith(table.prefix) or len(token) > MAX_TOKEN_LENGTH:
        return rows.none()
    return rows.filter(digest=digest_token(token))


def find_staff_key(token: str, now: datetime) -> tuple[StaffKey, Any] | None:
    """Return what a token is and the account it belongs to, whose rights it has; or None.

    None for one that is unknown, expired or revoked, and where the account is no staff any more.
    One query.
    """
    good = find_token(StaffToken, token).filter(expires_at__gt=now)
    staff = good.filter(account__is_active=True, account__is_staff=True)
    row = staff.select_related("account").first()
    if row is None:
        return None
    scopes = frozenset(row.scopes)
    return StaffKey(row.pk, row.name, row.account_id, scopes, row.prices_a_day), row.account
