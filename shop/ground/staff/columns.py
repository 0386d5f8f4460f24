"""Columns and cells of staff tables: money, counts, moments, documents, links."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_timedelta
from django.contrib.admin import display
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.money import format_money
from shop.ground.staff.documents import say_document, show_document
from shop.ground.staff.numbers import EMPTY, show_percent
from shop.ground.staff.region import show_moment, staff_currency, staff_locale, staff_zone

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

type Text = str | _StrPromise
type Column = Callable[[Any], Any]
FAR = timedelta(days=30)


def show_money(minor: int | None, currency: str = "") -> str:
    """Return minor units as the reader writes money; a dash for an unknown amount.

    Without a currency they are in that of the shop's market.
    """
    if minor is None:
        return EMPTY
    return format_money(minor, currency or staff_currency(), staff_locale())


def show_minor(minor: float) -> str:
    """Return minor units that need not be whole as the reader writes money."""
    return show_money(round(minor))


def show_lines(sentences: Sequence[str]) -> SafeString | str:
    """Return sentences one below the other; a dash for none."""
    return format_html_join("", "<p>{}</p>", ((one,) for one in sentences)) if sentences else EMPTY


def money_column(field: str, title: Text, *, currency_field: str = "") -> Column:
    """Return a sortable column that shows minor units in `field` as money.

    `currency_field` is the dotted path to the row's currency; without it the shop's market's.
    """
    read_currency = attrgetter(currency_field) if currency_field else lambda row: ""

    @display(description=title, ordering=field)
    def column(row: Any) -> str:
        return show_money(getattr(row, field), read_currency(row))

    column.__name__ = f"{field}_money"
    return column


def start_column(field: str, title: Text) -> Column:
    """Return a column with the start of a hash: enough to compare by eye."""

    @display(description=title)
    def column(row: Any) -> str:
        return str(getattr(row, field))[:12]

    column.__name__ = f"{field}_start"
    return column


def age_column(field: str, title: Text) -> Column:
    """Return a sortable column that shows how long ago `field` was; the moment on hover."""

    @display(description=title, ordering=field)
    def column(row: Any) -> str | SafeString:
        return show_ago(getattr(row, field), utc_now())

    column.__name__ = f"{field}_age"
    return column


def show_ago(moment: datetime | None, now: datetime, zone: str = "") -> SafeString | str:
    """Return a moment relative to now in one unit ("3 hours ago", "in 2 days"), further away than
    FAR its day, with the moment on hover; a dash for none.
    """
    if moment is None:
        return EMPTY
    if abs(moment - now) > FAR:
        day = moment.astimezone(ZoneInfo(zone or staff_zone())).date()
        said = format_date(day, "medium", locale=staff_locale())
    else:
        said = format_timedelta(
            moment - now, threshold=1, add_direction=True, locale=staff_locale()
        )
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        show_moment(moment, zone),
        said,
    )


def percent_column(field: str, title: Text) -> Column:
    """Return a sortable column that shows a share (0..1) as a percentage."""

    @display(description=title, ordering=field)
    def column(row: Any) -> str:
        share = getattr(row, field)
        return EMPTY if share is None else show_percent(float(share))

    column.__name__ = f"{field}_percent"
    return column


def show_tag(text: Any, tone: str = "gray") -> SafeString:
    """Return a small colored label. Tones: gray, green, amber, red, blue."""
    return format_html('<span class="ft-tag ft-tag-{}">{}</span>', tone, text)


def tag_column(field: str, title: Text, tones: Mapping[Any, str]) -> Column:
    """Return a sortable column that shows the choice in `field` as a label of its tone."""

    @display(description=title, ordering=field)
    def column(row: Any) -> SafeString:
        chosen = getattr(row, field)
        named = getattr(row, f"get_{field}_display", None)
        return show_tag(named() if named else chosen, tones.get(chosen, "gray"))

    column.__name__ = f"{field}_tag"
    return column


def document_cell(field: str, title: Text) -> Column:
    """Return a read-only form field that shows the document in `field` as names and figures."""

    @display(description=title)
    def cell(row: Any) -> SafeString | str:
        return show_document(getattr(row, field), getattr(row, "currency", ""))

    cell.__name__ = f"{field}_document"
    return cell


def document_column(field: str, title: Text) -> Column:
    """Return a column that shows the beginning of the document in `field` in one line."""

    @display(description=title)
    def column(row: Any) -> str:
        return say_document(getattr(row, field))

    column.__name__ = f"{field}_line"
    return column


def show_link(url_name: str, key: Any, text: Any) -> SafeString | str:
    """Return a link to the staff page `url_name` of `key`, or plain text without a key."""
    if key is None:
        return EMPTY
    try:
        address = reverse(url_name, args=[key])
    except NoReverseMatch:
        return str(text)
    return format_html('<a class="ft-link" href="{}">{}</a>', address, text)
