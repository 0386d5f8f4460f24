"""Rules of the law in words: a title, what each asks, and what to do about a breach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shop.ground.kernel.translation import gettext_noop, translate


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule a draft breaks in `place`; `detail` fills its sentences.

    `variant_ids` are the products concerned, ascending; none where it is not about products.
    """

    rule: str
    place: str
    source: str = ""
    detail: Mapping[str, str | int | float] = field(default_factory=dict)
    variant_ids: tuple[int, ...] = field(default=(), compare=False, repr=False)


def explain_rule(violation: Violation, language: str) -> tuple[str, str]:
    """Return the rule and what to do, as sentences in `language` ("zh..." or anything else).

    >>> explain_rule(Violation("personal_not_allowed", "unknown"), "en")[0]
    'This place allows no personal prices or discounts.'
    """
    rule, remedy = SENTENCES[violation.rule]
    detail = violation.detail
    return translate(rule, language, **detail), translate(remedy, language, **detail)


def title_rule(rule: str, language: str) -> str:
    """Return the title of a rule in `language`.

    >>> title_rule("below_cost", "en")
    'Nothing sells below cost'
    """
    return translate(TITLES[rule], language)


TITLES: Mapping[str, str] = {
    "was_price_too_high": gettext_noop("The old price is no higher than the price history allows"),
    "was_price_never_paid": gettext_noop("The old price was really paid"),
    "percent_not_from_reference": gettext_noop("Percentages are computed from the reference price"),
    "raised_before_cut": gettext_noop("No price increase is presented as a deal"),
    "timer_restarts": gettext_noop("No countdown starts again"),
    "window_without_pause": gettext_noop("Offers for a time pause before they come again"),
    "end_extended": gettext_noop("The end stays as shoppers were told"),
    "timer_not_the_end": gettext_noop("A countdown ends with the campaign"),
    "words_of_urgency": gettext_noop("Words of urgency have a clock or stock behind them"),
    "personal_not_allowed": gettext_noop("Personal offers are allowed there"),
    "personal_above_cap": gettext_noop("Personal discounts keep to the cap"),
    "gifts_above_cap": gettext_noop("Gifts that come together keep to the cap"),
    "label_missing": gettext_noop("Personal offers carry the label"),
    "terms_not_in_language": gettext_noop("Shoppers can read the terms"),
    "below_cost": gettext_noop("Nothing sells below cost"),
    "below_minimum_price": gettext_noop("Minimum prices are kept"),
    "cut_not_reached": gettext_noop("Products reach the percentage in the name"),
    "promise_not_reached": gettext_noop(
        "Products reach the free units, amounts and prices that offers promise"
    ),
    "protected_condition": gettext_noop("Nobody's price depends on a protected trait"),
    "restricted_gift": gettext_noop("Nothing is given away that must not be"),
    "banned_promotion": gettext_noop("Nothing is promoted that must not be"),
    "scarcity_not_from_stock": gettext_noop("What is left comes from stock"),
    "bait_quantity": gettext_noop("There is enough in stock"),
    "free_with_hidden_conditions": gettext_noop("“Free” says its conditions"),
    "points_without_notice": gettext_noop("Points end with notice"),
    "review_tied_to_tone": gettext_noop("Rewards for reviews do not depend on their tone"),
    "review_not_disclosed": gettext_noop("Rewarded reviews say so"),
    "percent_untrue": gettext_noop("The percentage in the name is given"),
    "up_to_misleading": gettext_noop("“Up to” is true of enough products"),
    "price_named_in_name": gettext_noop("No old price is typed into a name"),
}

# rule -> (the rule, what to do)
SENTENCES: Mapping[str, tuple[str, str]] = {
    "was_price_too_high": (
        gettext_noop(
            "The old price {was} is above what may be named: {goods} of the products were "
            "offered for less in the days that the law covers."
        ),
        gettext_noop("Name at most {reference}, take those products out, or begin later."),
    ),
    "was_price_never_paid": (
        gettext_noop(
            "An old price must have been real: of {goods} of the products fewer than one in five "
            "units of 90 days sold at list price."
        ),
        gettext_noop("Drop the old price for those products, or take them out."),
    ),
    "percent_not_from_reference": (
        gettext_noop(
            "A percentage is computed from the reference price: {goods} of the products were "
            "offered for less than their price now in the days that the law covers, so "
            "“{percent} %” would not be true of them."
        ),
        gettext_noop(
            "Take those products out, begin when their price has stood long enough, or name the "
            "new price without a percentage."
        ),
    ),
    "raised_before_cut": (
        gettext_noop(
            "A price increase must not be presented as a deal: {goods} of the products cost less "
            "than the new price within {days} days before it."
        ),
        gettext_noop(
            "Take those products out, or wait until the higher price has stood {days} days."
        ),
    ),
    "timer_restarts": (
        gettext_noop(
            "A countdown must not restart: the similar offer “{name}” ends on {ends}, and {pause} "
            "days must lie between its end and this start."
        ),
        gettext_noop(
            "Begin on {date} or later, or run without a clock and without the word “last”."
        ),
    ),
    "window_without_pause": (
        gettext_noop(
            "An offer for a time must end: the like offer “{name}” ends on {ends}, and {pause} "
            "days must lie between its end and this beginning."
        ),
        gettext_noop("Begin on {date} or later, or lower the public price for good instead."),
    ),
    "end_extended": (
        gettext_noop("Shoppers were told that it ends on {told}; it cannot end later."),
        gettext_noop("Let it end, and make a new campaign after a pause of {pause} days."),
    ),
    "timer_not_the_end": (
        gettext_noop("A clock counts to the stored end of the campaign and to nothing else."),
        gettext_noop("Take out the other moment: the clock follows the end by itself."),
    ),
    "words_of_urgency": (
        gettext_noop("“{word}” in the name urges without a stored end or stock behind it."),
        gettext_noop("Take the word out, or switch the clock or the count of what is left on."),
    ),
    "personal_not_allowed": (
        gettext_noop("This place allows no personal prices or discounts."),
        gettext_noop("Offer it to everybody or to all account holders, or leave the place out."),
    ),
    "personal_above_cap": (
        gettext_noop(
            "A personal discount of {percent} % is above the cap of {cap} % in this place."
        ),
        gettext_noop("Lower it to {cap} % or offer it to all account holders."),
    ),
    "gifts_above_cap": (
        gettext_noop(
            "Gifts for one shopper ({offers}) come to {percent} % together, above the cap of {cap} "
            "%."
        ),
        gettext_noop(
            "Put them in one group of which the best applies, ask for a larger cart, or give less."
        ),
    ),
    "label_missing": (
        gettext_noop("A personal offer carries this place's label in words wherever it is shown."),
        gettext_noop("Switch the label back on."),
    ),
    "terms_not_in_language": (
        gettext_noop(
            "Shoppers of this place read the terms in their language: the Chinese name is missing."
        ),
        gettext_noop("Write the Chinese names of the campaign and its offers."),
    ),
    "below_cost": (
        gettext_noop(
            "Selling below cost is forbidden here: {goods} of the products would be sold for "
            "less than they cost."
        ),
        gettext_noop("Reduce the discount, or take those products out."),
    ),
    "below_minimum_price": (
        gettext_noop(
            "This place sets a minimum price for products of the kind “{kind}”: {goods} of them "
            "would be sold for less."
        ),
        gettext_noop("Reduce the discount, or take those products out."),
    ),
    "cut_not_reached": (
        gettext_noop(
            "“{percent} %” must be true of the products it names: for {goods} of them the price "
            "floor prevents it."
        ),
        gettext_noop("Take those products out, or announce what they really get."),
    ),
    "promise_not_reached": (
        gettext_noop(
            "The offer promises free units, an amount off or a fixed price: for {goods} of the "
            "products the price floor prevents it."
        ),
        gettext_noop(
            "Take those products out, or accept selling below the floor, which a second person "
            "must approve."
        ),
    ),
    "protected_condition": (
        gettext_noop("The condition asks for “{word}”: nobody's price may depend on such a trait."),
        gettext_noop("Take it out. Declared and verified groups are: {groups}."),
    ),
    "restricted_gift": (
        gettext_noop(
            "Products of the kind “{kind}” may not be given away here, and this offer gives "
            "{goods} of them."
        ),
        gettext_noop("Choose another gift."),
    ),
    "banned_promotion": (
        gettext_noop(
            "Products of the kind “{kind}” may not be promoted here at all; {goods} are in scope."
        ),
        gettext_noop("Take them out of the scope."),
    ),
    "scarcity_not_from_stock": (
        gettext_noop(
            "“Only {left} left” is typed, not counted: what is left comes from stock alone."
        ),
        gettext_noop("Write “stock”, and the shop counts."),
    ),
    "bait_quantity": (
        gettext_noop(
            "Bait: {goods} of the products have less than {days} days of their usual sales in "
            "stock, or less than the quantity announced."
        ),
        gettext_noop("Order more first, announce the true quantity, or take those products out."),
    ),
    "free_with_hidden_conditions": (
        gettext_noop("“Free” has conditions that are not said: {word}."),
        gettext_noop("Write the conditions beside the word “free”."),
    ),
    "points_without_notice": (
        gettext_noop(
            "Points may not end unnoticed: shoppers must hear of it at least {days} days before."
        ),
        gettext_noop("Give notice by {date}, or let the points live longer."),
    ),
    "review_tied_to_tone": (
        gettext_noop(
            "A reward for a review must not depend on how many stars or what tone it has."
        ),
        gettext_noop("Reward every honest review alike."),
    ),
    "review_not_disclosed": (
        gettext_noop("A review that was rewarded says so wherever it is shown."),
        gettext_noop("Switch the disclosure on."),
    ),
    "percent_untrue": (
        gettext_noop("The name says {said} %, the offers give {percent} %."),
        gettext_noop("Write {percent} % or take the figure out of the name."),
    ),
    "up_to_misleading": (
        gettext_noop(
            "“Up to {said} %” is true of only {share} % of the products; at least {least} % must "
            "get it."
        ),
        gettext_noop("Lower the figure or widen what gets it."),
    ),
    "price_named_in_name": (
        gettext_noop(
            "“{word}” in the name names an old price that no price history stands behind."
        ),
        gettext_noop("Take it out: the shop draws the old price itself where one may be named."),
    ),
}
