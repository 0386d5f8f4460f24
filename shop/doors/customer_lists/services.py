"""Check lists of customers, take them in, take them back, and forget their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from orders.order.api import find_last_contact
from profiles.accounts.api import (
    KnownCustomer,
    find_email,
    forget_customer,
    read_customers,
    restore_customer,
    save_customers,
)
from shop.doors.customer_lists.rules import (
    CONSENTS,
    CUSTOMERS,
    Known,
    judge_customer,
    say_customer,
    write_change,
)
from shop.doors.customer_lists.selectors import know_people, read_list
from shop.doors.product_lists.api import (
    BadList,
    Judged,
    ListedProduct,
    Outcome,
    PictureBox,
    Problem,
    ProductImport,
    ProductImportRow,
    ReadList,
    Sheet,
    Value,
    find_file,
    list_cells,
    open_sheet,
    write_sheet,
)

State = ProductImport.State
# So long an import can be undone; then its file and rows, which name people, are deleted.
KEPT = timedelta(days=30)
OPEN = (State.UPLOADED, State.CHECKING, State.CHECKED, State.APPLYING)


class CustomerLists:
    """Lists of customers: one row, one person."""

    kind = CUSTOMERS

    def __init__(self, now: datetime) -> None:
        self.today = now.date()

    def read(self, item: ProductImport) -> ReadList:
        """Return the rows of an import's file. One query. Raises BadList."""
        return read_list(item)

    def hold(self, batch: Sequence[ListedProduct]) -> None:
        """Hold nothing: customers have no prices."""

    def judge(
        self, found: ReadList, batch: Sequence[ListedProduct], box: PictureBox
    ) -> tuple[Known, Judged]:
        """Return what the shop has of the people of a batch, and what becomes of their rows."""
        known = know_people(batch, self.today)
        return known, [[judge_customer(row, known) for row in one.rows] for one in batch]

    def write(
        self,
        item: ProductImport,
        batch: Sequence[ListedProduct],
        known: Known,
        judged: Judged,
        *,
        box: PictureBox,
        now: datetime,
    ) -> None:
        """Write the customers of a batch."""
        verdicts = [verdict for verdicts in judged for verdict in verdicts]
        save_customers(
            changes=[
                write_change(str(one.row.values["email"]), one.after)
                for one in verdicts
                if one.outcome in (Outcome.NEW, Outcome.CHANGED)
            ],
            known=known.customers,
            market=item.market_id,
            language=settings.LANGUAGE_CODE,
            now=now,
        )

    def take_back(
        self, item: ProductImport, rows: Sequence[ProductImportRow], now: datetime
    ) -> list[Problem | None]:
        """Forget new customers who never came; restore the others. A consent is only taken back."""
        known = read_customers([row.email for row in rows])
        return [_take_back(row, known.get(row.email), now) for row in rows]

    def finish(self, item: ProductImport) -> None:
        """Keep of the file its refused rows alone: the others are in the shop now."""
        refused = item.rows.filter(outcome=Outcome.REFUSED).values_list("line", flat=True)
        try:
            rows = list(list_cells(item, set(refused)))
        except (BadList, OSError, ValueError):
            return
        with find_file(item.upload).open("w") as kept:
            write_sheet(Sheet(item.file_name, item.header, rows), kept)
        ProductImport.objects.filter(pk=item.pk).update(sample=[])


def _take_back(
    row: ProductImportRow, customer: KnownCustomer | None, now: datetime
) -> Problem | None:
    if customer is None:
        return Problem(row.line, "gone", "", row.email)
    said = say_customer(customer)
    changed = [
        name
        for name, value in row.after.items()
        if name not in (*CONSENTS, "first_name", "last_name")
        and not name.endswith(("_date", "_source"))
        and said.get(name) != value
    ]
    if changed:
        return Problem(row.line, "changed_since", changed[0], str(said.get(changed[0]) or ""))
    if row.outcome == Outcome.NEW:
        has_ordered = customer.shopper_id is not None and find_last_contact(
            shopper_id=customer.shopper_id
        )
        if customer.is_active or has_ordered:
            return Problem(row.line, "came_since", "", row.email)
        forget_customer(customer=customer, now=now)
        return None
    change = write_change(row.email, _leave_answers_since(row, said))
    restore_customer(customer=customer, change=change, language=settings.LANGUAGE_CODE, now=now)
    return None


def _leave_answers_since(row: ProductImportRow, said: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values before a row without the answers that its customer gave anew since."""
    values: dict[str, Value] = dict(row.before)
    for name in CONSENTS:
        proof = (f"{name}_date", f"{name}_source")
        if any(said.get(part) != row.after.get(part) for part in proof):
            values.pop(name, None)
    return values


@transaction.atomic
def erase_rows(shopper_id: int, now: datetime) -> None:
    """Delete what lists say of a shopper; a list that waits and names them is dropped."""
    email = find_email(shopper_id)
    if not email:
        return
    ProductImportRow.objects.filter(email=email).delete()
    waiting = ProductImport.objects.select_for_update().filter(kind=CUSTOMERS.code)
    for item in waiting.filter(state__in=OPEN).order_by("pk"):
        if _names(item, email):
            problem = {"line": 0, "code": "erased_since"}
            _forget(item)
            ProductImport.objects.filter(pk=item.pk).update(state=State.FAILED, problem=problem)


def _names(item: ProductImport, email: str) -> bool:
    try:
        sheet = open_sheet(item)
    except (BadList, OSError):
        return False
    return any(email in cell.casefold() for _line, cells in sheet.rows for cell in cells)


def _forget(item: ProductImport) -> None:
    find_file(item.upload).unlink(missing_ok=True)
    item.rows.all().delete()
    ProductImport.objects.filter(pk=item.pk).update(sample=[], is_forgotten=True)


def forget_lists(*, now: datetime) -> int:
    """Delete files and rows of lists that are older than the time they can be undone in."""
    old = ProductImport.objects.filter(kind=CUSTOMERS.code, created_at__lt=now - KEPT)
    forgotten = 0
    for item in old.filter(is_forgotten=False).exclude(state__in=[State.APPLYING, State.UNDOING]):
        _forget(item)
        forgotten += 1
    return forgotten
