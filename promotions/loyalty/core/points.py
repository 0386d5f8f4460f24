"""Loyalty points: what an order earns, what points pay, and each unit's exact share of both.

Integers throughout. Rates and values are decimals of four places, multipliers of two, so every
product is exact; what an order earns is rounded down once, never line by line.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from promotions.loyalty.core.tiers import Tier
from shop.ground.kernel.money import prorate

RATE_SCALE = 10_000
# The note of a balance that a member brought along; pages say it in the reader's language.
OPENING_NOTE = "Opening balance"
MULTIPLIER_SCALE = 100


@dataclass(frozen=True, slots=True)
class Terms:
    """The programme's rules on one day in one market.

    `earn_rate` is points for one unit of the currency, `point_value` what one point pays in minor
    units. `category_multipliers` by category id (the deepest of a line's categories counts),
    `tier_multipliers` by tier code; what is absent counts once. Points pay at most
    `max_share_percent` of the products, at least `min_points`, in steps of `step_points`.
    """

    terms_id: int
    currency_exponent: int = 2
    earn_rate: Decimal = Decimal(1)
    point_value: Decimal = Decimal(1)
    min_points: int = 1
    step_points: int = 1
    max_share_percent: int = 100
    return_window_days: int = 30
    expiry_months: int | None = 12
    notice_days: int = 30
    two_person_points: int = 5_000
    referral_points: int = 0
    referral_cap: int = 10
    referral_cap_days: int = 365
    tier_window_days: int = 365
    tier_grace_days: int = 60
    category_multipliers: Mapping[int, Decimal] = field(default_factory=dict)
    tier_multipliers: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def unit_minor(self) -> int:
        """Return one unit of the currency in minor units."""
        return int(10**self.currency_exponent)


# Stands among a line's categories where its product has an age limit: no category has this id.
AGE_LIMITED = 0


@dataclass(frozen=True, slots=True)
class EarnLine:
    """What was (or would be) paid for a line's products, and its categories, department to leaf."""

    paid_minor: int
    category_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PointsPlan:
    """How points pay for a cart: `amounts` and `points` by line, in the order of the lines.

    `reason` says why fewer points than wanted are used ("" if all are): no_points, below_minimum,
    goods_covered, share_reached, not_in_steps.
    """

    points: int
    amount_minor: int
    amounts: tuple[int, ...]
    points_by_line: tuple[int, ...]
    reason: str = ""


def earn_points(
    terms: Terms, lines: Sequence[EarnLine], tier: str | None = None, bonus: int = 0
) -> list[int]:
    """Return the points of each line; they sum to the order's points.

    points = floor(sum over lines of paid x rate x category multiplier x tier multiplier) + bonus.
    Rounded down once an order and spread by largest remainder: splitting a line never changes the
    sum, and more products never earn less.

    >>> earn_points(Terms(1), [EarnLine(999), EarnLine(1_001)])
    [10, 10]
    >>> earn_points(Terms(1, tier_multipliers={"gold": Decimal("1.5")}), [EarnLine(999)], "gold")
    [14]
    """
    weights = [_weight(terms, line, tier) for line in lines]
    whole = RATE_SCALE * MULTIPLIER_SCALE * MULTIPLIER_SCALE * 10**terms.currency_exponent
    base = prorate(sum(weights) // whole, weights)
    if not bonus or not lines:
        return base
    extra = prorate(bonus, [line.paid_minor for line in lines])
    return [one + more for one, more in zip(base, extra, strict=True)]


def plan_points(terms: Terms, *, wanted: int, available: int, goods: Sequence[int]) -> PointsPlan:
    """Return how many of `wanted` points pay for `goods` (line prices in minor units).

    amount = floor(points x value). No point is taken that pays nothing: of a value that is not
    whole only the points are used that the amount needs.

    >>> plan = plan_points(Terms(1), wanted=500, available=300, goods=[100, 900])
    >>> plan.points, plan.amounts, plan.points_by_line
    (300, (30, 270), (30, 270))
    >>> plan_points(Terms(1, min_points=500), wanted=300, available=900, goods=[900]).reason
    'below_minimum'
    """
    nothing = (0,) * len(goods)
    total = sum(goods)
    cap = total * terms.max_share_percent // 100
    asked = min(wanted, available)
    points, amount = _fit(terms, asked, cap)
    reason = ""
    if wanted > available:
        reason = "no_points"
    elif points < wanted:
        full = "goods_covered" if terms.max_share_percent == 100 else "share_reached"
        reason = full if worth_of(terms, asked) > cap else "not_in_steps"
    if points < terms.min_points or amount <= 0:
        small = "no_points" if available < terms.min_points else "below_minimum"
        return PointsPlan(0, 0, nothing, nothing, small if wanted else "")
    amounts = prorate(amount, goods)
    shares = prorate(points, amounts)
    return PointsPlan(points, amount, tuple(amounts), tuple(shares), reason)


def worth_of(terms: Terms, points: int) -> int:
    """Return what `points` pay in minor units, rounded down.

    >>> worth_of(Terms(1, point_value=Decimal("0.5")), 7)
    3
    """
    return points * _scaled(terms.point_value, RATE_SCALE) // RATE_SCALE


def add_months(at: datetime, months: int) -> datetime:
    """Return the same day and time `months` later, or the last day of a shorter month.

    >>> add_months(datetime(2026, 8, 31), 6).isoformat()
    '2027-02-28T00:00:00'
    """
    years, month = divmod(at.month - 1 + months, 12)
    year = at.year + years
    last = monthrange(year, month + 1)[1]
    return at.replace(year=year, month=month + 1, day=min(at.day, last))


def _fit(terms: Terms, asked: int, cap_minor: int) -> tuple[int, int]:
    """Return (points, amount): the most of `asked` that `cap_minor` and the steps allow."""
    amount = min(worth_of(terms, asked), cap_minor)
    value = _scaled(terms.point_value, RATE_SCALE)
    points = -(-amount * RATE_SCALE // value)
    if points % terms.step_points:
        points -= points % terms.step_points
        amount = min(worth_of(terms, points), cap_minor)
    return points, amount


def _weight(terms: Terms, line: EarnLine, tier: str | None) -> int:
    multiplier = Decimal(1)
    for category_id in line.category_ids:
        multiplier = terms.category_multipliers.get(category_id, multiplier)
    boost = terms.tier_multipliers.get(tier or "", Decimal(1))
    return (
        line.paid_minor
        * _scaled(terms.earn_rate, RATE_SCALE)
        * _scaled(multiplier, MULTIPLIER_SCALE)
        * _scaled(boost, MULTIPLIER_SCALE)
    )


def _scaled(value: Decimal, scale: int) -> int:
    return int(value * scale)


ONCE = Decimal(1)


def list_costs(
    new: Terms, old: Terms | None, tiers: tuple[Sequence[Tier], Sequence[Tier]] = ((), ())
) -> tuple[str, ...]:
    """Return what `new` gives or allows beyond `old`, by field; all of it where there was none.

    `tiers` are those of the new and of the old terms. What takes away costs nothing: members are
    told of it before it holds.

    >>> from dataclasses import replace
    >>> old = Terms(1, earn_rate=Decimal(1), point_value=Decimal(1))
    >>> list_costs(replace(old, earn_rate=Decimal("1.5")), old), list_costs(old, old)
    (('earn_rate',), ())
    """
    if old is None:
        return ("programme",)
    found = {
        "earn_rate": new.earn_rate * new.point_value > old.earn_rate * old.point_value,
        "point_value": new.point_value > old.point_value,
        "max_share_percent": new.max_share_percent > old.max_share_percent,
        "expiry_months": _lasts_longer(new.expiry_months, old.expiry_months),
        "referral_points": new.referral_points > old.referral_points,
        "referral_cap": new.referral_points > 0 and _more_friends(new, old),
        "category_multipliers": _is_above(new.category_multipliers, old.category_multipliers),
        "tiers": _is_above(new.tier_multipliers, old.tier_multipliers) or _is_easier(*tiers),
        "two_person_points": new.two_person_points > old.two_person_points,
    }
    return tuple(field for field, costs in found.items() if costs)


def _lasts_longer(new: int | None, old: int | None) -> bool:
    return old is not None and (new is None or new > old)


def _more_friends(new: Terms, old: Terms) -> bool:
    return new.referral_cap * old.referral_cap_days > old.referral_cap * new.referral_cap_days


def _is_above[K](new: Mapping[K, Decimal], old: Mapping[K, Decimal]) -> bool:
    """Whether anything counts more often than it did; what is absent counts once."""
    return any(new.get(key, ONCE) > old.get(key, ONCE) for key in new.keys() | old.keys())


def _is_easier(new: Sequence[Tier], old: Sequence[Tier]) -> bool:
    """Whether a tier is new or reached with less."""
    known = {tier.code: tier.threshold_minor for tier in old}
    return any(tier.code not in known or tier.threshold_minor < known[tier.code] for tier in new)
