"""Replay of an order's offers: the frozen result beside a new evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from orders.cart.api import Rehearsed
from orders.reports.api import RecordedLine, RecordedOrder
from pricing.base.core.values import QuoteContext
from promotions.engine.api import RULES, Evaluation, FrozenFacts, evaluate_offers, needed_facts
from promotions.planning.api import Restored, RestoredBook, restore_book
from shop.doors.backoffice.rehearsals.previews import Verdict, judge_offers
from shop.doors.backoffice.rehearsals.replay_inputs import OWN_FACTS, find_input
from shop.ground.kernel.money import format_money
from shop.ground.kernel.translation import locale_of

DAILY = frozenset({"segment", "tags"})

type Part = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ReplayedLine:
    """A line, a gift or the delivery: what was taken off then, and what the replay takes off."""

    name: str
    quantity: int
    value: str
    frozen: tuple[tuple[str, str, int], ...]
    taken: str
    replayed: str
    is_same: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """What a line or the delivery is worth, what was frozen on it, and what the replay takes."""

    name: str
    quantity: int
    worth_minor: int
    parts: Sequence[Part]
    taken_minor: int


@dataclass(frozen=True, slots=True)
class Replay:
    """An order's offers as frozen and as evaluated again with what applied at its moment.

    `is_frozen`: what the evaluator was asked was kept with the order; `has_old_rules`: the
    evaluator judged by other rules then. Where nothing was kept:
    `asks_profile`, `asks_tier`: some condition looks at what is not kept by day, or is reckoned
    again; `gives`: some offer gives gifts whose stock of then is not kept.
    """

    lines: tuple[ReplayedLine, ...]
    verdicts: tuple[Verdict, ...]
    campaigns: tuple[Restored, ...]
    stacking: str
    is_same: bool
    is_first: bool
    is_frozen: bool
    has_old_rules: bool
    asks_profile: bool
    asks_tier: bool
    gives: bool
    addresses: bool

    @property
    def is_restored(self) -> bool:
        """Return whether campaigns, stacking and all facts stand as they were recorded then."""
        is_whole = all(one.how == "version" and not one.lost for one in self.campaigns)
        return is_whole and self.stacking == "version" and self.is_frozen


def replay_order(order: RecordedOrder, *, language: str) -> Replay:
    """Return the replay of an order with campaigns, stacking, codes and budgets of its moment.

    What the evaluator was asked is taken as the order froze it. Orders without it are judged by
    what is known today or counted as not met, and the page says so. About twenty queries.
    """
    used = _used_versions(order)
    book = restore_book(
        market_code=order.market_code, at=order.placed_at, used=used, order_ref=order.number
    )
    asked = find_input(order, book, frozenset(used))
    found = evaluate_offers(
        cart=asked.cart,
        offers=asked.offers,
        coupons=asked.coupons,
        shopper=asked.shopper,
        now=order.placed_at,
        language=language,
    )
    lines = _compare(order, found, language)
    facts = frozenset().union(*(needed_facts(offer.condition) for offer in book.offers))
    return Replay(
        lines=lines,
        verdicts=_judge(order, book, Rehearsed(asked.cart, found), asked.withheld, language),
        campaigns=_with_left(book.campaigns, order.facts),
        stacking=book.stacking,
        is_same=all(line.is_same for line in lines),
        is_first=asked.shopper.is_first_order is True,
        is_frozen=order.facts is not None,
        has_old_rules=order.facts is not None and order.facts.rules != RULES,
        asks_profile=bool(facts & DAILY),
        asks_tier=bool(facts & OWN_FACTS),
        gives=any(offer.benefit.kind == "gift" for offer in book.offers),
        addresses=any(offer.audience == "personal" for offer in book.offers),
    )


def _with_left(campaigns: Sequence[Restored], facts: FrozenFacts | None) -> tuple[Restored, ...]:
    """Return the campaigns with what the order saw of their money, where it kept that."""
    left = {} if facts is None else facts.left_minor
    return tuple(
        replace(one, left_minor=left.get(one.campaign_id, one.left_minor)) for one in campaigns
    )


def _judge(
    order: RecordedOrder,
    book: RestoredBook,
    replayed: Rehearsed,
    withheld: Mapping[int, str],
    language: str,
) -> tuple[Verdict, ...]:
    context = QuoteContext(
        None,
        order.market_code,
        order.channel,
        order.region,
        language,
        gpc=False,
        now=order.placed_at,
    )
    verdicts = judge_offers(replayed, book.offers, 0, context)
    unentered = {one.offer_id for one in book.offers if one.requires_coupon}
    unentered -= {one.offer_id for one in replayed.evaluation.applied}
    unentered -= {one.offer_id or 0 for one in replayed.evaluation.rejected}
    said = dict.fromkeys(unentered, _("It needs a code, and none of it was entered."))
    said |= withheld
    return tuple(replace(one, text=said.get(one.offer_id, one.text)) for one in verdicts)


def _used_versions(order: RecordedOrder) -> dict[int, int | None]:
    """Return the campaigns of the order's adjustments with the version each one used."""
    used: dict[int, int | None] = {}
    for one in _parts_of(order):
        revision = one.get("revision")
        used[int(str(one["campaign_id"]))] = None if revision is None else int(str(revision))
    return used


def _parts_of(order: RecordedOrder) -> list[Part]:
    """Return everything offers took off the order, frozen: off lines, gifts and delivery."""
    return [*(part for line in order.lines for part in line.adjustments), *order.delivery_cuts]


def _compare(order: RecordedOrder, found: Evaluation, language: str) -> tuple[ReplayedLine, ...]:
    rows = []
    for line in order.lines:
        worth = line.quoted_minor * line.quantity
        taken = _given_of(line, found) if line.is_gift else worth - found.totals[line.line_id]
        rows.append(_Row(line.name, line.quantity, worth, line.adjustments, taken))
    cuts = [one for one in found.deliveries if one.method_code == order.delivery_method]
    if cuts or order.delivery_cuts:
        taken = -sum(one.amount_minor for one in cuts)
        rows.append(_Row(_("Delivery"), 1, order.fee_minor, order.delivery_cuts, taken))
    locale = locale_of(language)
    return tuple(_show(row, order.currency, locale) for row in rows)


def _show(row: _Row, currency: str, locale: str) -> ReplayedLine:
    def money(minor: object) -> str:
        return format_money(int(str(minor)), currency, locale)

    was = -sum(int(str(one["amount_minor"])) for one in row.parts)
    return ReplayedLine(
        name=row.name,
        quantity=row.quantity,
        value=money(row.worth_minor),
        frozen=tuple(
            (str(one["label"]), money(one["amount_minor"]), int(str(one["campaign_id"])))
            for one in row.parts
        ),
        taken=money(was),
        replayed=money(row.taken_minor),
        is_same=row.taken_minor == was,
    )


def _given_of(line: RecordedLine, found: Evaluation) -> int:
    return sum(one.value_minor for one in found.gifts if one.variant_id == line.variant_id)
