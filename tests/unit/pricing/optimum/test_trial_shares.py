"""Who is in a trial: the same shoppers as its share grows."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pricing.optimum.core.monitoring import SHARES
from pricing.quoting.selectors.rollouts import Rollout


def test_the_share_is_sticky_and_grows_by_adding() -> None:
    people = [f"shopper-{number}" for number in range(20_000)]
    inside = [{one for one in people if Rollout(7, "salt", share).has(one)} for share in SHARES[1:]]
    assert all(small <= large for small, large in pairwise(inside))
    shares = [len(each) / len(people) for each in inside]
    assert shares == pytest.approx(SHARES[1:], abs=0.012)
    other = {one for one in people if Rollout(7, "other", 0.5).has(one)}
    assert len(other & inside[3]) / len(people) == pytest.approx(0.25, abs=0.02)
