"""Read a file of codes: a dry run says what would happen, rows that are not good are kept aside."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from django.db import transaction

from promotions.core.codes import MAX_CODE_LENGTH, normalize_code
from promotions.models import CodeImport, Coupon, RefusedCode
from shop.kernel.errors import FairtagError

COLUMNS = ("code", "max_redemptions", "per_shopper_limit")
MAX_ROWS = 1_000_000
KEPT_ROWS = 10_000
STEP = 5_000


class BadCodeFile(FairtagError):
    """The file cannot be read as codes at all."""

    code = "bad_code_file"


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as read: `reason` is empty for a good one."""

    line: int
    text: str
    coupon: Coupon | None
    reason: str = ""


@transaction.atomic
def import_codes(
    *, offer_id: int, file_name: str, lines: Iterable[str], is_dry_run: bool, now: datetime
) -> CodeImport:
    """Take over the codes of a CSV file (columns COLUMNS, the first one is enough), or only look.

    A row that cannot be taken over is counted by its reason and kept (up to KEPT_ROWS): no_code,
    code_too_long, bad_number, twice_in_file, exists. Codes that exist are never changed. Raises
    BadCodeFile.
    """
    report = CodeImport.objects.create(
        offer_id=offer_id, file_name=file_name[:120], is_dry_run=is_dry_run, created_at=now
    )
    reasons: Counter[str] = Counter()
    kept = good = 0
    seen: set[str] = set()
    for rows in batched(_read_rows(lines, offer_id), STEP):
        judged = _judge(rows, seen)
        fit = [row.coupon for row in judged if row.coupon is not None and not row.reason]
        bad = [row for row in judged if row.reason]
        if not is_dry_run:
            Coupon.objects.bulk_create(fit)
        RefusedCode.objects.bulk_create(
            RefusedCode(code_import=report, line=row.line, text=row.text[:200], reason=row.reason)
            for row in bad[: KEPT_ROWS - kept]
        )
        kept = min(KEPT_ROWS, kept + len(bad))
        good += len(fit)
        reasons.update(row.reason for row in bad)
    report.good, report.bad, report.reasons = good, reasons.total(), dict(sorted(reasons.items()))
    report.save(update_fields=["good", "bad", "reasons"])
    return report


def _read_rows(lines: Iterable[str], offer_id: int) -> Iterable[_Row]:
    reader = csv.reader(lines)
    header = [name.strip().lower() for name in next(reader, [])]
    if not header or header[0] != "code" or not set(header) <= set(COLUMNS):
        raise BadCodeFile(f"The first line must name the columns: {', '.join(COLUMNS)}.")
    for number, values in enumerate(reader, start=2):
        if number > MAX_ROWS + 1:
            raise BadCodeFile(f"A file has at most {MAX_ROWS:,} codes.")
        if values:
            fields = dict(zip(header, values, strict=False))
            yield _parse_row(number, ",".join(values), fields, offer_id)


def _parse_row(line: int, text: str, fields: dict[str, str], offer_id: int) -> _Row:
    typed = "".join(fields.get("code", "").split())
    if not typed:
        return _Row(line, text, None, "no_code")
    if len(typed) > MAX_CODE_LENGTH:
        return _Row(line, text, None, "code_too_long")
    numbers = [fields.get(name, "").strip() for name in COLUMNS[1:]]
    if not all(number == "" or (number.isascii() and number.isdigit()) for number in numbers):
        return _Row(line, text, None, "bad_number")
    uses, per_shopper = (int(number) if number else None for number in numbers)
    if 0 in (uses, per_shopper) or (uses or 0) >= 2**31 or (per_shopper or 0) >= 2**15:
        return _Row(line, text, None, "bad_number")
    coupon = Coupon(
        code=normalize_code(typed),
        offer_id=offer_id,
        max_redemptions=uses,
        per_shopper_limit=per_shopper,
    )
    return _Row(line, text, coupon)


def _judge(rows: Iterable[_Row], seen: set[str]) -> list[_Row]:
    """Return the rows, those whose code was in the file or the shop before refused."""
    rows = list(rows)
    codes = {row.coupon.code for row in rows if row.coupon is not None}
    known = set(Coupon.objects.filter(code__in=codes).values_list("code", flat=True))
    judged = []
    for row in rows:
        if row.coupon is None:
            judged.append(row)
            continue
        reason = "twice_in_file" if row.coupon.code in seen else ""
        reason = reason or ("exists" if row.coupon.code in known else "")
        seen.add(row.coupon.code)
        judged.append(_Row(row.line, row.text, row.coupon, reason))
    return judged
