"""Read a file of codes: a dry run says what would happen, rows that are not good are kept aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import batched

from django.db import transaction

from promotions.coupons.core.code_files import CodeRow, read_code_rows
from promotions.coupons.models import CodeImport, Coupon, RefusedCode

KEPT_ROWS = 10_000
STEP = 5_000


@transaction.atomic
def import_codes(  # what a file is, and how it is meant
    *,
    offer_id: int,
    file_name: str,
    lines: Iterable[str],
    is_dry_run: bool,
    now: datetime,
    uses: int | None = None,
) -> CodeImport:
    """Take over the codes of a file, or only look; `promotions.coupons.core.code_files` reads it.

    `uses` is how often a code may be used where the file does not say; None: as often as one
    likes. A row that cannot be taken over is counted by its reason and kept (up to KEPT_ROWS).
    Codes that exist are never changed. Raises BadCodeFile.
    """
    report = CodeImport.objects.create(
        offer_id=offer_id, file_name=file_name[:120], is_dry_run=is_dry_run, created_at=now
    )
    reasons: Counter[str] = Counter()
    kept = good = 0
    seen: set[str] = set()
    for rows in batched(read_code_rows(lines, uses=uses), STEP):
        judged = _judge(rows, seen)
        fit = [row for row in judged if not row.reason]
        bad = [row for row in judged if row.reason]
        if not is_dry_run:
            Coupon.objects.bulk_create(_coupon(row, offer_id) for row in fit)
        RefusedCode.objects.bulk_create(
            RefusedCode(code_import=report, line=row.line, text=_storable(row), reason=row.reason)
            for row in bad[: KEPT_ROWS - kept]
        )
        kept = min(KEPT_ROWS, kept + len(bad))
        good += len(fit)
        reasons.update(row.reason for row in bad)
    report.good, report.bad, report.reasons = good, reasons.total(), dict(sorted(reasons.items()))
    report.save(update_fields=["good", "bad", "reasons"])
    return report


def _coupon(row: CodeRow, offer_id: int) -> Coupon:
    return Coupon(
        code=row.code,
        offer_id=offer_id,
        max_redemptions=row.uses,
        per_shopper_limit=row.per_shopper,
    )


def _storable(row: CodeRow) -> str:
    """Return the text of a row as the database takes it: no zero bytes."""
    return row.text.replace("\0", "\ufffd")[:200]


def _judge(rows: Iterable[CodeRow], seen: set[str]) -> list[CodeRow]:
    """Return the rows, those whose code was in the file or the shop before refused."""
    rows = list(rows)
    codes = {row.code for row in rows if not row.reason}
    known = set(Coupon.objects.filter(code__in=codes).values_list("code", flat=True))
    judged = []
    for row in rows:
        reason = row.reason
        if not reason:
            reason = "twice_in_file" if row.code in seen else ""
            reason = reason or ("exists" if row.code in known else "")
            seen.add(row.code)
        judged.append(replace(row, reason=reason))
    return judged
