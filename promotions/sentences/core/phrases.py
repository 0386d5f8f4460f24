"""The phrases of conditions: each clause and its opposite."""

from __future__ import annotations

from collections.abc import Mapping

from shop.ground.kernel.translation import gettext_noop, pgettext_noop

CHANNELS = {"online": pgettext_noop("bought", "online"), "store": gettext_noop("in the store")}
CHANNELS |= {"app": gettext_noop("in the app")}
NOT = gettext_noop("it is not true that {clause}")
# clause, and the clause of its opposite where that reads better than NOT
PHRASES: Mapping[str, tuple[str, str]] = {
    "channels": (
        gettext_noop("it is bought {items}"),
        gettext_noop("it is not bought {items}"),
    ),
    "markets": (
        gettext_noop("the market is {items}"),
        gettext_noop("the market is not {items}"),
    ),
    "regions": (
        gettext_noop("the place is {items}"),
        gettext_noop("the place is not {items}"),
    ),
    "weekdays": (gettext_noop("it is {items}"), gettext_noop("it is not {items}")),
    "hours": (
        gettext_noop("it is between {start} and {end}"),
        gettext_noop("it is not between {start} and {end}"),
    ),
    "codes": (
        gettext_noop("the code {items} was entered"),
        gettext_noop("the code {items} was not entered"),
    ),
    "member": (
        gettext_noop("the shopper has an account"),
        gettext_noop("the shopper has no account"),
    ),
    "segments": (
        gettext_noop("the shopper is in segment {items}"),
        gettext_noop("the shopper is not in segment {items}"),
    ),
    "tags": (
        gettext_noop("the shopper carries the tag {items}"),
        gettext_noop("the shopper does not carry the tag {items}"),
    ),
    "tiers": (
        gettext_noop("the member's tier is {items}"),
        gettext_noop("the member's tier is not {items}"),
    ),
    "groups": (
        gettext_noop("the shopper has proved to be {items}"),
        gettext_noop("the shopper has not proved to be {items}"),
    ),
    "first_order": (
        gettext_noop("it is the shopper's first order"),
        gettext_noop("it is not the shopper's first order"),
    ),
    "new": (
        gettext_noop("the shopper has never ordered"),
        gettext_noop("the shopper has ordered before or it is not known"),
    ),
    "returning": (
        gettext_noop("the shopper has ordered before"),
        gettext_noop("the shopper has never ordered or it is not known"),
    ),
}
BOUNDS: Mapping[str, tuple[str, str, str]] = {
    "last_order": (
        gettext_noop("the last order is at least {least} days ago"),
        gettext_noop("the last order is at most {most} days ago"),
        gettext_noop("the last order is {least} to {most} days ago"),
    ),
    "orders": (
        gettext_noop("there were at least {least} orders in the last {days} days"),
        gettext_noop("there were at most {most} orders in the last {days} days"),
        gettext_noop("there were {least} to {most} orders in the last {days} days"),
    ),
    "spent": (
        gettext_noop("at least {least} was spent in the last {days} days"),
        gettext_noop("at most {most} was spent in the last {days} days"),
        gettext_noop("{least} to {most} was spent in the last {days} days"),
    ),
}
