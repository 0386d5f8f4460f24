"""Limits on differences between groups, with thresholds for an alarm and for a stop."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class FairnessLimits:
    """The limits of one audit; amounts are ratios, shares and areas under a ROC curve.

    `least_group` people and as many outside it make a group that is measured; smaller ones are
    counted, never reported. `most_feature_auc` is how well a trait may be told from the inputs of
    prices before that is noted, `most_price_auc` from the prices themselves before the model is
    stopped. A group's mean paid share of the public price stays within `least_paid_ratio` and
    `most_paid_ratio` times everybody's, its share of goods with a discount at `least_offer_ratio`
    times that of the best group at least, its mean discount within `least_discount_ratio` and
    `most_discount_ratio` times everybody's before that is noted. Intervals are simultaneous: with
    probability `confidence` all of one kind hold together.

    >>> FairnessLimits().least_group
    20
    """

    least_group: int = 20
    most_feature_auc: float = 0.60
    most_price_auc: float = 0.55
    least_paid_ratio: float = 0.98
    most_paid_ratio: float = 1.02
    least_offer_ratio: float = 0.80
    least_discount_ratio: float = 0.90
    most_discount_ratio: float = 1.10
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.least_group < 20:
            raise ValueError("a group of fewer than 20 people is not reported")
        for item in fields(self):
            if not getattr(self, item.name) > 0:
                raise ValueError(f"{item.name} must be above 0")

    def as_numbers(self) -> dict[str, float]:
        """Return the limits by name, for storing.

        >>> FairnessLimits().as_numbers()["most_price_auc"]
        0.55
        """
        return {name: float(value) for name, value in asdict(self).items()}
