"""Reductions that were open to everybody, and when: computed from revisions and steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
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
from shop.ground.catalog.selectors import get_market, load_variant_arrays

LOOKED_BACK = timedelta(days=270)
# One piece, nothing asked: what counts as the price anybody could have got.
KINDS = ("percentage", "fixed_amount", "set_price")


def list_public_cuts(market: str, now: datetime) -> list[OfferedCut]:
    """Return the cuts of one piece that anybody in `market` could get up to `now`.

    Members' offers are among them where the place's law says that they count. Offers with a
    condition, or off the whole cart, are not a price of the product. Four queries, and two where
    campaigns were never recorded.
    """
    place = get_market(market).jurisdiction_code
    law = find_law(load_laws(), candidate_codes(place), now.date())
    audiences = ["public", "members"] if law.members_count else ["public"]
    campaigns = Campaign.objects.filter(
        audience__in=audiences,
        market_code__in=["", market],
        ends_at__gt=now - LOOKED_BACK,
        starts_at__lte=now,
    ).exclude(status__in=[Status.DRAFT, Status.SCHEDULED])
    rows = list(campaigns.order_by("pk"))
    spans = _read_spans([row.pk for row in rows if row.revision], now)
    cuts: list[OfferedCut] = []
    unrecorded = [row for row in rows if not row.revision]
    said = take_snapshots(unrecorded) if unrecorded else {}
    for row in rows:
        if not row.revision:
            spans[row.pk] = [(said[row.pk], row.starts_at, now)]
        for snapshot, since, until in spans.get(row.pk, []):
            cuts += _cuts_of(snapshot, since, until)
    return cuts


type Span = tuple[Mapping[str, Any], datetime, datetime]


def _read_spans(campaign_ids: list[int], now: datetime) -> dict[int, list[Span]]:
    """Return, by campaign, which version was released from when until when.

    Eight queries at most.
    """
    rows = list(CampaignRevision.objects.filter(campaign_id__in=campaign_ids))
    numbered = number_snapshots([row.snapshot for row in rows], is_strict=False)
    said = {
        (row.campaign_id, row.number): snapshot
        for row, snapshot in zip(rows, numbered, strict=True)
    }
    steps = CampaignEvent.objects.filter(campaign_id__in=campaign_ids, at__lte=now)
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
        found.setdefault(key, []).append((said[key, number], since, now))
    return found


def _cuts_of(snapshot: Mapping[str, Any], since: datetime, until: datetime) -> Iterator[OfferedCut]:
    begins = max(since, datetime.fromisoformat(snapshot["starts_at"]))
    ends = min(until, datetime.fromisoformat(snapshot["ends_at"]))
    arrays = load_variant_arrays()
    for offer in snapshot[OFFERS]:
        if begins >= ends or not _is_price(offer):
            continue
        percent, amount = offer.get("percent"), offer.get("amount_minor")
        is_set = offer["benefit_kind"] == "set_price"
        yield OfferedCut(
            variant_id=arrays.variant_id[covered_by(offer, arrays)],
            starts=int(begins.timestamp()),
            ends=int(ends.timestamp()),
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
