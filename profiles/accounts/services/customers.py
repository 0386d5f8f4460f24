"""Take customers of a list in, and take them back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction

from profiles.accounts.core import FROM_LIST, Answer, CustomerChange, KnownCustomer
from profiles.accounts.selectors import read_customers
from profiles.consent.api import DEFAULT_TEXT, set_consent
from profiles.events.api import clear_lag, note_lag, write_consents
from profiles.privacy.api import erase_shopper
from profiles.shoppers.api import shopper_value
from profiles.shoppers.models.accounts import Account
from profiles.shoppers.models.consent import ConsentRecord
from profiles.shoppers.models.customers import Customer
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import PURPOSES, ShopperValue

LIST_TEXT = "list-1"
UNDONE = "list undone"
# How the import of purchases begins the references of its shoppers.
HOUSEHOLD = "household "


@transaction.atomic
def save_customers(
    *,
    changes: Sequence[CustomerChange],
    known: Mapping[str, KnownCustomer],
    market: str,
    language: str,
    now: datetime,
) -> None:
    """Make accounts of new customers, and give known ones what the list says of them.

    New accounts have no password: their owners set one by the mailed link. No mail is sent. All
    answers of a new customer are no but those that the list gives. `market` is for new customers
    whose row names none. An address that was taken meanwhile raises IntegrityError: the batch is
    judged again.
    """
    fresh = [change for change in changes if change.email not in known]
    if fresh:
        _create(fresh, market=market, language=language, now=now)
    told = [change for change in changes if change.email in known]
    latest = _lock_latest(told, known)
    for change in told:
        customer = latest.get(change.email)
        if customer is None:  # erased meanwhile
            continue
        is_answered = customer.answers != known[change.email].answers
        given = replace(change, answers=_narrow(change.answers)) if is_answered else change
        _update(given, customer, market=market, language=language, now=now)


def _lock_latest(
    changes: Sequence[CustomerChange], known: Mapping[str, KnownCustomer]
) -> dict[str, KnownCustomer]:
    """Lock known customers and return what holds now: somebody may have answered meanwhile."""
    if not changes:
        return {}
    ids = [known[change.email].shopper_id for change in changes]
    rows = Shopper.objects.select_for_update(of=("self",)).order_by("pk")
    list(rows.filter(pk__in=[one for one in ids if one is not None]))
    return read_customers([change.email for change in changes])


def _narrow(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    return {name: answer for name, answer in answers.items() if not answer.is_granted}


def _create(
    changes: Sequence[CustomerChange], *, market: str, language: str, now: datetime
) -> None:
    accounts = Account.objects.bulk_create(
        [
            Account(email=change.email, password=make_password(None), date_joined=now)
            for change in changes
        ]
    )
    # As for accounts that staff make: whoever sets the password has the mail to this address.
    EmailAddress.objects.bulk_create(
        [
            EmailAddress(user=account, email=account.email, verified=True, primary=True)
            for account in accounts
        ]
    )
    pairs = [(change, account.pk) for change, account in zip(changes, accounts, strict=True)]
    _create_shoppers(pairs, market=market, language=language, now=now)


def _create_shoppers(
    pairs: Iterable[tuple[CustomerChange, int]], *, market: str, language: str, now: datetime
) -> None:
    made = [
        (
            change,
            Shopper(
                pseudonym=uuid4(),
                account_id=account_id,
                market_code=change.market or market,
                created_at=now,
                last_seen_at=now,
                **{f"consent_{name}": _is_granted(change, name) for name in PURPOSES},
            ),
        )
        for change, account_id in pairs
    ]
    shoppers = Shopper.objects.bulk_create([shopper for _change, shopper in made])
    Customer.objects.bulk_create(
        [
            Customer(shopper=shopper, updated_at=now, **_clean(change.fields))
            for change, shopper in made
        ]
    )
    ConsentRecord.objects.bulk_create(
        [
            _record(shopper, purpose, change.answers.get(purpose), language, now)
            for change, shopper in made
            for purpose in PURPOSES
        ]
    )
    notes = note_lag({shopper.pk for shopper in shoppers}, now=now)
    values = [shopper_value(shopper) for shopper in shoppers]
    transaction.on_commit(partial(_write_online, values, notes), robust=True)


def _is_granted(change: CustomerChange, purpose: str) -> bool:
    answer = change.answers.get(purpose)
    return answer is not None and answer.is_granted


def _clean(fields: Mapping[str, str]) -> dict[str, str | None]:
    return {name: value or (None if name == "number" else "") for name, value in fields.items()}


def _record(
    shopper: Shopper, purpose: str, answer: Answer | None, language: str, now: datetime
) -> ConsentRecord:
    """Return the first entry of the log: what the list says was answered, or that nobody asked."""
    return ConsentRecord(
        shopper=shopper,
        purpose=purpose,
        is_granted=answer is not None and answer.is_granted,
        how=FROM_LIST if answer else "default",
        locale=language,
        text_version=LIST_TEXT if answer else DEFAULT_TEXT,
        recorded_at=now,
        given_on=answer.given_on if answer else None,
        source=answer.source if answer else "",
    )


def _write_online(values: Sequence[ShopperValue], notes: Sequence[int]) -> None:
    """Tell Redis; with Redis down the notes stay, and the repair job does it."""
    written = [write_consents(value, is_new=True) for value in values]
    if all(written):
        clear_lag(notes)


def _update(
    change: CustomerChange, customer: KnownCustomer, *, market: str, language: str, now: datetime
) -> None:
    if customer.shopper_id is None:
        _create_shoppers([(change, customer.account_id)], market=market, language=language, now=now)
        return
    if change.market:
        Shopper.objects.filter(pk=customer.shopper_id).update(market_code=change.market)
    if change.fields:
        Customer.objects.update_or_create(
            shopper_id=customer.shopper_id,
            defaults={**_clean(change.fields), "updated_at": now},
        )
    for purpose, answer in change.answers.items():
        set_consent(
            shopper_id=customer.shopper_id,
            purpose=purpose,
            granted=answer.is_granted,
            how=FROM_LIST,
            locale=language,
            text_version=LIST_TEXT,
            now=now,
            given_on=answer.given_on,
            source=answer.source,
        )


@transaction.atomic
def restore_customer(
    *, customer: KnownCustomer, change: CustomerChange, language: str, now: datetime
) -> None:
    """Give a customer their values of before a list. Answers are only taken back, never given."""
    if customer.shopper_id is None:
        return
    refused = _narrow(change.answers)
    plain = CustomerChange(change.email, change.fields, change.market)
    _update(plain, customer, market=change.market, language=language, now=now)
    for purpose in refused:
        set_consent(
            shopper_id=customer.shopper_id,
            purpose=purpose,
            granted=False,
            how=UNDONE,
            locale=language,
            text_version=LIST_TEXT,
            now=now,
        )


@transaction.atomic
def name_households(emails: Collection[str]) -> dict[str, str]:
    """Return by which number purchases of before name each customer, by e-mail address.

    A shopper who has none is given one. Unknown addresses and staff are left out.
    """
    rows = Shopper.objects.select_for_update(of=("self",)).order_by("pk")
    rows = rows.filter(account__email__in=emails, account__is_staff=False, erased_at=None)
    named = {}
    for shopper in rows.select_related("account"):
        if shopper.external_ref is None:
            shopper.external_ref = f"{HOUSEHOLD}customer-{shopper.pk}"
            shopper.save(update_fields=["external_ref"])
        if shopper.account is not None and shopper.external_ref.startswith(HOUSEHOLD):
            named[shopper.account.email] = shopper.external_ref.removeprefix(HOUSEHOLD)
    return named


def forget_customer(*, customer: KnownCustomer, now: datetime) -> None:
    """Take a customer back whom a list made, and who never came. Raises StaffAccount."""
    if customer.shopper_id is not None:
        erase_shopper(customer.shopper_id, now)
