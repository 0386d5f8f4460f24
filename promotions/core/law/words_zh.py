"""Every rule in Chinese: what it asks, and what to do about a draft that breaks it."""

from __future__ import annotations

from collections.abc import Mapping

# rule -> (the rule, what to do)
WORDS: Mapping[str, tuple[str, str]] = {
    "was_price_too_high": (
        "原价 {was} 高于可标示的价格：法规考察期内有 {goods} 种商品以更低价格出售过。",
        "原价最多标示为 {reference}，或移除这些商品，或推迟开始。",
    ),
    "was_price_never_paid": (
        "原价必须真实：有 {goods} 种商品近 90 天内按标价售出的件数不足五分之一。",
        "请不要为这些商品标示原价，或将其移除。",
    ),
    "percent_not_from_reference": (
        (
            "折扣须以参考价计算：法规考察期内有 {goods} 种商品曾以低于现价的价格出售，“"
            "{percent}%”对其不真实。"
        ),
        "请移除这些商品，或等价格稳定足够时间后再开始，或只标示新价而不写折扣。",
    ),
    "raised_before_cut": (
        "不得先涨价后打折：有 {goods} 种商品在此前 {days} 天内的价格低于优惠后的价格。",
        "请移除这些商品，或等较高价格维持满 {days} 天。",
    ),
    "timer_restarts": (
        ("重新计时的倒计时是欺骗：同类优惠“{code}”于 {ends} 结束，与本活动开始须间隔 {pause} 天。"),
        "请于 {date} 或之后开始，或不使用倒计时和“最后”字样。",
    ),
    "window_without_pause": (
        ("限时优惠必须结束：同类优惠“{code}”于 {ends} 结束，与本活动开始须间隔 {pause} 天。"),
        "请于 {date} 或之后开始，或直接长期下调公开价格。",
    ),
    "end_extended": (
        "已告知顾客于 {told} 结束，不能延后。",
        "请让其结束，并在间隔 {pause} 天后另建活动。",
    ),
    "timer_not_the_end": (
        "倒计时只能指向活动的结束时间。",
        "请删除另设的时间：倒计时会自动跟随结束时间。",
    ),
    "words_of_urgency": (
        "名称中的“{word}”制造紧迫感，却没有结束时间或库存依据。",
        "请删除该词，或启用倒计时或剩余库存数。",
    ),
    "personal_not_allowed": (
        "该地区不允许个性化价格或优惠。",
        "请改为面向所有人或全体会员，或排除该地区。",
    ),
    "personal_above_cap": (
        "{percent}% 的个人优惠超过该地区 {cap}% 的上限。",
        "请降至 {cap}%，或面向全体会员。",
    ),
    "gifts_above_cap": (
        "可同时获得的个人赠品（{offers}）合计达 {percent}%，超过该地区 {cap}% 的上限。",
        "请放入“择优”组、提高购物金额门槛，或减少赠品。",
    ),
    "label_missing": (
        "个人优惠在任何展示处都须带有该地区规定的标示文字。",
        "请重新启用标示。",
    ),
    "terms_not_in_language": (
        "该地区顾客须能以本地语言阅读条款：缺少中文名称。",
        "请填写活动及优惠的中文名称。",
    ),
    "below_cost": (
        "该地区禁止低于成本销售：有 {goods} 种商品将低于成本。",
        "请减小折扣，或移除这些商品。",
    ),
    "below_minimum_price": (
        "该地区对“{kind}”类商品设有最低价：有 {goods} 种将低于最低价。",
        "请减小折扣，或移除这些商品。",
    ),
    "cut_not_reached": (
        "“{percent}%”必须对所涉商品属实：有 {goods} 种商品因价格底线达不到该折扣。",
        "请移除这些商品，或按实际折扣宣传。",
    ),
    "promise_not_reached": (
        "优惠承诺免费、减额或固定价格：其中 {goods} 件商品受最低价限制而达不到。",
        "请移除这些商品，或接受低于最低价销售（须由第二人批准）。",
    ),
    "protected_condition": (
        "条件涉及“{word}”：价格不得取决于此类特征。",
        "请删除。可用的已申报并核实的群体：{groups}。",
    ),
    "restricted_gift": (
        "该地区不得赠送“{kind}”类商品，而本优惠赠送其中 {goods} 种。",
        "请更换赠品。",
    ),
    "banned_promotion": (
        "该地区完全不得促销“{kind}”类商品；适用范围内有 {goods} 种。",
        "请将其移出适用范围。",
    ),
    "scarcity_not_from_stock": (
        "“仅剩 {left} 件”是手填而非库存数：剩余数量只能来自库存。",
        "请填写“stock”，由商店计数。",
    ),
    "bait_quantity": (
        "诱饵促销：有 {goods} 种商品的库存不足 {days} 天的正常销量，或少于公布的数量。",
        "请先补货、公布真实数量，或移除这些商品。",
    ),
    "free_with_hidden_conditions": (
        "“免费”附有未说明的条件：{word}。",
        "请在“免费”旁写明条件。",
    ),
    "points_without_notice": (
        "积分不得悄然过期：须至少提前 {days} 天告知顾客。",
        "请在 {date} 前通知，或延长有效期。",
    ),
    "review_tied_to_tone": (
        "评价奖励不得取决于星级或语气。",
        "请对所有真实评价一视同仁。",
    ),
    "review_not_disclosed": (
        "获得奖励的评价在展示时须予以说明。",
        "请启用披露。",
    ),
    "percent_untrue": (
        "名称写明 {said}%，实际优惠为 {percent}%。",
        "请写 {percent}%，或从名称中删除该数字。",
    ),
    "up_to_misleading": (
        "“最高 {said}%”仅适用于 {share}% 的商品；至少须有 {least}%。",
        "请降低该数字，或扩大适用范围。",
    ),
    "price_named_in_name": (
        "名称中的“{word}”标示了没有价格记录依据的原价。",
        "请删除：可标示原价时商店会自动显示。",
    ),
}
