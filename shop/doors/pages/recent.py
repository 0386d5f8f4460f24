"""Check of a recent proof of identity in this session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.conf import settings


def is_recent(
    session: Mapping[str, Any], account: Any, now: datetime, *, within: int | None = None
) -> bool:
    """Return whether a password or second factor was given `within` so many seconds.

    The sign-in itself counts. Without `within` it is `REAUTHENTICATE_AFTER` of the settings.
    """
    seconds = settings.REAUTHENTICATE_AFTER if within is None else within
    records = get_authentication_records(SimpleNamespace(session=session), account)
    return bool(records) and now.timestamp() - records[-1]["at"] <= seconds


def address_to_prove(account: Any, *, back_to: str) -> str:
    """Return the page that asks who it is and then leads `back_to`; "" if there is no way to."""
    methods = get_adapter().get_reauthentication_methods(account)
    return f"{methods[0]['url']}?{urlencode({'next': back_to})}" if methods else ""
