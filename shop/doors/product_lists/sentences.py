"""Error messages of lists: file, line, column, value and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pricing.publishing.core.values import BELOW_COST, BELOW_FLOOR, FAR_FROM_PRESENT, Doubt
from shop.doors.product_lists.core.problems import Problem
from shop.ground.kernel.money import read_amount, write_amount
from shop.ground.staff.columns import show_money
from shop.ground.staff.phrases import name_value

# code -> what is said after file, line and column; %(value)s is the cell as it was written
SENTENCES: Mapping[str, Any] = {
    # one cell
    "comma": _("'%(value)s' has a comma; write the number with a point and no commas"),
    "comma_instead": _("'%(value)s' has a comma; write %(instead)s"),
    "decimals": _("'%(value)s' has too many decimals; %(currency)s has %(places)s"),
    "amount": _("'%(value)s' is not an amount; write only a number such as 12.50"),
    "not_above_zero": _("'%(value)s' is not above zero"),
    "below_zero": _("'%(value)s' is below zero"),
    "large": _("'%(value)s' is too large"),
    "whole": _("'%(value)s' is not a whole number"),
    "most": _("'%(value)s' is more than %(most)s"),
    "flag": _("'%(value)s' is neither yes nor no"),
    "rounded": _(
        "'%(value)s' was rounded by a spreadsheet; format the column as text and type the number"
        " again"
    ),
    "check_digit": _("'%(value)s' has a wrong check digit; compare it with the package"),
    "barcode": _("'%(value)s' is not a bar code number of 8, 12, 13 or 14 digits"),
    "size": _("'%(value)s' is not a size; write it as 500 g, 1.5 L or 6 ct"),
    "long": _("the text has %(length)s characters; at most %(most)s are possible"),
    "many": _("the cell names more than %(most)s; shorten it"),
    "pair": _("'%(value)s' is not written as name: value; separate several with semicolons"),
    "path_gap": _("'%(value)s' has an empty level; write it as Clothing > Shirts"),
    "path_deep": _("'%(value)s' has more than %(most)s levels"),
    "market": _("there is no market '%(market)s'; the markets are %(known)s"),
    "email": _("'%(value)s' is not an e-mail address"),
    "day": _("'%(value)s' is not a date; write it as 2026-05-31"),
    "choice": _("'%(value)s' is none of %(known)s"),
    "formula": _(
        "the cell holds a formula without a saved result; open the file, save it and upload it"
        " again"
    ),
    "picture_missing": _("no picture '%(value)s' was uploaded with the list"),
    "picture_no_picture": _("'%(value)s' is not a picture that can be shown (JPEG, PNG, WebP)"),
    "picture_too_big": _("the picture '%(value)s' is too large"),
    "picture_too_many": _("'%(value)s' is one picture too many; the product has as many as fit"),
    "picture_address": _(
        "'%(value)s' is an address; pictures are not fetched from other sites: upload the file"
    ),
    "below_cost": _("'%(value)s' is below the cost of %(cost)s"),
    "below_floor": _("'%(value)s' is below %(floor)s, the floor that keeps the minimum margin"),
    "far_from_present": _(
        "'%(value)s' differs by more than half from the present price of %(present)s"
    ),
    # one row
    "missing": _("the cell is empty; a new product needs it"),
    "no_sku": _("the row has no SKU"),
    "extra_cells": _(
        "the row has %(cells)s cells, the header has %(columns)s; put text that has the separator"
        " in it between quotes"
    ),
    "twice": _("'%(value)s' is in line %(other)s too"),
    "contradicts": _(
        "'%(value)s' contradicts line %(other)s of the same product, which says '%(said)s'"
    ),
    "no_options": _("'%(value)s' has several variants; this one does not say its options"),
    "options_twice": _("the options %(value)s are in line %(other)s too"),
    "option_unnamed": _("'%(value)s' has no name; fill in the column %(named)s"),
    "elsewhere": _("'%(value)s' belongs to the product '%(other)s'"),
    "options_known": _("the options %(value)s belong to the variant %(other)s"),
    "barcode_known": _("'%(value)s' belongs to the variant %(other)s"),
    "reserved": _("%(reserved)s pieces are reserved for orders; count at least these"),
    # a customer
    "missing_email": _("the cell is empty; every customer needs an e-mail address"),
    "not_a_customer": _("'%(value)s' belongs to a member of staff or to another account"),
    "number_known": _("'%(value)s' is the number of another customer"),
    "phone": _("'%(value)s' is not a phone number; it is left out"),
    "country": _("'%(value)s' is not a country; write two letters such as DE. It is left out"),
    "consent_unproven": _(
        "the consent is not imported: it needs the day it was given and where, in the columns "
        "beside it"
    ),
    "consent_future": _("the consent is not imported: '%(value)s' is in the future"),
    "consent_answered": _("the consent is not imported: the customer answered here on %(value)s"),
    "unwanted": _("the consent is not imported: the marketing status is '%(value)s'"),
    "stock_known": _("the variant is known; receive or count its stock instead"),
    # a past order
    "missing_cell": _("the cell is empty; every line of an order needs it"),
    "sku_unknown": _("there is no variant '%(value)s' in the shop; import products first"),
    "customer_unknown": _("there is no customer '%(value)s' in the shop; import customers first"),
    "day_not_over": _("'%(value)s' is not over yet; past orders are of days before today"),
    "order_broken": _(
        "the order '%(value)s' is left out, because its line %(other)s is refused; correct that "
        "and import the file again"
    ),
    "order_without": _(
        "the order '%(value)s' is in the shop without this row; an order that is in is not changed"
    ),
    # the whole file
    "empty": _("the file is empty"),
    "no_rows": _("the file has a header and no rows"),
    "not_text": _("this is neither a CSV file nor an Excel file (.xlsx)"),
    "old_excel": _("this is an Excel file of before 2007 (.xls); save it as .xlsx"),
    "not_workbook": _("this Excel file is damaged; open it and save it again"),
    "zip_as_list": _("this is a zip file; upload the list itself, and beside it a zip of pictures"),
    "encoding": _("the encoding cannot be recognized; save the file as CSV UTF-8"),
    "quotes": _("the quotes are not closed; a quote inside quoted text is written twice"),
    "rows": _("the file has more than %(most)s rows; split it"),
    "columns": _("the file has more than %(most)s columns"),
    "cell": _("a cell has more than %(most)s characters"),
    "file_size": _("the file is larger than %(most)s MB"),
    "not_zip": _("this is not a zip file"),
    "members": _("the zip file holds more than %(most)s files"),
    "locked": _("the zip file is protected by a password"),
    "unpacked": _("the zip file becomes too large when it is unpacked"),
    "broken_member": _("'%(value)s' in the zip file is damaged"),
    "large_member": _("'%(value)s' in the zip file is larger than %(most)s MB"),
    "too_heavy": _(
        "reading the file takes more memory or time than a list may; leave out what is not"
        " part of the list, or save it as CSV"
    ),
    "entities": _("the Excel file declares its own entities; it is not read"),
    "lost": _("the file is no longer there; upload it again"),
    "column_twice": _("two columns are chosen for %(names)s"),
    "all_or_none": _(
        "%(refused)s rows are refused, and the list is to be imported whole or not at all"
    ),
    "moved_on": _("this import has changed; reload its page"),
    "forgotten": _("its file and rows were deleted; upload the file again"),
    "erased_since": _(
        "a customer it names was erased since; take them out of the file and upload it again"
    ),
    "price_since": _("its price changed since this was checked; it was left as it is"),
    # undoing
    "sold_since": _("'%(value)s' was ordered since; archive it by hand if it is not to be sold"),
    "came_since": _("'%(value)s' signed in or ordered since"),
    "gone": _("'%(value)s' is no longer in the shop"),
    "changed_since": _("'%(column)s' was changed since; it says '%(value)s' now"),
    "no_column": _("no column is chosen for %(names)s"),
}


# What marks the row of a doubtful price.
MARKS: Mapping[str, Any] = {
    BELOW_COST: _("below the cost of %(cost)s"),
    BELOW_FLOOR: _("below the floor of %(floor)s"),
    FAR_FROM_PRESENT: _("changes by %(percent)+d %%"),
}
LESS = _("%(mark)s, %(percent)s %% less than now")
MORE = _("%(mark)s, %(percent)s %% more than now")


def say_marks(problems: Iterable[Problem]) -> list[str]:
    """Return the short words that mark the doubtful prices among problems."""
    return [_say_mark(one.code, one.detail) for one in problems if one.code in MARKS]


def _say_mark(code: str, detail: Mapping[str, Any]) -> str:
    currency = detail.get("currency")  # rows of before it was kept have none
    amounts = {
        name: show_money(int(read_amount(detail[name], currency)), currency)
        for name in ("cost", "floor")
        if currency and name in detail
    }
    said = str(MARKS[code] % {**detail, **amounts})
    percent = detail.get("percent", 0)
    if code == FAR_FROM_PRESENT or not percent:
        return said
    return str((LESS if percent < 0 else MORE) % {"mark": said, "percent": abs(percent)})


def tell_doubt(doubt: Doubt, currency: str) -> dict[str, Any]:
    """Return the amounts that speak against a new price, as its mark and its sentence need them."""
    new = doubt.price
    amounts = {"cost": new.cost_minor, "floor": doubt.floor_minor, "present": new.present_minor}
    known = {word: amount for word, amount in amounts.items() if amount is not None}
    has = new.present_minor
    return {
        **{word: write_amount(amount, currency) for word, amount in known.items()},
        "currency": currency,
        "percent": round(100 * (new.price_minor - has) / has) if has else 0,
    }


def say_doubt(doubt: Doubt, currency: str) -> str:
    """Return a doubtful price with what speaks against it."""
    new = doubt.price
    mark = _say_mark(doubt.code, tell_doubt(doubt, currency))
    return name_value(f"{new.sku} {show_money(new.price_minor, currency)}", mark)


def say_stale() -> str:
    """Return why a checked list is not taken over before it is checked again."""
    return gettext("Prices changed since this was checked. Check it again.")


def say_reason(problem: Problem) -> str:
    """Return a problem without the place it is at."""
    code = problem.code
    if code == "comma" and problem.detail.get("instead"):
        code = "comma_instead"
    given: dict[str, Any] = {**problem.detail, "value": _shorten(problem.value)}
    given["column"] = problem.column
    return str(SENTENCES[code] % given)


def say_problem(problem: Problem, file_name: str) -> str:
    """Return a problem as one sentence: file, line, column, value, what to do."""
    given = {
        "file": file_name,
        "line": problem.line,
        "column": problem.column,
        "reason": say_reason(problem),
    }
    if problem.column:
        return gettext("%(file)s line %(line)s: column '%(column)s': %(reason)s.") % given
    if problem.line:
        return gettext("%(file)s line %(line)s: %(reason)s.") % given
    return gettext("%(file)s: %(reason)s.") % given


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"
