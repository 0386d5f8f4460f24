"""Campaigns with their offers as files: JSON or CSV out, and in again with a dry run first."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from promotions.core.revisions import NAMED, OFFERS, READABLE, describe_change, diff_snapshots
from promotions.models import Campaign, CampaignRevision
from promotions.selectors.campaign_schema import MOST_CAMPAIGNS
from promotions.selectors.campaigns import campaign_fields, offer_fields, take_snapshot
from promotions.selectors.named_snapshots import name_snapshots
from promotions.services.campaign_revisions import save_campaign
from promotions.services.campaign_shape import check_document
from shop.kernel.errors import FairtagError
from shop.kernel.sheets import restore, sheet_lines

# Of CSV: one row an offer, its campaign repeated; the columns of an offer begin so.
PREFIX = "offer."


class BadFile(FairtagError):
    """The file cannot be read at all; single rows that cannot are quarantined instead."""

    code = "bad_file"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became, or would become, of one campaign of a file.

    `verdict`: "new", "changed", "same", "waits" (for a second person) or "refused" with the
    reason in `sentences`, which otherwise hold the differences.
    """

    code: str
    verdict: str
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of every campaign of a file, in its order. `is_dry`: nothing was written."""

    is_dry: bool
    outcomes: tuple[Outcome, ...] = field(default_factory=tuple)

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """Return what is quarantined."""
        return tuple(one for one in self.outcomes if one.verdict == "refused")


def export_campaigns(campaign_ids: Iterable[int], *, file_format: str = "json") -> str:
    """Return campaigns with their offers as text, "json" or "csv", ordered by code.

    Goods are named by SKU, path and reference and stacking by code, so that the file fits another
    shop. Codes, uses and states are not part of it. Three queries a campaign, and six.
    """
    rows = Campaign.objects.filter(pk__in=list(campaign_ids)).order_by("code")
    snapshots = name_snapshots([take_snapshot(pk) for pk in rows.values_list("pk", flat=True)])
    if file_format == "csv":
        return _to_csv(snapshots)
    return json.dumps({"format": NAMED, "campaigns": snapshots}, ensure_ascii=False, indent=1)


def import_campaigns(
    *, text: str, file_format: str, is_dry: bool, by_id: int | None, now: datetime, language: str
) -> ImportReport:
    """Create or change the campaigns of a file; a dry run does the same and takes it all back.

    Matched by code, so that a second run finds everything "same". New campaigns are drafts; what
    is released changes by the rules of `record_change`. A campaign that cannot be read, saved or
    be lawful is refused with its reason; the others go on. Raises BadFile.
    """
    snapshots = _read(text, file_format)
    with transaction.atomic():
        outcomes = tuple(_take_in(snapshot, by_id, now, language) for snapshot in snapshots)
        if is_dry:
            transaction.set_rollback(True)
    return ImportReport(is_dry, outcomes)


def _take_in(given: Any, by_id: int | None, now: datetime, language: str) -> Outcome:
    code = str(given.get("code") or "") if isinstance(given, Mapping) else ""
    try:
        with transaction.atomic():
            snapshot = check_document(given)
            known = Campaign.objects.filter(code=code).first()
            before = None if known is None else take_snapshot(known.pk)
            saved = save_campaign(
                snapshot=snapshot if before is None else _complete(snapshot, before),
                reason=_("from a file"),
                by_id=by_id,
                now=now,
                origin=CampaignRevision.Origin.IMPORT,
            )
            after = take_snapshot(saved.campaign_id)
    except FairtagError as refusal:
        return Outcome(code, "refused", tuple(str(refusal).splitlines()))
    if before is None:
        return Outcome(code, "new")
    if saved.is_waiting:
        return Outcome(code, "waits")
    changes = diff_snapshots(*name_snapshots([before, after]))
    sentences = tuple(describe_change(one, language) for one in changes)
    return Outcome(code, "changed" if sentences else "same", sentences)


def _complete(snapshot: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """A file may leave fields out: they stay as they are."""
    known = {offer["code"]: offer for offer in before[OFFERS]}
    offers = [{**known.get(offer["code"], {}), **offer} for offer in snapshot[OFFERS]]
    return {**before, **snapshot, OFFERS: offers}


def _read(text: str, file_format: str) -> list[Any]:
    snapshots = _from_csv(text) if file_format == "csv" else _from_json(text)
    if len(snapshots) > MOST_CAMPAIGNS:
        raise BadFile(_("A file holds at most %(most)d campaigns.") % {"most": MOST_CAMPAIGNS})
    return snapshots


def _from_json(text: str) -> list[Any]:
    try:
        tree = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadFile(_("This is no JSON: %(why)s.") % {"why": error}) from error
    is_fit = isinstance(tree, dict) and isinstance(tree.get("campaigns"), list)
    if not is_fit or tree.get("format") not in READABLE:
        raise BadFile(
            _("Expected an object with format %(known)s and a list of campaigns.")
            % {"known": "1, 2"}
        )
    for word in tree:
        if word not in ("$schema", "format", "campaigns"):
            told = _("%(place)s: nobody knows the field “%(name)s”: take it out.")
            raise BadFile(told % {"place": _("File"), "name": word})
    whole = {"format": tree["format"]}
    return [{**whole, **one} if isinstance(one, dict) else one for one in tree["campaigns"]]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _to_csv(snapshots: Sequence[Mapping[str, Any]]) -> str:
    own = [field.name for field in campaign_fields()]
    offer = [field.name for field in offer_fields()] + ["variants"]
    rows: list[list[object]] = [["format", *own, *(f"{PREFIX}{name}" for name in offer)]]
    for snapshot in snapshots:
        for each in snapshot[OFFERS] or [{}]:
            cells = [snapshot.get(name) for name in own] + [each.get(name) for name in offer]
            rows.append([NAMED, *(_cell(value) for value in cells)])
    return "".join(sheet_lines(rows))


def _from_csv(text: str) -> list[Mapping[str, Any]]:
    # The goods of an offer are one cell, of which Python by itself reads 128 KiB.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if rows.fieldnames is None or "code" not in rows.fieldnames:
        raise BadFile(_("The first line must name the columns, “code” among them."))
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        values = {
            name: _uncell(restore(cell), is_text=name in _TEXTS)
            for name, cell in row.items()
            if name and cell is not None
        }
        own = {name: value for name, value in values.items() if not name.startswith(PREFIX)}
        own["format"] = own.get("format", NAMED)
        said = found.setdefault(str(own.get("code") or ""), {**own, OFFERS: []})
        offer = {
            name.removeprefix(PREFIX): value
            for name, value in values.items()
            if name.startswith(PREFIX)
        }
        if offer.get("variants") is None:
            offer.pop("variants", None)
        if offer.get("code"):
            said[OFFERS].append(offer)
    return list(found.values())


def _cell(value: Any) -> str:
    """Text as it is unless it could be read as something else; everything else as JSON."""
    if isinstance(value, str) and _uncell(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _uncell(cell: str, *, is_text: bool = False) -> Any:
    """Return the value of a cell: JSON, or the text itself, as that of a column of text is."""
    try:
        value = json.loads(cell)
    except ValueError:
        return cell
    return value if isinstance(value, str) or not is_text else cell


_TEXTS = frozenset(
    f"{prefix}{field.name}"
    for prefix, fields in (("", campaign_fields()), (PREFIX, offer_fields()))
    for field in fields
    if isinstance(field, models.CharField)
)
