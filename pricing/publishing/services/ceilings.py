"""Choose at set-up how far above the list price a public price may go."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pricing.ledger.models.books import PriceBook
from pricing.policy.models.policy import PricingPolicy
from pricing.policy.selectors.rules import POLICY_FIELDS
from shop.ground.kernel.errors import FairtagError

MOST_OVER_LIST = 1.0


class TooLate(FairtagError):
    """Prices were published already: from then on two people decide about the policy."""

    code = "prices_are_published"


@transaction.atomic
def choose_ceiling(*, share: float, reason: str, now: datetime) -> bool:
    """Let public prices go up to `share` over the list price, in a new version of the policy.

    Return whether anything changed. Raises TooLate once a price book exists, and ValueError for
    what is no share from 0 to MOST_OVER_LIST.
    """
    if not 0.0 <= share <= MOST_OVER_LIST:
        raise ValueError(f"{share} is no share from 0 to {MOST_OVER_LIST:g}: 0.1 is 10 %.")
    active = PricingPolicy.objects.select_for_update().get(is_active=True)
    if active.ceiling_over_list == share:
        return False
    if PriceBook.objects.exists():
        raise TooLate("Prices are published: propose a ceiling under Pricing policies.")
    bounds = {name: getattr(active, name) for name in POLICY_FIELDS}
    newest = PricingPolicy.objects.order_by("-version").values_list("version", flat=True)[0]
    bounds |= {"version": newest + 1, "ceiling_over_list": share}
    PricingPolicy.objects.filter(pk=active.pk).update(is_active=False)
    PricingPolicy.objects.create(**bounds, is_active=True, reason=reason, created_at=now)
    return True
