"""Offers as staff save them, and the sentences they must become."""

from __future__ import annotations

from typing import Any as Json

from promotions.sentences.core.words import Lexicon

NAMES: dict[tuple[str, int | str], str] = {
    ("category", 1): "Cheese",
    ("category", 2): "Wine",
    ("brand", 9): "Acme",
    ("variant", 7): "Corkscrew",
    ("variant", 8): "Glass",
    ("segment", "loyal"): "loyal shoppers",
}
EN = Lexicon("en", "en_US", "USD", NAMES)
ZH = Lexicon("zh-hans", "zh_Hans_CN", "USD", NAMES)

CONDITIONS: list[tuple[dict[str, Json], str, str]] = [
    ({"cart_value": 4000}, "the cart is worth at least $40.00", "购物车满 US$40.00"),
    (
        {"different_products": 3},
        "the cart holds at least 3 different products",
        "购物车至少有 3 种不同的商品",
    ),
    (
        {"different_products": {"at_least": 2, "scope": {"categories": [1]}}},
        "the cart holds at least 2 different products of Cheese",
        "购物车至少有 2 种不同的Cheese",
    ),
    ({"cart_quantity": 3}, "the cart holds at least 3 pieces", "购物车至少有 3 件"),
    (
        {"categories": [1, 2], "quantity": 2},
        "the cart holds at least 2 of Cheese or Wine",
        "购物车至少有 2 件Cheese或Wine",
    ),
    (
        {"brands": [9], "value": 1500},
        "the cart holds at least 1 of Acme worth at least $15.00",
        "购物车至少有 1 件Acme且这些商品满 US$15.00",
    ),
    ({"variants": [7]}, "the cart holds at least 1 of Corkscrew", "购物车至少有 1 件Corkscrew"),
    ({"products": [4]}, "the cart holds at least 1 of #4", "购物车至少有 1 件#4"),
    (
        {"segments": ["loyal"]},
        "the shopper is in segment loyal shoppers",
        "顾客属于客群loyal shoppers",
    ),
    ({"tags": ["baker"]}, "the shopper carries the tag baker", "顾客带有标签baker"),
    (
        {"channels": ["store", "app"]},
        "it is bought in the app or in the store",
        "在应用内或门店购买",
    ),
    ({"codes": ["save 5"]}, "the code SAVE5 was entered", "输入了优惠码 SAVE5"),
    ({"markets": ["us"]}, "the market is us", "市场为us"),
    ({"regions": ["US-NY"]}, "the place is US-NY", "地区为US-NY"),
    ({"tiers": ["gold"]}, "the member's tier is gold", "会员等级为gold"),
    ({"groups": ["student"]}, "the shopper has proved to be student", "顾客已认证为student"),
    ({"first_order": True}, "it is the shopper's first order", "这是顾客的首单"),
    ({"first_order": False}, "it is not the shopper's first order", "这不是顾客的首单"),
    ({"member": True}, "the shopper has an account", "顾客已注册账户"),
    ({"member": False}, "the shopper has no account", "顾客没有账户"),
    ({"shopper": "new"}, "the shopper has never ordered", "顾客从未下单"),
    ({"shopper": "returning"}, "the shopper has ordered before", "顾客曾经下单"),
    (
        {"last_order": {"at_least_days": 60}},
        "the last order is at least 60 days ago",
        "最近一次下单至少在 60 天前",
    ),
    (
        {"last_order": {"at_least_days": 60, "at_most_days": 365}},
        "the last order is 60 to 365 days ago",
        "最近一次下单在 60 至 365 天前",
    ),
    (
        {"orders": {"days": 90, "at_most": 2}},
        "there were at most 2 orders in the last 90 days",
        "最近 90 天最多下过 2 单",
    ),
    (
        {"spent": {"days": 365, "at_least": 10000}},
        "at least $100.00 was spent in the last 365 days",
        "最近 365 天消费满 US$100.00",
    ),
    ({"weekdays": [6, 7]}, "it is Saturday or Sunday", "当天是星期六或星期日"),
    ({"hours": ["17:00", "20:30"]}, "it is between 17:00 and 20:30", "时间在 17:00 至 20:30 之间"),
    (
        {"not": {"categories": [2]}},
        "it is not true that the cart holds at least 1 of Wine",
        "并非购物车至少有 1 件Wine",
    ),
    (
        {"any": [{"member": True}, {"all": [{"first_order": True}, {"tags": ["baker"]}]}]},
        (
            "the shopper has an account or (it is the shopper's first order and the shopper "
            "carries the tag baker)"
        ),
        "顾客已注册账户或（这是顾客的首单且顾客带有标签baker）",
    ),
    (
        {"one": [{"member": True}, {"tags": ["baker"]}]},
        "exactly one of these holds: the shopper has an account; the shopper carries the tag baker",
        "恰好满足以下一项：顾客已注册账户；顾客带有标签baker",
    ),
    (
        {"not": {"any": [{"member": True}, {"tags": ["baker"]}]}},
        "it is not true that (the shopper has an account or the shopper carries the tag baker)",
        "并非（顾客已注册账户或顾客带有标签baker）",
    ),
]

STEPS = [{"from": 3, "percent": 10}, {"from": 6, "percent": 20}]
BENEFITS: list[tuple[str, dict[str, Json], dict[str, Json], str, str]] = [
    (
        "percentage",
        {"percent": "12.5", "cap_minor": 500},
        {"categories": [1]},
        "Take 12.5 % off Cheese, at most $5.00 an order",
        "Cheese减 12.5%，每单最多减 US$5.00",
    ),
    (
        "percentage",
        {"percent": "10", "cap_line_minor": 300},
        {},
        "Take 10 % off all products, at most $3.00 a line",
        "全部商品减 10%，每行最多减 US$3.00",
    ),
    (
        "percentage",
        {"percent": "20", "most_units_line": 3, "most_units": 5},
        {},
        "Take 20 % off all products, at most 3 of each product, at most 5 in one order",
        "全部商品减 20%，每种商品最多 3 件，每单最多 5 件",
    ),
    (
        "percentage",
        {"percent": "100", "most_units": 1, "cheapest_first": True},
        {"categories": [1]},
        "Take 100 % off Cheese, only on the cheapest piece of an order",
        "Cheese减 100%，仅限每单最便宜的 1 件",
    ),
    (
        "fixed_amount",
        {"amount_minor": 500, "target": "cart"},
        {},
        "Take $5.00 off the cart",
        "购物车减 US$5.00",
    ),
    (
        "fixed_amount",
        {"amount_minor": 50, "target": "unit"},
        {"brands": [9]},
        "Take $0.50 off each piece of Acme",
        "Acme每件减 US$0.50",
    ),
    (
        "fixed_amount",
        {"amount_minor": 50, "target": "line"},
        {"except_brands": [9]},
        "Take $0.50 off each product among all products except Acme",
        "全部商品（Acme除外）每种商品减 US$0.50",
    ),
    (
        "set_price",
        {"amount_minor": 499, "target": "unit"},
        {"variants": [7]},
        "Sell Corkscrew at $4.99 each",
        "Corkscrew每件 US$4.99",
    ),
    (
        "set_price",
        {"amount_minor": 1000, "target": "cart", "terms": {"size": 3}},
        {"categories": [1]},
        "Sell any 3 of Cheese together at $10.00",
        "Cheese任选 3 件共 US$10.00",
    ),
    (
        "gift",
        {"target": "cart", "terms": {"variants": [7, 8], "quantity": 2}},
        {},
        "Add 2 × Corkscrew as a gift (if out of stock Glass)",
        "赠送 2 件Corkscrew（缺货时改送Glass）",
    ),
    (
        "buy_get",
        {"percent": "100", "target": "cart", "terms": {"buy": 2, "get": 1, "max_sets": 4}},
        {"categories": [1]},
        "For every 2 of Cheese give 1 of Cheese free, at most 4 times an order",
        "每买 2 件Cheese，1 件Cheese免费，每单最多 4 次",
    ),
    (
        "buy_get",
        {
            "percent": "50",
            "target": "cart",
            "terms": {"buy": 2, "get": 1, "get_scope": {"categories": [2]}},
        },
        {"categories": [1]},
        "For every 2 of Cheese give 1 of Wine 50 % cheaper",
        "每买 2 件Cheese，1 件Wine减 50%",
    ),
    (
        "cheapest_free",
        {"percent": "100", "target": "cart", "terms": {"size": 3}},
        {"categories": [2]},
        "Of every 3 of Wine give the 1 cheapest free",
        "Wine每 3 件，最便宜的 1 件免费",
    ),
    (
        "bundle",
        {
            "amount_minor": 1200,
            "target": "cart",
            "terms": {
                "parts": [
                    {"scope": {"categories": [1]}, "quantity": 2},
                    {"scope": {"categories": [2]}},
                ]
            },
        },
        {},
        "Sell 2 × Cheese + 1 × Wine together at $12.00",
        "2 × Cheese + 1 × Wine 套餐价 US$12.00",
    ),
    (
        "quantity_tiers",
        {"target": "line", "terms": {"steps": STEPS}},
        {"categories": [2]},
        "By pieces of one product of Wine: from 3 10 % cheaper, from 6 20 % cheaper",
        "Wine按件数（同一商品）：满 3 减 10%，满 6 减 20%",
    ),
    (
        "quantity_tiers",
        {"target": "cart", "terms": {"steps": [{"from": 6, "price": 450}]}},
        {"categories": [2]},
        "By pieces of Wine: from 6 $4.50 each",
        "Wine按件数：满 6 每件 US$4.50",
    ),
    (
        "spend_tiers",
        {"target": "cart", "terms": {"steps": [{"from": 4000, "amount": 500}]}},
        {},
        "By what all products cost together: from $40.00 $5.00 off",
        "全部商品按消费额：满 US$40.00 减 US$5.00",
    ),
    (
        "delivery",
        {"target": "cart", "terms": {"price": 0}},
        {},
        "Deliver free of charge",
        "配送免费",
    ),
    (
        "delivery",
        {"target": "cart", "terms": {"price": 199, "methods": ["standard"]}},
        {},
        "Deliver by standard for $1.99 at most",
        "配送（standard）最多 US$1.99",
    ),
    (
        "delivery",
        {"target": "cart", "percent": "50", "terms": {}},
        {},
        "Take 50 % off delivery",
        "运费减 50%",
    ),
    (
        "delivery",
        {"target": "cart", "amount_minor": 200, "terms": {}},
        {},
        "Take $2.00 off delivery",
        "运费减 US$2.00",
    ),
    (
        "points",
        {"target": "cart", "terms": {"points": 200}},
        {},
        "Give 200 points",
        "赠送 200 积分",
    ),
    (
        "points",
        {"target": "cart", "terms": {"points": 5, "per": 100}},
        {"categories": [1]},
        "Give 5 points for each $1.00 paid for Cheese",
        "Cheese每付 US$1.00 赠 5 积分",
    ),
]
