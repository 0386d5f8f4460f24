"""Result of the household response test, as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from shop.ground.staff.numbers import show_count, show_percent

HOUSEHOLDS = "household_response"


def say_households(metrics: Mapping[str, Any]) -> str:
    """Return whether personal prices rest on what was learned of shoppers, with the figures; ""
    where nothing was tested."""
    found = metrics.get(HOUSEHOLDS)
    if not found:
        return ""
    told = {
        "gain": f"{found['gain']:.2f}",
        "low": f"{found['low']:.2f}",
        "high": f"{found['high']:.2f}",
        "people": show_count(found["households"]),
        "lines": show_count(found["lines"]),
        "planted": show_percent(found["planted"]),
        "power": show_percent(found["power"]),
        "weight": f"{found['weight']:.2f}",
    }
    if found["is_real"]:
        return (
            _(
                "Shoppers' own price response is real: on shoppers it had not seen, deviance per"
                " 1,000 lines is %(gain)s lower with it (95 %% interval %(low)s to %(high)s,"
                " %(people)s shoppers, %(lines)s lines). Offers bought earlier weigh %(weight)s in"
                " personal prices."
            )
            % told
        )
    return (
        _(
            "Shoppers' own price response is not shown: on shoppers it had not seen, deviance per"
            " 1,000 lines is %(gain)s lower with it (95 %% interval %(low)s to %(high)s,"
            " %(people)s shoppers, %(lines)s lines). The same test finds a planted response of"
            " %(planted)s in %(power)s of draws. Personal prices rest on interest shown lately and"
            " on the shop's own weights."
        )
        % told
    )
