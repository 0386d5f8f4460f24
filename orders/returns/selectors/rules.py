"""Read the rules of returns, and say them in a sentence."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from orders.returns.core import Payer, Rule, find_rule
from orders.returns.models import ReturnRule
from orders.terms.api import FRESH_SECONDS

_kept: dict[bool, tuple[float, list[Rule]]] = {}


def load_rules(language: str = "en", *, clock: Callable[[], float] = time.monotonic) -> list[Rule]:
    """Return the rules of all parts of the catalogue. No query while fresh, else one.

    A change by staff is seen everywhere within FRESH_SECONDS, as with taxes and deliveries.
    """
    is_chinese = language.startswith("zh")
    known = _kept.get(is_chinese)
    if known is None or clock() - known[0] >= FRESH_SECONDS:
        known = _kept[is_chinese] = (clock(), _read_rules(is_chinese))
    return known[1]


def forget_rules() -> None:
    """Read the rules again the next time (tests)."""
    _kept.clear()


def _read_rules(is_chinese: bool) -> list[Rule]:
    return [
        Rule(
            row.category_path,
            row.window_days,
            Payer(row.payer),
            (row.instruction_zh if is_chinese else "") or row.instruction,
        )
        for row in ReturnRule.objects.all()
    ]


def say_rule(rule: Rule, language: str, *, is_perishable: bool = False) -> str:
    """Return the promise of a rule in one sentence."""
    days = rule.window_days
    with override(language):
        if not days:
            return _("This cannot be sent back.")
        if is_perishable:
            return ngettext(
                "It is perishable: for %(n)s day after delivery we refund it without your sending "
                "it back.",
                "It is perishable: for %(n)s days after delivery we refund it without your sending "
                "it back.",
                days,
            ) % {"n": days}
        if rule.payer == Payer.SHOP:
            return ngettext(
                "You can send it back within %(n)s day of delivery. We pay the postage.",
                "You can send it back within %(n)s days of delivery. We pay the postage.",
                days,
            ) % {"n": days}
        return ngettext(
            "You can send it back within %(n)s day of delivery. You pay the postage.",
            "You can send it back within %(n)s days of delivery. You pay the postage.",
            days,
        ) % {"n": days}


def describe_returns(*, category_path: str, language: str, is_perishable: bool = False) -> str:
    """Return what the shop promises about returns of a part of the catalogue. One query."""
    rule = find_rule(load_rules(language), category_path)
    return say_rule(rule, language, is_perishable=is_perishable)
