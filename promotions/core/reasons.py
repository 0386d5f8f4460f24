"""Every reason why an offer or code did not apply, in English and Chinese. True, never vague.

Placeholders: {missing} money still missing, {units} pieces still missing, {goods} the products to
add, {name} the offer, {date} a day (ISO 8601), {amount} money a condition names, {gain} what the
next step gives, {weekdays} names of days, and what the failure's detail holds ({days}, {count},
{start}, {end}, {left}).
"""

from __future__ import annotations

from collections.abc import Mapping

from promotions.core.circumstances import Failure
from shop.kernel.money import format_money

REASONS: dict[str, tuple[str, str]] = {
    # the code itself
    "unknown_code": (
        "We do not know this code. Check the spelling.",
        "没有这个优惠码，请检查拼写。",
    ),
    "code_disabled": ("This code has been withdrawn.", "该优惠码已被撤回。"),
    "code_used_up": ("All uses of this code are gone.", "该优惠码已被全部用完。"),
    "code_reserved": (
        "Orders that wait for payment hold the last uses of this code. Try again in a while.",
        "该优惠码的剩余次数正被待付款订单占用，请稍后再试。",
    ),
    "code_ended": ("This code was valid until {date}.", "该优惠码的有效期至 {date}。"),
    "code_used_by_you": ("You have used this code before.", "您已使用过该优惠码。"),
    "code_held_by_you": (
        "Your order that awaits payment holds this code.",
        "您的待付款订单正在使用该优惠码。",
    ),
    "already_applied": (
        "Another code you entered already gives this offer.",
        "您输入的另一个优惠码已享受该优惠。",
    ),
    "too_many_codes": ("One order takes at most 10 codes.", "每个订单最多使用 10 个优惠码。"),
    # the campaign
    "not_started": ("This offer starts on {date}.", "该优惠将于 {date} 开始。"),
    "ended": ("This offer ended on {date}.", "该优惠已于 {date} 结束。"),
    "paused": ("This offer is paused at the moment.", "该优惠目前已暂停。"),
    "not_published": ("This offer is not open yet.", "该优惠尚未开放。"),
    "closed": ("This offer was closed early.", "该优惠已提前结束。"),
    "budget_spent": ("The money set aside for this offer is used up.", "该优惠的预算已用完。"),
    # use limits
    "limit_reached": ("All uses of this offer are gone.", "该优惠已被全部用完。"),
    "limit_reached_for_now": (
        "All uses of this offer are gone for now. It is open again from {date}.",
        "该优惠本期已用完，{date} 起可再次使用。",
    ),
    "limit_reached_here": (
        "All uses of this offer in this channel are gone.",
        "该优惠在此渠道已被全部用完。",
    ),
    "used_by_you": (
        "You have used this offer as often as one shopper may.",
        "您使用该优惠的次数已达上限。",
    ),
    "used_by_you_for_now": (
        "You have used this offer as often as one shopper may for now. Again from {date}.",
        "您本期使用该优惠的次数已达上限，{date} 起可再次使用。",
    ),
    "order_limit": (
        "One order cannot take more of this offer.",
        "单个订单使用该优惠的次数已达上限。",
    ),
    "sold_out": ("All pieces at this price are sold.", "该价格的商品已售完。"),
    "units_left": (
        "Only {left} left at this price. Take {left} or fewer to get it.",
        "该价格仅剩 {left} 件，购买不超过 {left} 件即可享受。",
    ),
    # given in part
    "units_partly": ("Only {left} left at this price.", "该价格仅剩 {left} 件。"),
    "units_partly_yours": ("At most {left} for you at this price.", "您最多可享 {left} 件。"),
    "units_of_each": ("At most {left} of each product.", "每种商品最多 {left} 件享受此优惠。"),
    "units_an_order": ("At most {left} in one order.", "每单最多 {left} 件享受此优惠。"),
    "money_partly": ("Only {amount} of it is left.", "仅剩 {amount}。"),
    # where and who
    "wrong_market": ("This offer is not valid in this country.", "该优惠在本地区不可用。"),
    "wrong_region": ("This offer is not valid where you are.", "该优惠在您所在的地区不可用。"),
    "wrong_weekday": ("This offer is valid on {weekdays} only.", "该优惠仅限{weekdays}使用。"),
    "wrong_hour": (
        "This offer is valid from {start} to {end} only.",
        "该优惠仅限 {start} 至 {end} 使用。",
    ),
    "wrong_channel": ("This offer is not valid in this channel.", "该优惠在此渠道不可用。"),
    "members_only": (
        "This offer is for shoppers with an account. Sign in to use it.",
        "该优惠仅限会员，请登录后使用。",
    ),
    "not_addressed": (
        "This offer was sent to other shoppers and is not valid for you.",
        "该优惠发放给指定顾客，您无法使用。",
    ),
    "not_in_segment": ("This offer is for another group of shoppers.", "该优惠面向其他顾客群体。"),
    "tag_missing": ("This offer is for another group of shoppers.", "该优惠面向其他顾客群体。"),
    "first_order_only": ("This offer is for a first order only.", "该优惠仅限首单使用。"),
    "new_only": ("This offer is for new shoppers only.", "该优惠仅限新顾客使用。"),
    "returning_only": (
        "This offer is for shoppers who have ordered before.",
        "该优惠仅限曾经下单的顾客使用。",
    ),
    "tier_missing": (
        "This offer is for members with another status.",
        "该优惠仅限其他等级的会员使用。",
    ),
    "group_missing": (
        "This offer is for a group you have not shown to belong to yet. See “My groups”.",
        "该优惠面向特定群体，您尚未完成认证，请查看“我的群体”。",
    ),
    "ordered_recently": (
        "This offer is for shoppers whose last order is at least {days} days ago.",
        "该优惠面向至少 {days} 天未下单的顾客。",
    ),
    "ordered_long_ago": (
        "This offer is for shoppers who ordered within the last {days} days.",
        "该优惠面向最近 {days} 天内下过单的顾客。",
    ),
    "too_few_orders": (
        "This offer is for shoppers with at least {count} orders in the last {days} days.",
        "该优惠面向最近 {days} 天内至少下过 {count} 单的顾客。",
    ),
    "too_many_orders": (
        "This offer is for shoppers with at most {count} orders in the last {days} days.",
        "该优惠面向最近 {days} 天内最多下过 {count} 单的顾客。",
    ),
    "spent_too_little": (
        "This offer is for shoppers who spent at least {amount} in the last {days} days.",
        "该优惠面向最近 {days} 天内消费满 {amount} 的顾客。",
    ),
    "spent_too_much": (
        "This offer is for shoppers who spent at most {amount} in the last {days} days.",
        "该优惠面向最近 {days} 天内消费不超过 {amount} 的顾客。",
    ),
    "private": (
        "This offer looks at past shopping, and you have not agreed to that.",
        "该优惠需参考购物记录，而您未同意使用。",
    ),
    # the cart
    "cart_empty": ("The cart is empty.", "购物车是空的。"),
    "cart_value_below": (
        "Add {missing} more{goods} to get “{name}”.",
        "{goods}再加购 {missing} 即可享受“{name}”。",
    ),
    "cart_quantity_below": (
        "Add {units} more{goods} to get “{name}”.",
        "{goods}再加购 {units} 件即可享受“{name}”。",
    ),
    "products_below": (
        "Different products still missing for “{name}”: {units}{goods}.",
        "{goods}还差 {units} 种不同的商品即可享受“{name}”。",
    ),
    "next_step_value": (
        "Add {missing} more{goods} for {gain} with “{name}”.",
        "{goods}再加购 {missing}，“{name}”即可{gain}。",
    ),
    "next_step_quantity": (
        "Add {units} more{goods} for {gain} with “{name}”.",
        "{goods}再加购 {units} 件，“{name}”即可{gain}。",
    ),
    "product_missing": (
        "A product that “{name}” asks for is not in the cart.",
        "购物车中没有“{name}”指定的商品。",
    ),
    "category_missing": (
        "Nothing from a department that “{name}” asks for is in the cart.",
        "购物车中没有“{name}”指定类别的商品。",
    ),
    "brand_missing": (
        "Nothing of a brand that “{name}” asks for is in the cart.",
        "购物车中没有“{name}”指定品牌的商品。",
    ),
    "nothing_in_scope": (
        "None of the products in the cart are part of this offer.",
        "购物车中没有参加该优惠的商品。",
    ),
    "excluded": (
        "Something in the cart or in this order rules this offer out.",
        "购物车或订单中的内容使该优惠不适用。",
    ),
    "too_many_hold": (
        "This offer takes exactly one of several things, and your order has more than one.",
        "该优惠只能满足多个条件中的一项，而您的订单满足了多项。",
    ),
    "no_alternative": ("This offer has no condition that could hold.", "该优惠没有可满足的条件。"),
    "code_missing": ("This offer needs a code.", "该优惠需要输入优惠码。"),
    # what would come of it
    "gift_gone": ("The gift is out of stock.", "赠品已送完。"),
    "delivery_is_free": ("There is no delivery fee this offer could lower.", "没有可减免的运费。"),
    "too_little_for_points": (
        "The cart is too small to earn points with this offer.",
        "购物车金额不足，无法获得积分。",
    ),
    "already_cheaper": (
        "The products already cost less than with this offer.",
        "商品现价已低于该优惠价。",
    ),
    "price_floor": (
        "The prices in the cart are already as low as they may go.",
        "购物车中的价格已是最低价。",
    ),
    "personal_cap": (
        "Your personal price and offers take at most {percent}% off the price for everybody.",
        "您的个人价格与优惠合计已比公开价低 {percent}%，这是上限。",
    ),
    "beaten": (
        "Your other offers save you more, and they do not combine with this one.",
        "您的其他优惠更划算，且不能与此优惠叠加。",
    ),
    "adds_nothing": (
        "With your other offers this one saves nothing more.",
        "与其他优惠一起使用时，该优惠不再减免。",
    ),
}

GAINS: dict[str, tuple[str, str]] = {
    "percent": ("{gain}% off", "减 {gain}%"),
    "off_minor": ("{gain} off", "减 {gain}"),
    "each_off_minor": ("{gain} off each", "每件减 {gain}"),
    "each_for_minor": ("{gain} each", "每件只需 {gain}"),
}

WEEKDAYS: dict[int, tuple[str, str]] = {
    1: ("Monday", "星期一"),
    2: ("Tuesday", "星期二"),
    3: ("Wednesday", "星期三"),
    4: ("Thursday", "星期四"),
    5: ("Friday", "星期五"),
    6: ("Saturday", "星期六"),
    7: ("Sunday", "星期日"),
}


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
    english, chinese = REASONS[reason_code]
    missing = "" if failure is None else format_money(failure.missing_minor, currency, locale)
    units = 0 if failure is None else failure.missing_quantity
    is_chinese = language.startswith("zh")
    words: dict[str, int | str] = {"missing": missing, "units": units, "name": name, "date": date}
    words["goods"] = goods
    if failure is not None:
        words |= _words_of(failure.detail, currency, locale, is_chinese=is_chinese)
    return (chinese if is_chinese else english).format(**words)


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
    detail: Mapping[str, int | str], currency: str, locale: str, *, is_chinese: bool
) -> dict[str, int | str]:
    """Return the detail of a failure with money and days of the week as people write them."""
    words = dict(detail)
    if "amount_minor" in detail:
        words["amount"] = format_money(int(detail["amount_minor"]), currency, locale)
    for key in GAINS.keys() & detail.keys():
        of = str(detail[key])
        gain = of if key == "percent" else format_money(int(of), currency, locale)
        words["gain"] = GAINS[key][is_chinese].format(gain=gain)
    if "weekdays" in detail:
        days = [WEEKDAYS[int(day)] for day in str(detail["weekdays"]).split(",")]
        words["weekdays"] = ("、" if is_chinese else ", ").join(day[is_chinese] for day in days)
    return words
