"""Release the demo's campaigns as the law allows: on products of which all is true."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from promotions.campaigns.api import ensure_baseline, list_covered_variants, lock_campaign
from promotions.campaigns.models import Campaign, Offer, OfferVariant
from promotions.law.api import judge_campaign
from promotions.release.api import release_agreed

log = logging.getLogger("fairtag.promotions")
MOST_LISTED = 20_000
# What a name says once some of the products that it names are taken out.
SELECTED = ("{name}, selected products", "{name}（部分商品）")
RUNS_FOR = timedelta(days=90)


@transaction.atomic
def create_demo(
    code: str,
    names: tuple[str, str],
    *,
    market_code: str,
    now: datetime,
    offers: Sequence[dict[str, Any]],
    ends_at: datetime | None = None,
    **campaign: Any,
) -> Campaign:
    """Create a campaign of the demo with its offers and release it; `names`: English, Chinese."""
    made = Campaign.objects.create(
        code=code,
        name=names[0],
        name_zh=names[1],
        market_code=market_code,
        starts_at=now,
        ends_at=ends_at or now + RUNS_FOR,
        **campaign,
    )
    for number, fields in enumerate(offers, start=1):
        own = code if len(offers) == 1 else f"{code}-{number}"
        offer = Offer(campaign=made, code=own, name=names[0], name_zh=names[1], **fields)
        offer.full_clean()
        offer.save()
    release_demo(made, now=now)
    made.refresh_from_db()
    return made


@transaction.atomic
def list_missing(codes: Iterable[str], *, now: datetime) -> list[str]:
    """Return which of the demo's campaigns do not exist yet, in their order.

    One that was released before campaigns had versions gets its first one: as it is found.
    """
    wanted = list(codes)
    known = {row.code: row for row in Campaign.objects.filter(code__in=wanted).order_by("pk")}
    for row in known.values():
        if row.status != Campaign.Status.DRAFT:
            ensure_baseline(lock_campaign(row.pk), now)
    return [code for code in wanted if code not in known]


@transaction.atomic
def release_demo(campaign: Campaign, *, now: datetime) -> bool:
    """Release a draft of the demo, without the products a law names; return whether it is released.

    What stays illegal without them, or would have no products left, stays a draft.
    """
    if not make_lawful(campaign, now=now):
        return False
    release_agreed(campaign_id=campaign.pk, now=now)
    return True


def make_lawful(campaign: Campaign, *, now: datetime) -> bool:
    """Take the products that a law names out of a draft of the demo; return whether it may run."""
    broken = judge_campaign(campaign_id=campaign.pk, now=now)
    out = {variant_id for one in broken for variant_id in one.variant_ids}
    offers = list(campaign.offers.all())
    if out and all(_take_out(offer, out) for offer in offers):
        named: list[Campaign | Offer] = [campaign, *offers]
        for row in named:
            row.name = SELECTED[0].format(name=row.name)
            row.name_zh = SELECTED[1].format(name=row.name_zh)
            row.save(update_fields=["name", "name_zh"])
        broken = judge_campaign(campaign_id=campaign.pk, now=now)
    if broken:
        rules = ", ".join(one.rule for one in broken)
        log.warning("Campaign %s stays a draft, the law forbids it: %s", campaign.code, rules)
    return not broken


def _take_out(offer: Offer, variant_ids: Collection[int]) -> bool:
    """List the offer's products one by one, without some; False where that is none or very many."""
    covered = list_covered_variants(offer_id=offer.pk).tolist()
    kept = sorted(set(covered).difference(variant_ids))
    if not 0 < len(kept) <= MOST_LISTED:
        return False
    OfferVariant.objects.filter(offer=offer).delete()
    OfferVariant.objects.bulk_create(OfferVariant(offer=offer, variant_id=one) for one in kept)
    offer.scope = {"listed": True}
    offer.save(update_fields=["scope", "changed_at"])
    return True
