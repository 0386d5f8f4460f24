"""Record of the reductions that were open to everybody. Promotions call it: they decide them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from django.db import transaction

from pricing.ledger.core.offered import OfferedCut
from pricing.ledger.models.cuts import PublicCut
from pricing.ledger.selectors.offered import pack_ids


@transaction.atomic
def record_cuts(*, campaign_id: int, cuts: Mapping[str, Sequence[OfferedCut]]) -> bool:
    """Make these, by market, all the public cuts of a campaign; return whether that is new.

    "" is every market. The caller holds the campaign's lock.
    """
    if not find_outdated_cuts({campaign_id: cuts}):
        return False
    PublicCut.objects.filter(campaign_id=campaign_id).delete()
    PublicCut.objects.bulk_create(_make_rows(campaign_id, cuts))
    return True


def find_outdated_cuts(cuts: Mapping[int, Mapping[str, Sequence[OfferedCut]]]) -> list[int]:
    """Return of which campaigns something else than these cuts is recorded. One query."""
    known: dict[int, list[PublicCut]] = {campaign_id: [] for campaign_id in cuts}
    for row in PublicCut.objects.filter(campaign_id__in=cuts):
        known[row.campaign_id].append(row)
    return [
        campaign_id
        for campaign_id, rows in known.items()
        if [_said(row) for row in rows]
        != [_said(row) for row in _make_rows(campaign_id, cuts[campaign_id])]
    ]


def list_recorded_campaigns() -> set[int]:
    """Return of which campaigns cuts are recorded. One query."""
    return set(PublicCut.objects.order_by().values_list("campaign_id", flat=True).distinct())


def forget_cuts(campaign_ids: Collection[int]) -> int:
    """Delete the cuts of campaigns; return how many."""
    return PublicCut.objects.filter(campaign_id__in=campaign_ids).delete()[0]


def _make_rows(campaign_id: int, cuts: Mapping[str, Sequence[OfferedCut]]) -> list[PublicCut]:
    return [_make(campaign_id, market, cut) for market, each in cuts.items() for cut in each]


def _make(campaign_id: int, market: str, cut: OfferedCut) -> PublicCut:
    return PublicCut(
        campaign_id=campaign_id,
        market_code=market,
        starts_at=datetime.fromtimestamp(cut.starts, UTC),
        ends_at=datetime.fromtimestamp(cut.ends, UTC),
        variant_ids=pack_ids(cut.variant_id),
        percent=cut.percent,
        amount_minor=cut.amount_minor,
        price_minor=cut.price_minor,
        stacking_group=cut.group,
        is_alone=cut.is_alone,
    )


def _said(row: PublicCut) -> tuple[object, ...]:
    return (
        *(row.market_code, row.starts_at, row.ends_at, bytes(row.variant_ids), row.percent),
        *(row.amount_minor, row.price_minor, row.stacking_group, row.is_alone),
    )
