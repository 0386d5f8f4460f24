"""Flip kill switches and declare emergencies."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pricing.policy.models.policy import EmergencyCap, KillSwitch
from pricing.quoting.selectors.serving import forget_serving
from pricing.quoting.services.returns import lock_switches, take_chance_back
from shop.ground.kernel.errors import FairtagError
from shop.ground.outbox.services import write_fact

logger = logging.getLogger(__name__)


class UnknownSwitch(FairtagError):
    """There is no such scope, or its key is missing or superfluous."""

    code = "unknown_switch"


def set_kill_switch(
    *,
    scope: str,
    key: str = "",
    is_active: bool,
    reason: str,
    by_id: int | None,
    now: datetime,
) -> None:
    """Flip a switch; every worker obeys within a second, with Redis down too. No change, no row.

    Public prices that chance or an experiment moved go back by then, too: for good.
    `key` is empty for "global", else a market code, a category's path, a SKU or a model's number.
    Fact KillSwitchFlipped. Raises UnknownSwitch.
    """
    if scope not in KillSwitch.Scope.values or (scope == "global") != (key == ""):
        raise UnknownSwitch(_("Name one market, category, SKU or model; nothing for everything."))
    with transaction.atomic():
        lock_switches()
        newest = KillSwitch.objects.filter(scope=scope, key=key).order_by("-id").first()
        if (newest is not None and newest.is_active) == is_active:
            return
        row = KillSwitch.objects.create(
            scope=scope, key=key, is_active=is_active, reason=reason, by_id=by_id, at=now
        )
        if is_active:
            _take_back(row, now)
        write_fact(kind="KillSwitchFlipped", payload={"scope": scope, "key": key}, occurred_at=now)
        transaction.on_commit(forget_serving)


def _take_back(switch: KillSwitch, now: datetime) -> None:
    """Take prices back from chance, if that can be done: the switch is thrown either way, and the
    next run of the publisher looks at them."""
    try:
        with transaction.atomic():
            take_chance_back(switch=switch, now=now)
    except Exception:  # whatever ails prices must not keep them from being stopped
        logger.exception("prices moved by chance wait for the next price book")


def flag_emergency(
    *,
    market: str,
    category_id: int | None,
    starts_at: datetime,
    cap_share: float,
    reason: str,
    by_id: int | None,
) -> int:
    """Declare an emergency: no price above its level before `starts_at`, plus `cap_share`.

    `category_id` None means all goods. The next price book obeys. Return the row's id.
    """
    with transaction.atomic():
        row = EmergencyCap.objects.create(
            market_id=market,
            category_id=category_id,
            starts_at=starts_at,
            cap_share=cap_share,
            reason=reason,
            created_by_id=by_id,
        )
        write_fact(kind="EmergencyDeclared", payload={"market": market}, occurred_at=starts_at)
    return int(row.pk)
