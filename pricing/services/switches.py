"""Flip kill switches and emergency caps."""

from __future__ import annotations

from datetime import datetime


def set_kill_switch(
    *,
    scope: str,
    key: str = "",
    is_active: bool,
    reason: str,
    by_id: int | None,
    now: datetime,
) -> None:
    """Flip a switch; every worker obeys within a second. No change, no row."""
    raise NotImplementedError


def flag_emergency(
    *,
    market: str,
    category_id: int | None,
    starts_at: datetime,
    cap_share: float,
    reason: str,
    by_id: int | None,
) -> int:
    """Declare an emergency: no price above its level before `starts_at`. Return the row's id."""
    raise NotImplementedError
