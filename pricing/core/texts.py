"""The words beside prices, in English and Chinese. Plain sentences a shopper can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_EN: Mapping[str, str] = {
    "public": "Price for everybody",
    "personal": "Your personal discount",
    "interest": "Your recent interest in products like this",
    "deals": "You bought products on offer",
    "offers": "You opened offers",
    "test": "Price test: a small change, drawn at random",
    "hold": "We keep the lower price you saw before",
    "book": "Prepared for you from your earlier visits",
    "without": "Without {inputs}",
    "without_interest": "your interest in products like this",
    "without_deals": "what you bought on offer",
    "without_offers": "the offers you opened",
    "without_test": "the price test",
    "without_hold": "the lower price you saw before",
    "without_book": "your earlier visits",
    "and": " and ",
    "comma": ", ",
    "label:price-test": "Price test: the same price for everybody",
    # Rows and prices of explanations made before price tests had a row of their own.
    "trial": "Price test: a small change, drawn at random",
    "guard": "Limited by our rules",
    "reference:eu_low30_offered_before_start": (
        "Lowest price in the 30 days before this reduction"
    ),
    "reference:cn_low7_paid": "Lowest price paid in the 7 days before this reduction",
    "reference:median90_paid": "Median price paid in the 90 days before this reduction",
    "reference:uk_volume_share": "Lowest price in the 30 days before, at which goods really sold",
}
_ZH: Mapping[str, str] = {
    "public": "所有人的价格",
    "personal": "您的专属优惠",
    "interest": "您最近对类似商品的兴趣",
    "deals": "您购买过优惠商品",
    "offers": "您打开过优惠活动",
    "test": "价格测试：随机抽取的小幅变动",
    "hold": "保留您之前看到的较低价格",
    "book": "根据您之前的访问为您准备",
    "without": "不考虑{inputs}",
    "without_interest": "您对类似商品的兴趣",
    "without_deals": "您购买优惠商品的记录",
    "without_offers": "您打开的优惠活动",
    "without_test": "价格测试",
    "without_hold": "您之前看到的较低价格",
    "without_book": "您之前的访问",
    "and": "和",
    "comma": "、",
    "label:price-test": "价格测试：所有人价格相同",
    "trial": "价格测试：随机抽取的小幅变动",
    "guard": "受我们的定价规则限制",
    "reference:eu_low30_offered_before_start": "本次降价前30天内的最低价",
    "reference:cn_low7_paid": "本次降价前7天内的最低成交价",
    "reference:median90_paid": "本次降价前90天内的成交价中位数",
    "reference:uk_volume_share": "本次降价前30天内有真实销量的最低价",
}


def say(code: str, language: str) -> str:
    """Return the sentence for `code` in `language`; the code itself if there is none.

    >>> say("public", "en"), say("public", "zh-hans")
    ('Price for everybody', '所有人的价格')
    """
    return (_ZH if language.startswith("zh") else _EN).get(code, code)


def say_without(codes: Sequence[str], language: str) -> str:
    """Return which inputs a price is named without, in the order they were taken away.

    >>> say_without(["without_test", "without_deals"], "en")
    'Without the price test and what you bought on offer'
    >>> say_without(["without_test", "without_deals", "without_interest"], "zh-hans")
    '不考虑价格测试、您购买优惠商品的记录和您对类似商品的兴趣'
    """
    *first, last = (say(code, language) for code in codes)
    listed = say("comma", language).join(first)
    inputs = f"{listed}{say('and', language)}{last}" if first else last
    return say("without", language).format(inputs=inputs)
