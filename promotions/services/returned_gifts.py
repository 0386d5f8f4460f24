"""Gifts and deliveries that come back: what a use gave away and has no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from promotions.core.points import share_of_units
from promotions.models import Redemption

COUNTING = (Redemption.State.HELD, Redemption.State.COMMITTED)


@dataclass(frozen=True, slots=True)
class ReturnedGift:
    """Units of a gift that come back: `worth_minor` is the worth of all `quantity` of them that the
    offer gave, `before` of which came back earlier and `more` do now."""

    offer_id: int
    worth_minor: int
    quantity: int
    before: int
    more: int


@transaction.atomic
def note_returned_gifts(
    *,
    order_ref: str,
    gifts: Sequence[ReturnedGift],
    is_whole: bool = False,
    kept_offers: Collection[int] = (),
) -> None:
    """Note what gifts that come back had cost, each unit's exact share.

    With the last unit of an order (`is_whole`) all it was given is back, the delivery included,
    but for gifts of `kept_offers`, which the shopper keeps at least in part.
    Uses that were given back count no more, and are left alone. No query for a part without gifts.
    """
    if not gifts and not is_whole:
        return
    back = defaultdict[int, list[ReturnedGift]](list)
    for gift in gifts:
        back[gift.offer_id].append(gift)
    uses = Redemption.objects.filter(order_ref=order_ref, state__in=COUNTING).order_by("pk")
    if is_whole:
        back_whole = uses.exclude(offer_id__in=kept_offers)
        back_whole.update(came_back_minor=F("gift_cost_minor") + F("delivery_minor"))
        uses = uses.filter(offer_id__in=kept_offers)
    noted = list(uses.filter(offer_id__in=back).select_for_update(of=("self",), no_key=True))
    for use in noted:
        use.came_back_minor += sum(_cost_of(use, gift) for gift in back[use.offer_id])
    Redemption.objects.bulk_update(noted, ["came_back_minor"])


def _cost_of(use: Redemption, gift: ReturnedGift) -> int:
    """Return what the units cost then; an offer's gifts share its cost by what they are worth."""
    whole = round(use.gift_cost_minor * gift.worth_minor / max(use.gift_minor, 1))
    return share_of_units(whole, gift.quantity, before=gift.before, more=gift.more)
