"""The date bar of insights: which days, compared with which, of which market and channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shop.doors.backoffice.formats import show_day
from shop.doors.backoffice.home.sales import Period
from shop.ground.catalog.core.values import MarketValue
from shop.ground.catalog.selectors import list_markets
from shop.ground.staff.phrases import join_names
from shop.ground.staff.region import staff_currency

type Text = str | Promise

DAYS = {"today": 1, "7": 7, "28": 28}
USUAL = "28"
LONGEST = timedelta(days=730)
# Last year's days are those 52 weeks before: a Monday is compared with a Monday.
A_YEAR = 364
COMPARED: dict[str, Text] = {
    "previous": gettext_lazy("the period before"),
    "year": gettext_lazy("last year"),
    "none": gettext_lazy("nothing"),
}
CHANNELS: dict[str, Text] = {
    "": gettext_lazy("all channels"),
    "online": gettext_lazy("online"),
    "store": gettext_lazy("store"),
}


@dataclass(frozen=True, slots=True)
class MarketChoice:
    """One market, or all that sell in one currency: amounts are summed within a currency only.

    `market` is the code of one of several markets of the currency, "" for all of them.
    """

    key: str
    name: str
    currency: str
    market: str = ""


@dataclass(frozen=True, slots=True)
class InsightsQuery:
    """What a reader of insights asked for. `shift` are the days back to what is compared, None
    without comparison; `is_usual` says whether `sold_in` is what is shown unasked."""

    period: Period
    preset: str
    compare: str
    channel: str
    sold_in: MarketChoice
    is_usual: bool

    @property
    def currency(self) -> str:
        """The currency of all amounts."""
        return self.sold_in.currency

    @property
    def market(self) -> str:
        """The market that is asked for, "" for all of the currency."""
        return self.sold_in.market

    @property
    def shift(self) -> int | None:
        """How many days back the period lies that this one is compared with."""
        return {"previous": self.period.days, "year": A_YEAR}.get(self.compare)

    @property
    def fields(self) -> dict[str, str]:
        """The fields of an address that shows the same again."""
        kept = {"days": self.preset, "compare": self.compare, "channel": self.channel}
        if self.preset == "custom":
            kept |= {"from": self.period.dates[0].isoformat(), "to": self.period.last.isoformat()}
        if not self.is_usual:
            kept["market"] = self.sold_in.key
        return {name: text for name, text in kept.items() if text}

    def address(self, **changes: str) -> str:
        """Return the query of the same with some fields changed."""
        return "?" + urlencode({**self.fields, **changes})

    @property
    def orders_query(self) -> str:
        """The query that lists the orders of the period."""
        bounds = {
            "placed_at_from_0": self.period.dates[0].isoformat(),
            "placed_at_from_1": "00:00:00",
            "placed_at_to_0": self.period.last.isoformat(),
            "placed_at_to_1": "23:59:59.999999",
        }
        narrowed = {"channel": self.channel, "market": self.market}
        return urlencode(bounds | {name: text for name, text in narrowed.items() if text})


def read_asked(fields: Mapping[str, str], now: datetime) -> InsightsQuery:
    """Return what the fields of an address ask for; the usual 28 days for anything unreadable."""
    today = Period.ending(now, 1)
    preset = fields.get("days", USUAL)
    custom = _read_custom(fields, today.today) if preset == "custom" else None
    if custom is None and preset not in DAYS:
        preset = USUAL
    period = custom or Period(DAYS[preset], today.today, today.zone)
    compare, channel = fields.get("compare", "previous"), fields.get("channel", "")
    usual, sold_in = _find_choice(""), _find_choice(fields.get("market", ""))
    return InsightsQuery(
        period=period,
        preset=preset,
        compare=compare if compare in COMPARED else "previous",
        channel=channel if channel in CHANNELS else "",
        sold_in=sold_in,
        is_usual=sold_in == usual,
    )


def _read_custom(fields: Mapping[str, str], today: date) -> Period | None:
    """Return the days from one to another, None where they cannot be read or lie ahead."""
    try:
        # Whoever types the later day first means the same days.
        first, last = sorted(date.fromisoformat(fields.get(name, "")) for name in ("from", "to"))
    except ValueError:
        return None
    last = min(last, today)
    if first > last or last - first > LONGEST:
        return None
    return Period((last - first).days + 1, today, settings.BUSINESS_TIME_ZONE, last)


def list_choices() -> Iterator[MarketChoice]:
    """Yield the markets, those of one currency behind all of it."""
    sold_in: dict[str, list[MarketValue]] = {}
    for market in list_markets():
        sold_in.setdefault(market.currency, []).append(market)
    for currency, markets in sold_in.items():
        named = f"{join_names([one.name for one in markets])} ({currency})"
        if len(markets) == 1:
            yield MarketChoice(markets[0].code, named, currency)
            continue
        yield MarketChoice(currency, named, currency)
        for one in markets:
            yield MarketChoice(one.code, f"{one.name} ({currency})", currency, one.code)


def _find_choice(key: str) -> MarketChoice:
    """Return what is asked for, else all that is sold in the currency of the shop."""
    choices = list(list_choices())
    home = staff_currency()
    usual = next((one for one in choices if one.currency == home), MarketChoice("", "", home))
    return next((one for one in choices if one.key == key), usual)


def build_bar(
    asked: InsightsQuery, complete_to: date | None, *, has_sales: bool = True
) -> dict[str, Any]:
    """Return what the date bar shows: presets, the form's choices, and how far data goes. Without
    sales there is neither channel nor market nor a file."""
    names = {"today": _("Today"), "7": _("7 days"), "28": _("28 days")}
    choices = list(list_choices())
    return {
        "presets": [
            (asked.address(days=preset), name, preset == asked.preset)
            for preset, name in names.items()
        ],
        "first": asked.period.dates[0].isoformat(),
        "last": asked.period.last.isoformat(),
        "today": asked.period.today.isoformat(),
        "compared": [(key, name, key == asked.compare) for key, name in COMPARED.items()],
        "channels": [(key, name, key == asked.channel) for key, name in CHANNELS.items()]
        if has_sales
        else [],
        "markets": [(one.key, one.name, one == asked.sold_in) for one in choices]
        if has_sales and len(choices) > 1
        else [],
        "market": asked.sold_in.name if has_sales else "",
        "complete_to": "" if complete_to is None else show_day(complete_to),
        "zone": asked.period.zone,
        "csv": asked.address(format="csv") if has_sales else "",
    }
