"""The columns of a list of customers, and what a row of it may change. Consent is never assumed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from profiles.accounts.api import CUSTOMER_FIELDS, Answer, CustomerChange, KnownCustomer
from shop.doors.product_lists.api import Column, Kind, ListKind, ListRow, Outcome, Value, Verdict


def _column(name: str, kind: Kind, most: int, *also: str, choices: tuple[str, ...] = ()) -> Column:
    return Column(name, kind, is_shared=False, most=most, also=also, choices=choices)


LANGUAGES = ("en", "zh-hans")
UNWANTED = ("unsubscribed", "bounced")
STATUSES = ("subscribed", *UNWANTED)
# Column of the answer -> what is asked. Its day and its source stand beside it.
NOBODY_ASKED = Answer(is_granted=False)
CONSENTS = {"mail_consent": "marketing", "price_consent": "price"}
_SHOPIFY = "default address"

COLUMNS: tuple[Column, ...] = (
    _column("email", Kind.EMAIL, 254, "e-mail", "email address", "mail", "邮箱", "电子邮箱"),
    _column("number", Kind.TEXT, 40, "customer number", "customer id", "客户编号", "会员编号"),
    _column("name", Kind.TEXT, 120, "full name", "customer", "姓名", "名字"),
    _column("first_name", Kind.TEXT, 60, "given name", "名"),
    _column("last_name", Kind.TEXT, 60, "family name", "surname", "姓"),
    _column("phone", Kind.TEXT, 32, "telephone", "mobile", f"{_SHOPIFY} phone", "电话", "手机"),
    _column(
        *("address_line1", Kind.TEXT, 120),
        *("address", "street", "address1", f"{_SHOPIFY} address1", "地址", "详细地址"),
    ),
    _column("address_line2", Kind.TEXT, 120, "address2", f"{_SHOPIFY} address2", "地址2"),
    _column("city", Kind.TEXT, 80, "town", f"{_SHOPIFY} city", "城市"),
    _column("region", Kind.TEXT, 80, "state", "province", f"{_SHOPIFY} province code", "省份"),
    _column("postcode", Kind.TEXT, 16, "zip", "postal code", f"{_SHOPIFY} zip", "邮编"),
    _column("country", Kind.TEXT, 2, "country code", f"{_SHOPIFY} country code", "国家"),
    _column("language", Kind.CHOICE, 16, "locale", "语言", choices=LANGUAGES),
    _column("market", Kind.TEXT, 16, "市场"),
    _column("mail_consent", Kind.FLAG, 0, "accepts email marketing", "newsletter", "同意邮件"),
    _column("mail_consent_date", Kind.DAY, 0, "mail consent day", "同意邮件日期"),
    _column("mail_consent_source", Kind.TEXT, 120, "mail consent from", "同意邮件来源"),
    _column("price_consent", Kind.FLAG, 0, "personal prices", "同意个性化价格"),
    _column("price_consent_date", Kind.DAY, 0, "price consent day", "同意个性化价格日期"),
    _column("price_consent_source", Kind.TEXT, 120, "price consent from", "同意个性化价格来源"),
    _column(
        *("marketing", Kind.CHOICE, 12, "marketing status", "subscription", "营销状态"),
        choices=STATUSES,
    ),
)
CUSTOMERS = ListKind("customers", COLUMNS, needed="email")


@dataclass(frozen=True, slots=True)
class Known:
    """What the shop has of the people of a batch: customers by address, numbers by owner."""

    customers: Mapping[str, KnownCustomer]
    numbers: Mapping[str, str]
    markets: Collection[str]
    today: date


def note_faults(rows: Sequence[ListRow]) -> None:
    """Note rows without an address, and addresses and numbers that stand twice."""
    for row in rows:
        if not row.values.get("email") and not row.problems:
            row.note("missing_email", "email")
    for name in ("email", "number"):
        first: dict[Value, int] = {}
        for row in rows:
            value = row.values.get(name)
            if value is None:
                continue
            other = first.setdefault(value, row.line)
            if other != row.line:
                row.note("twice", name, str(value), other=other)


def judge_customer(row: ListRow, known: Known) -> Verdict:
    """Return what a row would change of its customer."""
    email = str(row.values.get("email") or "")
    customer = known.customers.get(email)
    _note_meeting(row, email, customer, known)
    if row.problems:
        return Verdict(row, Outcome.REFUSED)
    before: dict[str, Value] = {}
    after: dict[str, Value] = {}
    for name, value in read_fields(row).items():
        has = _field(customer, name)
        if value != has:
            before[name], after[name] = has or None, value
    _compare_answers(row, customer, known.today, before, after)
    if customer is None:
        return Verdict(row, Outcome.NEW, before, after)
    return Verdict(row, Outcome.CHANGED if after else Outcome.SAME, before, after)


def _note_meeting(row: ListRow, email: str, customer: KnownCustomer | None, known: Known) -> None:
    if customer is not None and not customer.is_shopper:
        row.note("not_a_customer", "email", email)
    number = str(row.values.get("number") or "")
    owner = known.numbers.get(number)
    if owner is not None and owner != email:
        row.note("number_known", "number", number)
    market = str(row.values.get("market") or "")
    if market and market not in known.markets:
        row.note("market", "market", market, market=market, known=", ".join(sorted(known.markets)))


def read_fields(row: ListRow) -> dict[str, str]:
    """Return what a row says of the person, in the fields of a customer."""
    said = {
        name: str(row.values[name])
        for name in (*CUSTOMER_FIELDS, "market")
        if row.values.get(name) is not None
    }
    parts = [str(row.values[name]) for name in ("first_name", "last_name") if name in row.values]
    if parts and "name" not in said:
        said["name"] = " ".join(parts)
    return said


def _field(customer: KnownCustomer | None, name: str) -> str:
    if customer is None:
        return ""
    return customer.market if name == "market" else customer.fields[name]


def _compare_answers(
    row: ListRow,
    customer: KnownCustomer | None,
    today: date,
    before: dict[str, Value],
    after: dict[str, Value],
) -> None:
    """A no is taken as it is; a yes needs a day and a source, and is no older than an answer here.

    An empty cell is no for a new customer, and changes nothing for one the shop has.
    """
    for name, purpose in CONSENTS.items():
        said = row.values.get(name)
        if name == "mail_consent" and row.values.get("marketing") in UNWANTED:
            if said:
                row.warn("unwanted", name, str(row.values["marketing"]))
            said = False
        has = customer.answers.get(purpose, NOBODY_ASKED) if customer else NOBODY_ASKED
        # That a new customer said no is an answer, too: it is in the log.
        if said is None or (customer is not None and bool(said) == has.is_granted):
            continue
        if said and not _may_widen(row, name, has, today):
            continue
        before[name], after[name] = has.is_granted, bool(said)
        if said:
            for part in (f"{name}_date", f"{name}_source"):
                before[part], after[part] = None, row.values[part]


def _may_widen(row: ListRow, name: str, has: Answer, today: date) -> bool:
    day, source = row.values.get(f"{name}_date"), row.values.get(f"{name}_source")
    if not day or not source:
        row.warn("consent_unproven", name, "")
    elif date.fromisoformat(str(day)) > today:
        row.warn("consent_future", f"{name}_date", str(day))
    elif has.given_on is not None and date.fromisoformat(str(day)) <= has.given_on:
        row.warn("consent_answered", name, has.given_on.isoformat())
    else:
        return True
    return False


def write_change(email: str, values: Mapping[str, Value]) -> CustomerChange:
    """Return the values of a row, before or after, as a change of its customer."""
    answers = {}
    for name, purpose in CONSENTS.items():
        if name not in values:
            continue
        day = values.get(f"{name}_date")
        answers[purpose] = Answer(
            bool(values[name]),
            date.fromisoformat(str(day)) if day else None,
            str(values.get(f"{name}_source") or ""),
        )
    fields = {name: str(values[name] or "") for name in CUSTOMER_FIELDS if name in values}
    return CustomerChange(email, fields, str(values.get("market") or ""), answers)


def say_customer(customer: KnownCustomer) -> dict[str, Value]:
    """Return a customer as a list says one: a yes only with the day and place it was given."""
    said: dict[str, Value] = {"email": customer.email, "market": customer.market or None}
    said |= {name: value or None for name, value in customer.fields.items()}
    for name, purpose in CONSENTS.items():
        answer = customer.answers.get(purpose, NOBODY_ASKED)
        is_proven = answer.is_granted and answer.given_on is not None
        said[name] = is_proven
        if is_proven and answer.given_on:
            said[f"{name}_date"] = answer.given_on.isoformat()
            said[f"{name}_source"] = answer.source
    return said
