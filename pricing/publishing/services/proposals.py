"""Decisions of staff on price proposals: approve, edit, reject, postpone; singly or in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.ledger import PriceLedgerEntry
from pricing.ledger.models.proposals import PriceProposal
from pricing.ledger.services import publish_on_commit
from pricing.policy.models.policy import PricingPolicy
from pricing.policy.selectors import POLICY_FIELDS, load_active_policy
from pricing.publishing.core.values import BELOW_COST, Meant
from pricing.publishing.services.products import Ask, doubt_list_prices, set_list_prices
from shop.ground.catalog.selectors import home_market
from shop.ground.catalog.selectors.editing import list_sold_abroad
from shop.ground.catalog.services import lock_products
from shop.ground.database.retrying import try_twice
from shop.ground.kernel.errors import FairtagError
from shop.ground.outbox.services import write_fact

State = PriceProposal.State
WAITING = (State.PENDING, State.SNOOZED)
DECIDED = (State.APPROVED, State.EDITED)


class ProposalRefused(FairtagError):
    """The proposal cannot be decided in this way."""

    code = "proposal_refused"


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of the proposals asked about, by id.

    `done` are as asked (some may have been before); `waiting` need a second person; `skipped` maps
    the others to why: "unknown", "closed" (decided otherwise, published or withdrawn) or
    "needs_second_person".
    """

    done: tuple[int, ...]
    waiting: tuple[int, ...]
    skipped: dict[int, str]


def approve_proposals(
    *, proposal_ids: Sequence[int], by_id: int, now: datetime, reason: str = ""
) -> Decided:
    """Approve proposals; the next book publishes them. Safe to run again.

    A change above the policy's `two_person_step` needs two people: the first one's word is kept,
    the second one's decides. Fact PriceProposalsDecided.
    """
    done: list[int] = []
    waiting: list[int] = []
    skipped: dict[int, str] = {}
    with transaction.atomic():
        for row in _lock(proposal_ids, skipped):
            if row.state in DECIDED:
                done.append(row.pk)
            elif row.state not in WAITING:
                skipped[row.pk] = "closed"
            elif row.needs_two and row.first_by_id == by_id:
                skipped[row.pk] = "needs_second_person"
            elif row.needs_two and row.first_by_id is None:
                row.first_by_id, row.state = by_id, State.PENDING
                row.reason = reason or row.reason
                row.save(update_fields=["first_by", "state", "reason"])
                waiting.append(row.pk)
            else:
                _decide(row, by_id=by_id, now=now, reason=reason)
                done.append(row.pk)
        _tell(done, now)
    return Decided(tuple(done), tuple(waiting), skipped)


def _decide(row: PriceProposal, *, by_id: int, now: datetime, reason: str) -> None:
    is_edited = row.final_minor != row.proposed_minor
    row.state = State.EDITED if is_edited else State.APPROVED
    row.decided_by_id, row.decided_at = by_id, now
    row.reason = reason or row.reason
    row.save(update_fields=["state", "decided_by", "decided_at", "reason"])


def edit_proposal(
    *, proposal_id: int, price_minor: int, reason: str, by_id: int, now: datetime
) -> Decided:
    """Replace the proposed price by `price_minor` and approve it, as the first of two people where
    the change is large. Raises ProposalRefused for a price outside floor, ceiling and step, or
    without a reason."""
    if not reason.strip():
        raise ProposalRefused(_("Give a reason: it is stored with the change."))
    with transaction.atomic():
        skipped: dict[int, str] = {}
        rows = _lock([proposal_id], skipped)
        if not rows or rows[0].state not in (*WAITING, *DECIDED):
            return Decided((), (), skipped or {proposal_id: "closed"})
        row = rows[0]
        if row.state in DECIDED and row.final_minor == price_minor:
            return Decided((proposal_id,), (), {})
        _check_price(row, price_minor)
        step = abs(price_minor / row.current_minor - 1.0)
        row.final_minor, row.reason = price_minor, reason.strip()
        row.needs_two = step > load_active_policy().two_person_step
        # New numbers, new beginning: an earlier word was said about another price.
        row.first_by_id = by_id if row.needs_two else None
        row.state, row.decided_by_id, row.decided_at = State.PENDING, None, None
        row.save()
        if row.needs_two:
            return Decided((), (row.pk,), {})
        _decide(row, by_id=by_id, now=now, reason=row.reason)
        _tell([row.pk], now)
    return Decided((row.pk,), (), {})


def _check_price(row: PriceProposal, price_minor: int) -> None:
    if not row.floor_minor <= price_minor <= row.ceiling_minor:
        raise ProposalRefused(
            _("The price must be between the floor and the ceiling."),
            floor=row.floor_minor,
            ceiling=row.ceiling_minor,
        )


def reject_proposals(
    *, proposal_ids: Sequence[int], reason: str, by_id: int, now: datetime
) -> Decided:
    """Reject proposals for a reason; the same change is not proposed again for two weeks.

    Also takes back an approval that is not published yet. Safe to run again.
    """
    if not reason.strip():
        raise ProposalRefused(_("Give a reason: it is stored with the change."))
    done: list[int] = []
    skipped: dict[int, str] = {}
    with transaction.atomic():
        for row in _lock(proposal_ids, skipped):
            if row.state == State.REJECTED:
                done.append(row.pk)
            elif row.state not in (*WAITING, *DECIDED):
                skipped[row.pk] = "closed"
            else:
                row.state, row.reason = State.REJECTED, reason.strip()
                row.decided_by_id, row.decided_at = by_id, now
                row.save(update_fields=["state", "reason", "decided_by", "decided_at"])
                done.append(row.pk)
    return Decided(tuple(done), (), skipped)


def snooze_proposals(
    *, proposal_ids: Sequence[int], until: datetime, reason: str, by_id: int, now: datetime
) -> Decided:
    """Put proposals off until a moment; then they wait again by themselves. Safe to run again."""
    if not reason.strip() or until <= now:
        raise ProposalRefused(_("Give a reason and a time in the future."))
    done: list[int] = []
    skipped: dict[int, str] = {}
    with transaction.atomic():
        for row in _lock(proposal_ids, skipped):
            if row.state not in WAITING:
                skipped[row.pk] = "closed"
                continue
            row.state, row.reason, row.snoozed_until = State.SNOOZED, reason.strip(), until
            row.decided_by_id, row.decided_at = by_id, now
            row.save()
            done.append(row.pk)
    return Decided(tuple(done), (), skipped)


def _lock(proposal_ids: Iterable[int], skipped: dict[int, str]) -> list[PriceProposal]:
    """Lock proposals in primary-key order; ids that do not exist go to `skipped`."""
    wanted = sorted(set(proposal_ids))
    rows = list(
        PriceProposal.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
    )
    skipped.update(dict.fromkeys(set(wanted) - {row.pk for row in rows}, "unknown"))
    return rows


def _tell(ids: Sequence[int], now: datetime) -> None:
    if ids:
        payload = {"proposals": list(ids[:1000])}
        write_fact(kind="PriceProposalsDecided", payload=payload, occurred_at=now)
        publish_on_commit()


LISTED = PriceLedgerEntry.objects.filter(kind="list")


@dataclass(frozen=True, slots=True)
class Recalled:
    """How many list prices went back, and the SKUs of those that stay: somebody else changed them
    since, the variant is no longer sold there, or they stood below what it costs now.
    """

    back: int
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    variant_id: int
    sku: str
    place: tuple[str, str]
    before_minor: int
    is_own: bool


@try_twice
@transaction.atomic
def recall_list_prices(
    *, set_by: str, since: datetime, by: str, reason: str, now: datetime
) -> Recalled:
    """Give each list price that `set_by` changed since that moment the value it had before.

    Through the gate, as a change by `by`; what it would doubt is meant, as it stood before.
    """
    ours = LISTED.filter(set_by=set_by, valid_from__gte=since)
    lock_products(set(ours.values_list("variant__product__external_ref", flat=True)))
    ids = list(ours.order_by("variant_id").values_list("variant_id", flat=True).distinct())
    changes = defaultdict(list)
    for one in _list_changes(ids, set_by, since):
        changes[one.place].append(one)
    back, kept = 0, set()
    for place, found in sorted(changes.items()):
        asks, left = _choose(found, place)
        doubts = doubt_list_prices(asks=asks, market=place[0], channel=place[1])
        below = {one.price.sku for one in doubts if one.code == BELOW_COST}
        asks = {
            one.variant_id: asks[one.variant_id] for one in found if one.sku not in left | below
        }
        meant = Meant(len(doubts) - len(below), reason, set_by=by)
        back += set_list_prices(asks=asks, market=place[0], channel=place[1], now=now, meant=meant)
        kept |= left | below
    return Recalled(back, tuple(sorted(kept)))


def _choose(found: Sequence[_Change], place: tuple[str, str]) -> tuple[dict[int, Ask], set[str]]:
    """Return what may go back, and the SKUs that somebody changed or took off sale since."""
    sold = {one.variant_id for one in found}
    if place[0] != home_market() and place[1] == "online":
        sold &= list_sold_abroad(variant_ids=sold, market=place[0]).keys()
    mine = [one for one in found if one.is_own and one.variant_id in sold]
    asks = {one.variant_id: Ask(one.before_minor) for one in mine}
    return asks, {one.sku for one in found if one.variant_id not in asks}


def _list_changes(ids: Sequence[int], set_by: str, since: datetime) -> Iterator[_Change]:
    """Yield a change for each series of these variants that `set_by` changed. One query."""
    series = defaultdict(list)
    for row in LISTED.filter(variant_id__in=ids).select_related("variant").order_by("valid_from"):
        series[row.variant_id, row.market_id, row.channel].append(row)
    for (pk, market, channel), rows in sorted(series.items()):
        own = [
            at for at, one in enumerate(rows) if one.set_by == set_by and one.valid_from >= since
        ]
        if own and own[0]:
            before, sku = rows[own[0] - 1].amount_minor, rows[0].variant.sku
            is_own = all(one.set_by == set_by for one in rows[own[0] :])
            yield _Change(pk, sku, (market, channel), before, is_own)


MOST_OVER_LIST = 1.0


class TooLate(FairtagError):
    """Prices were published already: from then on two people decide about the policy."""

    code = "prices_are_published"


@transaction.atomic
def choose_ceiling(*, share: float, reason: str, now: datetime) -> bool:
    """Let public prices go up to `share` over the list price, in a new version of the policy.

    Return whether anything changed. Raises TooLate once a price book exists, and ValueError for
    what is no share from 0 to MOST_OVER_LIST.
    """
    if not 0.0 <= share <= MOST_OVER_LIST:
        raise ValueError(f"{share} is no share from 0 to {MOST_OVER_LIST:g}: 0.1 is 10 %.")
    active = PricingPolicy.objects.select_for_update().get(is_active=True)
    if active.ceiling_over_list == share:
        return False
    if PriceBook.objects.exists():
        raise TooLate("Prices are published: propose a ceiling under Pricing policies.")
    bounds = {name: getattr(active, name) for name in POLICY_FIELDS}
    newest = PricingPolicy.objects.order_by("-version").values_list("version", flat=True)[0]
    bounds |= {"version": newest + 1, "ceiling_over_list": share}
    PricingPolicy.objects.filter(pk=active.pk).update(is_active=False)
    PricingPolicy.objects.create(**bounds, is_active=True, reason=reason, created_at=now)
    return True
