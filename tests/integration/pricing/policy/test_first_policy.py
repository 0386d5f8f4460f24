"""The policy of a new shop is the one that the code names."""

import pytest

from pricing.base.core.values import Policy
from pricing.policy.models.policy import PricingPolicy


@pytest.mark.django_db
def test_a_new_shop_starts_with_the_default_purchase_share() -> None:
    assert PricingPolicy.objects.get().won_purchase_share == Policy().won_purchase_share == 0.10
