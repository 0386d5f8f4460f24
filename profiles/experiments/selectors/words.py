"""Sentences about experiments for staff: metrics, states and refusals."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

type Text = str | Promise

METRIC_NAMES: dict[str, Text] = {
    "revenue_per_shopper": gettext_lazy("sales a shopper, less returns"),
    "margin_per_shopper": gettext_lazy("margin a shopper, less returns"),
    "orders_per_shopper": gettext_lazy("orders a shopper"),
    "conversion": gettext_lazy("share of shoppers who order"),
    "units_per_shopper": gettext_lazy("pieces a shopper"),
    "average_order": gettext_lazy("sales an order"),
    "clicks_per_view": gettext_lazy("clicks a view"),
    "offer_clicks_per_view": gettext_lazy("clicks on an offer each time it is seen"),
    "cart_adds_per_shopper": gettext_lazy("pieces put in the cart, a shopper"),
    "return_rate": gettext_lazy("share of pieces sent back"),
}

# What clusters of goods are read by, and guarded by: sums of everybody, not means of shoppers.
OUTCOMES: dict[str, Text] = {
    "units_per_shopper": gettext_lazy("pieces sold"),
    "revenue_per_shopper": gettext_lazy("sales"),
    "margin_per_shopper": gettext_lazy("margin"),
    "neighbor_revenue": gettext_lazy("sales of other goods that go with them"),
    "margin_per_look": gettext_lazy("margin each time a price is seen"),
    "return_rate": gettext_lazy("share of pieces sent back"),
    "stock_out_share": gettext_lazy("share of hours sold out"),
}

# By code; the mathematics raises messages of the catalogue instead.
PROBLEMS: dict[str, Text] = {
    "metric": gettext_lazy("Choose metrics from the list."),
    "purpose": gettext_lazy("Choose the consent under which the experiment uses what it measures."),
    "hypothesis": gettext_lazy("Write down what you expect and why, before the start."),
    "effect": gettext_lazy("Enter the smallest effect worth detecting; it cannot be zero."),
    "plan": gettext_lazy("Enter how many shoppers and days are planned."),
    "traffic": gettext_lazy("An experiment takes more than 0 and at most 100 % of its namespace."),
    "everything": gettext_lazy("This namespace only holds shoppers out of all experiments."),
    "guard": gettext_lazy("The loss that a guard tolerates must be at least 0 % and below 100 %."),
    "least": gettext_lazy("The smallest shares of all arms must leave something to share out."),
    "bandit_metric": gettext_lazy(
        "Adaptive shares need metrics counted by shopper, not by order or view."
    ),
    "cluster_metric": gettext_lazy("Clusters of goods are read by sales, margin or pieces."),
    "cluster_arms": gettext_lazy("With clusters of goods there is the public price and one other."),
    "clusters": gettext_lazy("Choose the goods first: they are put into clusters."),
    "goods": gettext_lazy("Some of these goods are in another experiment that runs."),
    "wash_out": gettext_lazy("The days between two turns must be fewer than those of a turn."),
}


def say_problem(code: str) -> str:
    """Return a problem, a code or a message, as a sentence in the reader's language."""
    return str(PROBLEMS[code]) if code in PROBLEMS else gettext(code)
