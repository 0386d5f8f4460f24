"""Look-up of entered codes in the database."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from promotions.campaigns.api import compile_or_skip, load_offer_book
from promotions.campaigns.models import Campaign, OfferVariant
from promotions.coupons.core import MyGroup
from promotions.coupons.models import Coupon, GroupClaim, Redemption, VerifiedGroup
from promotions.engine.api import CouponValue
from shop.ground.kernel.sheets import sheet_lines

State = Redemption.State


def find_coupons(
    *,
    codes: Sequence[str],
    variant_ids: Sequence[int],
    shopper_id: int | None,
    now: datetime,
    identity: Sequence[str] = (),
    as_live: Collection[int] = (),
) -> list[CouponValue]:
    """Return one value per code, also for codes nobody knows. One query.

    A code of a campaign that was never released is one that nobody knows: answers, limits of
    guesses and the statement itself are the same. Staff who try drafts take the campaigns `as_live`
    for released.
    Of an offer that lists its variants only those in `variant_ids` (the cart's) are read: a
    coupon may cover thousands. Holds that ran out are not counted. Uses are counted by the
    shopper's own rows, so a code with a million uses is as quick as a new one.
    """
    covered = OfferVariant.objects.filter(offer_id=OuterRef("offer_id"))
    uses = Redemption.objects.filter(coupon_id=OuterRef("pk"))
    mine = uses.filter(is_by(shopper_id, identity)) if shopper_id or identity else uses.none()
    held = Redemption.objects.filter(state=State.HELD)
    ran_out, waiting = held.filter(expires_at__lte=now), held.filter(expires_at__gt=now)
    lost = ran_out.filter(campaign_id=OuterRef("offer__campaign_id"), is_budgeted=True)
    rows = (
        Coupon.objects.filter(code__in=codes)
        .exclude(
            ~Q(offer__campaign_id__in=list(as_live)),
            offer__campaign__status__in=[Campaign.Status.DRAFT, Campaign.Status.SCHEDULED],
        )
        .select_related("offer__campaign", "offer__category", "batch")
        .annotate(
            lists_variants=Exists(covered),
            variants=ArraySubquery(covered.filter(variant_id__in=variant_ids).values("variant_id")),
            used=_count(mine.filter(state=State.COMMITTED)),
            held=_count(mine.filter(state=State.HELD).exclude(expires_at__lte=now)),
            ran_out=_count(ran_out.filter(coupon_id=OuterRef("pk"))),
            is_reserved=Exists(waiting.filter(coupon_id=OuterRef("pk"))),
            lost_minor=_sum(lost, by="campaign"),
        )
    )
    known = {row.code: row for row in rows}
    return [_coupon_value(code, known.get(code)) for code in codes]


def is_by(shopper_id: int | None, identity: Sequence[str]) -> Q:
    """Return the filter for uses by this shopper, or by whoever has a key of the contact."""
    mine = Q(shopper_id=shopper_id) if shopper_id else Q(pk__in=())
    return mine | Q(identity__overlap=list(identity)) if identity else mine


def _count(uses: QuerySet[Redemption]) -> Any:
    counted = uses.order_by().values("coupon").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _sum(uses: QuerySet[Redemption], *, by: str) -> Any:
    summed = uses.order_by().values(by).annotate(n=Sum("amount_minor")).values("n")
    return Coalesce(Subquery(summed), 0)


def _coupon_value(code: str, row: Any) -> CouponValue:
    """Return the value of a row annotated as `find_coupons` does."""
    if row is None:
        return CouponValue(code)
    campaign, limit = row.offer.campaign, row.per_shopper_limit
    spent = campaign.spent_minor - row.lost_minor
    left = None if campaign.budget_minor is None else campaign.budget_minor - spent
    is_full = row.max_redemptions is not None and row.redeemed - row.ran_out >= row.max_redemptions
    return CouponValue(
        code=code,
        offer=compile_or_skip(
            row.offer,
            load_offer_book().groups,
            variant_ids=row.variants if row.lists_variants else None,
            left_minor=left,
        ),
        coupon_id=row.pk,
        is_active=row.is_active,
        is_used_up=is_full,
        is_reserved=is_full and row.is_reserved,
        is_used_up_by_shopper=limit is not None and row.used >= limit,
        is_held_by_shopper=limit is not None and row.used < limit <= row.used + row.held,
        ended_at=None if row.batch is None else row.batch.ends_at,
    )


CHUNK = 5_000
HEADER = ("code", "max_redemptions", "per_shopper_limit", "redeemed", "is_active")


def stream_codes(*, batch_id: int) -> Iterator[str]:
    """Yield the lines of a CSV file of a batch's codes. One query with a cursor of the server."""
    rows = Coupon.objects.filter(batch_id=batch_id).order_by("pk").values_list(*HEADER)
    yield from sheet_lines([HEADER])
    yield from sheet_lines(rows.iterator(chunk_size=CHUNK))


ClaimState = GroupClaim.State


# As text: every list of products asks it where an offer is for a group.
_PROVEN = """
SELECT kind.code FROM promotions_groupclaim claim
JOIN promotions_verifiedgroup kind ON kind.id = claim.group_id AND kind.is_active
WHERE claim.shopper_id = %s AND claim.state = %s AND claim.valid_until > %s
  AND (claim.decided_at IS NULL OR claim.decided_at <= %s)
"""


def read_groups(*, shopper_id: int, now: datetime) -> frozenset[str]:
    """Return the codes of groups proven and not over at `now`, which may be past.

    One query. The reader of the groups fact.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PROVEN, [shopper_id, ClaimState.ACCEPTED, now, now])
        return frozenset(code for (code,) in cursor.fetchall())


def list_my_groups(*, shopper_id: int, now: datetime, language: str) -> list[MyGroup]:
    """Return all groups and where the shopper stands in each. Two queries."""
    latest: dict[int, GroupClaim] = {}
    claims = GroupClaim.objects.filter(shopper_id=shopper_id).defer("document").order_by("pk")
    for claim in claims:
        known = latest.get(claim.group_id)
        if known is None or not (known.state == ClaimState.ACCEPTED and _is_valid(known, now)):
            latest[claim.group_id] = claim
    groups = VerifiedGroup.objects.filter(is_active=True)
    return [_my_group(group, latest.get(group.pk), now, language) for group in groups]


def read_document(*, claim_id: int) -> tuple[bytes, str] | None:
    """Return a document that waits for review with its media type, or None. One query."""
    row = GroupClaim.objects.filter(pk=claim_id, document__isnull=False).first()
    return None if row is None else (bytes(row.document or b""), row.document_type)


def export_groups(shopper_id: int) -> list[Mapping[str, Any]]:
    """Return JSON values of the proofs; a document that waits for review whole. One query."""
    claims = GroupClaim.objects.filter(shopper_id=shopper_id).select_related("group")
    return [
        {
            "group": claim.group.code,
            "how": claim.how,
            "state": claim.state,
            "submitted_at": claim.submitted_at.isoformat(),
            "valid_until": None if claim.valid_until is None else claim.valid_until.isoformat(),
            "reason": claim.reason,
            "document": _export_document(claim),
        }
        for claim in claims
    ]


def _export_document(claim: GroupClaim) -> Mapping[str, str] | None:
    """Return the file a shopper handed in, while it is kept."""
    if claim.document is None:
        return None
    content = b64encode(bytes(claim.document)).decode()
    return {"media_type": claim.document_type, "base64": content}


def _is_valid(claim: GroupClaim, now: datetime) -> bool:
    return claim.valid_until is not None and claim.valid_until > now


def _my_group(
    group: VerifiedGroup, claim: GroupClaim | None, now: datetime, language: str
) -> MyGroup:
    state = "" if claim is None else claim.state
    if claim is not None and state == ClaimState.ACCEPTED and not _is_valid(claim, now):
        state = ""
    return MyGroup(
        code=group.code,
        name=(group.name_zh or group.name) if language.startswith("zh") else group.name,
        takes_documents=group.takes_documents,
        takes_codes=group.takes_codes,
        mail_domains=tuple(group.mail_domains),
        state=state,
        valid_until=None if claim is None else claim.valid_until,
        reason="" if claim is None else claim.reason,
    )
