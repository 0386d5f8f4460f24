"""The terms of an offer as blanks: steps, sets, gifts, delivery, points; money in the market's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from promotions.sentences.api import Blank, write_percent
from shop.doors.backoffice.campaigns.product_picker import list_tokens
from shop.doors.backoffice.campaigns.sentences import MarketContext
from shop.ground.kernel.translation import gettext_noop, pgettext_noop
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_units

type Offer = Mapping[str, Any]

STEPPED = {"quantity_tiers": "count", "spend_tiers": "money"}
MEASURES: Mapping[str, str] = {"percent": "percent", "amount": "money", "price": "money"}
MOST_STEPS = 10


def _open(name: str, kind: str, label: str) -> Blank:
    return Blank(name, kind, label, "", is_needed=False)


_SETS = _open("max_sets", "count", gettext_noop("most sets of an order"))
_PLAIN: Mapping[str, tuple[Blank, ...]] = {
    "set_price": (_open("size", "count", gettext_noop("pieces at this price together")), _SETS),
    "buy_get": (
        Blank("buy", "count", gettext_noop("pieces bought")),
        Blank("get", "count", gettext_noop("pieces cheaper")),
        _SETS,
    ),
    "cheapest_free": (
        Blank("size", "count", gettext_noop("pieces of a set")),
        _open("free", "count", gettext_noop("pieces cheaper")),
        _SETS,
    ),
    "bundle": (_SETS,),
    "gift": (
        Blank("variants", "gift", gettext_noop("the gift, the first in stock")),
        _open("quantity", "count", gettext_noop("pieces of the gift")),
    ),
    "delivery": (_open("price", "money", gettext_noop("price of the delivery")),),
    "points": (
        Blank("points", "count", pgettext_noop("count", "points")),
        _open("per", "money", gettext_noop("for each full amount of")),
    ),
}


def has_terms(offer: Offer) -> bool:
    """Return whether an offer's kind has terms to change."""
    return offer["benefit_kind"] in {*_PLAIN, *STEPPED}


def list_term_blanks(offer: Offer) -> tuple[Blank, ...]:
    """Return the blanks of an offer's terms; of steps one more than there are."""
    kind = offer["benefit_kind"]
    if kind not in STEPPED:
        return _PLAIN[kind]
    steps, measure = _steps_of(offer), _measure_of(offer)
    found: list[Blank] = []
    for at in range(min(len(steps) + 1, MOST_STEPS)):
        found.append(_open(f"from{at}", STEPPED[kind], pgettext_noop("step", "from")))
        found.append(_open(f"gives{at}", MEASURES[measure], _MEASURED[measure]))
    return tuple(found)


_MEASURED: Mapping[str, str] = {
    "percent": gettext_noop("percent"),
    "amount": gettext_noop("amount"),
    "price": gettext_noop("price of a piece"),
}


def read_terms(offer: Offer) -> dict[str, Any]:
    """Return what stands in the blanks."""
    terms = offer.get("terms") or {}
    if offer["benefit_kind"] not in STEPPED:
        picks = {"variants": list_tokens({"variants": terms.get("variants", ())})}
        return {**terms, **(picks if "variants" in terms else {})}
    measure = _measure_of(offer)
    return {
        name: value
        for at, step in enumerate(_steps_of(offer))
        for name, value in ((f"from{at}", step["from"]), (f"gives{at}", step[measure]))
    }


def write_terms(offer: Offer, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms with the answers in them; a step without its two numbers goes."""
    kind, terms = offer["benefit_kind"], dict(offer.get("terms") or {})
    if kind in STEPPED:
        measure = _measure_of(offer)
        pairs = [(answers.get(f"from{at}"), answers.get(f"gives{at}")) for at in range(MOST_STEPS)]
        steps = [
            {"from": first, measure: _plain(gives)}
            for first, gives in pairs
            if first is not None and gives is not None
        ]
        return {"terms": {**terms, "steps": sorted(steps, key=lambda step: step["from"])}}
    for blank in _PLAIN[kind]:
        value = answers.get(blank.name)
        if value is None:
            terms.pop(blank.name, None)
        else:
            terms[blank.name] = value
    return {"terms": terms}


def say_terms_of(offer: Offer, place: MarketContext) -> str:
    """Return the terms in a few words."""
    blanks, stands = list_term_blanks(offer), read_terms(offer)
    show: Mapping[str, Callable[[Any], str]] = {
        "money": lambda minor: show_money(minor, place.currency),
        "percent": lambda percent: _("%(percent)s %%") % {"percent": show_units(float(percent))},
        "count": show_units,
    }
    if offer["benefit_kind"] in STEPPED:
        said = [
            pgettext("step", "%(gives)s from %(first)s")
            % {
                "first": show[blanks[2 * at].kind](stands[f"from{at}"]),
                "gives": show[blanks[2 * at + 1].kind](stands[f"gives{at}"]),
            }
            for at in range(len(stands) // 2)
        ]
    else:
        said = [
            _("%(name)s: %(value)s")
            % {"name": place.translate(blank.label), "value": show[blank.kind](stands[blank.name])}
            for blank in blanks
            if blank.kind in show and stands.get(blank.name) is not None
        ]
    return ", ".join(said) or _("as usual")


def _steps_of(offer: Offer) -> list[dict[str, Any]]:
    return list((offer.get("terms") or {}).get("steps") or ())


def _measure_of(offer: Offer) -> str:
    """Return what the steps give; all of them the same."""
    steps = _steps_of(offer)
    return next((one for one in MEASURES if steps and one in steps[0]), "percent")


def _plain(value: Any) -> Any:
    return write_percent(value) if isinstance(value, Decimal) else value
