"""Identity of shoppers: guest cookies, accounts, and joining a guest to an account."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Q

from profiles.consent.api import DEFAULT_TEXT, record_defaults, set_consent
from profiles.events.api import (
    bar_guest,
    clear_lag,
    forget_profile,
    note_lag,
    warm_shopper,
    write_consents,
)
from profiles.segments.models import ShopperProfile
from profiles.shoppers.api import find_shopper, shopper_value
from profiles.shoppers.models.accounts import Account
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import PURPOSES, Consents, ShopperValue
from profiles.wishes.api import move_saved
from shop.ground.jobs.redis import RedisUnavailable

DEFAULT_LOCALE = "en"


def get_or_create_guest(
    *,
    pseudonym: str | None,
    defaults: Consents,
    market_code: str,
    now: datetime,
    locale: str = DEFAULT_LOCALE,
) -> ShopperValue:
    """Return the shopper behind a guest cookie, making one if there is none.

    `defaults` are the answers that hold where the law lets silence speak (opt-out places); they
    are recorded as such. The pseudonym of a new shopper is drawn here: an unknown one in a cookie
    (erased, or made up) is never taken over. One query for who is known.
    """
    known = None if pseudonym is None else find_shopper(pseudonym)
    return known or _create(defaults, market_code=market_code, locale=locale, now=now)


@transaction.atomic
def _create(
    defaults: Consents,
    *,
    market_code: str,
    locale: str,
    now: datetime,
    account_id: int | None = None,
) -> ShopperValue:
    shopper = Shopper.objects.create(
        pseudonym=uuid4(),
        account_id=account_id,
        market_code=market_code,
        created_at=now,
        last_seen_at=now,
        consent_price=defaults.price,
        consent_recommendations=defaults.recommendations,
        consent_marketing=defaults.marketing,
        consent_analytics=defaults.analytics,
    )
    record_defaults([shopper], how="default", locale=locale, text_version=DEFAULT_TEXT, now=now)
    notes = note_lag({shopper.pk}, now=now)
    value = shopper_value(shopper)
    transaction.on_commit(partial(_announce, value, notes), robust=True)
    return value


def _announce(value: ShopperValue, notes: list[int]) -> None:
    if write_consents(value, is_new=True):
        clear_lag(notes)


@transaction.atomic
def link_account(
    *,
    account_id: int,
    pseudonym: str | None,
    now: datetime,
    defaults: Consents | None = None,
    market_code: str = "us",
) -> ShopperValue:
    """Join the guest behind `pseudonym` to a login and return the login's shopper.

    A login without a shopper takes the guest over as it is, or gets a new one with `defaults`
    (everything off if not given). Otherwise the guest's events move to the login's shopper, the
    stricter consent wins, and the old pseudonym keeps leading there. A cookie that belongs to
    another login is left alone: a shared device must not mix two people. Locks the login, then
    both rows in order of id: two tabs that log in at once become one shopper.
    """
    Account.objects.select_for_update().get(pk=account_id)
    guest, owner = _lock_pair(account_id, pseudonym)
    if guest is not None:
        bar_guest(str(guest.pseudonym))
    if owner is not None:
        if guest is not None:
            _merge(guest, owner, now=now)
        return shopper_value(owner)
    if guest is not None:
        guest.account_id = account_id
        guest.save(update_fields=["account"])
        return shopper_value(guest)
    return _create(
        defaults or Consents(),
        market_code=market_code,
        locale=DEFAULT_LOCALE,
        now=now,
        account_id=account_id,
    )


def _lock_pair(account_id: int, pseudonym: str | None) -> tuple[Shopper | None, Shopper | None]:
    """Return the locked rows of a free guest behind the cookie and of the login's shopper."""
    wanted = Q(account_id=account_id)
    key = _read_pseudonym(pseudonym)
    if key is not None:
        wanted |= Q(
            pseudonym=key,
            account__isnull=True,
            merged_into__isnull=True,
            erased_at__isnull=True,
        )
    rows = list(Shopper.objects.select_for_update().filter(wanted).order_by("pk"))
    guest = next((row for row in rows if row.account_id is None), None)
    return guest, next((row for row in rows if row.account_id == account_id), None)


def _read_pseudonym(pseudonym: str | None) -> UUID | None:
    try:
        return None if pseudonym is None else UUID(pseudonym)
    except ValueError:
        return None


def _merge(guest: Shopper, owner: Shopper, *, now: datetime) -> None:
    """Move a guest's events and saved products to their owner; both rows are locked by the caller.

    Events still in the stream carry the guest's id; the drain and the rebuild lead them here.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE profiles_event SET shopper_id = %s WHERE shopper_id = %s", [owner.pk, guest.pk]
        )
    move_saved(from_shopper_id=guest.pk, to_shopper_id=owner.pk)
    guest.merged_into = owner
    guest.save(update_fields=["merged_into"])
    owner.created_at = min(owner.created_at, guest.created_at)
    owner.last_seen_at = max(owner.last_seen_at, guest.last_seen_at)
    owner.is_minor = owner.is_minor or guest.is_minor
    owner.save(update_fields=["created_at", "last_seen_at", "is_minor"])
    _keep_strictest(guest, owner, now=now)
    ShopperProfile.objects.filter(shopper=guest).delete()
    notes = note_lag({owner.pk}, now=now)
    show = partial(_show_joined, owner.pk, str(guest.pseudonym), notes, now)
    transaction.on_commit(show, robust=True)


def _keep_strictest(guest: Shopper, owner: Shopper, *, now: datetime) -> None:
    """Withdraw for the owner what the guest did not agree to, recorded as coming from the merge."""
    for purpose in PURPOSES:
        flag = f"consent_{purpose}"
        if getattr(owner, flag) and not getattr(guest, flag):
            set_consent(
                shopper_id=owner.pk,
                purpose=purpose,
                granted=False,
                how="merge",
                locale=DEFAULT_LOCALE,
                text_version=DEFAULT_TEXT,
                now=now,
                reason=guest.opt_out_reason,
            )
    owner.refresh_from_db()


def _show_joined(owner_id: int, guest_pseudonym: str, notes: Sequence[int], now: datetime) -> None:
    """Show the joined history to the next quote; without Redis the note stays for the repair."""
    forget_profile(guest_pseudonym)
    with suppress(RedisUnavailable):
        if warm_shopper(shopper_id=owner_id, now=now):
            clear_lag(notes)
