"""Whether shoppers' own price response is real is said with its figures, in both languages."""

from __future__ import annotations

from django.utils.translation import override

from pricing.demand.selectors.training_shoppers import HOUSEHOLDS, say_households

FOUND = {
    "gain": 0.28,
    "low": 0.02,
    "high": 0.54,
    "power": 0.95,
    "households": 2313,
    "lines": 211_354,
    "weight": 0.12,
    "planted": 0.25,
    "is_real": True,
}


def test_what_was_found_is_said_with_its_figures() -> None:
    said = say_households({HOUSEHOLDS: FOUND})
    assert said == (
        "Shoppers' own price response is real: on shoppers it had not seen, deviance per 1,000"
        " lines is 0.28 lower with it (95 % interval 0.02 to 0.54, 2,313 shoppers, 211,354 lines)."
        " Offers bought earlier weigh 0.12 in personal prices."
    )
    shut = say_households({HOUSEHOLDS: FOUND | {"is_real": False, "low": -0.1}})
    assert "is not shown" in shut
    assert "finds a planted response of 25 % in 95 % of draws" in shut
    assert say_households({}) == ""
    with override("zh-hans"):
        assert "0.28" in say_households({HOUSEHOLDS: FOUND})
        assert "未得到证实" in say_households({HOUSEHOLDS: FOUND | {"is_real": False}})
