"""Labels, descriptions and allowed ranges of the bounds of a policy."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Text = str | Promise


class Bound(NamedTuple):
    """What a bound is called, what it does, and between which numbers it may lie."""

    label: Text
    help_text: Text
    low: float | None = None
    high: float | None = None


GROUPS: dict[Text, dict[str, Bound]] = {
    _("What prices aim at"): {
        "objective": Bound(_("Goal"), _("What public prices maximize.")),
        "target_margin": Bound(
            _("Target margin"), _("Over cost; it gives way before the floor does."), 0, 9.99
        ),
        "won_purchase_share": Bound(
            _("Value of a won purchase"),
            _("Share of the price that a won purchase counts beside its margin."),
            *(0, 0.99),
        ),
        "min_confidence": Bound(
            _("How sure the model must be"),
            _(
                "How likely a new price must be to be better before it is used. Where "
                "impressions taught the model, 50 % is enough."
            ),
            *(0.5, 0.999),
        ),
        "substitution_share": Bound(
            _("Sales taken from substitutes"),
            _(
                "Share of the units a lower price wins that others of the category lose at least;"
                " what was learned of them counts where it is more."
            ),
            *(0, 0.9),
        ),
        "restock_days": Bound(
            _("Days until restocking"),
            _(
                "Prices rise for products whose stock would not last this long. A known delivery "
                "date is used instead. 0: stock changes no price."
            ),
            *(0, 365),
        ),
    },
    _("Bounds of the public price"): {
        "floor_margin": Bound(
            _("Margin floor"), _("No price below cost and this margin."), 0, 0.99
        ),
        "ceiling_over_list": Bound(
            _("Ceiling over the list price"), _("0: never above the list price."), 0, 1
        ),
        "assumed_cost_share": Bound(
            _("Cost where none is known"), _("As a share of the list price."), 0.01, 0.99
        ),
        "step_cap": Bound(_("Largest change a day"), _("Up or down, as a share."), 0.001, 0.5),
        "max_changes_per_day": Bound(_("Changes a day"), _("In 24 hours, at most."), 0, 100),
        "hold_minutes": Bound(
            _("Minimum time between changes (minutes)"),
            _("A price stays unchanged for at least this time."),
            0,
            60 * 24 * 7,
        ),
        "cooldown_hours": Bound(
            _("Cooldown (hours)"),
            _("The model leaves a changed price alone for this time."),
            0,
            24 * 28,
        ),
        "keeps_to_competitors": Bound(
            _("Keep to competitors"),
            _(
                "On: no price rises further above the lowest fresh price of competitors than the"
                " next bound says. No price falls because of theirs."
            ),
        ),
        "competitor_above": Bound(
            _("Above competitors"), _("Largest distance above the lowest fresh price."), 0, 5
        ),
        "causal_reach": Bound(
            _("Reach with experiments"),
            _(
                "How far a price may go from the merchant's, where randomized prices back the "
                "model."
            ),
            *(0, 0.5),
        ),
    },
    _("Personal prices"): {
        "personal_cap": Bound(
            _("Largest personal discount"),
            _("Above 0.10 only with a second person; never above 0.30."),
            *(0, 0.3),
        ),
        "spread_aversion": Bound(
            _("Weight of equal prices"),
            _("Penalty for treating shoppers differently; usually 20."),
            0,
            1000,
        ),
        "quote_minutes": Bound(
            _("Quote validity (minutes)"),
            _("The price seen is the price paid for this time."),
            30,
            60 * 24,
        ),
        "no_rise_hours": Bound(
            _("Hours without a personal price increase"),
            _("The discount in money stays for this time."),
            0,
            24 * 7,
        ),
        "max_model_age_hours": Bound(
            _("Maximum model age (hours)"),
            _("With an older model no price moves; a nightly fit counts as new."),
            1,
            24 * 90,
        ),
    },
    _("Learning"): {
        "learns_from_looks": Bound(
            _("Learn from impressions"),
            _(
                "On: elasticities come from how often prices were shown and bought at, on top of "
                "weekly sales, each night and minute. Off: from weekly sales alone."
            ),
        ),
        "holdout_share": Bound(
            _("Holdout"), _("Share of willing shoppers who always see public prices."), 0, 0.5
        ),
        "exploration": Bound(
            _("Exploration"),
            _("Share of an elasticity's uncertainty that is drawn at random."),
            0,
            1,
        ),
        "shock_share": Bound(
            _("Weekly price tests"),
            _(
                "Largest share of products whose price a test moves by one price point for a "
                "week; fewer where much is known."
            ),
            0,
            0.25,
        ),
    },
    _("Who decides"): {
        "auto_publish": Bound(
            _("Publish by itself"), _("Off: the model's changes wait in the change inbox.")
        ),
        "two_person_step": Bound(
            _("Two people above"), _("Changes above this share need two people."), 0, 0.5
        ),
    },
}
BOUNDS = {name: bound for group in GROUPS.values() for name, bound in group.items()}
