"""Tables of the room. Imported only inside `profiles`."""

from profiles.events.models import Event
from profiles.experiments.models import (
    Experiment,
    ExperimentArm,
    ExperimentDeviation,
    ExperimentItem,
    ExperimentNamespace,
    ExperimentOutcome,
    ExperimentReadout,
    ExperimentShares,
    Exposure,
)
from profiles.recommend.models import SimilarityVersion
from profiles.reviews.models import Answer, Question, Review, SentimentVersion
from profiles.segments.models import (
    Segment,
    SegmentRevision,
    SegmentSize,
    SegmentVersion,
    ShopperProfile,
)
from profiles.shoppers.models.accounts import Account
from profiles.shoppers.models.audit import AuditTrait
from profiles.shoppers.models.consent import ConsentRecord
from profiles.shoppers.models.customers import Customer
from profiles.shoppers.models.shoppers import OnlineLag, Shopper
from profiles.wishes.models import RestockRequest, SavedVariant

__all__ = [
    "Account",
    "Answer",
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
    "Question",
    "RestockRequest",
    "Review",
    "SavedVariant",
    "Segment",
    "SegmentRevision",
    "SegmentSize",
    "SegmentVersion",
    "SentimentVersion",
    "Shopper",
    "ShopperProfile",
    "SimilarityVersion",
]
