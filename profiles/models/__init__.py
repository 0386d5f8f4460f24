"""Tables of the room. Imported only inside `profiles`."""

from profiles.models.accounts import Account
from profiles.models.audit import AuditTrait
from profiles.models.consent import ConsentRecord
from profiles.models.customers import Customer
from profiles.models.events import Event
from profiles.models.experiment_results import (
    ExperimentItem,
    ExperimentOutcome,
    ExperimentReadout,
)
from profiles.models.experiments import (
    Experiment,
    ExperimentArm,
    ExperimentDeviation,
    ExperimentNamespace,
    ExperimentShares,
    Exposure,
)
from profiles.models.reviews import Review, SentimentVersion
from profiles.models.segments import Segment, SegmentVersion, ShopperProfile, SimilarityVersion
from profiles.models.shoppers import OnlineLag, Shopper

__all__ = [
    "Account",
    "AuditTrait",
    "ConsentRecord",
    "Customer",
    "Event",
    "Experiment",
    "ExperimentArm",
    "ExperimentDeviation",
    "ExperimentItem",
    "ExperimentNamespace",
    "ExperimentOutcome",
    "ExperimentReadout",
    "ExperimentShares",
    "Exposure",
    "OnlineLag",
    "Review",
    "Segment",
    "SegmentVersion",
    "SentimentVersion",
    "Shopper",
    "ShopperProfile",
    "SimilarityVersion",
]
