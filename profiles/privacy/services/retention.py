"""Deletion of data whose retention period is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from profiles.events.api import drop_partitions, forget_profile
from profiles.segments.models import ShopperProfile
from profiles.shoppers.models.accounts import Account
from profiles.shoppers.models.consent import ConsentRecord
from profiles.shoppers.models.shoppers import Shopper
from profiles.wishes.api import forget_old_requests

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
