"""The blanks that several sentences share."""

from __future__ import annotations

from promotions.core.builder.plans import Blank

PERCENT = Blank("percent", "percent", ("percent", "百分比"), "10")
AMOUNT = Blank("amount", "money", ("amount", "金额"), "5.00")
LEAST = Blank("cart_value", "money", ("least cart", "最低购物车金额"), "40.00")
GOODS = Blank("goods", "goods", ("goods", "商品"), "", is_needed=False)
STARTS = Blank("starts_at", "moment", ("begin", "开始时间"))
ENDS = Blank("ends_at", "moment", ("end", "结束时间"))
BUDGET = Blank("budget", "money", ("budget", "预算"), "500.00", is_needed=False)
CODE = Blank("coupon", "code", ("code", "优惠码"))
PIECES = Blank("pieces", "count", ("pieces", "件数"), "100")
AUDIENCE = Blank(
    "audience",
    "choice",
    ("for whom", "面向谁"),
    "public",
    choices=(("public", ("everybody", "所有人")), ("members", ("members", "会员"))),
)
WINDOW = (STARTS, ENDS, BUDGET)
WHEN = (
    "from {starts_at} to {ends_at}, at most {budget} in all.",
    "，从 {starts_at} 到 {ends_at}，总额不超过 {budget}。",
)


def count(name: str, english: str, chinese: str, example: str) -> Blank:
    """Return a blank for a whole number."""
    return Blank(name, "count", (english, chinese), example)


def sentence(english: str, chinese: str) -> tuple[str, str]:
    """Return the sentence with window and budget after it."""
    return f"{english} {WHEN[0]}", f"{chinese}{WHEN[1]}"
