"""Read customers as lists say them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import F, QuerySet

from profiles.accounts.core import CUSTOMER_FIELDS, Answer, KnownCustomer
from profiles.shoppers.models.accounts import Account
from profiles.shoppers.models.consent import ConsentRecord
from profiles.shoppers.models.customers import Customer
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import PURPOSES

# Answers that nobody gave: what holds until somebody is asked.
UNASKED = ("default", "import")


def read_customers(emails: Collection[str]) -> dict[str, KnownCustomer]:
    """Return the shop's customers by e-mail address, in lower case. Three queries."""
    found = _read(Account.objects.filter(email__in=emails).order_by("pk"))
    others = EmailAddress.objects.filter(email__in=emails, verified=True)
    for email, account_id in others.exclude(user__email=F("email")).values_list("email", "user_id"):
        found[email] = KnownCustomer(
            email=email,
            account_id=account_id,
            shopper_id=None,
            is_shopper=False,
            is_active=True,
            market="",
            fields={},
            answers={},
        )
    return found


def list_customers(*, after: int, limit: int) -> list[KnownCustomer]:
    """Return customers with an account, staff left out, after the account `after`. Two queries."""
    accounts = Account.objects.filter(pk__gt=after, is_staff=False).order_by("pk")
    return list(_read(accounts.exclude(email="")[:limit]).values())


def map_numbers(numbers: Collection[str]) -> dict[str, str]:
    """Return whose, by e-mail address, each of the merchant's numbers is. One query."""
    rows = Customer.objects.filter(number__in=numbers, shopper__account__isnull=False)
    pairs = rows.values_list("number", "shopper__account__email")
    return {str(number): str(email) for number, email in pairs}


def find_email(shopper_id: int) -> str:
    """Return the address of a shopper's account, "" where there is none. One query."""
    rows = Shopper.objects.filter(pk=shopper_id, account__isnull=False)
    return rows.values_list("account__email", flat=True).first() or ""


def find_customer_fields(shopper_id: int) -> dict[str, str] | None:
    """Return name and address as a list gave them; None where none did. One query."""
    row = Customer.objects.filter(shopper_id=shopper_id).values(*CUSTOMER_FIELDS).first()
    return None if row is None else {name: value or "" for name, value in row.items()}


def _read(accounts: QuerySet[Account]) -> dict[str, KnownCustomer]:
    rows = list(accounts.select_related("shopper__customer"))
    shoppers = {row.pk: getattr(row, "shopper", None) for row in rows}
    answers = _read_answers([one.pk for one in shoppers.values() if one is not None])
    return {
        row.email: KnownCustomer(
            email=row.email,
            account_id=row.pk,
            shopper_id=shopper.pk if (shopper := shoppers[row.pk]) else None,
            is_shopper=not row.is_staff,
            is_active=row.last_login is not None,
            market=shopper.market_code if shopper else "",
            fields=_read_fields(shopper),
            answers=_merge_answers(shopper, answers),
        )
        for row in rows
    }


def _read_fields(shopper: Shopper | None) -> dict[str, str]:
    customer = getattr(shopper, "customer", None)
    return {name: getattr(customer, name, None) or "" for name in CUSTOMER_FIELDS}


def _read_answers(shopper_ids: Sequence[int]) -> dict[tuple[int, str], dict[str, Any]]:
    """Return the newest record of each shopper and purpose. One query."""
    rows = ConsentRecord.objects.filter(shopper_id__in=shopper_ids)
    rows = rows.order_by("shopper_id", "purpose", "-recorded_at", "-id")
    newest = rows.distinct("shopper_id", "purpose").values(
        *("shopper_id", "purpose", "how", "recorded_at", "given_on", "source")
    )
    return {(row["shopper_id"], row["purpose"]): row for row in newest}


def _merge_answers(
    shopper: Shopper | None, records: dict[tuple[int, str], dict[str, Any]]
) -> dict[str, Answer]:
    if shopper is None:
        return {}
    answers = {}
    for purpose in PURPOSES:
        is_granted = bool(getattr(shopper, f"consent_{purpose}"))
        record = records.get((shopper.pk, purpose))
        if record is None or record["how"] in UNASKED:
            answers[purpose] = Answer(is_granted)
        else:
            on = record["given_on"] or record["recorded_at"].date()
            answers[purpose] = Answer(is_granted, on, record["source"] or record["how"])
    return answers
