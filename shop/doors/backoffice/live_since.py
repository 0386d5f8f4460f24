"""Since when shoppers get what was saved, or why it waits: one answer for every page of staff."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from pricing.api import LivePrice, home_place, list_live_prices
from shop.doors.backoffice.home.health import LATE_AFTER, say_why_late
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.catalog.selectors.editing import EditedProduct
from shop.ground.catalog.selectors.pictures import EditedPicture
from shop.ground.inventory.selectors import find_last_moves
from shop.ground.jobs.selectors import PICTURES, PRICES, list_latest_runs
from shop.ground.staff.region import show_moment


@dataclass(frozen=True, slots=True)
class LiveSince:
    """Since when shoppers get what was saved, or why not; `waits` for what comes by itself."""

    sentence: str
    waits: bool = False


def tell_product(known: EditedProduct) -> LiveSince:
    """Return since when a product is as it is, with its words, state and facts, which pages read
    as they are. No query."""
    return _live(known.saved_at) if known.is_active else _unsold()


def tell_stock(known: EditedProduct) -> dict[int, LiveSince]:
    """Return since when the stock of a product's variants is what somebody said: it is read as it
    is. One query."""
    moves = find_last_moves(variant_ids=[one.variant_id for one in known.variants])
    return {
        one.variant_id: _live(moves.get(one.variant_id))
        if known.is_active and one.is_active
        else _unsold()
        for one in known.variants
    }


def tell_prices(variant_ids: Collection[int], now: datetime) -> dict[int, LiveSince]:
    """Return since when shoppers get the prices that were set last. Five queries, one more where
    one waits for longer than it should."""
    market, channel = home_place()
    found = list_live_prices(variant_ids=variant_ids, now=now, market=market, channel=channel)
    waits = [one.at for one in found.values() if one.waits_for == "book"]
    late = _say_late("publish_set_prices", PRICES, waits, now)
    sold = set(load_variant_arrays(market).variant_id.tolist())
    return {pk: _tell_price(one, late) if pk in sold else _unsold() for pk, one in found.items()}


def tell_pictures(pictures: Collection[EditedPicture], now: datetime) -> dict[int, LiveSince]:
    """Return since when shoppers see each picture that was not refused. No query but where one
    waits for longer than it should."""
    told = [one for one in pictures if one.state != "refused"]
    waits = [one.uploaded_at for one in told if one.state == "pending"]
    late = _say_late("make_pictures", PICTURES, waits, now)
    made = _("Waiting, because no worker has made its sizes yet.")
    return {
        one.picture_id: _wait(made, late) if one.state == "pending" else _live(one.made_at)
        for one in told
    }


def _unsold() -> LiveSince:
    return LiveSince(_("Not live, because it is not sold."))


def _live(since: datetime | None) -> LiveSince:
    if since is None:
        return LiveSince(_("Live. Since when was not kept."))
    return LiveSince(_("Live since %(moment)s.") % {"moment": show_moment(since)})


def _wait(sentence: str, late: str = "") -> LiveSince:
    return LiveSince(f"{sentence} {late}".strip(), waits=True)


def _tell_price(one: LivePrice, late: str) -> LiveSince:
    if one.waits_for == "book":
        return _wait(_("Waiting, because no price book with it is published yet."), late)
    if one.waits_for == "moment" and one.at is not None:
        moment = show_moment(one.at)
        return _wait(
            _("Waiting, because its price book holds from %(moment)s.") % {"moment": moment}
        )
    if one.waits_for == "steps":
        return _wait(_("Waiting, because the guardrails let it get there only by steps."))
    return _live(one.since)


def _say_late(name: str, lane: str, waits: Collection[datetime | None], now: datetime) -> str:
    """Return what the job of the lane waits for, "" where nothing waits for longer than it may."""
    if all(at is None or now - at <= LATE_AFTER for at in waits):
        return ""
    return say_why_late(name, lane, list_latest_runs(), now)
