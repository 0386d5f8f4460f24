"""Read what was shown in a time, and what became of it, as impressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.core.exceptions import ObjectDoesNotExist

from pricing.base.core.impressions import HOUR_MS
from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.competitors.selectors import load_competitors_at
from pricing.demand.core.choice import Impressions
from pricing.demand.selectors.versions import load_weights
from pricing.learning.core.evaluation.candidates import Candidate, imagine
from pricing.learning.core.shown import SetRows, ShownRows, find_moved, read_decided, read_public
from pricing.ledger.core.packed import read_signals
from pricing.ledger.models.impressions import LookTally
from pricing.ledger.selectors.exposures import ARMS, Exposures, load_exposures
from pricing.ledger.selectors.impressions import PublicOutcomes, load_public_outcomes
from pricing.ledger.selectors.references import SalesChannel, find_offered_hours, load_anchors
from pricing.optimum.core.thompson import DRAWS
from pricing.policy.selectors import load_policy
from shop.ground.database.packed import Packed, fetch_packed
from shop.ground.inventory.selectors import mask_sold_out_hours
from shop.ground.kernel.clock import epoch_ms

_COLUMNS = (
    Packed("set", ">i8", "int8send(set_id)"),
    Packed("hour", ">i8", "int8send((extract(epoch FROM hour)::int8 / 3600)::int8)"),
    Packed("book", ">i8", "int8send(book_version::int8)"),
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("pages", ">i8", "int8send(pages)"),
)
_SOURCE = """
FROM (
    SELECT row_number() OVER (ORDER BY hour, book_version, set_hash) AS set_id, hour, book_version,
        unnest(variant_ids) AS variant_id, pages
    FROM pricing_publiclookset
    WHERE hour >= %(since)s AND hour < %(until)s
        AND market_code = %(market)s AND channel = %(channel)s
) members
"""


def load_look_sets(*, since: datetime, until: datetime, market: str, channel: str) -> SetRows:
    """Return the sets of products that pages of `[since, until)` showed, by product. One query."""
    scope = {"since": since, "until": until, "market": market, "channel": channel}
    found = fetch_packed(_COLUMNS, _SOURCE, scope)
    return SetRows(
        set_id=found["set"].astype(np.int64),
        hour_ms=found["hour"].astype(np.int64) * HOUR_MS,
        book_version=found["book"].astype(np.int64),
        variant_id=found["variant"].astype(np.int64),
        pages=found["pages"].astype(np.float64),
    )


def count_left_out() -> int:
    """Return how many pages had a set of products that was not kept. One query."""
    return LookTally.objects.values_list("left_out_sets", flat=True).first() or 0


MINUTE_MS = 60_000.0
type Moments = tuple[datetime, datetime, datetime]  # since, until, and the moment of reading
# How much of its purchases come within so many milliseconds of a look, (n,) in (0, 1].
type Share = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class ShownWindow:
    """What was shown in a time: decisions, and looks at everybody's price.

    `anchors` (minor units, by variant) are what their prices are reckoned from; `looks` and
    `purchases` are theirs. `sold_out` counts looks at what was sold out, `offered` those at a price
    that an offer lowered on the card: both are left out. `minutes` are the delays of purchases.
    """

    decided: Impressions
    public: Impressions
    anchors: Mapping[int, int]
    looks: int
    purchases: int
    sold_out: int
    offered: int
    minutes: FloatArray

    @property
    def seen(self) -> Impressions:
        """Return all impressions."""
        return self.public.join(self.decided)


def begin_hour(moment: datetime) -> datetime:
    """Return the beginning of an hour: looks are counted by the hour.

    >>> begin_hour(datetime(2026, 11, 26, 9, 59, tzinfo=UTC)).isoformat()
    '2026-11-26T09:00:00+00:00'
    """
    return datetime.fromtimestamp(epoch_ms(moment) // HOUR_MS * HOUR_MS / 1_000, tz=UTC)


def read_window(
    moments: Moments, place: SalesChannel, share: Share | None = None
) -> ShownWindow | None:
    """Return the decisions of `[since, until)`, and the looks at public prices of the hours that
    end in it; None where nothing was shown. Windows follow each other, so each hour is in one.

    The holdout is among the decisions: chance alone parts it from those who were shown less, so its
    coin is in what chance did to a price. A look at what is sold out tells nothing of its price,
    nor one at a price that an offer lowered on the
    card (docs/adr/0164). With `share` what may still be bought counts by how old it is.
    """
    since, until, now = moments
    scope: dict[str, Any] = {"market": place[0], "channel": place[1]}
    found = load_exposures(since=since, until=until, now=now, arms=ARMS, **scope)
    found = found.take(~found.is_book)
    first, last = begin_hour(since), begin_hour(until)
    impressions = load_public_outcomes(since=first, until=last, now=now, **scope)
    if not len(found) and not len(impressions):
        return None
    decided = _list_decided(found, place, _count(share, epoch_ms(now) - found.issued_ms))
    public = _list_public(impressions, place, _count(share, age_of_impressions(impressions, now)))
    told, sold_out, lowered = _choose(decided, found.stock == 0, place, now)
    page = np.unique(np.stack([found.shopper, found.issued_ms]), axis=1, return_inverse=True)[1]
    own = decided.take(told)
    mine = read_decided(own, page.ravel()[told], read_signals(found.rows[told]))
    told, out, low = _choose(public, _find_sold_out(impressions, first, last), place, now)
    shown, sets = public.take(told), load_look_sets(since=first, until=last, **scope)
    return ShownWindow(
        decided=mine,
        public=read_public(shown, impressions.book_version[told], sets),
        anchors=_list_anchors(own) | _list_anchors(shown),
        looks=int(own.seen.sum() + shown.seen.sum()),
        purchases=int(own.bought.sum() + shown.bought.sum()),
        sold_out=sold_out + out,
        offered=lowered + low,
        minutes=found.delay_ms[found.delay_ms >= 0] / MINUTE_MS,
    )


def age_of_impressions(found: PublicOutcomes, now: datetime) -> FloatArray:
    """Return how long ago the impressions of each row were on average, (n,), in milliseconds."""
    end = np.minimum(found.hour_ms + HOUR_MS, epoch_ms(now))
    age: FloatArray = epoch_ms(now) - (found.hour_ms + end).astype(np.float64) / 2.0
    return age


def _count(share: Share | None, age: FloatArray | IntArray) -> FloatArray:
    return np.ones(len(age)) if share is None else share(age.astype(np.float64))


def _list_anchors(rows: ShownRows) -> dict[int, int]:
    return dict(zip(rows.variant_id.tolist(), rows.anchor_minor.tolist(), strict=True))


def _choose(
    rows: ShownRows, gone: BoolArray, place: SalesChannel, now: datetime
) -> tuple[BoolArray, int, int]:
    """Return which rows tell of their price, and how many impressions were at what was sold out,
    and at a price that an offer had lowered."""
    hour = rows.at_ms // HOUR_MS * HOUR_MS
    lowered = find_offered_hours(rows.variant_id, hour, market=place[0], now=now)
    told = ~gone & ~lowered & (rows.anchor_minor > 0)
    return told, int(rows.seen[gone].sum()), int(rows.seen[lowered & ~gone].sum())


def _list_decided(found: Exposures, place: SalesChannel, share: FloatArray) -> ShownRows:
    ids = found.rows["variant_id"].astype(np.int64)
    shown = found.rows["quoted_minor"].astype(np.int64)
    return ShownRows(
        variant_id=ids,
        # Where a variant stands in the catalogue is asked when impressions are fitted; which
        # products of a page stand for each other is asked now.
        category_id=found.rows["category_id"].astype(np.int64),
        family_id=np.zeros_like(ids),
        at_ms=found.issued_ms,
        price_minor=shown,
        anchor_minor=load_anchors(ids, place),
        competitor_minor=load_competitors_at(
            variant_id=ids, at_ms=found.issued_ms, market=place[0]
        ),
        moved=find_decided_moves(found),
        seen=np.ones(len(found)),
        bought=(found.units > 0).astype(np.float64),
        share=share,
    )


def _list_public(found: PublicOutcomes, place: SalesChannel, share: FloatArray) -> ShownRows:
    return ShownRows(
        variant_id=found.variant_id,
        category_id=np.zeros_like(found.variant_id),
        family_id=np.zeros_like(found.variant_id),
        at_ms=found.hour_ms,
        price_minor=found.public_minor,
        anchor_minor=load_anchors(found.variant_id, place),
        competitor_minor=load_competitors_at(
            variant_id=found.variant_id, at_ms=found.hour_ms + HOUR_MS // 2, market=place[0]
        ),
        moved=find_moved(found.public_minor, found.rung_minor, found.probability),
        seen=found.looks.astype(np.float64),
        bought=found.purchases.astype(np.float64),
        share=share,
    )


def _find_sold_out(found: PublicOutcomes, first: datetime, last: datetime) -> BoolArray:
    if not len(found):
        return np.zeros(0, dtype=np.bool_)
    ids, row = np.unique(found.variant_id, return_inverse=True)
    sold_out = mask_sold_out_hours(ids.tolist(), since=first, until=last)
    hour: IntArray = (found.hour_ms - epoch_ms(first)) // HOUR_MS
    gone: BoolArray = sold_out[row.ravel(), hour]
    return gone


# What a decision was made with.
_MADE_WITH = ("policy_version", "exponent", "model_version", "fit", "is_held_out")


def find_decided_moves(found: Exposures) -> FloatArray:
    """Return what chance did to the log of each price (n,): its log less the mean over all that
    could have been shown to the same shopper, inside the holdout and outside; NaN where nothing
    else could have been, or where the weights that decided are gone.

    The quote says what could have been outside the holdout; for a price inside it, that is decided
    again. One query for each policy version, and one for each model or fit the first time.
    """
    public = found.rows["public_minor"].astype(np.int64)
    shown = found.rows["quoted_minor"].astype(np.int64)
    price_point, chance, share = (
        found.rung_minor.copy(),
        found.probability.copy(),
        np.zeros(len(found)),
    )
    keys = np.stack([getattr(found, name).astype(np.int64) for name in _MADE_WITH], axis=1)
    for made_with in np.unique(keys, axis=0).tolist():
        where = np.flatnonzero((keys == made_with).all(axis=1))
        policy = load_policy(made_with[0])
        share[where] = policy.holdout_share
        if made_with[-1]:
            price_point[where], chance[where] = _decide_again(found.take(where), made_with, policy)
    stays = np.where(found.is_held_out, shown, public)
    return find_moved(
        shown,
        np.concatenate([price_point, stays[:, None]], axis=1),
        np.concatenate([(1.0 - share)[:, None] * chance, share[:, None]], axis=1),
    )


def _decide_again(
    part: Exposures, made_with: Sequence[int], policy: Policy
) -> tuple[IntArray, FloatArray]:
    """Return the prices that decisions of the holdout would have had outside it, and the chance of
    each; zeros where nobody can tell any more."""
    _, exponent, model, fit, _ = made_with
    price_point, chance = np.zeros_like(part.rung_minor), np.zeros_like(part.probability)
    try:
        weights = load_weights(model, fit)
    except ObjectDoesNotExist:
        return price_point, chance
    mean, sd = (part.rows[name].astype(np.float64) for name in ("elasticity", "elasticity_sd"))
    outlook = imagine(
        part.rows, part.issued_ms, exponent, candidate=Candidate(mean, sd, weights), policy=policy
    )
    width = outlook.shown_minor.shape[1]
    price_point[:, :width] = outlook.shown_minor
    chance[:, :width] = outlook.percent / DRAWS
    return price_point, chance
