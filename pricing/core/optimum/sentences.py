"""What staff read about a rule or a badge, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# code -> (what held the price, what it says when the rule had to give way)
_EN: Mapping[str, str] = {
    "floor": "Held by the price floor: cost with the least margin, or a minimum price",
    "ceiling": "Held by the price ceiling",
    "observational": (
        "No randomized prices back this elasticity: one rung from the last set price at most"
    ),
    "cooldown": "The price changed lately and rests",
    "step_cap": "Held by the largest step a day",
    "competitor_band": "Held by the distance to the lowest competitor",
    "target_margin": "Held by the margin aimed at",
    "no_feasible_price": "Floor and ceiling leave no price: nothing was changed",
    "scarce_stock": "The stock would not last until it comes again: a unit is worth more",
    "clearing": "The stock must be gone by a day: the price only falls, as planned",
    "not_credible": "A better price is likely, but not likely enough",
    "relaxed:step_cap": "No price within a day's step: the price goes there step by step",
    "relaxed:competitor_band": "No price within the distance to competitors: that rule gave way",
    "relaxed:target_margin": "No price reaches the margin aimed at: that rule gave way",
    "relaxed:no_feasible_price": "Floor and ceiling leave no price: nothing was changed",
    "gate:not_a_price": "The proposal was no price: nothing was changed",
    "gate:absurd": "The proposal was absurdly far away: nothing was changed",
    "gate:stale_model": "The demand model is too old: nothing was changed",
    "gate:not_allowed": "There is no demand model: nothing was changed",
    "gate:below_floor": "Raised to the floor",
    "gate:above_ceiling": "Lowered to the ceiling",
    "gate:above_emergency_cap": "Lowered to the legal cap of an emergency",
    "gate:step_cap": "Goes there step by step: a day allows no more",
    "gate:hold": "The last price is held for its least time",
    "gate:too_many_changes": "No more changes today",
    "badge:cost_unknown": "Cost unknown: assumed as a share of the list price",
    "badge:below_cost": "Sold for less than cost and the least margin",
    "badge:not_a_number": "A number of the model is not a number: the price stays",
    "badge:no_model": "No demand model: the price stays",
    "badge:no_sales": "Too few sales for an elasticity of its own: that of its family is used",
    "badge:new_item": "New: starts at the list price",
    "badge:one_price": "Never had another price: nothing is known of its elasticity",
    "badge:lone_in_category": "Alone in its category: nothing to learn from siblings",
    "badge:feed_currency": "A competitor's price in another currency was not used",
    "badge:feed_outlier": "A competitor's price was absurd and was not used",
    "badge:observational": "Elasticity from observation, not from randomized prices",
}
_ZH: Mapping[str, str] = {
    "floor": "受最低价限制：成本加最低毛利，或规定的最低价格",
    "ceiling": "受最高价限制",
    "observational": "该弹性没有随机价格实验支持：最多只能偏离上次设定价格一档",
    "cooldown": "价格刚刚变动，处于冷却期",
    "step_cap": "受每日最大调价幅度限制",
    "competitor_band": "受与最低竞争价格的距离限制",
    "target_margin": "受目标毛利限制",
    "no_feasible_price": "最低价与最高价之间没有可行价格：未作任何更改",
    "scarce_stock": "库存撑不到下次补货：每件的价值更高",
    "clearing": "库存须在限期前售完：价格按计划只降不升",
    "not_credible": "可能存在更好的价格，但把握不足",
    "relaxed:step_cap": "一日幅度内没有可行价格：将逐步调整到位",
    "relaxed:competitor_band": "与竞争价格的距离内没有可行价格：该规则已放宽",
    "relaxed:target_margin": "没有价格能达到目标毛利：该规则已放宽",
    "relaxed:no_feasible_price": "最低价与最高价之间没有可行价格：未作任何更改",
    "gate:not_a_price": "建议不是有效价格：未作任何更改",
    "gate:absurd": "建议价格偏离过大：未作任何更改",
    "gate:stale_model": "需求模型已过期：未作任何更改",
    "gate:not_allowed": "没有需求模型：未作任何更改",
    "gate:below_floor": "已提高到最低价",
    "gate:above_ceiling": "已降低到最高价",
    "gate:above_emergency_cap": "已降低到紧急状态的法定上限",
    "gate:step_cap": "逐步调整：一天内不能再多",
    "gate:hold": "上次价格需保持最短时间",
    "gate:too_many_changes": "今天不能再调整",
    "badge:cost_unknown": "成本未知：按标价的一定比例估算",
    "badge:below_cost": "售价低于成本加最低毛利",
    "badge:not_a_number": "模型中的某个数值无效：价格保持不变",
    "badge:no_model": "没有需求模型：价格保持不变",
    "badge:no_sales": "销量太少，没有自己的弹性：使用所属类别的弹性",
    "badge:new_item": "新品：从标价开始",
    "badge:one_price": "从未有过其他价格：其弹性未知",
    "badge:lone_in_category": "所属类别中仅此一件：没有同类商品可供学习",
    "badge:feed_currency": "竞争价格的币种不同，未被采用",
    "badge:feed_outlier": "竞争价格明显不合理，未被采用",
    "badge:observational": "弹性来自观察数据，而非随机价格实验",
}


def say_rule(code: str, language: str) -> str:
    """Return the sentence of a rule, "relaxed:" rule or "badge:" code; else the code itself.

    >>> say_rule("ceiling", "en"), say_rule("ceiling", "zh-hans")
    ('Held by the price ceiling', '受最高价限制')
    """
    return (_ZH if language.startswith("zh") else _EN).get(code, code)


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
