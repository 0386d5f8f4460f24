"""Close a partner's period. What is closed never changes; what comes late belongs to the next."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from promotions.models import Partner, PartnerEntry, Settlement
from promotions.services.partners import PartnerRefused

Kind = PartnerEntry.Kind


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
