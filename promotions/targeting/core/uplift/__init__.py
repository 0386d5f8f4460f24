"""Uplift of a discount: a response model learned from the randomised arm, and its evaluation."""

from promotions.targeting.core.uplift.features import ALLOWED, FeatureRefused, Frame
from promotions.targeting.core.uplift.judging import Calibration, Qini, calibrate, draw_qini
from promotions.targeting.core.uplift.logit import ResponseLogit, make_isotone
from promotions.targeting.core.uplift.treatment_log import TreatmentLog

__all__ = [
    "ALLOWED",
    "Calibration",
    "FeatureRefused",
    "Frame",
    "Qini",
    "ResponseLogit",
    "TreatmentLog",
    "calibrate",
    "draw_qini",
    "make_isotone",
]
