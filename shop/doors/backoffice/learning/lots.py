"""Randomization in force now, as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.api import DOWN, EACH_DEPTH, STAYS, TRIED, UP, list_price_lots, list_week_lots
from profiles.experiments.api import HELD_OUT, OTHERS, list_experiment_lots
from profiles.lots import OpenLots, Purpose
from promotions.targeting.api import CHOSEN, CONTROL, EXPLORED, list_offer_lots
from shop.ground.staff.numbers import EMPTY, show_percent

type Text = str | Promise

# For each purpose: what it is for, and what is drawn for how long.
PURPOSES: Mapping[Purpose, tuple[Text, Text]] = {
    Purpose.ARM: (gettext_lazy("Experiment"), gettext_lazy("shopper, while it runs")),
    Purpose.TURN: (
        gettext_lazy("Experiment with public prices"),
        gettext_lazy("cluster of products, by pair of turns"),
    ),
    Purpose.EXPERIMENT_HOLDOUT: (
        gettext_lazy("Held out of experiments"),
        gettext_lazy("shopper, for good"),
    ),
    Purpose.PRICE_HOLDOUT: (
        gettext_lazy("Held out of personal prices"),
        gettext_lazy("shopper, for good"),
    ),
    Purpose.PRICE_DRAW: (
        gettext_lazy("How deep personal prices are"),
        gettext_lazy("product and week, the same for all shoppers"),
    ),
    Purpose.PRICE_TEST: (
        gettext_lazy("Price tests of public prices, at most"),
        gettext_lazy("product and week"),
    ),
    Purpose.TRIAL: (gettext_lazy("Model on trial"), gettext_lazy("shopper, while it lasts")),
    Purpose.NEW_OFFER: (gettext_lazy("New offers"), gettext_lazy("shopper and campaign")),
    Purpose.CAMPAIGN_HOLDOUT: (
        gettext_lazy("Held out of a campaign"),
        gettext_lazy("shopper and campaign"),
    ),
}
OFFERS: tuple[Text, Text] = (
    gettext_lazy("Personal offers"),
    gettext_lazy("shopper and campaign"),
)
DRAWN: tuple[Text, Text] = (
    gettext_lazy("Price tests drawn this week"),
    gettext_lazy("product and week"),
)
ALTERNATIVES: Mapping[str, Text] = {
    HELD_OUT: gettext_lazy("held out"),
    OTHERS: gettext_lazy("everybody else"),
    DOWN: gettext_lazy("one price point down"),
    UP: gettext_lazy("one price point up"),
    STAYS: gettext_lazy("stays"),
    EACH_DEPTH: gettext_lazy("each of 100 depths"),
    TRIED: gettext_lazy("priced by it"),
    CONTROL: gettext_lazy("no offer"),
    CHOSEN: gettext_lazy("the best offer, or none"),
    EXPLORED: gettext_lazy("tried on"),
}


@dataclass(frozen=True, slots=True)
class LotLine:
    """Lots of one purpose: what for, about which campaign, experiment or model, what is drawn and
    for how long, the chance of each alternative, since when."""

    name: str
    subject: str
    unit: str
    chances: tuple[tuple[str, str], ...]
    since: str


def list_lot_lines(now: datetime) -> list[LotLine]:
    """Return all that chance decides now. Ten queries, one more for each place with tests."""
    of_offers = {**PURPOSES, Purpose.ARM: OFFERS}
    others = [*list_price_lots(), *list_experiment_lots()]
    return [
        *(_describe(one, *DRAWN) for one in list_week_lots(now=now)),
        *(_describe(one, *PURPOSES[one.purpose]) for one in others),
        *(_describe(one, *of_offers[one.purpose]) for one in list_offer_lots(now=now)),
    ]


def _describe(lots: OpenLots, name: Text, unit: Text) -> LotLine:
    # Staff name the arms of an experiment themselves.
    is_named = name in (PURPOSES[Purpose.ARM][0], PURPOSES[Purpose.TURN][0])
    words = {} if is_named else ALTERNATIVES
    version = _("version %(version)s") % {"version": lots.subject}
    return LotLine(
        name=str(name),
        subject=version if lots.purpose == Purpose.TRIAL else lots.subject,
        unit=str(unit),
        chances=tuple(
            (str(words.get(code, code)), show_percent(chance))
            for code, chance in lots.chances.items()
        ),
        since=EMPTY if lots.since is None else f"{localtime(lots.since):%Y-%m-%d}",
    )
