"""Lists of customers: nobody agrees to anything by standing in a list."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from profiles.accounts.selectors import read_customers
from profiles.accounts.services.customers import save_customers
from profiles.consent.services import set_consent
from profiles.models import ConsentRecord, Customer
from shop.doors.customer_lists import api as customers
from shop.doors.customer_lists.rules import write_change
from shop.doors.product_lists import api
from tests.factories.customer_lists import HEADER, LIST, shopper, take, undo
from tests.factories.pricing import NOON
from tests.factories.product_lists import tick

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(settings: Any, tmp_path: Path) -> None:
    settings.STATE_FOLDER = settings.MEDIA_ROOT = tmp_path


def say(view: api.ImportView) -> list[tuple[str, bool]]:
    return api.list_sentences(view.id)


def answer(email: str, purpose: str, *, granted: bool) -> None:
    set_consent(
        shopper_id=shopper(email).pk,
        purpose=purpose,
        granted=granted,
        how="account",
        locale="en",
        text_version="account-1",
        now=tick(),
    )


def test_a_dry_run_names_every_fault_and_makes_nobody() -> None:
    view = take(LIST, apply=False)
    assert {name: view.counts[name] for name in ("read", "new", "changed", "same", "refused")} == {
        "read": 5,
        "new": 4,
        "changed": 0,
        "same": 0,
        "refused": 1,
    }
    assert say(view) == [
        (
            "customers.csv line 3: column 'phone': '12' is not a phone number; it is left out.",
            False,
        ),
        *[
            (
                (
                    f"customers.csv line 3: column '{name}': the consent is not imported: it"
                    " needs the day it was given and where, in the columns beside it."
                ),
                False,
            )
            for name in ("mail_consent", "price_consent")
        ],
        (
            (
                "customers.csv line 4: column 'mail_consent': the consent is not imported: the"
                " marketing status is 'unsubscribed'."
            ),
            False,
        ),
        (
            "customers.csv line 5: column 'email': 'dan@example' is not an e-mail address.",
            True,
        ),
    ]
    assert not Customer.objects.exists()
    assert not get_user_model().objects.exists()


def test_only_proven_consent_counts_and_no_mail_is_sent(mailoutbox: list[Any]) -> None:
    take(LIST)
    emails = ("ann@example.com", "bob@example.com", "cat@example.com", "eve@example.com")
    agreed = {
        email: [
            name
            for name in ("price", "recommendations", "marketing", "analytics")
            if getattr(shopper(email), f"consent_{name}")
        ]
        for email in emails
    }
    assert agreed == {email: ["marketing"] if email.startswith("ann") else [] for email in emails}
    ann = Customer.objects.get(number="1001")
    assert (ann.name, ann.phone, ann.country) == ("Ann Lee", "+12125552368", "US")
    record = ConsentRecord.objects.get(shopper=ann.shopper, purpose="marketing")
    assert (record.is_granted, record.how, record.given_on, record.source) == (
        True,
        "list",
        date(2024, 5, 31),
        "newsletter form",
    )
    refused = ConsentRecord.objects.get(shopper=shopper(emails[2]), purpose="marketing")
    assert (refused.is_granted, refused.how) == (False, "list")
    account = get_user_model().objects.get(email="ann@example.com")
    assert not account.has_usable_password()
    assert mailoutbox == []


def test_the_mailed_link_gives_an_imported_customer_a_password(
    client: Client, mailoutbox: list[Any]
) -> None:
    take(LIST)
    client.post(reverse("account_reset_password"), {"email": "ann@example.com"})
    (mail,) = mailoutbox
    link = next(word for word in mail.body.split() if "/password/reset/key/" in word)
    form = client.get(link, follow=True)
    given = {"password1": "correct horse battery", "password2": "correct horse battery"}
    client.post(form.request["PATH_INFO"], given)
    account = get_user_model().objects.get(email="ann@example.com")
    assert account.check_password("correct horse battery")


def test_a_customer_is_changed_only_in_what_the_row_gives() -> None:
    take(LIST)
    answer("eve@example.com", "price", granted=True)
    answer("ann@example.com", "marketing", granted=False)
    view = take(
        f"{HEADER}\n"
        "ann@example.com,,Ann Lee-Fox,,,yes,2024-06-01,shop counter,,\n"
        "eve@example.com,,,,,yes,2026-11-01,shop counter,,\n"
        "cat@example.com,1003,Cat Fox,,,,,,,\n"
    )
    assert {name: view.counts[name] for name in ("changed", "same")} == {"changed": 2, "same": 1}
    ann = Customer.objects.get(number="1001")
    assert (ann.name, ann.phone) == ("Ann Lee-Fox", "+12125552368")
    # She said no here after she had said yes there.
    assert not shopper("ann@example.com").consent_marketing
    assert [sentence for sentence, _ in say(view)] == [
        (
            "customers.csv line 2: column 'mail_consent': the consent is not imported: the"
            f" customer answered here on {NOON:%Y-%m-%d}."
        )
    ]
    eve = shopper("eve@example.com")
    assert (eve.consent_price, eve.consent_marketing) == (True, True)


def test_an_answer_given_while_a_list_is_written_wins() -> None:
    take(LIST)
    known = read_customers(["eve@example.com"])
    values = {
        "mail_consent": True,
        "mail_consent_date": "2026-11-01",
        "mail_consent_source": "till",
        "city": "Oslo",
    }
    answer("eve@example.com", "price", granted=True)
    change = write_change("eve@example.com", values)
    save_customers(changes=[change], known=known, market="us", language="en", now=NOON)
    assert Customer.objects.get(number="1005").city == "Oslo"
    assert not shopper("eve@example.com").consent_marketing


def test_staff_and_numbers_of_others_are_refused() -> None:
    get_user_model().objects.create_user("boss@example.com", is_staff=True)
    take(LIST)
    view = take(
        f"{HEADER}\nboss@example.com,,Boss,,,,,,,\nfay@example.com,1001,Fay,,,,,,,\n"
        "gus@example.com,7,,,,,,,,\ngus@example.com,8,,,,,,,,\n,9,Nobody,,,,,,,\n"
    )
    assert [sentence.removeprefix("customers.csv ") for sentence, _ in say(view)] == [
        (
            "line 2: column 'email': 'boss@example.com' belongs to a member of staff or to another"
            " account."
        ),
        "line 3: column 'number': '1001' is the number of another customer.",
        "line 5: column 'email': 'gus@example.com' is in line 4 too.",
        "line 6: column 'email': the cell is empty; every customer needs an e-mail address.",
    ]
    assert view.counts["refused"] == 4


def test_undo_forgets_who_never_came_and_gives_no_consent_back() -> None:
    first = take(LIST)
    second = take(
        f"{HEADER}\nann@example.com,,Anna,,,no,,,,\nbob@example.com,,,,,yes,2026-01-02,till,,\n"
        "cat@example.com,,Catherine,,,,,,,\n"
    )
    Customer.objects.filter(number="1003").update(name="Cathy")
    assert not shopper("ann@example.com").consent_marketing
    assert shopper("bob@example.com").consent_marketing
    view = undo(second)
    assert {name: view.counts[name] for name in ("undone", "kept")} == {"undone": 2, "kept": 1}
    assert Customer.objects.get(number="1001").name == "Ann Lee"
    assert not shopper("ann@example.com").consent_marketing
    assert not shopper("bob@example.com").consent_marketing
    get_user_model().objects.filter(email="bob@example.com").update(last_login=NOON)
    view = undo(first)
    kept = api.list_kept(view.id, kind=customers.CUSTOMERS)
    assert [(one.name, one.kept_because) for one in kept] == [
        ("bob@example.com", "'bob@example.com' signed in or ordered since"),
        ("cat@example.com", "'name' was changed since; it says 'Cathy' now"),
    ]
    left = get_user_model().objects.order_by("email").values_list("email", flat=True)
    assert list(left) == ["bob@example.com", "cat@example.com"]


def test_the_command_takes_a_list_in(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "people.csv"
    header = "Email,First Name,Last Name,Default Address Zip"
    path.write_text(f"{header}\nann@example.com,Ann,Lee,10001\n")
    call_command("import_customers", str(path))
    assert "1 rows read: 1 new customers" in capsys.readouterr().out
    customer = Customer.objects.get()
    assert (customer.name, customer.postcode) == ("Ann Lee", "10001")
