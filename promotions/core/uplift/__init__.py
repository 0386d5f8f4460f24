"""What a discount adds: models of response to depth from a randomised arm, and their judges."""

from promotions.core.uplift.base import UpliftModel
from promotions.core.uplift.blend import UpliftBlend
from promotions.core.uplift.boosted import MonotoneBoosting
from promotions.core.uplift.doubly_robust import DoublyRobust
from promotions.core.uplift.features import ALLOWED, FeatureRefused, Frame
from promotions.core.uplift.isotone import make_isotone
from promotions.core.uplift.judging import (
    BudgetValue,
    Calibration,
    Qini,
    calibrate,
    draw_qini,
    value_at_budget,
)
from promotions.core.uplift.logit import OffsetLogit
from promotions.core.uplift.trial import Trial

__all__ = [
    "ALLOWED",
    "BudgetValue",
    "Calibration",
    "DoublyRobust",
    "FeatureRefused",
    "Frame",
    "MonotoneBoosting",
    "OffsetLogit",
    "Qini",
    "Trial",
    "UpliftBlend",
    "UpliftModel",
    "calibrate",
    "draw_qini",
    "make_isotone",
    "value_at_budget",
]
