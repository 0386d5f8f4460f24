"""The parts of a campaign itself: for whom, where, when, how much, what for, its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from promotions.campaigns.api import CampaignView
from promotions.planning.api import BLANKS, name_market
from promotions.sentences.api import Blank, write_moment
from shop.doors.backoffice.campaigns.parts import Part, Snapshot, Write
from shop.doors.backoffice.campaigns.sentences import MOMENT, MarketContext
from shop.ground.catalog.selectors import find_place, list_markets
from shop.ground.database.naming import name_for_reader
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_units
from shop.ground.staff.region import show_time


def context_of(campaign: CampaignView, language: str, now: datetime) -> MarketContext:
    """Return whose money and clock a campaign's blanks are in."""
    place = find_place(campaign.market_code)
    return MarketContext(campaign.market_code, place.currency, place.time_zone, language, now)


def _say_choice(name: str, blank: Blank) -> Callable[[Snapshot, MarketContext], str]:
    def say(said: Snapshot, place: MarketContext) -> str:
        value = said.get(name) or blank.choices[0][0]
        return next((place.translate(text) for key, text in blank.choices if key == value), value)

    return say


def _say_window(said: Snapshot, place: MarketContext) -> str:
    starts, ends = (datetime.fromisoformat(said[name]) for name in ("starts_at", "ends_at"))
    zone = place.time_zone
    return f"{show_time(starts, zone)} – {show_time(ends, zone)}"


def _read_window(said: Snapshot, place: MarketContext) -> dict[str, Any]:
    zone = ZoneInfo(place.time_zone)
    moments = {name: datetime.fromisoformat(said[name]) for name in ("starts_at", "ends_at")}
    return {name: f"{at.astimezone(zone):{MOMENT}}" for name, at in moments.items()}


def _write_window(said: Snapshot, answers: dict[str, Any]) -> dict[str, Any]:
    return {**said, **{name: write_moment(answers[name]) for name in ("starts_at", "ends_at")}}


def _say_budget(said: Snapshot, place: MarketContext) -> str:
    budget = said.get("budget_minor")
    return _("no limit") if budget is None else show_money(budget, place.currency)


def _markets(said: Snapshot) -> tuple[Blank, ...]:
    language = get_language() or "en"
    named = tuple((one.code, name_market(one.code, language)) for one in list_markets())
    label = BLANKS["market_code"].label
    return (
        Blank(
            "market_code",
            "choice",
            label,
            choices=(("", _("every market")), *named),
            is_needed=False,
        ),
    )


def _say_market(said: Snapshot, place: MarketContext) -> str:
    code = said.get("market_code") or ""
    return name_market(code, place.language) if code else _("every market")


def _say_held(said: Snapshot, place: MarketContext) -> str:
    held = said.get("holdout_percent") or 0
    return _("%(n)s %% of shoppers") % {"n": show_units(held)} if held else _("nobody")


def _plain(*names: str) -> Callable[[Snapshot, MarketContext], dict[str, Any]]:
    return lambda said, place: {name: said.get(name) or "" for name in names}


def _put(*names: str) -> Write:
    return lambda said, answers: {**said, **{name: answers[name] or "" for name in names}}


def _blanks(*names: str) -> Callable[[Snapshot], tuple[Blank, ...]]:
    return lambda said: tuple(BLANKS[name] for name in names)


OWN_PARTS: tuple[Part, ...] = (
    Part(
        "audience",
        gettext_lazy("For whom"),
        _blanks("audience"),
        _say_choice("audience", BLANKS["audience"]),
        _plain("audience"),
        _put("audience"),
        lambda said: said.get("audience") != "personal",
    ),
    Part(
        "market",
        gettext_lazy("Market"),
        _markets,
        _say_market,
        _plain("market_code"),
        _put("market_code"),
    ),
    Part(
        "window",
        gettext_lazy("Dates"),
        _blanks("starts_at", "ends_at"),
        _say_window,
        _read_window,
        _write_window,
    ),
    Part(
        "budget",
        gettext_lazy("Budget"),
        _blanks("budget"),
        _say_budget,
        lambda said, place: {"budget": said.get("budget_minor")},
        lambda said, answers: {**said, "budget_minor": answers["budget"]},
    ),
    Part(
        "goal",
        gettext_lazy("Goal"),
        _blanks("goal"),
        _say_choice("goal", BLANKS["goal"]),
        _plain("goal"),
        _put("goal"),
    ),
    Part(
        "holdout",
        gettext_lazy("Held out to measure it"),
        _blanks("holdout_percent"),
        _say_held,
        lambda said, place: {"holdout_percent": said.get("holdout_percent") or 0},
        lambda said, answers: {**said, "holdout_percent": answers["holdout_percent"] or 0},
        lambda said: said.get("audience") != "public",
    ),
    Part(
        "name",
        gettext_lazy("Name"),
        _blanks("name", "name_zh"),
        lambda said, place: name_for_reader(said.get("name", ""), said.get("name_zh") or ""),
        _plain("name", "name_zh"),
        _put("name", "name_zh"),
    ),
)
