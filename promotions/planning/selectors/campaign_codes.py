"""The codes of offers as documents have them: shared codes with limits, batches by their rule.

A batch is named by pattern and number, never by its codes: whoever holds the file could use them,
and another shop makes its own. So a file that was read in elsewhere goes out the same again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import models

from promotions.campaigns.api import OFFERS, plain_value
from promotions.campaigns.models import Campaign, Offer
from promotions.coupons.models import CodeBatch, Coupon
from shop.ground.kernel.hashing import fingerprint

COUPONS, BATCHES, LEFT_OUT = "coupons", "code_batches", "codes_left_out"
CODE_WORDS = (COUPONS, BATCHES, LEFT_OUT)
# Of one offer; more came in by files of their own, and go out by them
MOST_CODES = 5_000


def coupon_fields() -> tuple[models.Field[Any, Any], ...]:
    """Return the fields of a code that a document holds."""
    return _named(Coupon, "code", "max_redemptions", "per_shopper_limit", "is_active")


def batch_fields() -> tuple[models.Field[Any, Any], ...]:
    """Return the fields of a batch that a document holds: its rule, never its codes."""
    limits = ("max_redemptions", "per_shopper_limit")
    return _named(CodeBatch, "name", "pattern", "amount", *limits, "ends_at")


def add_codes(snapshots: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return snapshots with the codes of their offers. Four queries for all of them.

    An offer with more than MOST_CODES codes of its own says how many were left out.
    """
    codes = {offer["code"] for said in snapshots for offer in said[OFFERS]}
    ids = dict(Offer.objects.filter(code__in=codes).values_list("code", "pk"))
    known = list_codes(ids.values())
    return [
        {
            **said,
            OFFERS: [{**one, **known.get(ids.get(one["code"], 0), {})} for one in said[OFFERS]],
        }
        for said in snapshots
    ]


def find_version(campaign_id: int) -> str:
    """Return what changes whenever a campaign, its state or its codes do. Five queries.

    The newest revision, the one that waits included, and a digest of state and codes.
    """
    campaign = Campaign.objects.get(pk=campaign_id)
    offers = Offer.objects.filter(campaign_id=campaign_id).values_list("pk", flat=True)
    codes = sorted(list_codes(list(offers)).items())
    number = campaign.pending_revision or campaign.revision
    return f"{number}-{fingerprint([campaign.status, campaign.revision, codes])[:12]}"


def list_codes(offer_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return what documents say of the codes of offers, by id; of one without any, nothing.

    Three queries.
    """
    singles = Coupon.objects.filter(offer_id__in=offer_ids, batch__isnull=True)
    counted = singles.order_by().values_list("offer_id").annotate(n=models.Count("pk"))
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    few = []
    for offer_id, count in counted:
        if count > MOST_CODES:
            found[offer_id][LEFT_OUT] = count
        else:
            few.append(offer_id)
    for coupon in singles.filter(offer_id__in=few).order_by("code"):
        found[coupon.offer_id].setdefault(COUPONS, []).append(describe_coupon(coupon))
    for batch in CodeBatch.objects.filter(offer_id__in=offer_ids).order_by("pk"):
        if said := describe_batch(batch):
            found[batch.offer_id].setdefault(BATCHES, []).append(said)
    return found


def describe_coupon(coupon: Coupon) -> dict[str, Any]:
    """Return a code with its limits as a document has it."""
    return {field.name: plain_value(field, coupon) for field in coupon_fields()}


def describe_batch(batch: CodeBatch) -> dict[str, Any]:
    """Return a batch as a document has it; one that was stopped is as large as it became.

    Of one that was stopped before there was a code: nothing.
    """
    said = {field.name: plain_value(field, batch) for field in batch_fields()}
    if batch.status != CodeBatch.Status.STOPPED:
        return said
    return {**said, "amount": batch.made} if batch.made else {}


def _named(model: type[models.Model], *names: str) -> tuple[models.Field[Any, Any], ...]:
    return tuple(field for field in model._meta.concrete_fields if field.name in names)
