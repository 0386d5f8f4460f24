"""Codes and coupons: codes as drawn and read from files, discounts, verified groups."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from promotions.engine.api import MAX_CODE_LENGTH, AppliedOffer, Evaluation, normalize_code
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop

# Commas, semicolons, tabs or bars between columns, as spreadsheets of different countries write
# them; names of columns in any case; or a bare list without a header.

COLUMNS = ("code", "max_redemptions", "per_shopper_limit")
NAMES = {
    "code": "code codes coupon couponcode vouchercode voucher promocode promotioncode discountcode"
    " 优惠码 优惠券码 券码 兑换码 代码",
    "max_redemptions": "maxredemptions maxuses uses usagelimit uselimit 使用次数 可用次数",
    "per_shopper_limit": "pershopperlimit percustomer usespercustomer pershopper perperson"
    " 每人次数 每人限用",
}
DELIMITERS = ",;\t|"
SHORTEST = 4
MAX_ROWS = 1_000_000
SAMPLE = re.compile(r"[\w#-]+", re.ASCII)
# A number so long that a spreadsheet rounded it: the code itself is gone
ROUNDED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
AS_TEXT = re.compile(r'="?(.*?)"?$')


class BadCodeFile(FairtagError):
    """The file cannot be read as codes at all: `detail["reason"]` says why."""

    code = "bad_code_file"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written: what stands between columns, and what each column is ("": nothing).

    `names` are the names of the columns nobody reads; without a header there are none.
    """

    delimiter: str
    columns: tuple[str, ...]
    has_header: bool = True
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A row as read: `reason` is empty for a good one. `uses` None: as often as one likes."""

    line: int
    text: str
    code: str = ""
    uses: int | None = None
    per_shopper: int | None = None
    reason: str = ""


def read_code_rows(lines: Iterable[str], *, uses: int | None = None) -> Iterator[CodeRow]:
    """Yield the rows of a file; blank lines are passed over, numbers are those of the file.

    `uses` is how often a code may be used where the file does not say. Raises BadCodeFile.

    >>> for row in read_code_rows(["\\ufeffCode;Notes", "acme-0001;x", "", " ;y"], uses=1):
    ...     print(row.line, repr(row.code), row.uses, repr(row.reason))
    2 'ACME-0001' 1 ''
    4 '' None 'no_code'
    """
    rest, layout, first = _open(lines)
    reader = csv.reader(rest, delimiter=layout.delimiter)
    try:
        for count, values in enumerate(reader):
            if count >= MAX_ROWS:
                told = f"A file has at most {MAX_ROWS:,} codes."
                raise BadCodeFile(told, reason="too_many", most=f"{MAX_ROWS:,}")
            if any(value.strip() for value in values):
                fields = dict(zip(layout.columns, values, strict=False))
                yield _read_row(first + reader.line_num - 1, ",".join(values), fields, uses)
    except csv.Error as problem:
        line = first + reader.line_num - 1
        told = f"Line {line} cannot be read: is this a CSV file?"
        raise BadCodeFile(told, reason="bad_line", line=line) from problem


def find_layout(lines: Iterable[str]) -> Layout:
    """Return how the file is written, from its first lines. Raises BadCodeFile.

    >>> found = find_layout(["Voucher Code;Value;Uses"])
    >>> found.delimiter, found.columns, found.names
    (';', ('code', '', 'max_redemptions'), ('Value',))
    """
    return _open(lines)[1]


def _open(lines: Iterable[str]) -> tuple[Iterable[str], Layout, int]:
    """Return the rows after the header, the layout, and the number of the first of them."""
    told = ""
    found = iter(lines)
    for number, line in enumerate(found, start=1):
        text = line.lstrip("\ufeff").strip("\r\n")
        if text.lower().startswith("sep=") and len(text) == 5:  # how Excel says its delimiter
            told = text[4]
        elif text.strip():
            layout = _lay_out(text, told)
            rest = found if layout.has_header else chain([text], found)
            return rest, layout, number + layout.has_header
    raise BadCodeFile(gettext_noop("The file is empty."), reason="empty")


def _lay_out(text: str, told: str) -> Layout:
    for delimiter in told or DELIMITERS:
        names = next(csv.reader([text], delimiter=delimiter))
        columns = tuple(map(_column_of, names))
        if columns.count("code") == 1:
            unread = [name.strip() for name, known in zip(names, columns, strict=True) if not known]
            return Layout(delimiter, columns, names=tuple(filter(None, unread)))
    bare = text.strip().strip('"')
    # A bare list begins with a code: letters with digits; a lone word would be an unknown header
    if SAMPLE.fullmatch(bare) and len(bare) >= SHORTEST and re.search(r"\d", bare):
        return Layout(told or ",", ("code",), has_header=False)
    raise BadCodeFile(
        f"No column is named “code”: the first line must name the columns {', '.join(COLUMNS)}"
        " (the first is enough), or be a code itself.",
        reason="no_column",
        columns=", ".join(COLUMNS),
    )


def _column_of(name: str) -> str:
    plain = re.sub(r"[\W_]+", "", name.lower())
    return next((column for column, known in NAMES.items() if plain in known.split()), "")


def _read_row(line: int, text: str, fields: dict[str, str], uses: int | None) -> CodeRow:
    typed = fields.get("code", "").strip()
    if typed.startswith("="):  # how a spreadsheet is told to keep zeros in front
        typed = AS_TEXT.sub(r"\1", typed)
    typed = "".join(typed.split())
    if not typed:
        return CodeRow(line, text, reason="no_code")
    if reason := _why_no_code(typed):
        return CodeRow(line, text, reason=reason)
    numbers = [fields.get(name, "").strip() for name in COLUMNS[1:]]
    if not all(number == "" or (number.isascii() and number.isdigit()) for number in numbers):
        return CodeRow(line, text, reason="bad_number")
    most, per_shopper = (int(number) if number else None for number in numbers)
    if 0 in (most, per_shopper) or (most or 0) >= 2**31 or (per_shopper or 0) >= 2**15:
        return CodeRow(line, text, reason="bad_number")
    most = uses if most is None else most
    return CodeRow(line, text, normalize_code(typed), most, per_shopper)


def _why_no_code(typed: str) -> str:
    if len(typed) > MAX_CODE_LENGTH:
        return "code_too_long"
    if len(typed) < SHORTEST:
        return "code_too_short"
    if ROUNDED.fullmatch(typed):
        return "code_rounded"
    return "unreadable" if "\ufffd" in typed or not typed.isprintable() else ""


MAX_CODES = 10
PLACE = "#"
# No 0 O 1 I L: what people confuse is never in a code that was made
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
# A guess hits a code of the batch at most once in so many tries
MIN_TRIES = 1_000_000
MAX_AMOUNT = 5_000_000
_PATTERN = re.compile(r"[A-Z0-9#-]+")


class WeakPattern(FairtagError):
    """Codes of this pattern could be guessed, or not stored."""

    code = "weak_pattern"


def check_pattern(pattern: str, amount: int) -> None:
    """Refuse a pattern that cannot hold `amount` unguessable codes. Raises WeakPattern.

    The space is len(ALPHABET) ** places; it must be MIN_TRIES times the amount, so that a random
    code of this pattern exists with a chance of at most one in MIN_TRIES.

    >>> check_pattern("SPRING-####-####-##", 1_000_000)
    >>> check_pattern("SPRING-####", 100)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ...
    WeakPattern: 100 codes need at least 6 places (#), this pattern has 4.
    """
    if not 0 < amount <= MAX_AMOUNT:
        raise WeakPattern(f"A batch has 1 to {MAX_AMOUNT:,} codes.")
    if len(pattern) > MAX_CODE_LENGTH or not _PATTERN.fullmatch(pattern):
        raise WeakPattern(
            f"A pattern has letters, digits, hyphens and {PLACE}, at most {MAX_CODE_LENGTH} signs."
        )
    places, needed = pattern.count(PLACE), 1
    while len(ALPHABET) ** needed < amount * MIN_TRIES:
        needed += 1
    if places < needed:
        raise WeakPattern(
            f"{amount:,} codes need at least {needed} places ({PLACE}), this pattern has {places}.",
            needed=needed,
        )


def draw_codes(pattern: str, count: int, draw: Callable[[int], bytes]) -> list[str]:
    """Return `count` codes of `pattern`, each place drawn uniformly; two may be equal.

    `draw(n)` returns n random bytes fit for secrets. Bytes past the last multiple of the
    alphabet's size are thrown away: with them the first letters would come more often.

    >>> draw_codes("A-##", 2, lambda n: bytes(range(n)))
    ['A-23', 'A-45']
    """
    template = np.frombuffer(pattern.encode("ascii"), dtype=np.uint8)
    where = np.flatnonzero(template == ord(PLACE))
    letters = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
    drawn = _uniform(count * len(where), draw)
    codes: NDArray[np.uint8] = np.tile(template, (count, 1))
    codes[:, where] = letters[drawn].reshape(count, len(where))
    return [str(code) for code in codes.view(f"S{len(template)}").ravel().astype(str)]


def code_space(code: str) -> str:
    """Return what the code looks like: the letters before its first hyphen, and its length.

    Guesses are counted by it: who tries codes of one batch meets the limit of that batch, and
    shoppers with other codes do not.

    >>> code_space("SPRING-AB2C-9XYZ"), code_space("WELCOME5")
    ('SPRING-:16', ':8')
    """
    head, hyphen, _ = code.partition("-")
    return f"{head + hyphen if hyphen else ''}:{len(code)}"


def _uniform(count: int, draw: Callable[[int], bytes]) -> NDArray[np.uint8]:
    size = len(ALPHABET)
    fair = 256 // size * size
    found: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
    while len(found) < count:
        missing = count - len(found)
        more = np.frombuffer(draw(missing + missing // 16), dtype=np.uint8)
        found = np.concatenate([found, more[more < fair] % size])
    return found[:count]


@dataclass(frozen=True, slots=True)
class DiscountBreakdown:
    """The parts of what an offer gave, minor units: they sum to what counts against budgets.

    `gift_cost_minor` is what the shop pays for the pieces given away, no part of the sum.
    """

    goods_minor: int = 0
    gift_minor: int = 0
    delivery_minor: int = 0
    gift_cost_minor: int = 0


def break_down_discount(
    found: Evaluation,
    offer: AppliedOffer,
    *,
    costs: Mapping[int, int],
    assumed_cost_share: float,
) -> DiscountBreakdown:
    """Return the parts of what `offer` gave in `found`.

    `costs` are minor units by variant; one that is not known is assumed to cost
    `assumed_cost_share` of its price. delivery = amount - off the products - worth of the gift.

    >>> from promotions.engine.core.answers import AwardedGift
    >>> gift = AwardedGift(7, 1, 12, 2, 300, "offer_gift", "Free rye")
    >>> found = Evaluation((), (AppliedOffer(7, 1, 600, "Free rye"),), (), (), {}, gifts=(gift,))
    >>> break_down_discount(found, found.applied[0], costs={12: 110}, assumed_cost_share=0.7)
    DiscountBreakdown(goods_minor=0, gift_minor=600, delivery_minor=0, gift_cost_minor=220)
    """
    products = -sum(one.amount_minor for one in found.adjustments if one.offer_id == offer.offer_id)
    gifts = [one for one in found.gifts if one.offer_id == offer.offer_id]
    worth = sum(one.value_minor for one in gifts)
    cost = sum(
        one.quantity * costs.get(one.variant_id, round(assumed_cost_share * one.unit_minor))
        for one in gifts
    )
    return DiscountBreakdown(products, worth, offer.amount_minor - products - worth, cost)


def share_of_units(total: int, quantity: int, *, before: int, more: int) -> int:
    """Return the part of `total` that `more` of `quantity` units carry after `before` went back.

    The first `total % quantity` units carry one more, as with money: whatever the order of
    returns, the parts sum to `total`.

    >>> [share_of_units(10, 3, before=n, more=1) for n in range(3)]
    [4, 3, 3]
    """
    each, dearer = divmod(total, quantity)
    return each * more + min(dearer, before + more) - min(dearer, before)


MAX_DOCUMENT_BYTES = 5 * 1024 * 1024
CODE_PATTERN = "####-####-####"
_SIGNATURES = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}


class ClaimRefused(FairtagError):
    """The proof cannot be taken: `code` says why."""

    code = "claim_refused"


@dataclass(frozen=True, slots=True)
class MyGroup:
    """A group, its ways of proof, and where one shopper stands: "", pending, accepted, refused."""

    code: str
    name: str
    takes_documents: bool
    takes_codes: bool
    mail_domains: tuple[str, ...]
    state: str = ""
    valid_until: datetime | None = None
    reason: str = ""


def find_document_type(content: bytes) -> str:
    """Return the media type by what the file begins with, never by its name. Raises ClaimRefused.

    >>> find_document_type(b"%PDF-1.7 ...")
    'application/pdf'
    """
    if len(content) > MAX_DOCUMENT_BYTES:
        raise ClaimRefused(gettext_noop("The file is larger than 5 MB."), code="document_too_large")
    for start, media_type in _SIGNATURES.items():
        if content.startswith(start):
            return media_type
    raise ClaimRefused(gettext_noop("Send a PDF, JPEG or PNG file."), code="document_type")


def digest_code(code: str) -> str:
    """Return what is kept of a verification code: whoever reads the table cannot use it.

    >>> digest_code("ab2c-9xyz") == digest_code(" AB2C-9XYZ ")
    True
    """
    return hashlib.blake2b(normalize_code(code).encode(), digest_size=24).hexdigest()


def find_domain(address: str, domains: tuple[str, ...]) -> bool:
    """Return whether an address is at one of `domains` or below one.

    >>> [find_domain(a, ("uni.example",)) for a in ("a@cs.uni.example", "a@myuni.example")]
    [True, False]
    """
    host = address.rpartition("@")[2].lower()
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
