"""The scopes in an offer's terms as rows: what a bundle is made of, what is got for a purchase."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.planning.api import BLANKS
from promotions.sentences.api import Blank
from shop.doors.backoffice.campaigns.parts import Part, Snapshot, change_offer, find_offer
from shop.doors.backoffice.campaigns.scopes import (
    LEFT_OUT_BLANK,
    PRICE_BLANKS,
    is_picked,
    read_scope,
    say_scope,
    write_scope,
)
from shop.doors.backoffice.campaigns.sentences import MarketContext
from shop.ground.kernel.translation import gettext_noop
from shop.ground.staff.numbers import show_units

type Row = Mapping[str, Any]

# As many kinds of products as a bundle may have
FEWEST_PARTS, MOST_PARTS = 2, 5
_GOODS = BLANKS["goods"]
_NEEDED = Blank("goods", "goods", _GOODS.label)
_OF_SET = (
    Blank("quantity", "count", gettext_noop("pieces"), "1"),
    _NEEDED,
    LEFT_OUT_BLANK,
    *PRICE_BLANKS,
)
_OF_GIVEN = (
    Blank("goods", "goods", gettext_noop("products that are cheaper"), "same", is_needed=False),
    LEFT_OUT_BLANK,
    *PRICE_BLANKS,
)


def list_set_parts(said: Snapshot, offer_code: str, mark: str) -> Iterator[Part]:
    """Return a part for each scope in the terms of an offer, and one that adds to a bundle."""
    offer = find_offer(said, offer_code)
    if offer["benefit_kind"] == "bundle":
        rows = _rows_of(offer)
        for at, row in enumerate(rows):
            if is_picked(row.get("scope") or {}):
                yield _make_row(offer_code, mark, at, may_go=len(rows) > FEWEST_PARTS)
        if len(rows) < MOST_PARTS:
            yield _make_row(offer_code, mark, len(rows), may_go=False)
    elif offer["benefit_kind"] == "buy_get" and is_picked(_given_of(offer)):
        yield _make_given(offer_code, mark)


def _make_row(offer_code: str, mark: str, at: int, *, may_go: bool) -> Part:
    def read(said: Snapshot, place: MarketContext) -> dict[str, Any]:
        row = _row_at(said, offer_code, at)
        return {"quantity": row.get("quantity", 1), **read_scope(row.get("scope") or {})}

    def say(said: Snapshot, place: MarketContext) -> str:
        row = _row_at(said, offer_code, at)
        if not row:
            return _("Add products to the set")
        count = show_units(row.get("quantity", 1))
        products = say_scope(row.get("scope") or {}, place)
        return _("%(count)s × %(goods)s") % {"count": count, "goods": products}

    def write(said: Snapshot, answers: dict[str, Any]) -> dict[str, Any]:
        row = _row_at(said, offer_code, at)
        scope = write_scope(row.get("scope") or {}, answers)
        changed = {**row, "scope": scope, "quantity": answers["quantity"]}
        return _put_rows(said, offer_code, lambda rows: [*rows[:at], changed, *rows[at + 1 :]])

    def remove(said: Snapshot) -> dict[str, Any]:
        return _put_rows(said, offer_code, lambda rows: [*rows[:at], *rows[at + 1 :]])

    return Part(
        f"set-{at}{mark}",
        gettext_lazy("Products of the set"),
        lambda said: _OF_SET,
        say,
        read,
        write,
        remove=remove if may_go else None,
    )


def _make_given(offer_code: str, mark: str) -> Part:
    def say(said: Snapshot, place: MarketContext) -> str:
        scope = _given_of(find_offer(said, offer_code))
        return say_scope(scope, place) if scope else _("the same products")

    def write(said: Snapshot, answers: dict[str, Any]) -> dict[str, Any]:
        offer = find_offer(said, offer_code)
        scope = write_scope(_given_of(offer), answers)
        terms = {key: value for key, value in offer["terms"].items() if key != "get_scope"}
        changed = {**terms, "get_scope": scope} if scope else terms
        return change_offer(said, offer_code, {"terms": changed})

    return Part(
        f"given{mark}",
        gettext_lazy("Products that are cheaper"),
        lambda said: _OF_GIVEN,
        say,
        lambda said, place: read_scope(_given_of(find_offer(said, offer_code))),
        write,
    )


def _rows_of(offer: Row) -> list[dict[str, Any]]:
    return list((offer.get("terms") or {}).get("parts") or ())


def _row_at(said: Snapshot, offer_code: str, at: int) -> dict[str, Any]:
    """Return a row of a bundle; an empty one for the row that is being added."""
    rows = _rows_of(find_offer(said, offer_code))
    return rows[at] if at < len(rows) else {}


def _given_of(offer: Row) -> dict[str, Any]:
    return dict((offer.get("terms") or {}).get("get_scope") or {})


def _put_rows(
    said: Snapshot,
    offer_code: str,
    change: Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]],
) -> dict[str, Any]:
    offer = find_offer(said, offer_code)
    terms = {**(offer.get("terms") or {}), "parts": change(_rows_of(offer))}
    return change_offer(said, offer_code, {"terms": terms})
