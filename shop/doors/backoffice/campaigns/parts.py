"""The parts of a campaign's sentence, each changed for itself: benefit, products, dates, budget."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.campaigns.api import OFFERS, CampaignView
from promotions.planning.api import BLANKS
from promotions.sentences.api import Blank, write_moment, write_percent
from shop.doors.backoffice.campaigns.product_picker import describe_chosen, list_tokens
from shop.doors.backoffice.campaigns.sentences import MOMENT, MarketContext, make_form
from shop.ground.catalog.selectors import find_place, list_markets
from shop.ground.kernel.translation import gettext_noop, translate
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_units
from shop.ground.staff.region import show_time

type Snapshot = Mapping[str, Any]
# Scopes with more than picks are shown, and changed under "All fields"
PICKED = frozenset({"categories", "brands", "variants", "except_categories", "except_variants"})
MOST_SAID = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the sentence: what it says now, the blanks that change it, and how.

    `read` gives what stands in the blanks, `write` the snapshot with the answers in it; `fits`
    says whether the campaign has the part.
    """

    code: str
    title: Promise
    blanks: Callable[[Snapshot], tuple[Blank, ...]]
    say: Callable[[Snapshot, MarketContext], str]
    read: Callable[[Snapshot, MarketContext], dict[str, Any]]
    write: Callable[[Snapshot, dict[str, Any]], dict[str, Any]]
    fits: Callable[[Snapshot], bool] = lambda said: True


@dataclass(slots=True)
class ShownPart:
    """A part as the page has it: its words, and the form behind them."""

    part: Part
    words: str
    form: forms.Form
    is_open: bool = False


def context_of(campaign: CampaignView, language: str, now: datetime) -> MarketContext:
    """Return whose money and clock a campaign's blanks are in."""
    place = find_place(campaign.market_code)
    return MarketContext(campaign.market_code, place.currency, place.time_zone, language, now)


def show_parts(
    said: Snapshot, place: MarketContext, *, opened: str = "", data: Any = None
) -> list[ShownPart]:
    """Return the parts a snapshot has; `data` is what was posted for the opened one."""
    return [
        ShownPart(
            part,
            part.say(said, place),
            open_part(part, said, place, data if part.code == opened else None),
            is_open=part.code == opened,
        )
        for part in PARTS
        if part.fits(said)
    ]


def open_part(part: Part, said: Snapshot, place: MarketContext, data: Any = None) -> forms.Form:
    """Return the form of a part with what stands there now, or what was posted."""
    made = make_form(part.blanks(said), place)
    return made(data, initial=part.read(said, place), auto_id=f"id_{part.code}_%s")


def find_part(code: str, said: Snapshot) -> Part | None:
    """Return the part of a code, if the campaign has it."""
    return next((one for one in PARTS if one.code == code and one.fits(said)), None)


def one_offer(said: Snapshot) -> dict[str, Any] | None:
    """Return the one active offer of a snapshot; None where there are several or none."""
    active = [offer for offer in said[OFFERS] if offer.get("is_active", True)]
    return active[0] if len(active) == 1 else None


def change_offer(said: Snapshot, **fields: Any) -> dict[str, Any]:
    """Return the snapshot with fields of its one offer changed."""
    own = one_offer(said)
    offers = [{**offer, **(fields if offer is own else {})} for offer in said[OFFERS]]
    return {**said, OFFERS: offers}


def _has_benefit(said: Snapshot) -> bool:
    offer = one_offer(said)
    return offer is not None and (
        offer.get("percent") is not None or offer.get("amount_minor") is not None
    )


def _is_share(said: Snapshot) -> bool:
    return (one_offer(said) or {}).get("percent") is not None


def _say_benefit(said: Snapshot, place: MarketContext) -> str:
    offer = one_offer(said) or {}
    if _is_share(said):
        return _("%(percent)s %% off") % {"percent": show_units(float(offer["percent"]))}
    return _("%(amount)s off") % {"amount": show_money(offer["amount_minor"], place.currency)}


def _write_benefit(said: Snapshot, answers: dict[str, Any]) -> dict[str, Any]:
    if _is_share(said):
        return change_offer(said, percent=write_percent(answers["percent"]))
    return change_offer(said, amount_minor=answers["amount"])


def _read_benefit(said: Snapshot, place: MarketContext) -> dict[str, Any]:
    offer = one_offer(said) or {}
    return {"percent": offer.get("percent"), "amount": offer.get("amount_minor")}


def _is_picked(said: Snapshot) -> bool:
    offer = one_offer(said)
    return offer is not None and PICKED.issuperset(offer.get("scope") or {})


def _say_goods(said: Snapshot, place: MarketContext) -> str:
    tokens = list_tokens((one_offer(said) or {}).get("scope") or {})
    if not tokens:
        return _("all products")
    picks = describe_chosen(tokens.split(","), place.language)["chosen"]
    names = ", ".join(one.name for one in picks[:MOST_SAID])
    more = len(picks) - MOST_SAID
    return _("%(names)s and %(n)d more") % {"names": names, "n": more} if more > 0 else names


def _write_goods(said: Snapshot, answers: dict[str, Any]) -> dict[str, Any]:
    """Put the picks into the scope; what was left out by name stays left out."""
    scope = (one_offer(said) or {}).get("scope") or {}
    kept = {key: value for key, value in scope.items() if key.startswith("except_")}
    return change_offer(said, scope={**kept, **(answers["goods"] or {})})


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
    named = tuple((one.code, one.name) for one in list_markets())
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
    return next((one.name for one in list_markets() if one.code == code), code) or _("every market")


def _say_limits(said: Snapshot, place: MarketContext) -> str:
    offer = one_offer(said) or {}
    texts = [
        (offer.get("max_line_units"), _("%(n)s pieces of each product")),
        (offer.get("max_order_units"), _("%(n)s pieces of an order")),
    ]
    named = [text % {"n": show_units(value)} for value, text in texts if value]
    held = said.get("holdout_percent") or 0
    if held:
        named.append(_("%(n)s %% held out to measure it") % {"n": show_units(held)})
    return ", ".join(named) or _("no limits")


LIMITS = ("max_line_units", "max_order_units")


def _read_limits(said: Snapshot, place: MarketContext) -> dict[str, Any]:
    offer = one_offer(said) or {}
    return {name: offer.get(name) for name in LIMITS} | {
        "holdout_percent": said.get("holdout_percent") or 0
    }


def _write_limits(said: Snapshot, answers: dict[str, Any]) -> dict[str, Any]:
    changed = change_offer(said, **{name: answers[name] for name in LIMITS})
    return {**changed, "holdout_percent": answers["holdout_percent"] or 0}


def _plain(*names: str) -> Callable[[Snapshot, MarketContext], dict[str, Any]]:
    return lambda said, place: {name: said.get(name) or "" for name in names}


def _put(*names: str) -> Callable[[Snapshot, dict[str, Any]], dict[str, Any]]:
    return lambda said, answers: {**said, **{name: answers[name] or "" for name in names}}


def _blanks(*names: str) -> Callable[[Snapshot], tuple[Blank, ...]]:
    return lambda said: tuple(BLANKS[name] for name in names)


PARTS: tuple[Part, ...] = (
    Part(
        "benefit",
        gettext_lazy("Discount"),
        lambda said: (BLANKS["percent" if _is_share(said) else "amount"],),
        _say_benefit,
        _read_benefit,
        _write_benefit,
        _has_benefit,
    ),
    Part(
        "goods",
        gettext_lazy("Products"),
        _blanks("goods"),
        _say_goods,
        lambda said, place: {"goods": list_tokens((one_offer(said) or {}).get("scope") or {})},
        _write_goods,
        _is_picked,
    ),
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
        "limits",
        gettext_lazy("Limits"),
        _blanks(*LIMITS, "holdout_percent"),
        _say_limits,
        _read_limits,
        _write_limits,
        lambda said: one_offer(said) is not None,
    ),
    Part(
        "name",
        gettext_lazy("Name"),
        _blanks("name", "name_zh"),
        lambda said, place: str(said.get("name", "")),
        _plain("name", "name_zh"),
        _put("name", "name_zh"),
    ),
)


# The parts in the order of a sentence; the others stand behind it
SENTENCE = gettext_noop("{benefit} {goods} for {audience} in {market}, {window}, at most {budget}.")
BESIDE = gettext_noop("Goal: {goal}. Limits: {limits}. Name: {name}.")
# What stands there in a campaign of several offers, or one for chosen shoppers
ELSE: Mapping[str, str] = {
    "benefit": gettext_noop("several offers"),
    "goods": gettext_noop("on their own products"),
    "audience": gettext_noop("chosen shoppers"),
    "limits": gettext_noop("those of each offer"),
}
_BRACES = re.compile(r"\{(\w+)\}")


def split_words(parts: Mapping[str, ShownPart], language: str) -> list[list[str | ShownPart]]:
    """Return two sentences as text and parts; what a campaign has not is left out."""
    return [_split(sentence, parts, language) for sentence in (SENTENCE, BESIDE)]


def _split(sentence: str, parts: Mapping[str, ShownPart], language: str) -> list[str | ShownPart]:
    found: list[str | ShownPart] = []
    for position, text in enumerate(_BRACES.split(translate(sentence, language))):
        if not position % 2:
            found.append(text)
        elif text in parts:
            found.append(parts[text])
        else:
            found.append(translate(ELSE[text], language))
    return [one for one in found if one]
