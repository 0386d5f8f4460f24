"""Write the codes of a campaign's document: new ones are added, limits change, none is deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from promotions.campaigns.api import (
    OFFERS,
    BadDocument,
    Note,
    lock_campaign,
    note_step,
    refuse_value,
)
from promotions.campaigns.models import Offer
from promotions.coupons.models import CodeBatch, Coupon
from promotions.engine.api import normalize_code
from promotions.planning.selectors.campaign_codes import (
    BATCHES,
    COUPONS,
    batch_fields,
    coupon_fields,
    describe_batch,
    describe_coupon,
)

type Said = Mapping[str, Any]
TOLD = 6


@transaction.atomic
def write_codes(
    *, campaign_id: int, document: Said, may_change: bool, by_id: int | None, now: datetime
) -> tuple[str, ...]:
    """Make the codes of a campaign's offers say what a checked document says; return what changed.

    Codes and batches that the document does not name stay as they are. What changed stands in the
    campaign's trail as a number, never as codes. Raises BadDocument with place and reason; nothing
    is written then. Locks the campaign.
    """
    changed: list[str] = []
    campaign = lock_campaign(campaign_id)
    rows = {offer.code: offer for offer in Offer.objects.filter(campaign_id=campaign_id)}
    for i, said in enumerate(document[OFFERS]):
        if said.get(COUPONS) or said.get(BATCHES):
            place = f"{OFFERS}[{i}]"
            offer = _require_offer(rows.get(said["code"]), said, place, may_change=may_change)
            changed += _write_coupons(offer, said.get(COUPONS, ()), f"{place}.{COUPONS}")
            changed += _write_batches(offer, said.get(BATCHES, ()), f"{place}.{BATCHES}")
    if changed:
        told = _("%(number)d changes of codes") % {"number": len(changed)}
        note_step(campaign, step=Note.CODES, was=campaign.status, reason=told, by_id=by_id, now=now)
    return tuple(changed)


def _require_offer(offer: Offer | None, said: Said, place: str, *, may_change: bool) -> Offer:
    if not may_change:
        told = _("%(place)s: you may not change codes: leave them out.")
        raise BadDocument(told % {"place": place}, place=place)
    if offer is None:
        why = _("the offer waits for a second person: send its codes once it is agreed to")
        raise refuse_value(f"{place}.code", said["code"], why)
    if not offer.requires_coupon:
        why = _("an offer with codes needs true")
        raise refuse_value(f"{place}.requires_coupon", offer.requires_coupon, why)
    return offer


def _write_coupons(offer: Offer, said: Sequence[Said], place: str) -> list[str]:
    codes = [normalize_code(one["code"]) for one in said]
    rows = Coupon.objects.select_for_update(no_key=True).filter(code__in=codes).order_by("code")
    known = {row.code: row for row in rows}
    fresh: list[Coupon] = []
    told = []
    for i, (code, one) in enumerate(zip(codes, said, strict=True)):
        at = f"{place}[{i}]"
        _refuse_code(code, codes[:i], known.get(code), offer, at)
        row = known.get(code)
        if row is None:
            fresh.append(Coupon(offer=offer, **{**one, "code": code}))
        elif changes := _change_coupon(row, {**one, "code": code}, at):
            told.append(_("Code %(code)s: %(changes)s") % {"code": code, "changes": changes})
    Coupon.objects.bulk_create(fresh)
    if fresh:
        names = ", ".join(row.code for row in fresh[:TOLD]) + ("…" if fresh[TOLD:] else "")
        added = _("Offer “%(offer)s”: %(number)d codes are new: %(names)s")
        told.insert(0, added % {"offer": offer, "number": len(fresh), "names": names})
    return told


def _refuse_code(
    code: str, before: Sequence[str], row: Coupon | None, offer: Offer, place: str
) -> None:
    why = ""
    if not code:
        why = _("it is needed")
    elif code in before:
        why = _("the code stands twice in the document")
    elif row is not None and row.offer_id != offer.pk:
        why = _("another offer has this code: choose another code")
    elif row is not None and row.batch_id is not None:
        why = _("the code belongs to a batch: leave it out")
    if why:
        raise refuse_value(f"{place}.code", code, why)


def _change_coupon(row: Coupon, said: Said, place: str) -> str:
    """Write what differs and return it in words, or nothing."""
    old = describe_coupon(row)
    changes = [
        f"{field.verbose_name} {_show(old[field.name])} → {_show(said[field.name])}"
        for field in coupon_fields()
        if field.name in said and said[field.name] != old[field.name]
    ]
    if not changes:
        return ""
    for field in coupon_fields():
        if field.name in said:
            setattr(row, field.attname, field.to_python(said[field.name]))
    if row.max_redemptions is not None and row.max_redemptions < row.redeemed:
        why = _("the code was used %(used)d times already: allow as many") % {"used": row.redeemed}
        raise refuse_value(f"{place}.max_redemptions", row.max_redemptions, why)
    row.save(update_fields=[field.name for field in coupon_fields()])
    return ", ".join(changes)


def _show(value: Any) -> str:
    """Return a value of a code in words: how often it may be used, or whether it counts."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _("no limit") if value is None else str(value)


def _write_batches(offer: Offer, said: Sequence[Said], place: str) -> list[str]:
    """Batches are known by their name; of several with one name, by their order."""
    left = list(CodeBatch.objects.filter(offer=offer).order_by("pk"))
    told = []
    for i, one in enumerate(said):
        row = next((row for row in left if row.name == one["name"] and describe_batch(row)), None)
        if row is not None:
            left.remove(row)
            told += _change_batch(row, one, f"{place}[{i}]")
        else:
            told.append(_add_batch(offer, one, f"{place}[{i}]"))
    return told


def _add_batch(offer: Offer, said: Said, place: str) -> str:
    row = CodeBatch(offer=offer)
    for field in batch_fields():
        if field.name in said:
            setattr(row, field.attname, field.to_python(said[field.name]))
    try:
        row.full_clean()
    except ValidationError as error:
        name, [why, *_others] = next(iter(error.message_dict.items()))
        raise refuse_value(f"{place}.{name}", said.get(name), why.removesuffix(".")) from error
    row.save()
    return _("Offer “%(offer)s”: %(number)d codes of the pattern %(pattern)s are to be made") % {
        "offer": offer,
        "number": row.amount,
        "pattern": row.pattern,
    }


def _change_batch(row: CodeBatch, said: Said, place: str) -> list[str]:
    """Only the end of a batch changes: its codes were made with the rest."""
    old = describe_batch(row)
    differs = [name for name in said if said[name] != old[name]]
    for name in differs:
        if name != "ends_at":
            why = _("codes were made with %(old)s: add a batch with another name")
            raise refuse_value(f"{place}.{name}", said[name], why % {"old": old[name]})
    if not differs:
        return []
    field = next(field for field in batch_fields() if field.name == "ends_at")
    row.ends_at = field.to_python(said["ends_at"])
    row.save(update_fields=["ends_at"])
    told = _("Codes “%(name)s”: end %(old)s → %(new)s")
    return [told % {"name": row.name, "old": old["ends_at"], "new": said["ends_at"]}]
