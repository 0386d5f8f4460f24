"""Cells of a price change: what it should bring, and the prices that were weighed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.admin import display
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pricing.ledger.models.proposals import PriceProposal
from shop.ground.staff.columns import show_lines, show_money
from shop.ground.staff.numbers import (
    EMPTY,
    show_change,
    show_number,
    show_percent,
    show_signed,
    show_units,
)

type Show = Callable[[float], str]
FIGURES: dict[str, str | Promise] = {
    "profit": _("Profit"),
    "revenue": _("Revenue"),
    "units": _("Units"),
}


def show_band(band: Sequence[float | None], show: Show) -> str:
    """Return a mean with its 90 % interval, signed; a dash where it is not known."""
    known = [one for one in band if one is not None]
    if len(known) != 3:
        return EMPTY
    low, mean, high = (show_signed(one, show) for one in known)
    return f"{mean} ({low} … {high})"


def money_of(row: PriceProposal) -> Show:
    """Return how amounts of the row's market are shown."""
    code = row.market.currency
    return lambda minor: show_money(round(minor), code)


@display(description=_("Expected effect"))
def expected_effect(row: PriceProposal) -> SafeString | str:
    """What a week should bring, and the same as shares; figures that are not known are left out."""
    said = []
    for name, title in FIGURES.items():
        weekly = row.effect.get("weekly", {}).get(name) or ()
        share = row.effect.get("share", {}).get(name) or ()
        parts = [
            show_band(weekly, show_units if name == "units" else money_of(row)),
            show_band(share, show_percent),
        ]
        known = [one for one in parts if one != EMPTY]
        if known:
            said.append(f"{title}: {'; '.join(known)}")
    return show_lines(said)


@display(description=_("Candidates"))
def weighed_prices(row: PriceProposal) -> SafeString | str:
    """Each price that was weighed, what it gains and how sure that is."""
    show = money_of(row)
    words = gettext("%(price)s: %(gain)s, better with a probability of %(chance)s")
    return show_lines(
        [
            words
            % {
                "price": show(price),
                "gain": show_change(gain - 1) if gain else EMPTY,
                "chance": EMPTY if chance is None else show_percent(chance),
            }
            for price, gain, chance in row.candidates
        ]
    )


@display(description=_("Gain"), ordering="gain")
def gained(row: PriceProposal) -> str:
    """What the change gains of its objective."""
    return show_change(row.gain - 1) if row.gain else EMPTY


@display(description=_("Chance"), ordering="chance")
def chance_of_gain(row: PriceProposal) -> str:
    """How sure it is that the price is better."""
    return EMPTY if row.chance is None else show_percent(row.chance)


@display(description=_("Elasticity"), ordering="elasticity")
def elasticity_of(row: PriceProposal) -> str:
    """The elasticity behind it with its standard deviation."""
    if row.elasticity is None:
        return EMPTY
    spread = "" if row.elasticity_sd is None else f" ± {show_number(row.elasticity_sd)}"
    return f"{show_number(-row.elasticity)}{spread}"


CELLS: tuple[Any, ...] = (expected_effect, weighed_prices, gained, chance_of_gain, elasticity_of)
