"""Forget a person. What the law needs kept stays, attached to nobody."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import batched
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from profiles.events.api import PAGE, find_waiting, forget_profile
from profiles.events.core.keys import STREAM
from profiles.events.models import Event
from profiles.experiments.models import ExperimentOutcome, Exposure
from profiles.privacy.core import RoomPrivacy
from profiles.reviews.models import Answer, Question, Review
from profiles.segments.models import ShopperProfile
from profiles.shoppers.models.accounts import Account
from profiles.shoppers.models.audit import AuditTrait
from profiles.shoppers.models.customers import Customer
from profiles.shoppers.models.shoppers import OnlineLag, Shopper
from profiles.wishes.models import RestockRequest, SavedVariant
from shop.ground.jobs.redis import RedisUnavailable, patient_redis
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop
from shop.ground.outbox.services import write_fact


class StaffAccount(FairtagError):
    """Staff are not erased by the shoppers' door: another member of staff closes the account."""

    code = "staff_account"


def export_everything(*, shopper_id: int, rooms: Sequence[RoomPrivacy]) -> dict[str, Any]:
    """Return what all rooms know about a shopper, by room, as JSON values."""
    return {room.room: dict(room.export_shopper(shopper_id)) for room in rooms}


@transaction.atomic
def erase_everywhere(*, shopper_id: int, rooms: Sequence[RoomPrivacy], now: datetime) -> None:
    """Erase a shopper in all rooms, top floor first; all or nothing. Safe to run twice."""
    for room in rooms:
        room.erase_shopper(shopper_id, now)


@transaction.atomic
def erase_shopper(shopper_id: int, now: datetime) -> None:
    """Erase a shopper in this room. Fact ShopperErased. Safe to run twice. Locks the row.

    Events, reviews, questions, wishes, profile, traits, address and login are deleted. The row
    stays as nobody: a new pseudonym, no reference, all consents off; the consent log hangs on it
    as long as the law wants it kept.
    Guests that became this shopper are erased with it. Raises StaffAccount.
    """
    # The login first, as when somebody logs in: two orders of locking could wait for each other.
    list(Account.objects.select_for_update(of=("self",)).filter(shopper__pk=shopper_id))
    is_theirs = Q(pk=shopper_id) | Q(merged_into_id=shopper_id)
    family = list(Shopper.objects.select_for_update().filter(is_theirs).order_by("pk"))
    ids = [shopper.pk for shopper in family]
    addresses = list(Account.objects.filter(shopper__in=ids).values_list("email", flat=True))
    pseudonyms = [str(shopper.pseudonym) for shopper in family]
    _delete_login(family)
    Event.objects.filter(shopper_id__in=ids).delete()
    Review.objects.filter(shopper_id__in=ids).delete()
    Answer.objects.filter(shopper_id__in=ids).delete()
    Question.objects.filter(shopper_id__in=ids).delete()
    SavedVariant.objects.filter(shopper_id__in=ids).delete()
    RestockRequest.objects.filter(Q(shopper_id__in=ids) | Q(email__in=addresses)).delete()
    ShopperProfile.objects.filter(shopper_id__in=ids).delete()
    Customer.objects.filter(shopper_id__in=ids).delete()
    AuditTrait.objects.filter(shopper_id__in=ids).delete()
    OnlineLag.objects.filter(shopper_id__in=ids).delete()
    Exposure.objects.filter(shopper_id__in=ids).delete()
    ExperimentOutcome.objects.filter(shopper_id__in=ids).delete()
    for shopper in family:
        _make_nobody(shopper, now=now)
    if family:
        write_fact(kind="ShopperErased", payload={"shopper_id": shopper_id}, occurred_at=now)
    transaction.on_commit(partial(_forget_online, ids, pseudonyms), robust=True)


def _delete_login(family: Sequence[Shopper]) -> None:
    accounts = Account.objects.filter(pk__in=[s.account_id for s in family if s.account_id])
    if accounts.filter(is_staff=True).exists():
        raise StaffAccount(gettext_noop("A staff login is closed by another member of staff."))
    accounts.delete()


def _make_nobody(shopper: Shopper, *, now: datetime) -> None:
    shopper.pseudonym = uuid4()
    shopper.account = None
    shopper.external_ref = None
    shopper.home_store = None
    shopper.place_code = ""
    shopper.is_minor = False
    shopper.opt_out_reason = ""
    shopper.consent_price = False
    shopper.consent_recommendations = False
    shopper.consent_marketing = False
    shopper.consent_analytics = False
    shopper.created_at = shopper.last_seen_at = now
    shopper.erased_at = shopper.erased_at or now
    shopper.save()


def _forget_online(shopper_ids: Sequence[int], pseudonyms: Sequence[str]) -> None:
    """Delete profiles and waiting events. With Redis down nothing is lost: the drain drops events
    of erased shoppers, and no door leads to a profile whose pseudonym nobody has any more.
    """
    for pseudonym in pseudonyms:
        forget_profile(pseudonym)
    with suppress(RedisUnavailable), patient_redis() as client:
        waiting = [key for key, _ in find_waiting(client, set(shopper_ids))]
        for keys in batched(waiting, PAGE):
            client.xdel(STREAM, *keys)
