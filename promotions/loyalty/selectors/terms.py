"""The programme's terms: the same for everybody, kept in memory for a few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from promotions.loyalty.core.points import AGE_LIMITED, Terms
from promotions.loyalty.core.tiers import Tier
from promotions.loyalty.models import PointsAdjustment, ProgrammeTerms
from shop.ground.catalog.selectors import get_market, list_categories
from shop.ground.kernel.money import exponent

FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Programme:
    """Terms and tiers of a market from a day on."""

    valid_from: datetime
    terms: Terms
    tiers: tuple[Tier, ...]


_kept: dict[str, tuple[float, tuple[Programme, ...]]] = {}


def find_programme(
    *, market_code: str, now: datetime, clock: Callable[[], float] = time.monotonic
) -> Programme | None:
    """Return the terms that hold at `now`, or None where there is no programme.

    Terms that wait for a second person do not hold; those before them go on.

    No query while fresh, else three; a change by staff is seen within FRESH_SECONDS, the day on
    which it holds is judged when read.
    """
    known = _kept.get(market_code)
    if known is None or clock() - known[0] >= FRESH_SECONDS:
        known = _kept[market_code] = (clock(), _read(market_code))
    return next((each for each in known[1] if each.valid_from <= now), None)


def get_terms(terms_id: int) -> Terms:
    """Return one version of the terms, whether it still holds or not. Three queries."""
    row = ProgrammeTerms.objects.prefetch_related("categories", "tiers").get(pk=terms_id)
    return read_programme(row).terms


def forget_programme() -> None:
    """Read the terms again the next time (tests, and after a change in this process)."""
    _kept.clear()


def _list_restricted() -> list[int]:
    """Return the age-restricted categories: alcohol and tobacco earn no points, whatever staff
    say."""
    nodes = list_categories("en").nodes
    return [category_id for category_id, node in nodes.items() if node.is_restricted]


def find_correction_bound(adjustment_id: int, *, now: datetime) -> tuple[int, int] | None:
    """Return how many points a correction moves, and how many one person may; None where no
    programme holds. One query, and those of `find_programme`."""
    row = PointsAdjustment.objects.select_related("account").get(pk=adjustment_id)
    programme = find_programme(market_code=row.account.market_code, now=now)
    return None if programme is None else (abs(row.points), programme.terms.two_person_points)


def _read(market_code: str) -> tuple[Programme, ...]:
    agreed = ProgrammeTerms.objects.filter(market_code=market_code, is_waiting=False)
    rows = agreed.order_by("-valid_from")
    return tuple(read_programme(row) for row in rows.prefetch_related("categories", "tiers"))


def read_programme(row: ProgrammeTerms) -> Programme:
    """Return the terms and tiers a row says. Two queries, none once its parts are fetched."""
    tiers = list(row.tiers.all())
    return Programme(
        valid_from=row.valid_from,
        terms=Terms(
            terms_id=row.pk,
            currency_exponent=exponent(get_market(row.market_code).currency),
            earn_rate=row.earn_rate,
            point_value=row.point_value,
            min_points=row.min_points,
            step_points=row.step_points,
            max_share_percent=row.max_share_percent,
            return_window_days=row.return_window_days,
            expiry_months=row.expiry_months,
            notice_days=row.notice_days,
            two_person_points=row.two_person_points,
            referral_points=row.referral_points,
            referral_cap=row.referral_cap,
            referral_cap_days=row.referral_cap_days,
            tier_window_days=row.tier_window_days,
            tier_grace_days=row.tier_grace_days,
            category_multipliers={
                **{each.category_id: each.multiplier for each in row.categories.all()},
                **dict.fromkeys((*_list_restricted(), AGE_LIMITED), Decimal(0)),
            },
            tier_multipliers={tier.code: tier.multiplier for tier in tiers},
        ),
        tiers=tuple(
            Tier(tier.code, tier.name, tier.name_zh, tier.threshold_minor) for tier in tiers
        ),
    )
