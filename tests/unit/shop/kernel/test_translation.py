"""Translation into a language that is passed in."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from shop.ground.kernel.translation import gettext_noop, pgettext_noop, translate

ENDED = gettext_noop("This offer ended on {date}.")


@pytest.mark.parametrize("language", ["zh-hans", "zh", "zh_Hans_CN"])
def test_a_message_is_said_in_the_language_passed_in(language: str) -> None:
    with override("en"):
        assert translate(ENDED, language, date="2026-01-31") == "该优惠已于 2026-01-31 结束。"
    with override("zh-hans"):
        assert translate(ENDED, "en", date="2026-01-31") == "This offer ended on 2026-01-31."


def test_a_context_decides_between_two_translations() -> None:
    paid = pgettext_noop("order", "Paid")
    assert (translate(paid, "en"), translate(paid, "zh-hans")) == ("Paid", "已付款")
    assert translate("Paid", "zh-hans") == "已付"


def test_what_is_not_in_the_catalogue_stays_as_it_is() -> None:
    assert [translate(text, "zh-hans") for text in ("", "no {such} message")] == [
        "",
        "no {such} message",
    ]
