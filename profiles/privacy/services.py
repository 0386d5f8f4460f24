"""What a person may ask of their data: an answer, erasure, and an end to keeping it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from profiles.events.api import PAGE, drop_partitions, find_waiting, forget_profile
from profiles.events.core import STREAM
from profiles.events.models import Event
from profiles.experiments.models import ExperimentOutcome, Exposure
from profiles.privacy.core import RoomPrivacy, classify
from profiles.privacy.selectors import export_shopper
from profiles.reviews.models import Answer, Question, Review
from profiles.segments.models import ShopperProfile
from profiles.shoppers.models.accounts import Account
from profiles.shoppers.models.audit import AuditTrait
from profiles.shoppers.models.consent import ConsentRecord
from profiles.shoppers.models.customers import Customer
from profiles.shoppers.models.shoppers import OnlineLag, Shopper
from profiles.wishes.api import forget_old_requests
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


FIELDS = {
    "Account": classify(
        none="id is_staff is_superuser is_active groups user_permissions",
        personal="email password first_name last_name last_login date_joined",
    ),
    "Shopper": classify(
        none="id market_code",
        link="pseudonym merged_into",
        personal="account external_ref home_store place_code is_minor opt_out_reason",
        derived="created_at last_seen_at",
        legal="consent_price consent_recommendations consent_marketing consent_analytics erased_at",
    ),
    "Customer": classify(
        link="shopper",
        personal="number name phone address_line1 address_line2 city region postcode country"
        " language marketing",
        derived="updated_at",
    ),
    "OnlineLag": classify(none="id since", link="shopper"),
    "ConsentRecord": classify(
        none="id",
        legal="shopper purpose is_granted how locale text_version recorded_at given_on source",
    ),
    "AuditTrait": classify(none="id name", link="shopper", audit="value"),
    "Event": classify(
        none="id channel source",
        link="shopper basket_ref quote_id",
        personal="occurred_at received_at kind variant_id category_id brand_id quantity paid_minor"
        " list_minor is_discounted price_rank query offer_ref",
    ),
    "Segment": classify(
        none="id code name name_zh description description_zh is_active shopper_count rule revision"
        " created_at"
    ),
    "SegmentRevision": classify(none="id segment number rule is_active reason by at"),
    "SegmentSize": classify(none="id segment day shopper_count is_estimated"),
    "SegmentVersion": classify(none="id fitted_at as_of arrays sha256 metrics is_active"),
    "SimilarityVersion": classify(none="id fitted_at as_of arrays sha256 metrics is_active"),
    "Review": classify(
        none="id product variant language state hidden_because",
        link="shopper",
        personal="rating text positivity bought_at written_at",
    ),
    "Question": classify(
        none="id product language state hidden_because", link="shopper", personal="text asked_at"
    ),
    "Answer": classify(
        none="id question is_shop language state hidden_because",
        link="shopper",
        personal="text answered_at",
    ),
    "SavedVariant": classify(none="id", link="shopper", personal="variant saved_at"),
    "RestockRequest": classify(
        none="id language",
        link="shopper",
        personal="variant email asked_at confirmed_at told_at",
    ),
    "SentimentVersion": classify(none="id language fitted_at arrays sha256 metrics is_active"),
    "ShopperProfile": classify(
        none="refreshed_at", link="shopper", derived="features segment tags interests"
    ),
    "ExperimentNamespace": classify(none="id code salt holdout_share"),
    "Experiment": classify(
        none="id code name name_zh hypothesis subject subject_ref unit mode namespace traffic"
        " first_slot end_slot purpose targeting primary_metric guards minimum_effect planned_units"
        " planned_days alpha least_share period_days wash_out_days salt state revision registration"
        " registration_sha256 created_at created_by started_at stopped_at stop_reason decided_at"
        " decision decision_reason"
    ),
    "ExperimentArm": classify(
        none="id experiment code name name_zh position share is_control price_factor settings"
    ),
    "ExperimentShares": classify(none="id experiment revision at shares reason"),
    "ExperimentDeviation": classify(none="id experiment at by field before after reason"),
    "ExperimentItem": classify(none="id experiment variant_id cluster"),
    "ExperimentReadout": classify(none="id experiment day at figures"),
    "Exposure": classify(
        none="id experiment", link="shopper", personal="arm at", derived="propensity revision"
    ),
    "ExperimentOutcome": classify(
        none="id experiment",
        link="shopper",
        derived="day is_before orders units paid_minor margin_minor returned_units views clicks"
        " cart_adds offer_views offer_clicks",
    ),
}

PRIVACY = RoomPrivacy(
    room="profiles", fields=FIELDS, export_shopper=export_shopper, erase_shopper=erase_shopper
)


KEEP_BEHAVIOR = timedelta(days=90)
KEEP_PURCHASES = timedelta(days=26 * 31)
KEEP_FEATURES = timedelta(days=180)
KEEP_CONSENT = timedelta(days=3 * 366)
KEEP_UNCONFIRMED = timedelta(days=30)
BATCH = 20_000

# Purchases, orders and returns are kept for two years of demand; what was only looked at is not.
# Features lose what is deleted, so the shoppers are noted and rebuilt: online stays equal to batch.
_FORGET_BEHAVIOR = """
WITH old AS (
    SELECT id, occurred_at FROM profiles_event
    WHERE occurred_at < %(before)s AND kind NOT IN ('purchase', 'order', 'return')
    LIMIT %(batch)s
), gone AS (
    DELETE FROM profiles_event e USING old
    WHERE e.id = old.id AND e.occurred_at = old.occurred_at
    RETURNING e.shopper_id
), noted AS (
    INSERT INTO profiles_onlinelag (shopper_id, since)
    SELECT DISTINCT gone.shopper_id, %(now)s::timestamptz
    FROM gone JOIN profiles_shopper s ON s.id = gone.shopper_id AND s.erased_at IS NULL
)
SELECT count(*) FROM gone
"""


def forget_expired(*, now: datetime) -> int:
    """Delete what its time is over for; return how many rows (a dropped partition counts one).

    Raw behavior 90 days, purchases 26 months, features 180 days after the last visit, consent
    records 3 years after a shopper was erased, accounts whose address nobody confirmed 30 days,
    requests to be told of stock 90 days after the letter.
    Bounded batches; safe to stop and repeat.
    """
    deleted = _forget_behavior(now) + _forget_unconfirmed(now) + forget_old_requests(now=now)
    deleted += len(drop_partitions(before=now - KEEP_PURCHASES))
    deleted += _forget_features(now)
    return deleted + _forget_consent(now)


def _forget_behavior(now: datetime) -> int:
    deleted = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            parameters: dict[str, datetime | int] = {
                "before": now - KEEP_BEHAVIOR,
                "batch": BATCH,
                "now": now,
            }
            cursor.execute(_FORGET_BEHAVIOR, parameters)
            count: int = cursor.fetchone()[0]
        deleted += count
        if count < BATCH:
            return deleted


def _forget_features(now: datetime) -> int:
    """Forget what was derived about who has not come for 180 days. Redis forgets by itself too."""
    away = Shopper.objects.filter(last_seen_at__lt=now - KEEP_FEATURES, profile__isnull=False)
    rows = list(away.order_by("pk").values_list("pk", "pseudonym")[:BATCH])
    for _, pseudonym in rows:
        forget_profile(str(pseudonym))
    profiles = ShopperProfile.objects.filter(shopper_id__in=[pk for pk, _ in rows])
    return profiles.delete()[0]


def _forget_unconfirmed(now: datetime) -> int:
    """Delete accounts that nobody could ever sign in to: signed up, and the link never followed."""
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    accounts = Account.objects.filter(
        ~Exists(confirmed),
        date_joined__lt=now - KEEP_UNCONFIRMED,
        last_login=None,
        is_staff=False,
        is_superuser=False,
        shopper=None,
    )
    ids = list(accounts.order_by("pk").values_list("pk", flat=True)[:BATCH])
    with transaction.atomic():
        # Who confirms at this moment is first, or finds no account any more: nobody is half gone.
        held = Account.objects.select_for_update(of=("self",)).order_by("pk").filter(pk__in=ids)
        left = [one.pk for one in held]
        gone = Account.objects.filter(~Exists(confirmed), pk__in=left, last_login=None)
        return gone.delete()[1].get(Account._meta.label, 0)


@transaction.atomic
def _forget_consent(now: datetime) -> int:
    """Delete the consent log of erased shoppers when nobody may ask for it any more."""
    with connection.cursor() as cursor:
        # The trigger that keeps the log lets exactly this transaction delete.
        cursor.execute("SET LOCAL fairtag.retention = 'on'")
        erased = Shopper.objects.filter(erased_at__lt=now - KEEP_CONSENT)
        count: int = ConsentRecord.objects.filter(shopper__in=erased).delete()[0]
        cursor.execute("SET LOCAL fairtag.retention = 'off'")
    return count
