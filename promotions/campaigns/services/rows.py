"""Write a campaign with its offers from a snapshot: what rollback, copy, import and forms share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from promotions.campaigns.core.revisions import OFFERS, READABLE
from promotions.campaigns.models import Campaign, Offer, OfferMisfit, OfferVariant
from promotions.campaigns.selectors.campaigns import campaign_fields, offer_fields
from promotions.campaigns.selectors.named_snapshots import UnknownKey, number_snapshot
from shop.ground.kernel.errors import FairtagError

type Fields = tuple[models.Field[Any, Any], ...]


class CampaignRefused(FairtagError):
    """The campaign cannot be saved or moved like that; the sentence says why."""

    code = "campaign_refused"


class BadDocument(CampaignRefused):
    """A value of a campaign does not fit: `detail["place"]` says which, "offers[0].percent".

    `faults` are place and reason of each that does not.
    """

    code = "document_refused"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        faults: Iterable[tuple[str, str]] = (),
        **detail: Any,
    ) -> None:
        super().__init__(message, code=code, **detail)
        self.faults = tuple(faults)


MOST_SHOWN = 60
# How the parser of claims begins: where in the claims something stands
_PLACE = re.compile(r"(claims[\w.\[\]]*): (.+)\.", re.DOTALL)


def refuse_value(place: str, value: Any, why: str) -> BadDocument:
    """Return the refusal of the value at `place`, for the caller to raise; `why` is no sentence."""
    said = _("%(place)s: %(value)s does not fit: %(why)s.")
    shown = {"place": place or _("Campaign"), "value": show_value(value), "why": why}
    fault = (place, why)
    return BadDocument(said % shown, code="document_refused", place=place, faults=[fault])


def show_value(value: Any) -> str:
    """Return a value as it stands in the document, cut where it is long.

    >>> show_value({"member": True}), show_value("x" * 70)[-4:]
    ('{"member": true}', 'xxx…')
    """
    text = printable(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def printable(text: str) -> str:
    """Return the text with halves of surrogate pairs, which JSON can say, as escapes.

    >>> printable("a\\ud800"), printable("é")
    ('a\\\\ud800', 'é')
    """
    return text.encode("utf-8", "backslashreplace").decode()


def join_place(place: str, word: str) -> str:
    """Return where a field of what stands at `place` is.

    >>> join_place("offers[0]", "percent"), join_place("", "code")
    ('offers[0].percent', 'code')
    """
    return f"{place}.{word}" if place else word


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
    named, snapshot = snapshot, _number(snapshot)
    _assign(campaign, campaign_fields(), snapshot)
    has_window = None not in (campaign.starts_at, campaign.ends_at)
    if has_window and campaign.ends_at <= campaign.starts_at:
        raise refuse_value("ends_at", named["ends_at"], _("expected a moment after starts_at"))
    _save(campaign, campaign_fields(), "", named)
    known = {offer.code: offer for offer in campaign.offers.all()}
    for i, said in enumerate(snapshot[OFFERS]):
        offer = known.get(said["code"], Offer(campaign=campaign))
        _write_offer(offer, said, f"{OFFERS}[{i}]", named[OFFERS][i])
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
            "stacking_group": _("There is no stacking group “%(key)s” here: make it first."),
        }
        told = names.get(unknown.kind, _("There is no stacking category “%(key)s” here."))
        place = _find_key(snapshot, unknown.key)
        said = told % {"key": unknown.key}
        raise BadDocument(f"{place}: {said}" if place else said, place=place) from unknown


def _find_key(snapshot: Mapping[str, Any], key: str) -> str:
    """Return where a snapshot's offers name products or stacking by `key`, or "" for nowhere."""
    left: list[tuple[str, Any]] = [
        (f"{OFFERS}[{i}].{word}", offer.get(word))
        for i, offer in enumerate(snapshot[OFFERS])
        for word in ("scope", "condition", "terms", "variants", "group", "category")
    ]
    while left:
        place, value = left.pop(0)
        if value == key:
            return place
        if isinstance(value, Mapping):
            left += [(join_place(place, word), part) for word, part in value.items()]
        elif isinstance(value, list):
            left += [(f"{place}[{i}]", part) for i, part in enumerate(value)]
    return ""


def _write_offer(
    offer: Offer, said: Mapping[str, Any], place: str, named: Mapping[str, Any]
) -> None:
    _assign(offer, offer_fields(), said)
    _save(offer, offer_fields(), place, named)
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
                why = " ".join(error.messages).removesuffix(".")
                raise refuse_value(field.name, said[field.name], why) from error


def _save(row: models.Model, fields: Fields, place: str, named: Mapping[str, Any]) -> None:
    """Write only what the snapshot may say: counters beside it move with every order.

    `named` is what was said of it, at `place` of the document: refusals name both.
    """
    written = None if row.pk is None else [*(field.name for field in fields), "changed_at"]
    try:
        row.full_clean()
        with transaction.atomic():
            row.save(update_fields=written)
    except ValidationError as error:
        raise _refuse_fields(error, place, named) from error
    except IntegrityError as error:
        said = str(error).partition("\n")[0]
        raise BadDocument(f"{place or _('Campaign')}: {said}", place=place) from error


def _refuse_fields(error: ValidationError, place: str, named: Mapping[str, Any]) -> BadDocument:
    """Return the refusal of all fields that are wrong, with the place of the first of them."""
    found = [
        _refuse_field(place, name, one, named)
        for name, errors in error.error_dict.items()
        for one in errors
    ]
    faults = [fault for one in found for fault in one.faults]
    return BadDocument(" ".join(map(str, found)), place=found[0].detail["place"], faults=faults)


def _refuse_field(
    place: str, name: str, error: ValidationError, named: Mapping[str, Any]
) -> BadDocument:
    if isinstance(error, OfferMisfit) and error.place.partition(".")[0] in named:
        at = join_place(place, error.place)
        return refuse_value(at, _find_value(named, error.place), error.why)
    message = f"{error.why}." if isinstance(error, OfferMisfit) else " ".join(error.messages)
    inside = _PLACE.fullmatch(message)
    if inside is not None:
        path, why = inside.groups()
        return refuse_value(join_place(place, path), _find_value(named, path), why)
    if name in named:
        return refuse_value(join_place(place, name), named[name], message.removesuffix("."))
    at = place if name == NON_FIELD_ERRORS else join_place(place, name)
    fault = (at, message.removesuffix("."))
    return BadDocument(f"{at or _('Campaign')}: {message}", place=at, faults=[fault])


def _find_value(named: Any, path: str) -> Any:
    """Return what stands at a parser's place, or the nearest thing around it that is there."""
    value: Any = named
    for word, index in re.findall(r"(\w+)|\[(\d+)\]", path):
        try:
            value = value[word] if word else value[int(index)]
        except (KeyError, IndexError, TypeError):
            break
    return value
