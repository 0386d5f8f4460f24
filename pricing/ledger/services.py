"""The price history is written: prices, public cuts, contests and channels of sale."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from celery import signature
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from pricing.base.core.values import LedgerRow
from pricing.ledger.core.offered import OfferedCut
from pricing.ledger.models.contests import LONGEST_ANSWER, LONGEST_TEXT, PriceContest
from pricing.ledger.models.cuts import PublicCut
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.ledger.selectors.references import SalesChannel, list_places, pack_ids
from shop.ground.jobs.selectors import PRICES
from shop.ground.jobs.tasks import wake
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop, translate
from shop.ground.outbox.services import write_fact
from shop.ground.staff.log import record_act, write_act
from shop.ground.storeinfo.selectors import mail_sender

SUBJECT = gettext_noop("Our answer about a price you questioned")
BODY = gettext_noop(
    "You wrote: {text}\n\nOur answer: {answer}\n\nThe price and its reasons: {link}"
)


class ContestRefused(FairtagError):
    """The text is not kept; code: text_missing, text_long, email_wrong or
    contest_answered."""

    code = "contest_refused"


@transaction.atomic
def contest_price(
    *, quote_id: UUID, shopper_id: int, email: str, text: str, language: str, now: datetime
) -> None:
    """Keep that a shopper questions a quote of theirs; words sent again replace the first.

    Raises ContestRefused.
    """
    said = {"email": _check_email(email), "text": _clean(text, LONGEST_TEXT), "language": language}
    rows = PriceContest.objects.select_for_update().filter(quote_id=quote_id, shopper_id=shopper_id)
    known = rows.first()
    if known is None:
        PriceContest.objects.create(quote_id=quote_id, shopper_id=shopper_id, asked_at=now, **said)
    elif known.answered_at is None:
        rows.update(**said)
    else:
        raise ContestRefused(
            gettext_noop("We have answered this question."), code="contest_answered"
        )


@transaction.atomic
def answer_contest(*, contest_id: int, text: str, by_id: int, now: datetime) -> None:
    """Keep the shop's answer, log who gave it, and have it sent. Raises ContestRefused."""
    row = PriceContest.objects.select_for_update().get(pk=contest_id)
    if row.answered_at is not None:
        raise ContestRefused(gettext_noop("This question has an answer."), code="contest_answered")
    row.answer = _clean(text, LONGEST_ANSWER)
    row.answered_at, row.answered_by_id = now, by_id
    row.save(update_fields=["answer", "answered_at", "answered_by"])
    act = write_act(gettext_noop("Answered."))
    record_act(table="pricing.pricecontest", object_id=contest_id, by_id=by_id, act=act)
    write_fact(kind="PriceContestAnswered", payload={"contest_id": contest_id}, occurred_at=now)


def send_contest_answer(*, contest_id: int) -> bool:
    """Send the answer to who asked; return whether there was one to send."""
    row = PriceContest.objects.filter(pk=contest_id).exclude(answer="").first()
    if row is None:
        return False
    link = settings.SITE_URL.rstrip("/") + reverse("why", args=[row.quote_id])
    EmailMessage(
        subject=translate(SUBJECT, row.language),
        body=translate(BODY, row.language, text=row.text, answer=row.answer, link=link),
        from_email=mail_sender(row.language),
        to=[row.email],
    ).send()
    return True


def _check_email(email: str) -> str:
    try:
        validate_email(email.strip())
    except ValidationError as error:
        said = gettext_noop("Check the e-mail address.")
        raise ContestRefused(said, code="email_wrong") from error
    return email.strip()


def _clean(text: str, longest: int) -> str:
    cleaned = text.strip()
    if not cleaned:
        raise ContestRefused(gettext_noop("Please write something."), code="text_missing")
    if len(cleaned) > longest:
        raise ContestRefused(gettext_noop("This text is too long."), code="text_long")
    return cleaned


@transaction.atomic
def record_cuts(*, campaign_id: int, cuts: Mapping[str, Sequence[OfferedCut]]) -> bool:
    """Make these, by market, all the public cuts of a campaign; return whether that is new.

    "" is every market. The caller holds the campaign's lock.
    """
    if not find_outdated_cuts({campaign_id: cuts}):
        return False
    PublicCut.objects.filter(campaign_id=campaign_id).delete()
    PublicCut.objects.bulk_create(_make_rows(campaign_id, cuts))
    return True


def find_outdated_cuts(cuts: Mapping[int, Mapping[str, Sequence[OfferedCut]]]) -> list[int]:
    """Return of which campaigns something else than these cuts is recorded. One query."""
    known: dict[int, list[PublicCut]] = {campaign_id: [] for campaign_id in cuts}
    for row in PublicCut.objects.filter(campaign_id__in=cuts):
        known[row.campaign_id].append(row)
    return [
        campaign_id
        for campaign_id, rows in known.items()
        if [_said(row) for row in rows]
        != [_said(row) for row in _make_rows(campaign_id, cuts[campaign_id])]
    ]


def list_recorded_campaigns() -> set[int]:
    """Return of which campaigns cuts are recorded. One query."""
    return set(PublicCut.objects.order_by().values_list("campaign_id", flat=True).distinct())


def forget_cuts(campaign_ids: Collection[int]) -> int:
    """Delete the cuts of campaigns; return how many."""
    return PublicCut.objects.filter(campaign_id__in=campaign_ids).delete()[0]


def _make_rows(campaign_id: int, cuts: Mapping[str, Sequence[OfferedCut]]) -> list[PublicCut]:
    return [_make(campaign_id, market, cut) for market, each in cuts.items() for cut in each]


def _make(campaign_id: int, market: str, cut: OfferedCut) -> PublicCut:
    return PublicCut(
        campaign_id=campaign_id,
        market_code=market,
        starts_at=datetime.fromtimestamp(cut.starts, UTC),
        ends_at=datetime.fromtimestamp(cut.ends, UTC),
        variant_ids=pack_ids(cut.variant_id),
        percent=cut.percent,
        amount_minor=cut.amount_minor,
        price_minor=cut.price_minor,
        stacking_group=cut.group,
        is_alone=cut.is_alone,
    )


def _said(row: PublicCut) -> tuple[object, ...]:
    return (
        *(row.market_code, row.starts_at, row.ends_at, bytes(row.variant_ids), row.percent),
        *(row.amount_minor, row.price_minor, row.stacking_group, row.is_alone),
    )


_CREATE = """
CREATE TEMPORARY TABLE incoming_price (
    variant_id bigint NOT NULL, kind varchar(6) NOT NULL, amount_minor integer NOT NULL,
    valid_from timestamptz NOT NULL
)
"""
_COPY = "COPY incoming_price (variant_id, kind, amount_minor, valid_from) FROM STDIN"
_INSERT = """
INSERT INTO pricing_priceledgerentry
    (variant_id, market_id, channel, kind, amount_minor, valid_from, source)
SELECT variant_id, %(market)s, %(channel)s, kind, amount_minor, valid_from, %(source)s
FROM incoming_price
ON CONFLICT DO NOTHING
"""
# The newest list and public price of each variant touched. A variant with one kind only takes it
# for both: what is known is better than nothing, and the public price never exceeds the list price.
_CURRENT = """
INSERT INTO pricing_publicprice AS p
    (variant_id, market_id, channel, list_minor, public_minor, anchor_minor, changed_at)
SELECT variant_id, %(market)s, %(channel)s, listed, least(public, listed), least(public, listed), at
FROM (
    SELECT variant_id, max(valid_from) AS at,
        coalesce(max(amount_minor) FILTER (WHERE kind = 'list'), max(amount_minor)) AS listed,
        coalesce(max(amount_minor) FILTER (WHERE kind = 'public'), max(amount_minor)) AS public
    FROM (
        SELECT DISTINCT ON (l.variant_id, l.kind) l.variant_id, l.kind, l.amount_minor, l.valid_from
        FROM pricing_priceledgerentry l
        JOIN (SELECT DISTINCT variant_id FROM incoming_price) touched USING (variant_id)
        WHERE l.market_id = %(market)s AND l.channel = %(channel)s
        ORDER BY l.variant_id, l.kind, l.valid_from DESC
    ) newest GROUP BY variant_id
) current
ON CONFLICT (variant_id, market_id, channel) DO UPDATE
SET list_minor = EXCLUDED.list_minor, public_minor = EXCLUDED.public_minor,
    anchor_minor = EXCLUDED.anchor_minor, changed_at = EXCLUDED.changed_at
WHERE p.changed_at < EXCLUDED.changed_at
"""


# The job makes books, so it stands above: it is sent by name.
_PUBLISHING = "pricing.tasks.publish_set_prices"


class NotAPrice(FairtagError):
    """A price must be a whole number of minor units above zero."""

    code = "not_a_price"


@transaction.atomic
def load_ledger_bulk(
    *,
    rows: Iterable[LedgerRow],
    market: str = "us",
    channel: str = "online",
    source: str = "import",
) -> int:
    """COPY price history into the ledger; known moments are left as they are. Return new rows.

    Afterwards PublicPrice holds the newest list and public price of each variant touched, unless
    it knows a later change. Safe to run again.
    """
    scope = {"market": market, "channel": channel, "source": source}
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row((row.variant_id, row.kind, row.amount_minor, row.valid_from))
        cursor.execute("ANALYZE incoming_price")
        cursor.execute(_INSERT, scope)
        added: int = cursor.rowcount
        cursor.execute(_CURRENT, scope)
        cursor.execute("DROP TABLE incoming_price")
    return added


def require_prices(amounts: Iterable[int]) -> None:
    """Raise NotAPrice where one of the amounts is none."""
    if any(amount <= 0 for amount in amounts):
        raise NotAPrice(_("A price must be above zero."))


def move_list_prices(
    *,
    prices: Mapping[int, int],
    now: datetime,
    place: tuple[str, str],
    set_by: str = "",
) -> list[int]:
    """Record list prices (minor units by variant id) set by the merchant, inside the caller's
    transaction; return the variants whose list price is new.

    Locks the price rows in order of variant. The public price follows: at once where it would
    stand above the new list price, otherwise with the next book, inside its guardrails. Where
    nothing was reduced the anchor moves along, so the public price climbs to the new list price.
    Writes the fact ListPricesChanged. `set_by` is kept with changed list prices. The number of
    statements does not grow with the prices.
    """
    market, channel = place
    known = PublicPrice.objects.select_for_update(no_key=True).order_by("variant_id")
    rows = {
        row.variant_id: row
        for row in known.filter(variant_id__in=prices, market_id=market, channel=channel)
    }
    entries: list[PriceLedgerEntry] = []
    opened, moved = [], []
    for variant_id, amount in sorted(prices.items()):
        row = rows.get(variant_id)
        if row is None:
            row = PublicPrice(variant_id=variant_id, market_id=market, channel=channel)
            entries += _open(row, amount, now)
            opened.append(row)
        elif row.list_minor != amount:
            entries += _move(row, amount, now, set_by)
            moved.append(row)
    PublicPrice.objects.bulk_create(opened)
    changed_fields = ["list_minor", "public_minor", "anchor_minor", "changed_at"]
    PublicPrice.objects.bulk_update(moved, changed_fields, batch_size=2_000)
    PriceLedgerEntry.objects.bulk_create(entries)
    changed = sorted({entry.variant_id for entry in entries})
    if changed:
        write_fact(kind="ListPricesChanged", payload={"variants": changed[:1000]}, occurred_at=now)
        publish_on_commit()
    return changed


def publish_on_commit() -> None:
    """Have prices that somebody set published as soon as the caller's transaction commits.

    The fact that tells of them has them published too, should this signal be lost, but its delivery
    waits for its turn in the live lane.
    """
    transaction.on_commit(lambda: wake(signature(_PUBLISHING, queue=PRICES)), robust=True)


def _open(row: PublicPrice, amount: int, now: datetime) -> list[PriceLedgerEntry]:
    """Begin the series of a variant that had no price."""
    row.list_minor = row.public_minor = row.anchor_minor = amount
    row.changed_at = now
    return [_entry(row, "list", amount, now), _entry(row, "public", amount, now)]


def _move(row: PublicPrice, amount: int, now: datetime, set_by: str) -> list[PriceLedgerEntry]:
    entries = [_entry(row, "list", amount, now, set_by)]
    was_reduced = row.public_minor < row.list_minor
    row.list_minor = amount
    if row.public_minor > amount:
        row.public_minor = row.anchor_minor = amount
        row.changed_at = now
        entries.append(_entry(row, "public", amount, now))
    elif not was_reduced:
        row.anchor_minor = amount
    return entries


def _entry(
    row: PublicPrice, kind: str, amount: int, now: datetime, set_by: str = ""
) -> PriceLedgerEntry:
    return PriceLedgerEntry(
        variant_id=row.variant_id,
        market_id=row.market_id,
        channel=row.channel,
        kind=kind,
        amount_minor=amount,
        valid_from=now,
        source=PriceLedgerEntry.Source.MERCHANT,
        set_by=set_by,
    )


logger = logging.getLogger(__name__)


def run_everywhere(run: Callable[..., int]) -> int:
    """Call `run(market=..., channel=...)` for every place that has prices; return the sum.

    Every place has its turn. Then what failed is raised, with its place in a note; several failures
    as one group. `run` must be idempotent: a failed job reruns for every sales channel.
    """
    return _run_all(list_places(), run)


def run_in_markets(run: Callable[..., int]) -> int:
    """Call `run(market=...)` for every market that has prices, as `run_everywhere` does."""
    markets = dict.fromkeys(market for market, _ in list_places())
    return _run_all([(market, "") for market in markets], run)


def _run_all(places: Iterable[SalesChannel], run: Callable[..., int]) -> int:
    total = 0
    failures: list[Exception] = []
    for market, channel in places:
        named = {"market": market} | ({"channel": channel} if channel else {})
        try:
            total += run(**named)
        except SoftTimeLimitExceeded:  # the whole job's time is over, not this place's
            raise
        except Exception as error:  # noqa: BLE001 - whatever ails one place, the others go on
            where = f"{market}/{channel}" if channel else market
            error.add_note(f"in {where}")
            logger.warning("a job failed in %s: %s", where, error)
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise ExceptionGroup("a job failed in several places", failures)
    return total
