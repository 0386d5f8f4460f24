"""An offer as one sentence, said from what the evaluator computes and not from what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from promotions.core.builder.benefits import say_benefit
from promotions.core.builder.conditions import list_clauses
from promotions.core.builder.words import Lexicon
from promotions.core.values import OfferValue, Stacking

AUDIENCES = {
    "public": ("for everybody", "面向所有人"),
    "members": ("for account holders", "面向注册用户"),
    "personal": ("for chosen shoppers", "面向指定顾客"),
}


def say_offer(
    offer: OfferValue,
    words: Lexicon,
    *,
    time_zone: str = "UTC",
    budget_minor: int | None = None,
    limits: Sequence[str] = (),
) -> str:
    """Return the whole sentence: benefit, who, when, where, conditions, limits, stacking.

    Dates are on the clock of `time_zone`. `limits` are clauses of use limits, said as they are.

    >>> from datetime import UTC, datetime
    >>> from decimal import Decimal
    >>> from promotions.core.values import Benefit, BenefitKind
    >>> tenth = Benefit(BenefitKind.PERCENTAGE, percent=Decimal(10))
    >>> days = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 8, tzinfo=UTC)
    >>> offer = OfferValue(1, 1, "a", {"en": "A"}, tenth, *days)
    >>> say_offer(offer, Lexicon("en", "en_US", "USD"), budget_minor=50_000)
    ... # doctest: +NORMALIZE_WHITESPACE
    'Take 10 % off all products for everybody from 2026-12-01 00:00 to 2026-12-08 00:00, at most
    $500.00 in all. It combines with other offers.'
    """
    zone = ZoneInfo(time_zone)
    start, end = (
        f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (offer.starts_at, offer.ends_at)
    )
    who = words.pick(AUDIENCES.get(offer.audience, (offer.audience, offer.audience)))
    benefit = say_benefit(offer.benefit, offer.scope, words)
    place = words.name("market", offer.market_code) if offer.market_code else ""
    clauses = list_clauses(offer.condition, words)
    limited = [*limits]
    if budget_minor is not None:
        money = words.money(budget_minor)
        limited.append(words.pick((f"at most {money} in all", f"总额不超过 {money}")))
    if words.is_chinese:
        said = f"{start} 至 {end}，{who}{f'（{place}）' if place else ''}"
        said += "，凭优惠码" if offer.requires_coupon else ""
        said += f"：{benefit}" + "".join(f"，且仅当{clause}" for clause in clauses)
        return "，".join([said, *limited]) + "。" + say_stacking(offer, words)
    said = f"{benefit} {who} from {start} to {end}{f' ({place})' if place else ''}"
    said += ", with a code" if offer.requires_coupon else ""
    if clauses:
        said += ", and only if " + ", and only if ".join(clauses)
    return ", ".join([said, *limited]) + ". " + say_stacking(offer, words)


def say_stacking(offer: OfferValue, words: Lexicon) -> str:
    """Return how the offer goes with others."""
    if offer.stacking is Stacking.EXCLUSIVE:
        return words.pick(("It never combines with another offer.", "不与其他优惠叠加。"))
    if offer.stacking is Stacking.BEST_UNIT:
        group = offer.stacking_group
        return words.pick(
            (
                f"Each piece gets the best offer of “{group}” for it.",
                f"每件商品享受“{group}”组中对其最优惠的一项。",
            )
        )
    if offer.stacking is Stacking.BEST:
        group = offer.stacking_group
        return words.pick(
            (f"Only the best offer of “{group}” applies.", f"“{group}”组中只享受最优惠的一项。")
        )
    if offer.groups:
        group = words.pick((" > ", "／")).join(one.code for one in offer.groups)
        return words.pick(
            (f"It combines as its group “{group}” says.", f"按分组“{group}”的规则叠加。")
        )
    return words.pick(("It combines with other offers.", "可与其他优惠叠加。"))
