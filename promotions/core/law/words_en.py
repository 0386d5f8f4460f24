"""Every rule in English: what it asks, and what to do about a draft that breaks it."""

from __future__ import annotations

from collections.abc import Mapping

# rule -> (the rule, what to do)
WORDS: Mapping[str, tuple[str, str]] = {
    "was_price_too_high": (
        (
            "The old price {was} is above what may be named: {goods} of the goods were "
            "offered for less in the days the law looks at."
        ),
        "Name at most {reference}, take those goods out, or begin later.",
    ),
    "was_price_never_paid": (
        (
            "An old price must have been real: at {goods} of the goods fewer than one in "
            "five units of 90 days sold at list price."
        ),
        "Drop the old price for those goods, or take them out.",
    ),
    "percent_not_from_reference": (
        (
            "A percentage is reckoned from the reference price: {goods} of the goods were "
            "offered for less than their price now in the days the law looks at, so "
            "“{percent} %” would not be true of them."
        ),
        (
            "Take those goods out, begin when their price has stood long enough, or name "
            "the new price without a percentage."
        ),
    ),
    "raised_before_cut": (
        (
            "An increase must not be dressed as a deal: {goods} of the goods cost less "
            "than the new price within {days} days before it."
        ),
        "Take those goods out, or wait until the higher price has stood {days} days.",
    ),
    "timer_restarts": (
        (
            "A clock that restarts is a lie: the like offer “{code}” ends on {ends}, and {pause} "
            "days must lie between its end and this beginning."
        ),
        "Begin on {date} or later, or run without a clock and without the word “last”.",
    ),
    "window_without_pause": (
        (
            "An offer for a time must end: the like offer “{code}” ends on {ends}, and {pause} "
            "days must lie between its end and this beginning."
        ),
        "Begin on {date} or later, or lower the public price for good instead.",
    ),
    "end_extended": (
        "Shoppers were told that it ends on {told}; it cannot end later.",
        "Let it end, and make a new campaign after a pause of {pause} days.",
    ),
    "timer_not_the_end": (
        "A clock counts to the stored end of the campaign and to nothing else.",
        "Take out the other moment: the clock follows the end by itself.",
    ),
    "words_of_urgency": (
        "“{word}” in the name urges without a stored end or stock behind it.",
        "Take the word out, or switch the clock or the count of what is left on.",
    ),
    "personal_not_allowed": (
        "This place allows no personal prices or discounts.",
        "Offer it to everybody or to all members, or leave the place out.",
    ),
    "personal_above_cap": (
        "A personal discount of {percent} % is above the cap of {cap} % in this place.",
        "Lower it to {cap} % or offer it to all members.",
    ),
    "gifts_above_cap": (
        "Gifts for one shopper ({offers}) come to {percent} % together, above the cap of {cap} %.",
        "Put them in one group of which the best applies, ask for a larger cart, or give less.",
    ),
    "label_missing": (
        "A personal offer carries this place's label in words wherever it is shown.",
        "Switch the label back on.",
    ),
    "terms_not_in_language": (
        ("Shoppers of this place read the terms in their language: the Chinese name is missing."),
        "Write the Chinese names of the campaign and its offers.",
    ),
    "below_cost": (
        (
            "Selling below cost is forbidden here: {goods} of the goods would go for less "
            "than they cost."
        ),
        "Make the cut smaller, or take those goods out.",
    ),
    "below_minimum_price": (
        (
            "This place sets a minimum price for goods of the kind “{kind}”: {goods} of "
            "them would go for less."
        ),
        "Make the cut smaller, or take those goods out.",
    ),
    "cut_not_reached": (
        (
            "“{percent} %” must be true of the goods it names: at {goods} of them the "
            "floor stops the price before."
        ),
        "Take those goods out, or announce what they really get.",
    ),
    "promise_not_reached": (
        (
            "The offer promises units free, cheaper by an amount, or at a price: at {goods} of the "
            "products the price floor stops the price before."
        ),
        (
            "Take those products out, or accept selling below the floor, which a second person "
            "must approve."
        ),
    ),
    "protected_condition": (
        "The condition asks for “{word}”: nobody's price may depend on such a trait.",
        "Take it out. Declared and verified groups are: {groups}.",
    ),
    "restricted_gift": (
        (
            "Goods of the kind “{kind}” may not be given away here, and this offer gives "
            "{goods} of them."
        ),
        "Choose another gift.",
    ),
    "banned_promotion": (
        "Goods of the kind “{kind}” may not be promoted here at all; {goods} are in scope.",
        "Take them out of the scope.",
    ),
    "scarcity_not_from_stock": (
        "“Only {left} left” is typed, not counted: what is left comes from stock alone.",
        "Write “stock”, and the shop counts.",
    ),
    "bait_quantity": (
        (
            "Bait: {goods} of the goods have less than {days} days of their usual sales in "
            "stock, or less than the quantity announced."
        ),
        "Order more first, announce the true quantity, or take those goods out.",
    ),
    "free_with_hidden_conditions": (
        "“Free” has conditions that are not said: {word}.",
        "Write the conditions beside the word “free”.",
    ),
    "points_without_notice": (
        ("Points may not end unnoticed: shoppers must hear of it at least {days} days before."),
        "Give notice by {date}, or let the points live longer.",
    ),
    "review_tied_to_tone": (
        "A reward for a review must not depend on how many stars or what tone it has.",
        "Reward every honest review alike.",
    ),
    "review_not_disclosed": (
        "A review that was rewarded says so wherever it is shown.",
        "Switch the disclosure on.",
    ),
    "percent_untrue": (
        "The name says {said} %, the offers give {percent} %.",
        "Write {percent} % or take the figure out of the name.",
    ),
    "up_to_misleading": (
        (
            "“Up to {said} %” is true of only {share} % of the goods; at least {least} % "
            "must get it."
        ),
        "Lower the figure or widen what gets it.",
    ),
    "price_named_in_name": (
        "“{word}” in the name names an old price that no price history stands behind.",
        "Take it out: the shop draws the old price itself where one may be named.",
    ),
}
