"""What a change of the programme's terms costs: where it gives more, two people must agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from promotions.core.points import Terms
from promotions.core.tiers import Tier

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
