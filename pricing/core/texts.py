"""The words beside prices, in English and Chinese. Plain sentences a shopper can check."""

from __future__ import annotations

from collections.abc import Mapping

_EN: Mapping[str, str] = {
    "public": "Price for everybody",
    "personal": "Your personal discount",
    "interest": "You looked at or bought goods like this lately",
    "deals": "You often buy on offer",
    "trial": "We try slightly different prices at random",
    "hold": "We keep the lower price you saw before",
    "book": "Prepared for you from your earlier visits",
    "guard": "Limited by our rules",
    "without_interest": "Without what you looked at and bought here",
    "without_deals": "Without what you bought on offer",
    "without_all": "Without any of your information",
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
    "interest": "您最近浏览或购买过类似商品",
    "deals": "您经常购买优惠商品",
    "trial": "我们随机尝试略有不同的价格",
    "hold": "保留您之前看到的较低价格",
    "book": "根据您之前的访问为您准备",
    "guard": "受我们的定价规则限制",
    "without_interest": "不考虑您在此浏览和购买的记录",
    "without_deals": "不考虑您购买优惠商品的记录",
    "without_all": "不使用您的任何信息",
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
