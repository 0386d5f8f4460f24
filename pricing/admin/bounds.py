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
            _("Margin aimed at"), _("Over cost; gives way before the floor does."), 0, 9.99
        ),
        "won_purchase_share": Bound(
            _("Worth of a purchase won"),
            _("Share of the price that a won purchase counts beside its margin."),
            *(0, 0.99),
        ),
        "min_confidence": Bound(
            _("How sure the model must be"),
            _(
                "Probability that a new price is better at all, before it is taken. Where looks at"
                " prices taught the model, an even chance is enough."
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
            _("Days until stock comes again"),
            _(
                "Prices rise for products whose stock would not last this long; a known delivery "
                "date counts instead. 0: stock changes no price."
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
        "step_cap": Bound(_("Largest step a day"), _("Either way, as a share."), 0.001, 0.5),
        "max_changes_per_day": Bound(_("Changes a day"), _("At most so many in 24 hours."), 0, 100),
        "hold_minutes": Bound(
            _("Minutes a price holds"), _("Before it may change again."), 0, 60 * 24 * 7
        ),
        "cooldown_hours": Bound(
            _("Hours of rest"), _("The model leaves a changed price alone so long."), 0, 24 * 28
        ),
        "keeps_to_competitors": Bound(
            _("Keep to competitors"),
            _(
                "On: no price rises further above the lowest fresh price of competitors than the"
                " next bound says. No price falls because of theirs."
            ),
        ),
        "competitor_above": Bound(
            _("Above competitors"), _("At most so far over the lowest fresh price."), 0, 5
        ),
        "causal_reach": Bound(
            _("Reach with experiments"),
            _("How far from the merchant's price, where prices moved by chance back the model."),
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
            _("Minutes a quote holds"), _("Price seen is price paid so long."), 30, 60 * 24
        ),
        "no_rise_hours": Bound(
            _("Hours without a personal rise"), _("The discount in money stays so long."), 0, 24 * 7
        ),
        "max_model_age_hours": Bound(
            _("Oldest model, in hours"),
            _("Older than this no price moves; the newest night counts, too."),
            1,
            24 * 90,
        ),
    },
    _("Learning"): {
        "learns_from_looks": Bound(
            _("Learn from looks"),
            _(
                "On: elasticities come from how often prices were looked at and bought, on top of"
                " weekly sales, each night and minute. Off: from weekly sales alone."
            ),
        ),
        "holdout_share": Bound(
            _("Holdout"), _("Share of willing shoppers who always see public prices."), 0, 0.5
        ),
        "exploration": Bound(
            _("Exploration"), _("Share of the doubt about an elasticity that is drawn."), 0, 1
        ),
        "shock_share": Bound(
            _("Price shocks"),
            _(
                "The most goods whose price chance moves by a rung a week;"
                " fewer where much is known."
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
            _("Two people from"), _("Changes above this share need two people."), 0, 0.5
        ),
    },
}
BOUNDS = {name: bound for group in GROUPS.values() for name, bound in group.items()}
