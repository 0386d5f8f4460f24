"""Events of shoppers beside the prices they changed, as it happens, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pricing.api import LiveDecision, list_live_decisions
from profiles.events.api import SIMULATED, LiveEvent, list_live_events
from shop.doors.backoffice.memory import remember
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.prices.decisions import SIGNALS
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_count, show_units

type Text = str | Promise

LIVE_SECONDS = 1.5
WATCHED = timedelta(minutes=15)
# A price that came later than this after an event was asked for by something else.
TOGETHER = timedelta(seconds=10)
MOST_SHOWN, MOST_PRICES = 12, 3
ACTS: dict[str, Text] = {
    "view": gettext_lazy("looked at %(product)s"),
    "click": gettext_lazy("clicked on %(product)s"),
    "search": gettext_lazy("searched for “%(query)s”"),
    "cart_add": gettext_lazy("put %(product)s into the cart"),
    "cart_remove": gettext_lazy("took %(product)s out of the cart"),
    "checkout": gettext_lazy("began the checkout"),
    "order": gettext_lazy("placed an order"),
    "purchase": gettext_lazy("bought %(product)s"),
    "return": gettext_lazy("returned %(product)s"),
    "review": gettext_lazy("reviewed %(product)s"),
    "offer_view": gettext_lazy("saw an offer"),
    "offer_click": gettext_lazy("opened an offer"),
}


@dataclass(frozen=True, slots=True)
class LivePrice:
    """A price that was decided right after an event: from what to what, why, and how fast."""

    quote_id: UUID
    product: str
    before: str
    now: str
    step: str
    tone: str
    moved: tuple[str, ...]
    delay: str


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of a shopper who is not named, and the prices that followed it."""

    who: str
    at: datetime
    act: str
    is_simulated: bool
    is_held_out: bool
    prices: tuple[LivePrice, ...]


def list_happenings(*, now: datetime, language: str) -> list[Happening]:
    """Return events of the last quarter of an hour with the prices decided after them, newest
    first. Three queries, remembered for a second."""
    return remember(("live", language), LIVE_SECONDS, lambda: _read(now - WATCHED, language))


def _read(since: datetime, language: str) -> list[Happening]:
    decisions = list_live_decisions(since=since)
    shoppers = {one.shopper_id for one in decisions if one.shopper_id is not None}
    events = list_live_events(shoppers, since=since) if shoppers else []
    pairs = _pair(events, decisions)[:MOST_SHOWN]
    named = [event.variant_id for event, _rows in pairs if event.variant_id is not None]
    named += [one.variant_id for _event, rows in pairs for one, _before in rows]
    cards = name_cards(named, language)
    return [_tell(event, rows, cards) for event, rows in pairs]


type Step = tuple[LiveDecision, LiveDecision | None]


def _pair(
    events: Sequence[LiveEvent], decisions: Sequence[LiveDecision]
) -> list[tuple[LiveEvent, list[Step]]]:
    """Return each event that prices followed with those prices and what they were before."""
    earlier: dict[tuple[str, int], LiveDecision] = {}
    followed: dict[UUID, list[Step]] = {}
    for one in reversed(decisions):
        cause = _find_cause(one, events)
        if cause is not None:
            step = (one, earlier.get((one.shopper_hash, one.variant_id)))
            followed.setdefault(cause.event_id, []).append(step)
        earlier[one.shopper_hash, one.variant_id] = one
    return [
        (event, sorted(followed[event.event_id], key=lambda step: _rank(event, step)))
        for event in events
        if event.event_id in followed
    ]


def _find_cause(decision: LiveDecision, events: Iterable[LiveEvent]) -> LiveEvent | None:
    """Return the last event of the shopper before a decision, None if there was none lately."""
    first = decision.issued_at - TOGETHER
    mine = (one for one in events if one.shopper_id == decision.shopper_id)
    return next((one for one in mine if first <= one.received_at <= decision.issued_at), None)


def _rank(event: LiveEvent, step: Step) -> tuple[bool, int]:
    """The product of the event comes first, then the largest step."""
    one, before = step
    return one.variant_id != event.variant_id, one.quoted_minor - _start(one, before)


def _start(one: LiveDecision, before: LiveDecision | None) -> int:
    return one.public_minor if before is None else before.quoted_minor


def _tell(event: LiveEvent, rows: Sequence[Step], cards: Mapping[int, CatalogCard]) -> Happening:
    first = rows[0][0]
    product = cards.get(event.variant_id or 0)
    words = {"product": _name(product, event.variant_id), "query": event.query}
    return Happening(
        who=_("Shopper %(code)s") % {"code": first.shopper_hash[:4].upper()},
        at=event.received_at,
        act=str(ACTS.get(event.kind, event.kind)) % words,
        is_simulated=event.source == SIMULATED,
        is_held_out=first.arm == "holdout",
        prices=tuple(_tell_price(event, *step, cards) for step in rows[:MOST_PRICES]),
    )


def _name(card: CatalogCard | None, variant_id: int | None) -> str:
    return card.name if card is not None else str(variant_id or "")


def _tell_price(
    event: LiveEvent,
    one: LiveDecision,
    before: LiveDecision | None,
    cards: Mapping[int, CatalogCard],
) -> LivePrice:
    start = _start(one, before)
    step = one.quoted_minor - start
    milliseconds = max(0, round((one.issued_at - event.received_at).total_seconds() * 1_000))
    if step < 0:
        said, tone = f"−{show_money(-step, one.currency)}", "green"
    elif step > 0:
        said, tone = f"+{show_money(step, one.currency)}", "amber"
    else:
        said, tone = _("unchanged"), "gray"
    return LivePrice(
        quote_id=one.quote_id,
        product=_name(cards.get(one.variant_id), one.variant_id),
        before=show_money(start, one.currency),
        now=show_money(one.quoted_minor, one.currency),
        step=said,
        tone=tone,
        moved=tuple(_list_moved(one.features, {} if before is None else before.features)),
        delay=ngettext(
            "%(n)s millisecond after the event", "%(n)s milliseconds after the event", milliseconds
        )
        % {"n": show_count(milliseconds)},
    )


def _list_moved(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterable[str]:
    """Yield the signals that grew since the price before, with both values."""
    for name, meaning in SIGNALS.items():
        old, new = float(before.get(name) or 0.0), float(now.get(name) or 0.0)
        if round(new, 2) > round(old, 2):
            yield _("%(signal)s: %(old)s → %(new)s") % {
                "signal": meaning,
                "old": show_units(round(old, 2)),
                "new": show_units(round(new, 2)),
            }
