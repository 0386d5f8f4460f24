"""What each rule asks, in a few words: English, Chinese."""

from __future__ import annotations

from collections.abc import Mapping

TITLES: Mapping[str, tuple[str, str]] = {
    "was_price_too_high": (
        "The old price is no higher than the price history allows",
        "原价不高于价格记录所允许的价格",
    ),
    "was_price_never_paid": ("The old price was really paid", "原价确曾成交"),
    "percent_not_from_reference": (
        "Percentages are reckoned from the reference price",
        "折扣以参考价计算",
    ),
    "raised_before_cut": ("No increase is dressed as a deal", "没有先涨价后打折"),
    "timer_restarts": ("No clock starts again", "倒计时不会重新开始"),
    "window_without_pause": (
        "Offers for a time pause before they come again",
        "限时优惠再次开始前有间隔",
    ),
    "end_extended": ("The end stays as shoppers were told", "结束时间与告知顾客的一致"),
    "timer_not_the_end": ("A clock counts to the end", "倒计时指向结束时间"),
    "words_of_urgency": (
        "Words of urgency have a clock or stock behind them",
        "催促用语有时间或库存依据",
    ),
    "personal_not_allowed": ("Personal offers are allowed there", "该地区允许个人优惠"),
    "personal_above_cap": ("Personal discounts keep to the cap", "个人优惠不超过上限"),
    "gifts_above_cap": (
        "Gifts that come together keep to the cap",
        "可同时获得的赠品不超过上限",
    ),
    "label_missing": ("Personal offers carry the label", "个人优惠带有标示"),
    "terms_not_in_language": ("Shoppers can read the terms", "顾客能读懂条款"),
    "below_cost": ("Nothing sells below cost", "不低于成本销售"),
    "below_minimum_price": ("Minimum prices are kept", "不低于最低价"),
    "cut_not_reached": ("Goods reach the percentage in the name", "商品达到名称中的折扣"),
    "promise_not_reached": (
        "Products reach the free units, amounts and prices that offers promise",
        "商品达到优惠承诺的赠送、减免或价格",
    ),
    "protected_condition": (
        "Nobody's price depends on a protected trait",
        "价格不取决于受保护特征",
    ),
    "restricted_gift": ("Nothing is given away that must not be", "没有赠送禁止赠送的商品"),
    "banned_promotion": ("Nothing is promoted that must not be", "没有促销禁止促销的商品"),
    "scarcity_not_from_stock": ("What is left comes from stock", "剩余数量来自库存"),
    "bait_quantity": ("There is enough in stock", "库存充足"),
    "free_with_hidden_conditions": ("“Free” says its conditions", "“免费”写明条件"),
    "points_without_notice": ("Points end with notice", "积分到期提前告知"),
    "review_tied_to_tone": (
        "Rewards for reviews do not depend on their tone",
        "评价奖励不取决于语气",
    ),
    "review_not_disclosed": ("Rewarded reviews say so", "有奖评价予以说明"),
    "percent_untrue": ("The percentage in the name is given", "名称中的折扣属实"),
    "up_to_misleading": ("“Up to” is true of enough goods", "“最高”适用于足够多的商品"),
    "price_named_in_name": ("No old price is typed into a name", "名称中没有手写原价"),
}
