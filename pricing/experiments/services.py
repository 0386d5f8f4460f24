"""Limit on how far an experiment arm may go below the public price."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from pricing.experiments.core import least_factor
from pricing.policy.selectors import load_active_policy
from shop.ground.kernel.errors import FairtagError


class ArmTooLow(FairtagError):
    """From so far down the price could not be back when the turn ends."""

    code = "arm_too_low"


def refuse_far_arms(price_factors: Sequence[float]) -> None:
    """Raise ArmTooLow for an arm from which one step does not lead back to the price. One query."""
    least = least_factor(load_active_policy().step_cap)
    if min(price_factors, default=1.0) < least:
        raise ArmTooLow(
            _(
                "Public prices move by at most one step a day: an arm below %(least)s %% of the"
                " public price could not go back when its turn ends."
            )
            % {"least": f"{100.0 * least:g}"}
        )
