"""Campaigns as documents: handed out, and written by the rules of the staff's own forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from promotions.campaigns.api import (
    OFFERS,
    name_snapshots,
    refuse_value,
    take_snapshot,
    take_snapshots,
)
from promotions.campaigns.models import Campaign
from promotions.planning.selectors.campaign_codes import add_codes, find_version
from promotions.planning.selectors.changes import say_changes
from promotions.planning.services.campaign_codes import write_codes
from promotions.planning.services.campaign_shape import check_document
from promotions.release.api import Saved, save_campaign
from shop.ground.catalog.selectors import MarketNotFound, get_market
from shop.ground.kernel.errors import FairtagError

CODE_SPACE = 0x6363  # "cc": the first half of every lock on a campaign's code


class CampaignChanged(FairtagError):
    """The campaign is not what its reader saw: somebody changed it, or its codes, meanwhile."""

    code = "campaign_changed"


class VersionNeeded(FairtagError):
    """The campaign exists: its version must be named to change it."""

    code = "version_needed"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, why, and whether codes too. `source`: by which token; `language` of sentences."""

    by_id: int | None
    reason: str
    now: datetime
    language: str
    may_change_codes: bool = False
    origin: str = "saved"
    source: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A document that was written: what it changed, in sentences. `is_new`: the campaign is."""

    saved: Saved
    is_new: bool
    sentences: tuple[str, ...]


def read_documents(campaign_ids: Iterable[int], *, with_codes: bool) -> list[dict[str, Any]]:
    """Return campaigns with their offers as documents, ordered by code.

    Products are named by SKU, path and reference and stacking by code, so that they fit another
    shop. `with_codes` only for readers who may see them. Nine queries, and four for codes.
    """
    rows = list(Campaign.objects.filter(pk__in=list(campaign_ids)).order_by("code"))
    taken = take_snapshots(rows)
    documents = name_snapshots([taken[row.pk] for row in rows])
    return add_codes(documents) if with_codes else documents


@transaction.atomic
def write_document(given: Any, writer: Writer) -> Written:
    """Create the campaign of a document as a draft, or change it; matched by its code.

    Fields that are left out stay; offers that are left out go. What is released changes by the
    rules of `record_change`. Raises CampaignRefused (BadDocument with place and value), LawBroken.
    """
    document = check_document(given)
    _require_market(document.get("market_code"))
    known = Campaign.objects.filter(code=document["code"]).first()
    before = None if known is None else take_snapshot(known.pk)
    saved = save_campaign(
        snapshot=document if before is None else _complete(document, before),
        reason=writer.reason,
        by_id=writer.by_id,
        now=writer.now,
        origin=writer.origin,
        source=writer.source,
    )
    sentences: tuple[str, ...] = ()
    if before is not None and not saved.is_waiting:
        old, new = name_snapshots([before, take_snapshot(saved.campaign_id)])
        sentences = say_changes([(old, new)], language=writer.language)[0]
    codes = write_codes(
        campaign_id=saved.campaign_id,
        document=document,
        may_change=writer.may_change_codes,
        by_id=writer.by_id,
        now=writer.now,
    )
    return Written(saved, before is None, sentences + codes)


def require_version(code: str, expected: str | None) -> int | None:
    """Lock the code and its campaign; return its id, or None where there is none, as expected.

    Call it in the transaction that writes: of two writers who saw the same version the second one
    waits here and is refused. Raises CampaignChanged, VersionNeeded.
    """
    with connection.cursor() as cursor:  # two who create the same: there is no row to lock yet
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [CODE_SPACE, code])
    campaign = Campaign.objects.select_for_update(no_key=True).filter(code=code).first()
    if campaign is None:
        if expected is not None:
            raise CampaignChanged(_("There is no campaign with this code any more."))
        return None
    if expected is None:
        raise VersionNeeded(_("There is a campaign with this code: send its ETag as If-Match."))
    if find_version(campaign.pk) != expected:
        raise CampaignChanged(
            _("The campaign has changed since you read it: read it anew, then decide again.")
        )
    return campaign.pk


def _require_market(code: str | None) -> None:
    """Raise BadDocument for a market there is not: its offers would reach nobody."""
    try:
        if code:
            get_market(code)
    except MarketNotFound as missing:
        why = _("there is no such market; empty means every market")
        raise refuse_value("market_code", code, why) from missing


def _complete(document: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """A document may leave fields out: they stay as they are."""
    known = {offer["code"]: offer for offer in before[OFFERS]}
    offers = [{**known.get(offer["code"], {}), **offer} for offer in document[OFFERS]]
    return {**before, **document, OFFERS: offers}
