"""Read the law of promotions, and everything a draft is judged by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.api import (
    current_public_prices,
    home_place,
    list_places,
    load_jurisdictions,
    resolve_jurisdiction,
)
from pricing.base.core.values import JurisdictionRule, candidate_codes, find_rule
from promotions.campaigns.api import (
    OFFERS,
    WHOLE,
    WITHOUT_EFFECT,
    Reach,
    Status,
    is_bound_by_prices,
    load_offer_book,
    reach_of,
    take_snapshots,
)
from promotions.campaigns.models import Campaign, CampaignEvent
from promotions.engine.api import Evaluation, OfferValue
from promotions.law.core.depth import LawRow, deepest_unit, find_law
from promotions.law.core.rules import judge_draft, merge_violations
from promotions.law.core.words import Violation
from promotions.law.models import PromotionLaw
from promotions.law.selectors.evidence import find_kind, load_evidence, load_subject, make_draft
from promotions.law.selectors.products import find_places, least_bought
from shop.ground.catalog.selectors import get_market, load_variant_arrays

# The rows are those of personal prices: an offer for one shopper lowers a price for one shopper.


def load_laws() -> tuple[LawRow, ...]:
    """Return every row of every place, newest first. One query."""
    return tuple(
        LawRow(
            code=row.code,
            pause_days=row.pause_days,
            raise_days=row.raise_days,
            percent_is_claim=row.percent_is_claim,
            members_count=row.members_count,
            personal_cap=row.personal_cap,
            below_cost_allowed=row.below_cost_allowed,
            gift_kinds=frozenset(row.gift_kinds),
            banned_kinds=frozenset(row.banned_kinds),
            minimum_prices=tuple(sorted(row.minimum_prices.items())),
            stock_days=row.stock_days,
            up_to_share=row.up_to_share,
            points_notice_days=row.points_notice_days,
            terms_language=row.terms_language,
            groups_allowed=frozenset(row.groups_allowed),
            source=row.source,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in PromotionLaw.objects.order_by("code", "-valid_from")
    )


def recall_laws() -> tuple[LawRow, ...]:
    """Return the rows as of the offer book in memory: a change of law is a change of the book.

    One query when the book changed.
    """
    return _laws_of(load_offer_book().version)


@lru_cache(maxsize=1)
def _laws_of(book_version: int) -> tuple[LawRow, ...]:
    """Return the rows; the version keys the memory."""
    return load_laws()


def find_personal_rule(*, region: str, market_code: str, now: datetime) -> JurisdictionRule:
    """Return the row of prices that holds in `region`, or, where nobody said where, in the market.

    A place without a row gets the strictest: no personal offers. No query while rules are fresh.
    """
    place = region or get_market(market_code).jurisdiction_code
    return resolve_jurisdiction(code=place, now=now)


def find_personal_cap(*, region: str, market_code: str, now: datetime) -> int:
    """Return how far below the price for everybody one shopper may get there on that day.

    In hundredths of a percent: what the law of promotions says in `region`, or, where nobody said
    where, in the market. No query while the offer book is fresh.
    """
    place = region or get_market(market_code).jurisdiction_code
    law = find_law(recall_laws(), candidate_codes(place), now.date())
    return round(law.personal_cap * 100)


def label_personal(found: Evaluation, offers: Iterable[OfferValue], label: str) -> Evaluation:
    """Return the evaluation with `label` on everything an offer for chosen shoppers gave.

    Also on what a randomised arm gave: it is part of an automatic choice. What is for everybody or
    for all members carries none.
    """
    ids = {offer.offer_id for offer in offers if offer.audience == "personal"}
    if not ids:
        return found
    return replace(
        found,
        adjustments=tuple(
            replace(each, law_label=label) if each.offer_id in ids else each
            for each in found.adjustments
        ),
        applied=tuple(
            replace(each, law_label=label) if each.offer_id in ids else each
            for each in found.applied
        ),
        gifts=tuple(
            replace(each, law_label=label) if each.offer_id in ids else each for each in found.gifts
        ),
        deliveries=tuple(
            replace(each, law_label=label) if each.offer_id in ids else each
            for each in found.deliveries
        ),
        hints=tuple(
            replace(each, law_label=label) if each.offer_id in ids else each for each in found.hints
        ),
    )


# Not law, but the shop's own word: what the price floor keeps offers from giving.
PROMISES = frozenset({"promise_not_reached"})
# What every cart holds whatever was released (docs/adr/0111-law-checked-in-the-release.md)
HELD_IN_CARTS = frozenset({"personal_above_cap"})
# What accepting to sell below the price floor settles
FLOOR_RULES = frozenset({"cut_not_reached", *PROMISES})


def judge_campaign(
    *, campaign_id: int, now: datetime, except_rules: Collection[str] = ()
) -> tuple[Violation, ...]:
    """Return each rule that a campaign would break once, as `list_violations` finds them."""
    found = list_violations(campaign_id=campaign_id, now=now)[1]
    return merge_violations(one for one in found if one.rule not in except_rules)


def list_violations(
    *,
    campaign_id: int,
    now: datetime,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[tuple[str, ...], tuple[Violation, ...]]:
    """Return the places a campaign reaches, and in which it would break which rules as its rows
    say, over every day it runs.

    Each place its market reaches is asked on the first and on the last day. Eighteen queries,
    and eight for each further market; none for a place, a day, a campaign or a piece of products.
    `on_progress` is told how much of what is to be read and judged is done.
    """
    row = Campaign.objects.get(pk=campaign_id)
    begins = max(row.starts_at, _released_at(campaign_id) or now)
    days = {max(begins, now).astimezone(UTC).date(), row.ends_at.astimezone(UTC).date()}
    laws, jurisdictions = load_laws(), load_jurisdictions()
    asked = {
        market: [
            pair
            for place in reached_places(market, laws, jurisdictions)
            for pair in _laws_of_place(place, days, laws, jurisdictions)
        ]
        for market in list_markets(row.market_code)
    }
    subject = load_subject(
        row,
        take_snapshots([row])[row.pk],
        begins=begins,
        strategies=frozenset(p[1].reference_strategy for each in asked.values() for p in each),
    )
    found: list[Violation] = []
    # Prices of a market weigh about as much as all its laws
    done, of = 1, 1 + sum(2 * len(pairs) for pairs in asked.values())
    for market, pairs in asked.items():
        on_progress(done, of)
        evidence = load_evidence(subject, market=market, now=now)
        done += len(pairs)
        for law, rule in pairs:
            on_progress(done, of)
            found += judge_draft(make_draft(evidence, law, rule), law)
            done += 1
    places = (law.code for pairs in asked.values() for law, _rule in pairs)
    return tuple(dict.fromkeys(places)), tuple(found)


def _laws_of_place(
    place: str,
    days: Collection[date],
    laws: Sequence[LawRow],
    jurisdictions: Sequence[JurisdictionRule],
) -> Iterable[tuple[LawRow, JurisdictionRule]]:
    """Return the laws of a place on some days: mostly one, laws seldom change meanwhile."""
    codes = candidate_codes(place)
    each = (
        (find_law(laws, codes, day), find_rule(jurisdictions, place, day)) for day in sorted(days)
    )
    return [(replace(law, code=place), rule) for law, rule in dict.fromkeys(each)]


def reached_places(
    market: str, laws: Sequence[LawRow], jurisdictions: Sequence[JurisdictionRule]
) -> tuple[str, ...]:
    """Return the places a market reaches: its own, and parts of its country with own rows."""
    value = get_market(market)
    begin = f"{value.country}-"
    known = {*(row.code for row in laws), *(row.code for row in jurisdictions)}
    parts = {code for code in known if code.startswith(begin)}
    # The rest of a country is the market's own place where it names that.
    parts -= {value.jurisdiction_code, f"{begin}other"}
    return (value.jurisdiction_code, *sorted(parts))


def list_reached_places(market_code: str) -> tuple[tuple[str, str], ...]:
    """Return (market, place) of everywhere a campaign of this market reaches; "": of all markets.

    Three queries.
    """
    laws, jurisdictions = load_laws(), load_jurisdictions()
    return tuple(
        (market, place)
        for market in list_markets(market_code)
        for place in reached_places(market, laws, jurisdictions)
    )


def _released_at(campaign_id: int) -> datetime | None:
    """Return since when the cut of a released campaign may hold: its window ends there."""
    steps = CampaignEvent.objects.filter(campaign_id=campaign_id, to_status=Status.LIVE)
    first = steps.exclude(step__in=WITHOUT_EFFECT).order_by("at").first()
    return None if first is None else first.at


def list_markets(market_code: str) -> tuple[str, ...]:
    """Return the markets a campaign runs in; one without a market in all that have prices."""
    if market_code:
        return (market_code,)
    priced = [market for market, _channel in list_places()]
    return tuple(dict.fromkeys(priced)) or (home_place()[0],)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The kinds that may not be promoted somewhere, and their products on sale."""

    kinds: tuple[str, ...]
    variant_ids: tuple[int, ...]
    product_count: int = 0


def find_forbidden(*, market_code: str, now: datetime) -> Forbidden:
    """Return what may not be promoted today in some place that a market reaches. Five queries."""
    laws, arrays = load_laws(), load_variant_arrays()
    places = {place for _market, place in list_reached_places(market_code)}
    kinds = {
        kind
        for place in places
        for kind in find_law(laws, candidate_codes(place), now.date()).banned_kinds
    }
    found = {kind: find_kind(kind, arrays) for kind in sorted(kinds)}
    named = tuple(kind for kind, mask in found.items() if mask.any())
    if not named:
        return Forbidden((), ())
    mask = np.logical_or.reduce([found[kind] for kind in named])
    ids = tuple(arrays.variant_id[mask].tolist())
    return Forbidden(named, ids, arrays.count_products(mask))


type IntArray = NDArray[np.int64]


def measure_reach(snapshot: Mapping[str, Any], *, now: datetime) -> Reach:
    """Return how far a snapshot goes, gifts and set prices by the worth they give away.

    Two queries more for each offer that only prices bound, none for others.
    """
    priced = {
        str(offer["code"]): max(
            _depth_at(offer, market, now)
            for market in list_markets(snapshot.get("market_code") or "")
        )
        for offer in snapshot[OFFERS]
        if offer.get("is_active", True) and is_bound_by_prices(offer)
    }
    return reach_of(snapshot, priced)


def _depth_at(offer: Mapping[str, Any], market: str, now: datetime) -> float:
    """Return the greatest share of its price that a unit loses, percent; all of it without
    products.

    The law's own reckoning: what a set saves is spread over its units, and a gift is a share of
    itself and of the least that must be bought for it.
    """
    arrays = load_variant_arrays()
    places = find_places(offer, arrays)
    chosen = np.union1d(places.bought, places.given)
    prices = _public_prices(arrays.variant_id[chosen], market, now)
    if not (prices > 0).any():
        return WHOLE
    roles = places.among(chosen, offer, least_bought(offer, market=market, now=now))
    unit = deepest_unit(offer, prices, roles)
    priced = prices > 0
    return float((WHOLE * (1.0 - unit[priced] / prices[priced])).max())


def _public_prices(variant_ids: IntArray, market: str, now: datetime) -> IntArray:
    """Return the public prices of variants in their order, 0 where there is none."""
    found = current_public_prices(variant_ids=variant_ids.tolist(), now=now, market=market)
    known = dict(zip(found.variant_id.tolist(), found.public_minor.tolist(), strict=True))
    return np.array([known.get(one, 0) for one in variant_ids.tolist()], dtype=np.int64)
