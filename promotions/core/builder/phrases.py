"""The phrases of conditions, English and Chinese: each clause and its opposite."""

from __future__ import annotations

from collections.abc import Mapping

CHANNELS = {"online": ("online", "网店"), "store": ("in the store", "门店")}
CHANNELS |= {"app": ("in the app", "应用内")}
Phrase = tuple[str, str]
NOT: Phrase = ("it is not so that {clause}", "并非{clause}")
# clause, and the clause of its opposite where that reads better than NOT
PHRASES: Mapping[str, tuple[Phrase, Phrase]] = {
    "channels": (
        ("it is bought {items}", "在{items}购买"),
        ("it is not bought {items}", "不在{items}购买"),
    ),
    "markets": (
        ("the market is {items}", "市场为{items}"),
        ("the market is not {items}", "市场不是{items}"),
    ),
    "regions": (
        ("the place is {items}", "地区为{items}"),
        ("the place is not {items}", "地区不是{items}"),
    ),
    "weekdays": (("it is {items}", "当天是{items}"), ("it is not {items}", "当天不是{items}")),
    "hours": (
        ("it is between {start} and {end}", "时间在 {start} 至 {end} 之间"),
        ("it is not between {start} and {end}", "时间不在 {start} 至 {end} 之间"),
    ),
    "codes": (
        ("the code {items} was entered", "输入了优惠码 {items}"),
        ("the code {items} was not entered", "未输入优惠码 {items}"),
    ),
    "member": (
        ("the shopper has an account", "顾客已注册账户"),
        ("the shopper has no account", "顾客没有账户"),
    ),
    "segments": (
        ("the shopper is in segment {items}", "顾客属于细分群体{items}"),
        ("the shopper is not in segment {items}", "顾客不属于细分群体{items}"),
    ),
    "tags": (
        ("the shopper carries the tag {items}", "顾客带有标签{items}"),
        ("the shopper does not carry the tag {items}", "顾客没有标签{items}"),
    ),
    "tiers": (
        ("the member's tier is {items}", "会员等级为{items}"),
        ("the member's tier is not {items}", "会员等级不是{items}"),
    ),
    "groups": (
        ("the shopper has proved to be {items}", "顾客已认证为{items}"),
        ("the shopper has not proved to be {items}", "顾客未认证为{items}"),
    ),
    "first_order": (
        ("it is the shopper's first order", "这是顾客的首单"),
        ("it is not the shopper's first order", "这不是顾客的首单"),
    ),
    "new": (
        ("the shopper has never ordered", "顾客从未下单"),
        ("the shopper has ordered before or it is not known", "顾客曾经下单或情况未知"),
    ),
    "returning": (
        ("the shopper has ordered before", "顾客曾经下单"),
        ("the shopper has never ordered or it is not known", "顾客从未下单或情况未知"),
    ),
}
BOUNDS: Mapping[str, tuple[Phrase, Phrase, Phrase]] = {
    "last_order": (
        ("the last order is at least {least} days ago", "最近一次下单至少在 {least} 天前"),
        ("the last order is at most {most} days ago", "最近一次下单在 {most} 天以内"),
        ("the last order is {least} to {most} days ago", "最近一次下单在 {least} 至 {most} 天前"),
    ),
    "orders": (
        (
            "there were at least {least} orders in the last {days} days",
            "最近 {days} 天至少下过 {least} 单",
        ),
        (
            "there were at most {most} orders in the last {days} days",
            "最近 {days} 天最多下过 {most} 单",
        ),
        (
            "there were {least} to {most} orders in the last {days} days",
            "最近 {days} 天下过 {least} 至 {most} 单",
        ),
    ),
    "spent": (
        ("at least {least} was spent in the last {days} days", "最近 {days} 天消费满 {least}"),
        ("at most {most} was spent in the last {days} days", "最近 {days} 天消费不超过 {most}"),
        (
            "{least} to {most} was spent in the last {days} days",
            "最近 {days} 天消费 {least} 至 {most}",
        ),
    ),
}
