"""The weekly letter with a shopper's own offers: its words, and which week it belongs to."""

from __future__ import annotations

from datetime import datetime

from shop.ground.kernel.translation import gettext_noop, pgettext_noop, translate

WORDS: dict[str, str] = {
    "subject": gettext_noop("Your own offers this week"),
    "intro": gettext_noop(
        "These offers are for you and run now. Those with a code ask for it in the cart, the"
        " others count by themselves."
    ),
    "code": gettext_noop("Code"),
    "reason": gettext_noop("Why you"),
    "until": pgettext_noop("digest", "Until"),
    "see": gettext_noop("See what it covers"),
    "why": gettext_noop("You get this e-mail because you agreed to offers by e-mail."),
    "rules": gettext_noop("How our prices work"),
    "stop": gettext_noop("Stop these e-mails"),
}


def say(key: str, language: str) -> str:
    """Return the words of WORDS under `key` ("zh..." or anything else for English).

    >>> say("code", "en"), say("code", "zh-hans")
    ('Code', '优惠码')
    """
    return translate(WORDS[key], language)


def week_of(moment: datetime) -> str:
    """Return the ISO week of an aware moment, in its own zone.

    >>> from datetime import UTC
    >>> week_of(datetime(2027, 1, 1, tzinfo=UTC)), week_of(datetime(2026, 11, 26, tzinfo=UTC))
    ('2026-W53', '2026-W48')
    """
    year, week, _day = moment.isocalendar()
    return f"{year}-W{week:02d}"
