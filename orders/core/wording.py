"""What shoppers read about carts, orders and payments, in English and Chinese."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_time

from shop.kernel.money import format_money

LOCALES = {"en": "en_US", "zh-hans": "zh_Hans_CN"}

NOTICES: dict[str, tuple[str, str]] = {
    "price_fell": (
        "{name} now costs {now} instead of {was}: you pay the lower price.",
        "{name}的价格已从 {was} 降至 {now}，将按较低价格计费。",
    ),
    "price_rose": (
        "{name} went from {was} to {now} after your quote ran out. Please accept or take it out.",
        "报价到期后，{name}的价格从 {was} 变为 {now}。请接受新价格或移除该商品。",
    ),
    "price_kept": (
        "Personal prices are off. Until {until}, {name} keeps its promised {now}, not {was}.",
        "个性化价格已关闭。在 {until} 之前，{name}仍按已承诺的较低价格 {now} 计费，而非 {was}。",
    ),
    "sold_out": ("{name} is sold out.", "{name}已售罄。"),
    "only_left": ("Only {count} of {name} left.", "{name}仅剩 {count} 件。"),
    "gift_gone": (
        "The gift you chose, {name}, is gone. Please choose again.",
        "您选择的赠品{name}已送完，请重新选择。",
    ),
    "offer_at_floor": (
        "A part of the offer {offer} could not be applied to {name}: it is at its lowest price.",
        "优惠“{offer}”有一部分无法用于{name}：该商品已是最低价。",
    ),
    "unavailable": ("{name} is no longer sold.", "{name}已下架。"),
}

STATUSES: dict[str, tuple[str, str]] = {
    "awaiting_payment": ("Waiting for payment", "待付款"),
    "paid": ("Paid", "已付款"),
    "fulfilled": ("Delivered", "已送达"),
    "cancelled": ("Canceled", "已取消"),
    "expired": ("Canceled: not paid in time", "超时未付款，已取消"),
    "refunded": ("Refunded", "已退款"),
}

TIMELINE: dict[str, tuple[str, str]] = {
    "placed": ("Order placed", "订单已提交"),
    "payment_declined": ("Payment declined", "付款被拒"),
    "payment_failed": ("Payment could not be completed", "付款未能完成"),
    "paid": ("Payment received", "已收到付款"),
    "fulfilled": ("All of it has arrived", "全部商品已送达"),
    "cancelled": ("Order canceled", "订单已取消"),
    "expired": ("Canceled because it was not paid in time", "因超时未付款而取消"),
    "refunded": ("Money given back", "已退款"),
    "refund_found": ("Money given back", "已退款"),
    "return_requested": ("Return announced", "已申请退货"),
    "return_received": ("Return received", "已收到退货"),
    "return_settled": ("Return finished", "退货已处理"),
    "return_withdrawn": ("Return withdrawn", "已撤回退货"),
    "parcel_packed": ("Parcel packed", "包裹已打包"),
    "parcel_ready": ("Ready to collect", "可前往自提"),
    "parcel_shipped": ("Parcel on its way", "包裹已发出"),
    "parcel_delivered": ("Parcel delivered", "包裹已送达"),
    "parcel_collected": ("Collected", "已自提"),
    "late_payment_refunded": (
        "A payment came after the order was closed and was given back",
        "订单关闭后收到的付款已退回",
    ),
}

PAYMENT_REASONS: dict[str, tuple[str, str]] = {
    "declined": (
        "The payment was declined. Nothing was charged. Please try another way to pay.",
        "付款被拒，未扣款。请换一种支付方式。",
    ),
    "not_confirmed": (
        "The payment was not confirmed. Nothing was charged.",
        "付款未确认，未扣款。",
    ),
    "provider_down": (
        "The payment service does not answer. Your order is kept, and nobody pays twice.",
        "支付服务无响应，订单已保留，绝不会重复收款。",
    ),
    "processing": (
        "The bank is still processing the payment. You need not pay again.",
        "银行仍在处理付款，您无需再次付款。",
    ),
    "authorization_ended": (
        "The bank ended the reservation before the money was taken. Nothing was charged.",
        "扣款前银行已取消授权，未扣款。",
    ),
    "never_charged": (
        "The payment service never received this payment. Nothing was charged.",
        "支付服务未收到此笔付款，未扣款。",
    ),
    "order_closed": (
        "The order was closed before the payment arrived. The money was given back.",
        "付款到达前订单已关闭，款项已退回。",
    ),
}

METHODS: dict[str, tuple[str, str]] = {
    "stripe": ("Card or wallet", "银行卡或电子钱包"),
    "sandbox-card": ("Test card", "测试卡"),
    "sandbox-secure": ("Test card with confirmation by the bank", "需银行确认的测试卡"),
    "sandbox-declined": ("Test card that is declined", "会被拒绝的测试卡"),
    "sandbox-outage": ("Test card whose bank does not answer", "银行无响应的测试卡"),
}

FREE = ("Nothing to pay", "无需付款")


def name_method(code: str, language: str) -> str:
    """Return the name of a way to pay; its code for one that is no longer known.

    >>> name_method("sandbox-card", "en")
    'Test card'
    """
    return pick({**METHODS, "free": FREE}.get(code, (code, code)), language)


EMAILS: dict[str, dict[str, tuple[str, str]]] = {
    "placed": {
        "subject": ("Your order {number}", "您的订单 {number}"),
        "intro": (
            "Thank you, {name}. We have your order and keep the goods for you until it is paid.",
            "{name}，感谢您的订购。我们已收到订单，并在付款前为您保留商品。",
        ),
    },
    "paid": {
        "subject": ("Order {number} is paid", "订单 {number} 已付款"),
        "intro": (
            "Thank you, {name}. Your payment has arrived and we are preparing your order.",
            "{name}，感谢您的付款，我们正在备货。",
        ),
    },
    "cancelled": {
        "subject": ("Order {number} is canceled", "订单 {number} 已取消"),
        "intro": (
            "{name}, your order is canceled. What you paid comes back to you.",
            "{name}，您的订单已取消，已付款项将退回。",
        ),
    },
    "expired": {
        "subject": ("Order {number} was not paid", "订单 {number} 未付款"),
        "intro": (
            "{name}, your order was not paid in time and is closed. Nothing was charged.",
            "{name}，您的订单超时未付款，已关闭，未扣款。",
        ),
    },
    "refunded": {
        "subject": ("Money back for order {number}", "订单 {number} 退款"),
        "intro": (
            "{name}, we have given back {refunded} of your order.",
            "{name}，我们已为您的订单退款 {refunded}。",
        ),
        "another": (
            "{name}, we have given back another {refunded} of your order, {in_all} in all.",
            "{name}，我们又为您的订单退款 {refunded}，累计退款 {in_all}。",
        ),
    },
}

EMAIL_WORDS: dict[str, tuple[str, str]] = {
    "quantity": ("Quantity", "数量"),
    "your_price": ("Your price", "您的价格"),
    "price_for_everyone": ("Price for everyone", "公开价"),
    "price": ("Price", "价格"),
    "offers": ("Offers", "优惠"),
    "subtotal": ("Goods", "商品"),
    "delivery": ("Delivery", "配送"),
    "tax_included": ("Tax included", "含税"),
    "tax_added": ("Tax", "税费"),
    "total": ("Total", "合计"),
    "refunded": ("Given back", "已退款"),
    "free": ("free", "免费"),
    "follow": ("Follow your order", "查看订单"),
    "goes_to": ("Goes to", "收货信息"),
    "why": (
        "You were shown both prices before you bought. Why this price is on your order's page.",
        "购买前已同时向您展示两个价格。订单页面可查看定价原因。",
    ),
    "included": ("included", "已计入"),
    "capped": (
        "Capped at {percent}%: your personal price and offers never take off more together.",
        "已达 {percent}% 上限：您的个人价格与优惠合计不会再低。",
    ),
    "rules": ("How our prices work", "我们的定价方式"),
    "not_you": (
        "You get this message because this address was given with an order.",
        "您收到此邮件，因为下单时填写了该邮箱地址。",
    ),
}

UNNAMED = ("A product we no longer sell", "已下架的商品")


def pick(pair: tuple[str, str], language: str) -> str:
    """Return the text for `language` ("zh..." or anything else: English)."""
    return pair[language.startswith("zh")]


def locale_of(language: str) -> str:
    """Return the Babel locale of a language of the shop.

    >>> locale_of("zh-hans")
    'zh_Hans_CN'
    """
    return LOCALES["zh-hans" if language.startswith("zh") else "en"]


def say_notice(
    code: str,
    *,
    language: str,
    currency: str,
    name: str,
    was_minor: int = 0,
    now_minor: int = 0,
    count: int = 0,
    offer: str = "",
    until: str = "",
) -> str:
    """Return the sentence of a cart notice.

    >>> say_notice("only_left", language="en", currency="USD", name="Gouda", count=2)
    'Only 2 of Gouda left.'
    """
    locale = locale_of(language)
    return pick(NOTICES[code], language).format(
        name=name,
        was=format_money(was_minor, currency, locale),
        now=format_money(now_minor, currency, locale),
        count=count,
        offer=offer,
        until=until,
    )


def say_hour(at: datetime, time_zone: str, language: str) -> str:
    """Return the time of a day in a market, and its zone.

    >>> from datetime import UTC
    >>> say_hour(datetime(2026, 11, 25, 13, 5, tzinfo=UTC), "America/New_York", "zh-hans")
    '08:05 EST'
    """
    local = at.astimezone(ZoneInfo(time_zone))
    told = format_time(local, "short", tzinfo=local.tzinfo, locale=locale_of(language))
    return f"{told} {local.tzname()}"
