"""Make codes, and stop those who guess them."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import batched

from django.db import connection, transaction
from django.db.models import F

from promotions.coupons.core import CodeRow, check_pattern, code_space, draw_codes, read_code_rows
from promotions.coupons.models import CodeBatch, CodeImport, Coupon, RefusedCode
from promotions.metrics import code_spaces_closed_total
from shop.ground.jobs.limits import Policy, peek, take
from shop.ground.kernel.errors import FairtagError

STEP = 50_000
Status = CodeBatch.Status

# What was drawn twice, or exists already, is left out and drawn again in the next step.
_TAKE_OVER = """
INSERT INTO promotions_coupon
    (code, offer_id, batch_id, max_redemptions, per_shopper_limit, redeemed, is_active, created_at)
SELECT drawn.code, %(offer)s, %(batch)s, %(uses)s, %(per_shopper)s, 0, true, %(now)s
FROM (SELECT DISTINCT code FROM drawn) AS drawn
LIMIT %(wanted)s
ON CONFLICT (code) DO NOTHING
"""


def make_codes(*, batch_id: int, now: datetime, steps: int | None = None) -> int:
    """Make what is missing of a batch, STEP codes per transaction; return how many were made.

    The row counts in the transaction that inserts, and is locked meanwhile: two runs at once, a
    run that was killed and one that is repeated make no code too many. Raises WeakPattern.
    """
    made = 0
    while steps is None or steps > 0:
        step = _make_step(batch_id, now)
        if step == 0:
            break
        made += step
        steps = None if steps is None else steps - 1
    return made


def make_waiting_codes(*, now: datetime) -> int:
    """Make the codes of all batches that are not done; return how many."""
    open_ = CodeBatch.objects.filter(status__in=(Status.WAITING, Status.RUNNING))
    ids = list(open_.order_by("pk").values_list("pk", flat=True))
    return sum(make_codes(batch_id=batch_id, now=now) for batch_id in ids)


def stop_batch(*, batch_id: int) -> bool:
    """Stop making a batch; the codes there are stay. Return whether it was still going on."""
    open_ = CodeBatch.objects.filter(pk=batch_id, status__in=(Status.WAITING, Status.RUNNING))
    return bool(open_.update(status=Status.STOPPED))


@transaction.atomic
def _make_step(batch_id: int, now: datetime) -> int:
    batch = CodeBatch.objects.select_for_update(no_key=True).get(pk=batch_id)
    if batch.status not in (Status.WAITING, Status.RUNNING):
        return 0
    check_pattern(batch.pattern, batch.amount)
    wanted = min(STEP, batch.amount - batch.made)
    made = _insert(batch, wanted, now) if wanted else 0
    is_done = batch.made + made == batch.amount
    CodeBatch.objects.filter(pk=batch_id).update(
        made=F("made") + made,
        status=Status.DONE if is_done else Status.RUNNING,
        finished_at=now if is_done else None,
    )
    return made


def _insert(batch: CodeBatch, wanted: int, now: datetime) -> int:
    codes = draw_codes(batch.pattern, wanted, secrets.token_bytes)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE drawn (code text) ON COMMIT DROP")
        with cursor.copy("COPY drawn (code) FROM STDIN") as copy:
            copy.write("\n".join(codes) + "\n")
        cursor.execute(
            _TAKE_OVER,
            {
                "offer": batch.offer_id,
                "batch": batch.pk,
                "uses": batch.max_redemptions,
                "per_shopper": batch.per_shopper_limit,
                "now": now,
                "wanted": wanted,
            },
        )
        made = int(cursor.rowcount)
        cursor.execute("DROP TABLE drawn")
    return made


WRONG_CODES = Policy("wrong_codes", 1_000, 600, by="space")


class TooManyWrongCodes(FairtagError):
    """Too many wrong codes of this shape came in; `retry_after_seconds` says when to return."""

    code = "too_many_tries"


def check_space(code: str) -> None:
    """Refuse to look at a code while its shape is closed. Raises TooManyWrongCodes. One Redis call.

    A right code is refused as well, or a closed shape would tell which codes are right.
    """
    verdict = peek(WRONG_CODES, code_space(code))
    if not verdict.is_allowed:
        code_spaces_closed_total.inc()
        raise TooManyWrongCodes(
            "Too many wrong codes were entered. Please try again in a few minutes.",
            retry_after_seconds=verdict.retry_seconds,
        )


def count_wrong_code(code: str) -> None:
    """Count a code nobody knows. One Redis call."""
    take(WRONG_CODES, code_space(code))


KEPT_ROWS = 10_000
IMPORT_STEP = 5_000


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
    """Take over the codes of a file, or only look; `promotions.coupons.core` reads it.

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
    for rows in batched(read_code_rows(lines, uses=uses), IMPORT_STEP):
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
