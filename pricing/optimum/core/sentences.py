"""Sentences that staff read about rules and data-quality flags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shop.ground.kernel.translation import gettext_noop, translate

# code -> what held the price; behind a prefix: why a rule gave way, or what to be careful about
_SENTENCES: Mapping[str, str] = {
    "floor": gettext_noop(
        "Held by the price floor: cost with the least margin, or a minimum price"
    ),
    "ceiling": gettext_noop("Held by the price ceiling"),
    "observational": gettext_noop(
        "No randomized prices back this elasticity: a price point beyond the prices of four weeks "
        "at most"
    ),
    "cooldown": gettext_noop("The price changed recently and is on hold"),
    "step_cap": gettext_noop("Held by the largest step a day"),
    "competitor_band": gettext_noop("Held by the distance to the lowest competitor"),
    "target_margin": gettext_noop("Held by the target margin"),
    "no_feasible_price": gettext_noop("Floor and ceiling leave no price: nothing was changed"),
    "scarce_stock": gettext_noop(
        "The stock would not last until the next delivery: a unit is worth more"
    ),
    "clearing": gettext_noop("The stock must be gone by a day: the price only falls, as planned"),
    "not_credible": gettext_noop("A better price is likely, but not likely enough"),
    "relaxed:step_cap": gettext_noop(
        "No price within a day's step: the price goes there step by step"
    ),
    "relaxed:competitor_band": gettext_noop(
        "No price within the distance to competitors: that rule gave way"
    ),
    "relaxed:target_margin": gettext_noop("No price reaches the target margin: that rule gave way"),
    "relaxed:no_feasible_price": gettext_noop(
        "Floor and ceiling leave no price: nothing was changed"
    ),
    "gate:not_a_price": gettext_noop("The proposal was no price: nothing was changed"),
    "gate:absurd": gettext_noop("The proposal was implausibly far away: nothing was changed"),
    "gate:stale_model": gettext_noop("The demand model is too old: nothing was changed"),
    "gate:not_allowed": gettext_noop("There is no demand model: nothing was changed"),
    "gate:below_floor": gettext_noop("Raised to the floor"),
    "gate:above_ceiling": gettext_noop("Lowered to the ceiling"),
    "gate:above_emergency_cap": gettext_noop("Lowered to the legal cap of an emergency"),
    "gate:step_cap": gettext_noop("Goes there step by step: a day allows no more"),
    "gate:hold": gettext_noop("The last price must hold for its minimum time"),
    "gate:too_many_changes": gettext_noop("No more changes today"),
    "badge:cost_unknown": gettext_noop("Cost unknown: assumed as a share of the list price"),
    "badge:below_cost": gettext_noop("Sold for less than cost and the least margin"),
    "badge:not_a_number": gettext_noop("The model returned an invalid number: the price stays"),
    "badge:no_model": gettext_noop("No demand model: the price stays"),
    "badge:no_sales": gettext_noop(
        "Too few sales for an elasticity of its own: that of its family is used"
    ),
    "badge:new_item": gettext_noop("New: starts at the list price"),
    "badge:one_price": gettext_noop("Never had another price: nothing is known of its elasticity"),
    "badge:lone_in_category": gettext_noop("Alone in its category: nothing to learn from siblings"),
    "badge:feed_currency": gettext_noop("A competitor's price in another currency was not used"),
    "badge:feed_outlier": gettext_noop("A competitor's price was implausible and was not used"),
    "badge:observational": gettext_noop("Elasticity from observation, not from randomized prices"),
}


def say_rule(code: str, language: str) -> str:
    """Return the sentence of a rule, "relaxed:" rule or "badge:" code; else the code itself.

    >>> say_rule("ceiling", "en"), say_rule("ceiling", "zh-hans")
    ('Held by the price ceiling', '受最高价限制')
    """
    return translate(_SENTENCES[code], language) if code in _SENTENCES else code


def say_why(
    bound: Iterable[str], relaxed: Iterable[str], badges: Iterable[str], language: str
) -> list[str]:
    """Return the sentences behind a proposal: what bound, what gave way, what to be careful about.

    A badge that says what a rule has said already is left out.

    >>> say_why(["ceiling"], ["step_cap"], [], "en")[0]
    'Held by the price ceiling'
    >>> len(say_why(["observational"], [], ["observational", "no_sales"], "en"))
    2
    """
    held = list(bound)
    doubts = (f"badge:{one}" for one in badges if one not in held)
    codes = [*held, *(f"relaxed:{one}" for one in relaxed), *doubts]
    return [say_rule(code, language) for code in codes]
