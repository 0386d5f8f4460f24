"""Lists of customers taken in by hand, as the back office does it."""

from __future__ import annotations

from profiles.models import Shopper
from shop.doors.customer_lists import api as customers
from shop.doors.product_lists import api
from tests.factories.pricing import NOON
from tests.factories.product_lists import tick

HEADER = (
    "email,number,name,phone,country,mail_consent,mail_consent_date,mail_consent_source,"
    "price_consent,marketing"
)
LIST = f"""{HEADER}
Ann@Example.com,1001,Ann Lee,(212) 555-2368,us,yes,2024-05-31,newsletter form,,subscribed
bob@example.com,1002,Bob Ray,12,,yes,,,yes,
cat@example.com,1003,Cat Fox,,,yes,2024-05-31,shop counter,,unsubscribed
dan@example,1004,Dan Ito,,,,,,,
eve@example.com,1005,Eve Poe,,,,,,,
"""


def take(text: str, *, apply: bool = True, name: str = "customers.csv") -> api.ImportView:
    import_id = api.receive_list(
        file_name=name, content=text.encode(), kind=customers.CUSTOMERS, now=NOON
    )
    api.choose_columns(import_id=import_id, fields=find(import_id).fields, kind=customers.CUSTOMERS)
    work()
    if apply:
        api.start_applying(import_id=import_id, now=tick(), kind=customers.CUSTOMERS)
        work()
    return find(import_id)


def work() -> None:
    worker = customers.CustomerLists(NOON)
    api.work_on_imports(clock=tick, tell=lambda done, of: None, worker=worker)


def find(import_id: int) -> api.ImportView:
    view = api.find_import(import_id, kind=customers.CUSTOMERS)
    assert view is not None
    return view


def undo(view: api.ImportView) -> api.ImportView:
    api.start_undoing(import_id=view.id, by_id=None, now=tick(), kind=customers.CUSTOMERS)
    work()
    return find(view.id)


def shopper(email: str) -> Shopper:
    return Shopper.objects.get(account__email=email)
