"""The goal of a campaign on its page: the figure, its interval, and a verdict in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isnan

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.reports.api import count_first_orders, count_returning, sum_margin_of
from profiles.experiments.api import LEAST_CLUSTERS
from promotions.campaigns.api import CampaignView, compile_campaign, cover_variants
from promotions.planning.api import (
    BLANKS,
    GoalFigure,
    Reading,
    compare_holdout,
    read_lift,
    read_share,
    read_stock,
    split_addressed,
)
from shop.doors.backoffice.campaigns.results import Results
from shop.ground.catalog.selectors import find_place, load_variant_arrays
from shop.ground.inventory.selectors import available
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import EMPTY, show_count, show_percent, show_settled

WITHIN = timedelta(days=30)
GOALS: Mapping[str, str] = dict(BLANKS["goal"].choices)
TITLES: Mapping[str, Promise] = {
    "sales": gettext_lazy("More sales"),
    "margin": gettext_lazy("More margin"),
    "newcomers": gettext_lazy("First orders among its orders"),
    "stock": gettext_lazy("Pieces sold of those there were"),
    "loyalty": gettext_lazy("Shoppers who ordered again within 30 days"),
}
# In money, from the holdout; the others are shares
OF_MONEY = frozenset({"sales", "margin"})
VERDICTS: Mapping[Reading, Promise] = {
    Reading.REACHED: gettext_lazy("Reached: the interval lies above zero."),
    Reading.MISSED: gettext_lazy("Missed: shoppers who got it bought less."),
    Reading.OPEN: gettext_lazy("Not shown yet: the interval holds zero."),
    Reading.TOO_EARLY: gettext_lazy("Too early to tell."),
    Reading.NOTHING: gettext_lazy("Nobody has paid with it yet."),
    Reading.NO_HOLDOUT: gettext_lazy(
        "Not measurable: nobody was held out, so what would have been sold without it is not known."
    ),
}
TONES: Mapping[Reading, str] = {Reading.REACHED: "green", Reading.MISSED: "red"}


@dataclass(frozen=True, slots=True)
class GoalResult:
    """A goal with its figure and verdict, as text."""

    goal: str
    title: str | Promise
    figure: str
    interval: str
    verdict: str | Promise
    tone: str


def find_goal(campaign: CampaignView, found: Results, *, now: datetime) -> GoalResult:
    """Return what a campaign reached of its goal. At most five queries."""
    figure = READERS[campaign.goal](campaign, found, now)
    currency = find_place(campaign.market_code).currency

    def show(number: float) -> str:
        if isnan(number):
            return EMPTY
        is_money = campaign.goal in OF_MONEY
        return show_money(round(number), currency) if is_money else show_percent(number)

    estimate = show(figure.estimate)
    if campaign.goal in OF_MONEY and figure.reading not in (Reading.NOTHING, Reading.NO_HOLDOUT):
        estimate = show_settled(figure.estimate, figure.low, figure.high, show)
    has_interval = not isnan(figure.low) and figure.low != figure.high
    return GoalResult(
        goal=campaign.goal,
        title=TITLES[campaign.goal],
        figure=estimate,
        interval=f"{show(figure.low)} … {show(figure.high)}" if has_interval else "",
        verdict=_say_verdict(campaign.goal, figure),
        tone=TONES.get(figure.reading, "gray"),
    )


def _say_verdict(goal: str, figure: GoalFigure) -> str | Promise:
    if figure.reading not in (Reading.COUNTED, Reading.REACHED) or goal in OF_MONEY:
        return VERDICTS[figure.reading]
    counts = {"hits": show_count(figure.hits), "of": show_count(figure.of)}
    said = {
        "newcomers": _("%(hits)s of its %(of)s paid orders were a shopper's first."),
        "stock": _("%(hits)s of %(of)s pieces are sold."),
        "loyalty": _("%(hits)s of %(of)s shoppers came back. Without a holdout: no proof."),
    }[goal]
    return said % counts


def _read_sales(campaign: CampaignView, found: Results, now: datetime) -> GoalFigure:
    return read_lift(found.lift, uses=found.totals.units)


def _read_margin(campaign: CampaignView, found: Results, now: datetime) -> GoalFigure:
    if found.lift is None:
        return read_lift(None, uses=found.totals.units)
    until = min(max(now, campaign.starts_at + timedelta(seconds=1)), campaign.ends_at)
    arms = [
        sum_margin_of(
            shopper_ids=ids,
            since=campaign.starts_at,
            until=until,
            market_code=campaign.market_code,
        )
        for ids in split_addressed(campaign.campaign_id)
    ]
    return read_lift(
        compare_holdout(arms[0], arms[1], least=LEAST_CLUSTERS), uses=found.totals.units
    )


def _read_newcomers(campaign: CampaignView, found: Results, now: datetime) -> GoalFigure:
    return read_share(*count_first_orders(list(found.taken)))


def _read_loyalty(campaign: CampaignView, found: Results, now: datetime) -> GoalFigure:
    came, of, waiting = count_returning(list(found.taken), now=now, within=WITHIN)
    return read_share(came, of, waiting=waiting)


def _read_stock(campaign: CampaignView, found: Results, now: datetime) -> GoalFigure:
    arrays = load_variant_arrays()
    ids: set[int] = set()
    for offer in compile_campaign(campaign.campaign_id):
        for scope in offer.scopes:
            ids |= set(arrays.variant_id[cover_variants(scope, arrays)].tolist())
    return read_stock(found.totals.units, sum(available(sorted(ids)).values()))


READERS: Mapping[str, Callable[[CampaignView, Results, datetime], GoalFigure]] = {
    "sales": _read_sales,
    "margin": _read_margin,
    "newcomers": _read_newcomers,
    "stock": _read_stock,
    "loyalty": _read_loyalty,
}
