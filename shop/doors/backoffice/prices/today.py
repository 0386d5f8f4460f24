"""Prices of today: what everybody pays, its bounds, what is personal, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.utils.translation import gettext as _

from pricing.api import (
    PriceSpread,
    current_public_prices,
    floor_minor,
    home_place,
    list_lowest,
    list_proposals,
    list_spreads,
)
from pricing.publishing.core.changes import ProposalRow
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.prices.changes import STATES
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import load_variant_arrays, search_variants
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import EMPTY, show_change, show_count, show_percent

PAGE = 25
LOW = timedelta(days=30)
WATCHED = timedelta(days=7)
PLANNED = ("approved", "edited", "pending", "snoozed")


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A product's price today, in words."""

    variant_id: int
    card: CatalogCard | None
    public: str
    listed: str
    off: str
    floor: str
    low: str
    personal: str
    quotes: str
    spread: str
    planned: str
    planned_tone: str


def find_variants(asked: str, language: str) -> Sequence[int]:
    """Return the variants that a search finds, or all on sale, those that sell best first. At most
    six queries, none for all."""
    if asked:
        found: list[int] = search_variants(asked, language).variant_ids.tolist()
        return found
    arrays = load_variant_arrays(home_place()[0])
    order = np.argsort(-arrays.popularity, kind="stable")
    ranked: list[int] = arrays.variant_id[order].tolist()
    return ranked


def list_price_lines(
    ids: Sequence[int], *, now: datetime, language: str, with_changes: bool
) -> list[PriceLine]:
    """Return the prices of some variants. About seven queries, however many variants."""
    market, channel = home_place()
    place = {"market": market, "channel": channel}
    prices = current_public_prices(variant_ids=ids, now=now, **place)
    public = dict(zip(prices.variant_id.tolist(), prices.public_minor.tolist(), strict=True))
    listed = dict(zip(prices.variant_id.tolist(), prices.list_minor.tolist(), strict=True))
    floors = floor_minor(variant_ids=ids, now=now, **place)
    lows = list_lowest(variant_ids=ids, since=now - LOW, now=now, **place)
    spreads = list_spreads(variant_ids=ids, since=now - WATCHED, until=now, **place)
    cards = name_cards(ids, language)
    planned = _find_planned(ids, now, language) if with_changes else {}
    return [
        PriceLine(
            variant_id=one,
            card=cards.get(one),
            public=show_money(public.get(one)),
            listed=show_money(listed.get(one)),
            off=_say_off(public.get(one), listed.get(one)),
            floor=show_money(floors.get(one)),
            low=show_money(lows.get(one)),
            **_describe_spread(spreads.get(one)),
            **_describe_planned(planned.get(one)),
        )
        for one in ids
    ]


def _find_planned(ids: Sequence[int], now: datetime, language: str) -> dict[int, ProposalRow]:
    """Return the newest change of each variant that is not closed. One query."""
    rows = list_proposals(
        now=now, states=PLANNED, variant_ids=list(ids), language=language, limit=4 * PAGE
    )
    return {row.variant_id: row for row in reversed(rows)}


def _say_off(public: int | None, listed: int | None) -> str:
    if not public or not listed or public == listed:
        return ""
    return show_change(public / listed - 1)


def _describe_spread(found: PriceSpread | None) -> dict[str, str]:
    if found is None:
        return {"personal": EMPTY, "quotes": "", "spread": EMPTY}
    lowest, highest = show_money(found.lowest_minor), show_money(found.highest_minor)
    return {
        "personal": show_percent(found.personal / found.quotes),
        "quotes": _("of %(count)s quotes") % {"count": show_count(found.quotes)},
        "spread": lowest if lowest == highest else f"{lowest} – {highest}",
    }


def _describe_planned(row: ProposalRow | None) -> dict[str, str]:
    if row is None:
        return {"planned": "", "planned_tone": ""}
    said, tone = STATES[row.state]
    words = {"price": show_money(row.final_minor), "state": said}
    return {"planned": _("%(price)s, %(state)s") % words, "planned_tone": tone}
