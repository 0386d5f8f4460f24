"""The rows of the law of promotions, as the evaluator and the rules take them."""

from __future__ import annotations

from promotions.core.law.places import LawRow
from promotions.models import PromotionLaw


def load_laws() -> tuple[LawRow, ...]:
    """Return every row of every place, newest first. One query."""
    return tuple(
        LawRow(
            code=row.code,
            pause_days=row.pause_days,
            raise_days=row.raise_days,
            percent_is_claim=row.percent_is_claim,
            members_count=row.members_count,
            personal_cap=row.personal_cap,
            below_cost_allowed=row.below_cost_allowed,
            gift_kinds=frozenset(row.gift_kinds),
            banned_kinds=frozenset(row.banned_kinds),
            minimum_prices=tuple(sorted(row.minimum_prices.items())),
            stock_days=row.stock_days,
            up_to_share=row.up_to_share,
            points_notice_days=row.points_notice_days,
            terms_language=row.terms_language,
            groups_allowed=frozenset(row.groups_allowed),
            source=row.source,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in PromotionLaw.objects.order_by("code", "-valid_from")
    )
