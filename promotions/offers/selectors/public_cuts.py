"""Reductions that were open to everybody, and when: computed from revisions and steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pricing.base.core.values import candidate_codes
from pricing.ledger.core.offered import OfferedCut
from promotions.campaigns.api import (
    OFFERS,
    WITHOUT_EFFECT,
    Status,
    number_snapshots,
    take_snapshots,
)
from promotions.campaigns.models import Campaign, CampaignEvent, CampaignRevision
from promotions.law.api import covered_by, find_law, load_laws
from shop.ground.catalog.selectors import list_markets, load_variant_arrays

LOOKED_BACK = timedelta(days=270)
# One piece, nothing asked: what counts as the price anybody could have got.
KINDS = ("percentage", "fixed_amount", "set_price")

type CutsByMarket = dict[str, list[OfferedCut]]


def list_recent_campaigns(now: datetime) -> list[Campaign]:
    """Return the campaigns that ran for more than some, or will, since a law looks back. One
    query."""
    audiences = [Campaign.Audience.PUBLIC, Campaign.Audience.MEMBERS]
    rows = Campaign.objects.filter(audience__in=audiences, ends_at__gt=now - LOOKED_BACK)
    return list(rows.exclude(status__in=[Status.DRAFT, Status.SCHEDULED]).order_by("pk"))


def find_public_cuts(campaigns: Sequence[Campaign], now: datetime) -> dict[int, CutsByMarket]:
    """Return the cuts of one piece that anybody could get, by campaign and market ("": all).

    Members' offers are among them where the place's law says at `now` that they count. Offers with
    a condition, or off the whole cart, are not a price of the product. Eleven queries at most.
    """
    if not campaigns:
        return {}
    markets = _find_markets(campaigns, now.date())
    rows = [row for row in campaigns if markets[row.pk]]
    spans = _read_spans([row.pk for row in rows if row.revision])
    unrecorded = [row for row in rows if not row.revision]
    said = take_snapshots(unrecorded) if unrecorded else {}
    for row in unrecorded:
        spans[row.pk] = [(said[row.pk], row.starts_at, None)]
    found: dict[int, CutsByMarket] = {row.pk: {} for row in campaigns}
    for row in rows:
        if cuts := [cut for span in spans.get(row.pk, []) for cut in _cuts_of(*span)]:
            found[row.pk] = dict.fromkeys(markets[row.pk], cuts)
    return found


def _find_markets(campaigns: Sequence[Campaign], day: date) -> dict[int, list[str]]:
    """Return where what a campaign takes off counts for everybody ("": everywhere), by id."""
    laws = load_laws()
    of_members = [
        market.code
        for market in list_markets()
        if find_law(laws, candidate_codes(market.jurisdiction_code), day).members_count
    ]
    found: dict[int, list[str]] = {}
    for row in campaigns:
        is_released = row.status not in (Status.DRAFT, Status.SCHEDULED)
        found[row.pk] = []
        if is_released and row.audience == Campaign.Audience.PUBLIC:
            found[row.pk] = [row.market_code]
        elif is_released and row.audience == Campaign.Audience.MEMBERS:
            found[row.pk] = [code for code in of_members if row.market_code in ("", code)]
    return found


type Span = tuple[Mapping[str, Any], datetime, datetime | None]


def _read_spans(campaign_ids: list[int]) -> dict[int, list[Span]]:
    """Return, by campaign, which version was released from when until when (None: still is).

    Eight queries at most.
    """
    if not campaign_ids:
        return {}
    rows = list(CampaignRevision.objects.filter(campaign_id__in=campaign_ids))
    numbered = number_snapshots([row.snapshot for row in rows], is_strict=False)
    said = {
        (row.campaign_id, row.number): snapshot
        for row, snapshot in zip(rows, numbered, strict=True)
    }
    steps = CampaignEvent.objects.filter(campaign_id__in=campaign_ids)
    found: dict[int, list[Span]] = {}
    open_since: dict[int, tuple[int, datetime]] = {}
    for step in steps.exclude(step__in=WITHOUT_EFFECT).order_by("at", "pk"):
        key = step.campaign_id
        if key in open_since:
            number, since = open_since.pop(key)
            found.setdefault(key, []).append((said[key, number], since, step.at))
        if step.to_status == Status.LIVE:
            open_since[key] = (step.revision, step.at)
    for key, (number, since) in open_since.items():
        found.setdefault(key, []).append((said[key, number], since, None))
    return found


def _cuts_of(
    snapshot: Mapping[str, Any], since: datetime, until: datetime | None
) -> Iterator[OfferedCut]:
    begins = max(since, datetime.fromisoformat(snapshot["starts_at"]))
    ends = datetime.fromisoformat(snapshot["ends_at"])
    ends = ends if until is None else min(until, ends)
    # In whole seconds, as the price history counts: what was changed at once was no cut.
    first, over = int(begins.timestamp()), int(ends.timestamp())
    arrays = load_variant_arrays()
    for offer in snapshot[OFFERS]:
        if first >= over or not _is_price(offer):
            continue
        percent, amount = offer.get("percent"), offer.get("amount_minor")
        is_set = offer["benefit_kind"] == "set_price"
        yield OfferedCut(
            variant_id=arrays.variant_id[covered_by(offer, arrays)],
            starts=first,
            ends=over,
            percent=None if percent is None else float(percent),
            amount_minor=None if percent is not None or is_set else amount,
            price_minor=amount if is_set else None,
            group=str(offer.get("stacking_group") or "") if _is_best(offer) else "",
            is_alone=offer.get("stacking") == "exclusive",
        )


def _is_price(offer: Mapping[str, Any]) -> bool:
    """Whether the offer lowers one piece for whoever asks; a code told to everybody does."""
    is_plain = offer["benefit_kind"] in KINDS and not offer["condition"]
    # An amount off the cart, or several pieces at one price, is no price of a piece
    is_share_of_cart = offer.get("percent") is None and offer["target"] == "cart"
    return bool(offer["is_active"]) and is_plain and not is_share_of_cart


def _is_best(offer: Mapping[str, Any]) -> bool:
    return offer.get("stacking") in ("best", "best_unit")
