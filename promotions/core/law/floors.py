"""What offers promise and the price floor keeps goods from reaching."""

from __future__ import annotations

import numpy as np

from promotions.core.law.claimed import percent_in
from promotions.core.law.details import Detail, figure, of_goods
from promotions.core.law.drafts import BoolArray, Draft, IntArray
from promotions.core.law.places import LawRow


def cut_not_reached(draft: Draft, _law: LawRow) -> Detail | None:
    """A percentage in the name that the price floor keeps the goods from reaching."""
    if draft.sells_below_floor or not percent_in(draft.names):
        return None
    return of_goods(_is_below(draft, draft.percents_minor()), percent=figure(draft.named_percent))


def promise_not_reached(draft: Draft, _law: LawRow) -> Detail | None:
    """Free units, an amount or a fixed price that the price floor keeps the goods from reaching."""
    if draft.sells_below_floor or not draft.goods.has_floors:
        return None
    # A percentage that the name says is the affair of `cut_not_reached`.
    unit = draft.promised_minor(is_named=bool(percent_in(draft.names)))
    return of_goods(_is_below(draft, unit))


def _is_below(draft: Draft, unit_minor: IntArray) -> BoolArray:
    found: BoolArray = unit_minor < np.minimum(draft.goods.floor_minor, draft.goods.public_minor)
    return found
