"""Make codes, and stop those who guess them."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from promotions.coupons.core.codes import check_pattern, code_space, draw_codes
from promotions.coupons.models import CodeBatch
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
