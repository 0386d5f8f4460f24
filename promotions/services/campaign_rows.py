"""Write a campaign with its offers from a snapshot: what rollback, copy, import and forms share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from promotions.core.revisions import OFFERS, READABLE
from promotions.models import Campaign, Offer, OfferVariant
from promotions.selectors.campaigns import campaign_fields, offer_fields
from promotions.selectors.named_snapshots import UnknownKey, number_snapshot
from shop.kernel.errors import FairtagError

type Fields = tuple[models.Field[Any, Any], ...]


class CampaignRefused(FairtagError):
    """The campaign cannot be saved or moved like that; the sentence says why."""

    code = "campaign_refused"


@transaction.atomic
def write_rows(*, campaign: Campaign, snapshot: Mapping[str, Any]) -> Campaign:
    """Make `campaign` (new or stored) and its offers say what `snapshot` says; return it.

    Offers are matched by code. One that the snapshot does not know is deleted, or switched off
    where it was redeemed. Nothing is written unless all of it is valid: raises CampaignRefused
    with the place and the reason. Locks no rows beyond those it writes.
    """
    if snapshot.get("format") not in READABLE:
        raise CampaignRefused(
            _("This file has format %(format)s; this shop reads format %(known)s.")
            % {"format": snapshot.get("format"), "known": "1, 2"}
        )
    snapshot = _number(snapshot)
    _assign(campaign, campaign_fields(), snapshot)
    _save(campaign, campaign_fields(), _("Campaign"))
    known = {offer.code: offer for offer in campaign.offers.all()}
    for said in snapshot[OFFERS]:
        _write_offer(known.get(said["code"], Offer(campaign=campaign)), said)
    for code in known.keys() - {said["code"] for said in snapshot[OFFERS]}:
        _drop_offer(known[code])
    return campaign


def _number(snapshot: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the snapshot with this shop's ids. Raises CampaignRefused for what it lacks."""
    try:
        return number_snapshot(snapshot, is_strict=True)
    except UnknownKey as unknown:
        names = {
            "variant": _("There is no product with the SKU “%(key)s” here."),
            "product": _("There is no product with the reference “%(key)s” here."),
            "category": _("There is no department or category “%(key)s” here."),
            "brand": _("There is no brand with the reference “%(key)s” here."),
            "group": _("There is no stacking group “%(key)s” here: make it first."),
        }
        told = names.get(unknown.kind, _("There is no stacking category “%(key)s” here."))
        raise CampaignRefused(told % {"key": unknown.key}) from unknown


def _write_offer(offer: Offer, said: Mapping[str, Any]) -> None:
    _assign(offer, offer_fields(), said)
    _save(offer, offer_fields(), _("Offer “%(code)s”") % {"code": said["code"]})
    wanted = set(said.get("variants") or ())
    stored = set(OfferVariant.objects.filter(offer=offer).values_list("variant_id", flat=True))
    OfferVariant.objects.filter(offer=offer, variant_id__in=stored - wanted).delete()
    new = sorted(wanted - stored)
    OfferVariant.objects.bulk_create(OfferVariant(offer=offer, variant_id=each) for each in new)


def _drop_offer(offer: Offer) -> None:
    try:
        with transaction.atomic():
            offer.delete()
    except (models.ProtectedError, models.RestrictedError):
        Offer.objects.filter(pk=offer.pk).update(is_active=False)


def _assign(row: models.Model, fields: Fields, said: Mapping[str, Any]) -> None:
    for field in fields:
        if field.name in said:
            try:
                setattr(row, field.attname, field.to_python(said[field.name]))
            except ValidationError as error:
                raise CampaignRefused(f"{field.name}: {' '.join(error.messages)}") from error


def _save(row: models.Model, fields: Fields, place: str) -> None:
    """Write only what the snapshot may say: counters beside it move with every order."""
    written = None if row.pk is None else [*(field.name for field in fields), "changed_at"]
    try:
        row.full_clean()
        with transaction.atomic():
            row.save(update_fields=written)
    except ValidationError as error:
        told = "; ".join(
            f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()
        )
        raise CampaignRefused(f"{place}: {told}", place=place) from error
    except IntegrityError as error:
        said = str(error).partition("\n")[0]
        raise CampaignRefused(f"{place}: {said}", place=place) from error
