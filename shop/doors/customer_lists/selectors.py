"""Read lists of customers, and the customers of the shop as a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from orders.terms.api import check_phone, read_country
from orders.values import Contact
from profiles.accounts.api import find_email, list_customers, map_numbers, read_customers
from shop.doors.customer_lists.rules import COLUMNS, CUSTOMERS, Known, note_faults, say_customer
from shop.doors.product_lists.api import (
    Currencies,
    ListedProduct,
    ListRow,
    ProductImport,
    ProductImportRow,
    ReadList,
    open_sheet,
    read_rows,
    write_cell,
)
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.markets import list_currencies
from shop.ground.staff.roles import mask_email, mask_text

BATCH = 500
PLAIN = ("market", "language", "mail_consent", "price_consent", "marketing")
PLAIN_DAYS = ("mail_consent_date", "price_consent_date")


def read_list(item: ProductImport) -> ReadList:
    """Return the rows of an import's file, each a group of its own. One query. Raises BadList."""
    rows = read_rows(open_sheet(item), item.fields, Currencies("", {"": ""}), CUSTOMERS)
    country = get_market(item.market_id).country
    for row in rows:
        _settle_place(row, country)
    note_faults(rows)
    named = [row for row in rows if row.values.get("email")]
    groups = [ListedProduct(str(row.values["email"]), [row]) for row in named]
    return ReadList(rows, groups, [row for row in rows if not row.values.get("email")])


def _settle_place(row: ListRow, country: str) -> None:
    """Write country and phone as the shop keeps them; leave out what is none, and say so."""
    given = str(row.values.get("country") or "").upper()
    if given and read_country(given) is None:
        row.warn("country", "country", given)
        row.values["country"] = None
    elif given:
        row.values["country"] = given
    if row.values.get("phone"):
        contact = Contact(email="", name="", phone=str(row.values["phone"]))
        checked, faults = check_phone(contact, given or country)
        if faults:
            row.warn("phone", "phone", contact.phone)
        row.values["phone"] = None if faults else checked.phone


def know_people(batch: Sequence[ListedProduct], today: date) -> Known:
    """Return what the shop has of the people of a batch. Five queries."""
    numbers = {str(one.rows[0].values["number"]) for one in batch if _has_number(one)}
    return Known(
        read_customers([one.handle for one in batch]),
        map_numbers(numbers),
        list_currencies().keys(),
        today,
    )


def _has_number(one: ListedProduct) -> bool:
    return bool(one.rows[0].values.get("number"))


def export_rows(*, is_masked: bool) -> Iterator[list[str]]:
    """Yield the header and one row a customer, as an import takes them; staff are no customers.

    Some hundred are in memory at a time. Masked, a row says who agreed to what, not who it is.
    """
    columns = [column for column in COLUMNS if column.name not in ("first_name", "last_name")]
    yield [column.name for column in columns]
    after = 0
    while found := list_customers(after=after, limit=BATCH):
        after = found[-1].account_id
        for customer in found:
            said = say_customer(customer)
            cells = {one.name: write_cell(said.get(one.name), one, "") for one in columns}
            yield [_mask(name, text) if is_masked else text for name, text in cells.items()]


def _mask(name: str, text: str) -> str:
    if name in PLAIN or name in PLAIN_DAYS:
        return text
    return mask_email(text) if name == "email" else mask_text(text)


def export_shopper(shopper_id: int) -> dict[str, object]:
    """Return the rows of lists that are about a shopper, as JSON values. Two queries."""
    email = find_email(shopper_id)
    rows = (
        ProductImportRow.objects.filter(email=email) if email else ProductImportRow.objects.none()
    )
    return {
        "rows": [
            {
                "at": row.product_import.created_at.isoformat(),
                "before": row.before,
                "after": row.after,
                "state": row.state,
            }
            for row in rows.select_related("product_import").order_by("pk")
        ]
    }
