"""The programme's terms: the same for everybody, kept in memory for a few seconds."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum

from promotions.loyalty.core.points import AGE_LIMITED, Terms
from promotions.loyalty.core.pos import PosTerminal
from promotions.loyalty.core.tiers import Purchase, Standing, Tier, find_standing
from promotions.loyalty.models import (
    PointsAccount,
    PointsAdjustment,
    PointsOrder,
    ProgrammeTerms,
    Referral,
    TillSale,
    TillToken,
)
from promotions.tokens.api import find_token
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


def read_tier(*, shopper_id: int, now: datetime) -> str | None:
    """Return the code of a shopper's tier, or None: no member, no programme, or below the lowest.

    Two queries. The reader of the `tier` fact.
    """
    account = PointsAccount.objects.filter(shopper_id=shopper_id).first()
    if account is None:
        return None
    programme = find_programme(market_code=account.market_code, now=now)
    if programme is None or not programme.tiers:
        return None
    standing = read_standing(account_id=account.pk, programme=programme, now=now)
    return standing.tier.code if standing.tier else None


def map_tiers(*, shopper_ids: Collection[int], now: datetime) -> dict[int, str]:
    """Return the tier of each shopper who has one at `now`, of before, too. Two queries, and those
    of the programmes."""
    accounts = PointsAccount.objects.filter(shopper_id__in=shopper_ids).order_by()
    rows = list(accounts.values_list("pk", "shopper_id", "market_code"))
    programmes = {market: find_programme(market_code=market, now=now) for _, _, market in rows}
    spans = [_look_back(one) for one in programmes.values() if one is not None and one.tiers]
    if not spans:
        return {}
    bought = defaultdict[int, list[Purchase]](list)
    paid = PointsOrder.objects.filter(
        account_id__in=[pk for pk, _, _ in rows], paid_at__gt=now - max(spans), paid_at__lte=now
    )
    for account_id, at, minor in paid.values_list("account_id", "paid_at", "counted_minor"):
        if at is not None:
            bought[account_id].append(Purchase(at, minor))
    found = {}
    for account_id, shopper_id, market in rows:
        programme = programmes[market]
        tier = None if programme is None else _stand(bought[account_id], programme, now).tier
        if tier is not None:
            found[shopper_id] = tier.code
    return found


def read_standing(*, account_id: int, programme: Programme, now: datetime) -> Standing:
    """Return an account's tier, what keeps it, and the way to the next. One query."""
    paid = PointsOrder.objects.filter(
        account_id=account_id, paid_at__gt=now - _look_back(programme), paid_at__lte=now
    )
    rows = paid.values_list("paid_at", "counted_minor")
    return _stand([Purchase(at, minor) for at, minor in rows if at is not None], programme, now)


def _look_back(programme: Programme) -> timedelta:
    """A drop inside the grace was decided by purchases up to a window before it."""
    return timedelta(days=2 * programme.terms.tier_window_days + programme.terms.tier_grace_days)


def _stand(purchases: Sequence[Purchase], programme: Programme, now: datetime) -> Standing:
    window = timedelta(days=programme.terms.tier_window_days)
    grace = timedelta(days=programme.terms.tier_grace_days)
    return find_standing(purchases, programme.tiers, now=now, window=window, grace=grace)


@dataclass(frozen=True, slots=True)
class ReferralCount:
    """How a member's invitations stand. `points` is what they brought."""

    joined: int
    rewarded: int
    refused: int
    points: int


def count_referrals(*, account_id: int) -> ReferralCount:
    """Return how many friends joined, ordered, or did not count. One query."""
    state = Referral.State
    counted = Referral.objects.filter(referrer_id=account_id).aggregate(
        joined=Count("id", filter=Q(state=state.JOINED)),
        rewarded=Count("id", filter=Q(state=state.REWARDED)),
        refused=Count("id", filter=Q(state__in=[state.REFUSED, state.REVERSED])),
        points=Sum("points", filter=Q(state=state.REWARDED)),
    )
    return ReferralCount(**{name: value or 0 for name, value in counted.items()})


def is_invitation(code: str) -> bool:
    """Return whether a member invites with `code`. One indexed query."""
    return PointsAccount.objects.filter(invite_code=code, shopper__isnull=False).exists()


def find_pos_terminal(token: str) -> PosTerminal | None:
    """Return the till a token belongs to, or None: unknown, or revoked. One query."""
    rows = find_token(TillToken, token)
    found = rows.values_list(
        "pk", "store_id", "store__market_id", "store__market__currency"
    ).first()
    return None if found is None else PosTerminal(*found)


def pos_order_ref(sale_id: int, attempt: int) -> str:
    """Return under which name the ledger knows the points of a till's sale.

    >>> pos_order_ref(12, 1)
    'T12-1'
    """
    return f"T{sale_id}-{attempt}"


def name_pos_sales(order_refs: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return (store, reference) of those that are sales at a till. One query, none without any."""
    ids = {ref: int(ref[1:].partition("-")[0]) for ref in order_refs if _is_till(ref)}
    if not ids:
        return {}
    rows = TillSale.objects.filter(pk__in=ids.values())
    names = {
        pk: (store, ref) for pk, store, ref in rows.values_list("pk", "store__name", "reference")
    }
    return {ref: names[sale_id] for ref, sale_id in ids.items() if sale_id in names}


def _is_till(order_ref: str) -> bool:
    number, _, attempt = order_ref[1:].partition("-")
    return order_ref[:1] == "T" and number.isdecimal() and attempt.isdecimal()
