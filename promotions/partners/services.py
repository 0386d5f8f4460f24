"""Share the cost of offers with partners, and settle what they owe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from promotions.coupons.api import share_of_units
from promotions.loyalty.api import ReturnedUnits
from promotions.partners.core import Share, split_cost
from promotions.partners.models import (
    Partner,
    PartnerEntry,
    PartnerProduct,
    PartnerShare,
    Settlement,
)
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.log import SHORTEST_REASON

Kind = PartnerEntry.Kind


class PartnerRefused(FairtagError):
    """It cannot be booked or closed so. Codes: bad_correction, period_open, closed."""

    code = "partner_refused"


@dataclass(frozen=True, slots=True)
class DiscountedLine:
    """A paid line: its position, variant, units, and what each campaign took off (positive).

    `variant_id` None: the delivery, which is of no line and goes back with the last unit.
    """

    line: int
    variant_id: int | None
    quantity: int
    discounts: Mapping[int, int]


@transaction.atomic(savepoint=False)
def record_partner_uses(*, order_ref: str, lines: Sequence[DiscountedLine], now: datetime) -> int:
    """Book the discounts of a paid order on partners' campaigns; return how many lines.

    No query for an order without discounts, one without partners. Twice is once.
    """
    campaigns = {campaign_id for line in lines for campaign_id in line.discounts}
    if not campaigns:
        return 0
    shares = PartnerShare.objects.filter(campaign_id__in=campaigns).order_by("pk")
    booked = 0
    for share in shares.select_for_update(no_key=True, of=("self",)):
        if PartnerEntry.objects.filter(share=share, order_ref=order_ref).exists():
            continue
        mine = [line for line in lines if line.discounts.get(share.campaign_id)]
        booked += len(_book_uses(share, order_ref, mine, now))
    return booked


@transaction.atomic
def record_partner_returns(
    *, order_ref: str, units: Sequence[ReturnedUnits], now: datetime, is_whole: bool = False
) -> int:
    """Take back the partners' part of returned units, each unit's exact share; return how many.

    With the last unit (`is_whole`) the delivery goes back, and what was taken off it with it.
    """
    lines = Q(line__in=[each.line for each in units], is_delivery=False)
    uses = PartnerEntry.objects.filter(
        lines | Q(is_delivery=True) if is_whole else lines, order_ref=order_ref, kind=Kind.USE
    )
    known = list(uses.order_by("share_id", "line", "is_delivery"))
    if not known:
        return 0
    shares = PartnerShare.objects.filter(pk__in={use.share_id for use in known}).order_by("pk")
    locked = {share.pk: share for share in shares.select_for_update(no_key=True, of=("self",))}
    back = {each.line: each for each in units}
    delivery = ReturnedUnits(0, before=0, more=1)
    entries = [
        _returned(use, delivery if use.is_delivery else back[use.line], now) for use in known
    ]
    PartnerEntry.objects.bulk_create(entries)
    for entry in entries:
        locked[entry.share_id].charged_minor += entry.partner_minor
    PartnerShare.objects.bulk_update(locked.values(), ["charged_minor"])
    return len(entries)


@transaction.atomic
def correct_partner(
    *, share_id: int, partner_minor: int, reason: str, key: str, now: datetime
) -> PartnerEntry:
    """Book a correction; it belongs to the period that is closed next. Raises PartnerRefused."""
    if not partner_minor or len(reason.strip()) < SHORTEST_REASON:
        raise PartnerRefused("Say how much and why.", code="bad_correction")
    return PartnerEntry.objects.create(
        share_id=share_id,
        kind=Kind.CORRECTION,
        discount_minor=0,
        partner_minor=partner_minor,
        note=reason.strip()[:300],
        key=f"correction:{key}",
        at=now,
    )


def _book_uses(
    share: PartnerShare, order_ref: str, lines: Sequence[DiscountedLine], now: datetime
) -> list[PartnerEntry]:
    value = Share(
        percent=share.percent,
        variant_ids=_variants_of(share),
        left_minor=None if share.cap_minor is None else share.cap_minor - share.charged_minor,
    )
    discounts = [(line.variant_id, line.discounts[share.campaign_id]) for line in lines]
    products = _products_of([line.variant_id for line in lines if line.variant_id is not None])
    entries = [
        PartnerEntry(
            share=share,
            kind=Kind.USE,
            order_ref=order_ref,
            line=line.line,
            is_delivery=line.variant_id is None,
            product_id=products.get(line.variant_id or 0),
            quantity=line.quantity,
            discount_minor=line.discounts[share.campaign_id],
            partner_minor=part,
            key=_key_of(share, order_ref, line),
            at=now,
        )
        for line, part in zip(lines, split_cost(value, discounts), strict=True)
    ]
    PartnerEntry.objects.bulk_create(entries)
    share.charged_minor += sum(entry.partner_minor for entry in entries)
    share.save(update_fields=["charged_minor"])
    return entries


def _key_of(share: PartnerShare, order_ref: str, line: DiscountedLine) -> str:
    part = "delivery" if line.variant_id is None else str(line.line)
    return f"use:{share.pk}:{order_ref}:{part}"


def _returned(use: PartnerEntry, units: ReturnedUnits, now: datetime) -> PartnerEntry:
    def share(total: int) -> int:
        return share_of_units(total, use.quantity, before=units.before, more=units.more)

    return PartnerEntry(
        share_id=use.share_id,
        kind=Kind.RETURN,
        order_ref=use.order_ref,
        line=use.line,
        is_delivery=use.is_delivery,
        product_id=use.product_id,
        quantity=units.more,
        discount_minor=-share(use.discount_minor),
        partner_minor=-share(use.partner_minor),
        key=f"return:{use.pk}:{units.before}",
        at=now,
    )


def _variants_of(share: PartnerShare) -> frozenset[int] | None:
    products = PartnerProduct.objects.filter(share=share)
    if not products.exists():
        return None
    ids = products.filter(product__variants__isnull=False)
    return frozenset(ids.values_list("product__variants", flat=True))


def _products_of(variant_ids: Sequence[int]) -> dict[int, int]:
    """Return the products of variants on sale. No query."""
    arrays = load_variant_arrays()
    found = {}
    for variant_id in variant_ids:
        i = int(np.searchsorted(arrays.variant_id, variant_id))
        if i < len(arrays.variant_id) and arrays.variant_id[i] == variant_id:
            found[variant_id] = int(arrays.product_id[i])
    return found


@transaction.atomic
def close_settlement(
    *, partner_id: int, ends_on: date, by_id: int | None, now: datetime
) -> Settlement:
    """Settle everything before `ends_on` (a day of the shop's time zone) that is still open.

    Raises PartnerRefused: period_open (it is not over), closed (it ends before the last one or
    there is nothing to settle). Locks the partner's row: two people close one period once.
    """
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    end = datetime.combine(ends_on, time.min, zone)
    if end > now:
        raise PartnerRefused(_("This period is not over yet."), code="period_open")
    partner = Partner.objects.select_for_update(no_key=True, of=("self",)).get(pk=partner_id)
    last = partner.settlements.order_by("-ends_on").first()
    if last is not None and ends_on <= last.ends_on:
        raise PartnerRefused(_("This period is closed already."), code="closed")
    still_open = PartnerEntry.objects.filter(
        share__partner=partner, settlement__isnull=True, at__lt=end
    )
    entries = list(still_open.select_for_update(of=("self",)).order_by("pk"))
    if last is None and not entries:
        raise PartnerRefused(_("There is nothing to settle yet."), code="closed")
    first = entries[0].at.astimezone(zone).date() if entries else ends_on
    settlement = Settlement.objects.create(
        partner=partner,
        starts_on=last.ends_on if last is not None else first,
        ends_on=ends_on,
        used_minor=_sum(entries, "discount_minor", Kind.USE),
        returned_minor=-_sum(entries, "discount_minor", Kind.RETURN),
        corrected_minor=_sum(entries, "partner_minor", Kind.CORRECTION),
        due_minor=sum(entry.partner_minor for entry in entries),
        entry_count=len(entries),
        closed_at=now,
        closed_by_id=by_id,
    )
    ids = [entry.pk for entry in entries]
    PartnerEntry.objects.filter(pk__in=ids).update(settlement=settlement)
    return settlement


def _sum(entries: list[PartnerEntry], field: str, kind: Kind) -> int:
    return sum(getattr(entry, field) for entry in entries if entry.kind == kind)
