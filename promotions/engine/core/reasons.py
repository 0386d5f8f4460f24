"""Every reason why an offer or code did not apply. True, never vague.

Placeholders: {missing} money still missing, {units} pieces still missing, {goods} the products to
add, {name} the offer, {date} a day (ISO 8601), {amount} money a condition names, {gain} what the
next step gives, {weekdays} names of days, and what the failure's detail holds ({days}, {count},
{start}, {end}, {left}).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from promotions.engine.core.conditions.leaves import Failure
from shop.ground.kernel.money import format_money
from shop.ground.kernel.translation import gettext_noop, pgettext_noop, translate

REASONS: dict[str, str] = {
    # the code itself
    "unknown_code": gettext_noop("We do not know this code. Check the spelling."),
    "code_disabled": gettext_noop("This code has been withdrawn."),
    "code_used_up": gettext_noop("All uses of this code are gone."),
    "code_reserved": gettext_noop(
        "Orders that wait for payment hold the last uses of this code. Try again in a while."
    ),
    "code_ended": gettext_noop("This code was valid until {date}."),
    "code_used_by_you": gettext_noop("You have used this code before."),
    "code_held_by_you": gettext_noop("Your order that awaits payment holds this code."),
    "already_applied": gettext_noop("Another code you entered already gives this offer."),
    "too_many_codes": gettext_noop("One order takes at most 10 codes."),
    # the campaign
    "not_started": gettext_noop("This offer starts on {date}."),
    "ended": gettext_noop("This offer ended on {date}."),
    "paused": gettext_noop("This offer is paused at the moment."),
    "not_published": gettext_noop("This offer is not open yet."),
    "closed": gettext_noop("This offer was closed early."),
    "budget_spent": gettext_noop("The money set aside for this offer is used up."),
    # use limits
    "limit_reached": gettext_noop("All uses of this offer are gone."),
    "limit_reached_for_now": gettext_noop(
        "All uses of this offer are gone for now. It is open again from {date}."
    ),
    "limit_reached_here": gettext_noop("All uses of this offer in this channel are gone."),
    "used_by_you": gettext_noop("You have used this offer as often as one shopper may."),
    "used_by_you_for_now": gettext_noop(
        "You have used this offer as often as one shopper may for now. Again from {date}."
    ),
    "order_limit": gettext_noop("One order cannot take more of this offer."),
    "sold_out": gettext_noop("All pieces at this price are sold."),
    "units_left": gettext_noop("Only {left} left at this price. Take {left} or fewer to get it."),
    # given in part
    "units_partly": gettext_noop("Only {left} left at this price."),
    "units_partly_yours": gettext_noop("At most {left} for you at this price."),
    "units_of_each": gettext_noop("At most {left} of each product."),
    "units_an_order": gettext_noop("At most {left} in one order."),
    "money_partly": gettext_noop("Only {amount} of it is left."),
    "money_partly_yours": gettext_noop("Only {amount} of it is left for you."),
    # where and who
    "wrong_market": gettext_noop("This offer is not valid in this country."),
    "wrong_region": gettext_noop("This offer is not valid where you are."),
    "wrong_weekday": gettext_noop("This offer is valid on {weekdays} only."),
    "wrong_hour": gettext_noop("This offer is valid from {start} to {end} only."),
    "wrong_channel": gettext_noop("This offer is not valid in this channel."),
    "members_only": gettext_noop("This offer is for shoppers with an account. Sign in to use it."),
    "not_addressed": gettext_noop(
        "This offer was sent to other shoppers and is not valid for you."
    ),
    "not_in_segment": gettext_noop("This offer is for another group of shoppers."),
    "tag_missing": gettext_noop("This offer is for another group of shoppers."),
    "first_order_only": gettext_noop("This offer is for a first order only."),
    "new_only": gettext_noop("This offer is for new shoppers only."),
    "returning_only": gettext_noop("This offer is for shoppers who have ordered before."),
    "tier_missing": gettext_noop("This offer is for members with another status."),
    "group_missing": gettext_noop(
        "This offer is for a group you have not shown to belong to yet. See “My groups”."
    ),
    "ordered_recently": gettext_noop(
        "This offer is for shoppers whose last order is at least {days} days ago."
    ),
    "ordered_long_ago": gettext_noop(
        "This offer is for shoppers who ordered within the last {days} days."
    ),
    "too_few_orders": gettext_noop(
        "This offer is for shoppers with at least {count} orders in the last {days} days."
    ),
    "too_many_orders": gettext_noop(
        "This offer is for shoppers with at most {count} orders in the last {days} days."
    ),
    "spent_too_little": gettext_noop(
        "This offer is for shoppers who spent at least {amount} in the last {days} days."
    ),
    "spent_too_much": gettext_noop(
        "This offer is for shoppers who spent at most {amount} in the last {days} days."
    ),
    "private": gettext_noop("This offer looks at past shopping, and you have not agreed to that."),
    # the cart
    "cart_empty": gettext_noop("The cart is empty."),
    "cart_value_below": gettext_noop("Add {missing} more{goods} to get “{name}”."),
    "cart_quantity_below": gettext_noop("Add {units} more{goods} to get “{name}”."),
    "products_below": gettext_noop(
        "Different products still missing for “{name}”: {units}{goods}."
    ),
    "next_step_value": gettext_noop("Add {missing} more{goods} for {gain} with “{name}”."),
    "next_step_quantity": gettext_noop("Add {units} more{goods} for {gain} with “{name}”."),
    "product_missing": gettext_noop("A product that “{name}” asks for is not in the cart."),
    "category_missing": gettext_noop(
        "Nothing from a department that “{name}” asks for is in the cart."
    ),
    "brand_missing": gettext_noop("Nothing of a brand that “{name}” asks for is in the cart."),
    "nothing_in_scope": gettext_noop("None of the products in the cart are part of this offer."),
    "excluded": gettext_noop("Something in the cart or in this order rules this offer out."),
    "too_many_hold": gettext_noop(
        "This offer takes exactly one of several things, and your order has more than one."
    ),
    "no_alternative": gettext_noop("This offer has no condition that could hold."),
    "code_missing": gettext_noop("This offer needs a code."),
    # what would come of it
    "gift_gone": gettext_noop("The gift is out of stock."),
    "delivery_is_free": gettext_noop("There is no delivery fee this offer could lower."),
    "too_little_for_points": gettext_noop("The cart is too small to earn points with this offer."),
    "already_cheaper": gettext_noop("The products already cost less than with this offer."),
    "price_floor": gettext_noop("The prices in the cart are already as low as they may go."),
    "personal_cap": gettext_noop(
        "Your personal price and offers take at most {percent}% off the price for everybody."
    ),
    "beaten": gettext_noop(
        "Your other offers save you more, and they do not combine with this one."
    ),
    "adds_nothing": gettext_noop("With your other offers this one saves nothing more."),
}

GAINS: dict[str, str] = {
    "percent": gettext_noop("{gain}% off"),
    "off_minor": gettext_noop("{gain} off"),
    "each_off_minor": gettext_noop("{gain} off each"),
    "each_for_minor": gettext_noop("{gain} each"),
}

WEEKDAYS: dict[int, str] = {
    1: gettext_noop("Monday"),
    2: gettext_noop("Tuesday"),
    3: gettext_noop("Wednesday"),
    4: gettext_noop("Thursday"),
    5: gettext_noop("Friday"),
    6: gettext_noop("Saturday"),
    7: gettext_noop("Sunday"),
}


# between the items of a list
LIST_COMMA = pgettext_noop("list", ", ")


def explain(
    reason_code: str,
    *,
    language: str,
    locale: str,
    currency: str,
    name: str = "",
    failure: Failure | None = None,
    date: str = "",
    goods: str = "",
) -> str:
    """Return the sentence for `reason_code` in `language` ("zh..." or anything else: English).

    A quantity that is missing is named as such even where the reason speaks of money. `goods` are
    the products to add, " of Cheese", where not all will do.

    >>> explain("ended", language="en", locale="en_US", currency="USD", date="2026-01-31")
    'This offer ended on 2026-01-31.'
    """
    if failure is not None and reason_code == "cart_value_below" and not failure.missing_minor:
        reason_code = "cart_quantity_below"
    missing = "" if failure is None else format_money(failure.missing_minor, currency, locale)
    units = 0 if failure is None else failure.missing_quantity
    words: dict[str, int | str] = {"missing": missing, "units": units, "name": name, "date": date}
    words["goods"] = goods
    if failure is not None:
        words |= _words_of(failure.detail, currency, locale, language)
    return _translate_reason(reason_code, language).format(**words)


@lru_cache(maxsize=256)
def _translate_reason(reason_code: str, language: str) -> str:
    """Return the sentence with its placeholders: a cart is told why of each offer that runs."""
    return translate(REASONS[reason_code], language)


def say_reason(reason_code: str, *, language: str, detail: Mapping[str, int | str]) -> str:
    """Return the sentence of a reason that names no money: who lost a race hears it.

    >>> say_reason("sold_out", language="en", detail={})
    'All pieces at this price are sold.'
    """
    return explain(
        reason_code,
        language=language,
        locale="en_US",
        currency="USD",
        failure=Failure(reason_code, detail=detail),
        date=str(detail.get("date", "")),
    )


def _words_of(
    detail: Mapping[str, int | str], currency: str, locale: str, language: str
) -> dict[str, int | str]:
    """Return the detail of a failure with money and days of the week as people write them."""
    words = dict(detail)
    if "amount_minor" in detail:
        words["amount"] = format_money(int(detail["amount_minor"]), currency, locale)
    for key in GAINS.keys() & detail.keys():
        of = str(detail[key])
        gain = of if key == "percent" else format_money(int(of), currency, locale)
        words["gain"] = translate(GAINS[key], language, gain=gain)
    if "weekdays" in detail:
        days = [WEEKDAYS[int(day)] for day in str(detail["weekdays"]).split(",")]
        comma = translate(LIST_COMMA, language)
        words["weekdays"] = comma.join(translate(day, language) for day in days)
    return words
