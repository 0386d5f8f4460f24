"""The form of an experiment with public prices: products, turns, how much cheaper, what it sees."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django import forms
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from pricing.api import list_places
from profiles.experiments.api import (
    CELL_METRICS,
    LEAST_CLUSTERS_OF_GOODS,
    OUTCOMES,
    ArmPlan,
    CellForecast,
    CellPlan,
    ExperimentDraft,
    forecast_cells,
)
from shop.ground.catalog.core.values import CategoryTree
from shop.ground.catalog.selectors import list_categories, load_variant_arrays
from shop.ground.kernel.translation import gettext_noop, pgettext_noop, translate
from shop.ground.staff.numbers import show_units

METRICS = ("revenue_per_shopper", "margin_per_shopper", "units_per_shopper")
# More products than that would be repriced at a turn with the whole shop.
MOST_GOODS = 5_000


def list_places_by_name() -> list[tuple[str, str]]:
    """Return the places whose prices can be put to an experiment, the home place first."""
    return [(f"{market}/{channel}", f"{market}, {channel}") for market, channel in list_places()]


def list_category_names() -> list[tuple[str, str]]:
    """Return the categories with products, by their way from the department down."""
    tree = list_categories(get_language() or "en")
    named = [
        (node.path, " › ".join(one.name for one in tree.trail(node.category_id)))
        for node in tree.nodes.values()
    ]
    return sorted(named, key=lambda one: one[1])


def list_cell_metrics() -> list[tuple[str, str]]:
    """Return what products can be read by: sums that name nobody."""
    return [(code, str(OUTCOMES[code])) for code in METRICS]


def list_cell_guards() -> list[tuple[str, str]]:
    """Return what products can be guarded by: sums and shares that name nobody."""
    return [(code, str(OUTCOMES[code])) for code in CELL_METRICS]


def _number(label: Any, low: int, high: int, initial: int, told: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        initial=initial,
        help_text=told,
        widget=UnfoldAdminIntegerFieldWidget(),
    )


def _percent(label: Any, low: float, high: float, initial: float, **options: Any) -> Any:
    widget = UnfoldAdminDecimalFieldWidget(attrs={"step": "any"})
    return forms.FloatField(
        label=label, min_value=low, max_value=high, initial=initial, widget=widget, **options
    )


class SwitchbackForm(forms.Form):
    """The question, its products and its turns."""

    name = forms.CharField(label=_("Name"), max_length=60, widget=UnfoldAdminTextInputWidget())
    hypothesis = forms.CharField(
        label=_("What do you expect, and why?"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        max_length=2_000,
    )
    categories = forms.MultipleChoiceField(
        label=_("Categories whose products take part"),
        choices=list_category_names,
        help_text=_("Products of one category stay in one cluster: they replace each other."),
    )
    place = forms.ChoiceField(
        label=_("Market and channel"),
        choices=list_places_by_name,
        widget=UnfoldAdminSelectWidget(),
    )
    price = _percent(
        _("Price of the other arm, % of the public price"),
        50,
        99.9,
        95,
        help_text=_("Never above 100."),
    )
    period_days = _number(_("Days of a turn"), 1, 28, 7)
    wash_out_days = _number(
        _("Days not counted at the start of a turn"),
        0,
        14,
        1,
        _("Shoppers notice, stocks run out."),
    )
    turns = _number(_("Number of turns"), 2, 52, 8, _("Even: turns come in pairs."))
    primary_metric = forms.ChoiceField(
        label=_("Primary metric"), choices=list_cell_metrics, widget=UnfoldAdminSelectWidget()
    )
    minimum_effect = _percent(_("Smallest effect worth detecting, %"), 0.1, 500, 5)
    guards = forms.MultipleChoiceField(
        label=_("Guards"),
        choices=list_cell_guards,
        required=False,
        initial=["margin_per_shopper", "neighbor_revenue", "return_rate"],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("It stops by itself once one is certainly worse than it may be."),
    )
    tolerance = _percent(_("A guard may get worse by, %"), 0, 99, 10, required=False)

    def clean_turns(self) -> int:
        """Return an even number of turns."""
        turns = int(self.cleaned_data["turns"])
        if turns % 2:
            raise forms.ValidationError(_("Turns come in pairs: plan an even number."))
        return turns

    def clean(self) -> dict[str, Any]:
        """Refuse plans longer than a year, turns that count no day, and too many products."""
        asked = super().clean() or self.cleaned_data
        period, washed = asked.get("period_days"), asked.get("wash_out_days")
        if period and washed is not None and washed >= period:
            self.add_error("wash_out_days", _("A turn must have days that count."))
        if period and asked.get("turns") and period * asked["turns"] > 366:
            self.add_error("turns", _("That is more than a year."))
        if len(list_goods(asked.get("categories", ()))) > MOST_GOODS:
            told = _("These are more than %(n)s products: choose fewer categories.")
            self.add_error("categories", told % {"n": MOST_GOODS})
        return asked


def list_goods(paths: Any) -> NDArray[np.int64]:
    """Return the products below categories whose price may be moved by chance, (n,)."""
    products, tree = load_variant_arrays(), list_categories("en")
    chosen = {one for path in paths for one in tree.below(tree.by_path[path])}
    return products.variant_id[
        np.isin(products.category_id, list(chosen)) & ~products.never_personal
    ]


def forecast_plan(asked: dict[str, Any], now: datetime) -> CellForecast:
    """Return the clusters of the chosen products and what the plan will see. Two queries."""
    plan = CellPlan(
        metric=asked["primary_metric"],
        period_days=asked["period_days"],
        wash_out_days=asked["wash_out_days"],
        turns=asked["turns"],
        effect=asked["minimum_effect"] / 100.0,
        targeting=_target(asked),
        guards=len(asked["guards"]),
    )
    return forecast_cells(list_goods(asked["categories"]), plan, now)


def has_too_few(forecast: CellForecast) -> bool:
    """Return whether so few clusters sell that nothing could be read."""
    return forecast.foresight.clusters < LEAST_CLUSTERS_OF_GOODS


def make_switchback(asked: dict[str, Any], forecast: CellForecast) -> ExperimentDraft:
    """Return what the service saves: the public price and one below it, half of the turns each."""
    percent = f"{show_units(asked['price'])} %"
    public = pgettext_noop("experiment", "Public price")
    lower = gettext_noop("{percent} of it")
    return ExperimentDraft(
        code=slugify(asked["name"])[:60] or "prices",
        name=asked["name"],
        hypothesis=asked["hypothesis"],
        subject="public_prices",
        unit="cluster",
        purpose="price",
        namespace="public-prices",
        primary_metric=asked["primary_metric"],
        minimum_effect=asked["minimum_effect"] / 100.0,
        planned_units=max(1, forecast.goods),
        planned_days=asked["period_days"] * asked["turns"],
        period_days=asked["period_days"],
        wash_out_days=asked["wash_out_days"],
        targeting=_target(asked),
        guards=dict.fromkeys(asked["guards"], (asked["tolerance"] or 0.0) / 100.0),
        arms=(
            ArmPlan(
                code="public",
                name=translate(public, "en"),
                share=0.5,
                name_zh=translate(public, "zh-hans"),
                is_control=True,
            ),
            ArmPlan(
                code="lower",
                name=translate(lower, "en", percent=percent),
                share=0.5,
                name_zh=translate(lower, "zh-hans", percent=percent),
                price_factor=asked["price"] / 100.0,
            ),
        ),
    )


def _target(asked: dict[str, Any]) -> dict[str, list[str]]:
    market, channel = asked["place"].split("/")
    return {"markets": [market], "channels": [channel]}


@dataclass(frozen=True, slots=True)
class PickedNode:
    """A category with those in it, by name.

    `inside` is how many categories lie below it, at any depth. `is_open`: something below it is
    chosen. `trail` are the names down to it, in lower case.
    """

    path: str
    name: str
    trail: str
    goods: int
    inside: int
    is_chosen: bool
    is_open: bool
    children: tuple[PickedNode, ...]


def list_picked(tree: CategoryTree, chosen: Collection[str]) -> tuple[PickedNode, ...]:
    """Return the departments by name, with all that lies in them. `chosen` are paths."""
    marked = {tree.by_path[path] for path in chosen if path in tree.by_path}
    above = {node.category_id for one in marked for node in tree.trail(one)} - marked
    parents = {p for one in marked if (p := tree.nodes[one].parent_id) is not None}
    open_ = above | parents

    def pick(key: int) -> PickedNode:
        node = tree.nodes[key]
        return PickedNode(
            path=node.path,
            name=node.name,
            trail=" › ".join(one.name for one in tree.trail(key)).casefold(),
            goods=node.product_count,
            inside=len(tree.below(key)) - 1,
            is_chosen=key in marked,
            is_open=key in open_,
            children=pick_all(node.children),
        )

    def pick_all(ids: Collection[int]) -> tuple[PickedNode, ...]:
        return tuple(
            pick(key) for key in sorted(ids, key=lambda one: tree.nodes[one].name.casefold())
        )

    return pick_all(tree.roots)
