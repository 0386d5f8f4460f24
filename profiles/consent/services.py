"""Recording of consent; a change takes effect on the next quote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

from django.db import transaction

from profiles.events.api import clear_lag, note_lag, write_consents
from profiles.metrics import consent_changes_total
from profiles.segments.models import ShopperProfile
from profiles.shoppers.api import ShopperNotFound, shopper_value
from profiles.shoppers.models.consent import ConsentRecord
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import PURPOSES, ShopperValue
from shop.ground.kernel.errors import FairtagError
from shop.ground.outbox.services import write_fact

DEFAULT_TEXT = "default-1"
_FLAGS = {purpose: f"consent_{purpose}" for purpose in PURPOSES}


class UnknownPurpose(FairtagError):
    """There is no such question."""

    code = "unknown_purpose"


@transaction.atomic
def set_consent(
    *,
    shopper_id: int,
    purpose: str,
    granted: bool,
    how: str,
    locale: str,
    text_version: str,
    now: datetime,
    reason: str = "",
    given_on: date | None = None,
    source: str = "",
) -> ShopperValue:
    """Record an answer, effective on the next quote on all devices. Fact ConsentChanged.

    Withdrawing is as easy as granting: the same call. `reason` is kept when personal prices are
    switched off and forgotten when they are switched on. An answer that changes nothing is not
    recorded again. `given_on` and `source` name an answer that was given elsewhere. Who now agrees
    to nothing that needs a profile has none any more. Raises UnknownPurpose, ShopperNotFound.
    Locks the shopper's row.
    """
    if purpose not in _FLAGS:
        raise UnknownPurpose(f"Purposes are {', '.join(PURPOSES)}.", purpose=purpose)
    shopper = _lock(shopper_id)
    flag = _FLAGS[purpose]
    if getattr(shopper, flag) == granted:
        return shopper_value(shopper)
    setattr(shopper, flag, granted)
    if purpose == "price":
        shopper.opt_out_reason = "" if granted else reason[:40]
    shopper.save(update_fields=[flag, "opt_out_reason"])
    ConsentRecord.objects.create(
        shopper=shopper,
        purpose=purpose,
        is_granted=granted,
        how=how[:40],
        locale=locale[:16],
        text_version=text_version[:40],
        recorded_at=now,
        given_on=given_on,
        source=source[:120],
    )
    consent_changes_total.labels(purpose=purpose, granted=str(granted).lower()).inc()
    if not shopper_value(shopper).consents.allows_tracking:
        ShopperProfile.objects.filter(shopper=shopper).delete()
    publish_consents(shopper, now=now)
    return shopper_value(shopper)


def _lock(shopper_id: int) -> Shopper:
    """Return the locked row of who answers: for a merged guest, the owner."""
    rows = Shopper.objects.select_for_update(of=("self",)).filter(erased_at__isnull=True)
    shopper = rows.filter(pk=shopper_id).first()
    if shopper is not None and shopper.merged_into_id is not None:
        shopper = rows.filter(pk=shopper.merged_into_id).first()
    if shopper is None:
        raise ShopperNotFound("There is no such shopper.")
    return shopper


def publish_consents(shopper: Shopper, *, now: datetime) -> None:
    """Tell Redis and the other rooms, once the caller's transaction has committed.

    The note stays if Redis is down: until repaired, doors must treat the shopper as opted out.
    """
    notes = note_lag({shopper.pk}, now=now)
    transaction.on_commit(partial(_write_online, shopper_value(shopper), notes), robust=True)
    write_fact(kind="ConsentChanged", payload={"shopper_id": shopper.pk}, occurred_at=now)


def _write_online(value: ShopperValue, notes: Sequence[int]) -> None:
    if write_consents(value):
        clear_lag(notes)


def record_defaults(
    shoppers: Sequence[Shopper], *, how: str, locale: str, text_version: str, now: datetime
) -> None:
    """Record, for new shoppers, which answers hold because nobody was asked yet."""
    ConsentRecord.objects.bulk_create(
        [
            ConsentRecord(
                shopper=shopper,
                purpose=purpose,
                is_granted=getattr(shopper, flag),
                how=how,
                locale=locale,
                text_version=text_version,
                recorded_at=now,
            )
            for shopper in shoppers
            for purpose, flag in _FLAGS.items()
        ],
        batch_size=2_000,
    )
