"""The weekly letter with a shopper's own offers: its words, and which week it belongs to."""

from __future__ import annotations

from datetime import datetime

Words = tuple[str, str]

WORDS: dict[str, Words] = {
    "subject": ("Your own offers this week", "本周您的专属优惠"),
    "intro": (
        (
            "These offers are for you and run now. Those with a code ask for it in the cart, the"
            " others count by themselves."
        ),
        "以下优惠专属于您，现已生效。带优惠码的请在购物车中输入，其余自动生效。",
    ),
    "code": ("Code", "优惠码"),
    "reason": ("Why you", "为什么是您"),
    "until": ("Until", "截止"),
    "see": ("See what it covers", "查看适用商品"),
    "why": (
        "You get this letter because you agreed to offers by e-mail.",
        "您收到此邮件是因为同意接收优惠邮件。",
    ),
    "rules": ("How our prices work", "我们的定价方式"),
    "stop": ("Stop these letters", "退订此类邮件"),
}


def say(key: str, language: str) -> str:
    """Return the words of WORDS under `key` ("zh..." or anything else for English).

    >>> say("code", "en"), say("code", "zh-hans")
    ('Code', '优惠码')
    """
    return WORDS[key][language.startswith("zh")]


def week_of(moment: datetime) -> str:
    """Return the ISO week of an aware moment, in its own zone.

    >>> from datetime import UTC
    >>> week_of(datetime(2027, 1, 1, tzinfo=UTC)), week_of(datetime(2026, 11, 26, tzinfo=UTC))
    ('2026-W53', '2026-W48')
    """
    year, week, _day = moment.isocalendar()
    return f"{year}-W{week:02d}"
