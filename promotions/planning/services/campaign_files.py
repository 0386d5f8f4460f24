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

from promotions.campaigns.api import (
    NAMED,
    OFFERS,
    campaign_fields,
    offer_fields,
    printable,
    refuse_value,
)
from promotions.campaigns.models import CampaignRevision
from promotions.planning.selectors.campaign_codes import CODE_WORDS, LEFT_OUT
from promotions.planning.selectors.campaign_schema import MOST_CAMPAIGNS
from promotions.planning.services.campaign_documents import Writer, read_documents, write_document
from promotions.planning.services.campaign_shape import is_readable
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.sheets import restore, sheet_lines

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


def export_campaigns(
    campaign_ids: Iterable[int], *, file_format: str = "json", with_codes: bool = False
) -> str:
    """Return campaigns with their offers as text, "json" or "csv", ordered by code.

    `with_codes`: shared codes and the rules of batches, for readers who may see them; the codes of
    batches, uses and states are not part of it. At most thirteen queries.
    """
    documents = read_documents(campaign_ids, with_codes=with_codes)
    if file_format == "csv":
        return _to_csv(documents, CODE_WORDS if with_codes else ())
    return json.dumps({"format": NAMED, "campaigns": documents}, ensure_ascii=False, indent=1)


def import_campaigns(  # a file, who brings it and what they may
    *,
    text: str,
    file_format: str,
    is_dry: bool,
    by_id: int | None,
    now: datetime,
    language: str,
    may_change_codes: bool = False,
) -> ImportReport:
    """Create or change the campaigns of a file; a dry run does the same and takes it all back.

    Matched by code, so that a second run finds everything "same". New campaigns are drafts; what
    is released changes by the rules of `record_change`. A campaign that cannot be read, saved or
    be lawful is refused with its reason; the others go on. Raises BadFile.
    """
    writer = Writer(
        by_id=by_id,
        reason=_("from a file"),
        now=now,
        language=language,
        may_change_codes=may_change_codes,
        origin=CampaignRevision.Origin.IMPORT,
    )
    documents = _read(text, file_format)
    with transaction.atomic():
        seen: set[str] = set()
        outcomes = tuple(_take_in(document, writer, seen) for document in documents)
        if is_dry:
            transaction.set_rollback(True)
    return ImportReport(is_dry, outcomes)


def _take_in(given: Any, writer: Writer, seen: set[str]) -> Outcome:
    """Write one campaign of a file; `seen`: the codes of those before it."""
    code = printable(str(given.get("code") or "")) if isinstance(given, Mapping) else ""
    try:
        if code in seen:
            why = _("another campaign of this file has this code")
            raise refuse_value("code", code, why)
        written = write_document(given, writer)
    except FairtagError as refusal:
        return Outcome(code, "refused", tuple(str(refusal).splitlines()))
    seen.add(code)
    sentences = written.sentences + _tell_left_out(given)
    if written.is_new:
        return Outcome(code, "new", sentences)
    if written.saved.is_waiting:
        return Outcome(code, "waits", sentences)
    return Outcome(code, "changed" if written.sentences else "same", sentences)


def _tell_left_out(document: Mapping[str, Any]) -> tuple[str, ...]:
    told = _("Offer “%(offer)s”: %(number)d codes are not in this file: send them as their own.")
    return tuple(
        told % {"offer": offer["code"], "number": offer[LEFT_OUT]}
        for offer in document[OFFERS]
        if offer.get(LEFT_OUT)
    )


def _read(text: str, file_format: str) -> list[Any]:
    snapshots = _from_csv(text) if file_format == "csv" else _from_json(text)
    if len(snapshots) > MOST_CAMPAIGNS:
        raise BadFile(_("A file holds at most %(most)d campaigns.") % {"most": MOST_CAMPAIGNS})
    return snapshots


def _from_json(text: str) -> list[Any]:
    try:
        tree = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadFile(_("This is not valid JSON: %(why)s.") % {"why": error}) from error
    is_fit = isinstance(tree, dict) and isinstance(tree.get("campaigns"), list)
    if not is_fit or not is_readable(tree.get("format")):
        raise BadFile(
            _("Expected an object with format %(known)s and a list of campaigns.")
            % {"known": "1, 2"}
        )
    for word in tree:
        if word not in ("$schema", "format", "campaigns"):
            told = _("%(place)s: nobody knows the field “%(name)s”: take it out.")
            raise BadFile(told % {"place": _("File"), "name": printable(word)})
    whole = {"format": tree["format"]}
    return [{**whole, **one} if isinstance(one, dict) else one for one in tree["campaigns"]]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _to_csv(snapshots: Sequence[Mapping[str, Any]], lists: Sequence[str]) -> str:
    own = [field.name for field in campaign_fields()]
    offer = [*(field.name for field in offer_fields()), "variants", *lists]
    rows: list[list[object]] = [["format", *own, *(f"{PREFIX}{name}" for name in offer)]]
    for snapshot in snapshots:
        for each in snapshot[OFFERS] or [{}]:
            cells = [snapshot.get(name) for name in own] + [each.get(name) for name in offer]
            rows.append([NAMED, *(_cell(value) for value in cells)])
    return "".join(sheet_lines(rows))


def _from_csv(text: str) -> list[Mapping[str, Any]]:
    # The products of an offer are one cell, of which Python by itself reads 128 KiB.
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
        for word in ("variants", *CODE_WORDS):
            if offer.get(word) is None:
                offer.pop(word, None)
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
    except (ValueError, RecursionError):
        return cell
    return value if isinstance(value, str) or not is_text else cell


_TEXTS = frozenset(
    f"{prefix}{field.name}"
    for prefix, fields in (("", campaign_fields()), (PREFIX, offer_fields()))
    for field in fields
    if isinstance(field, models.CharField)
)
