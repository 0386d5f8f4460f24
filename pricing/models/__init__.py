"""Tables of the pricing room."""

from pricing.competitors.models.competitors import (
    CompetitorPrice,
    CompetitorSource,
    QuarantinedCompetitorRow,
)
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.models.impression_fits import LookArchive, LookFit
from pricing.demand.models.tuning import DemandTuning
from pricing.experiments.models.arms import ArmPrice
from pricing.experiments.models.price_tests import PriceShock
from pricing.fairness.models.audits import ModelAudit
from pricing.learning.models.learning import (
    ModelChange,
    ModelRamp,
    OnlineEvidence,
    RampStep,
    ShadowComparison,
)
from pricing.ledger.models.books import PriceBook, PriceBookEntry
from pricing.ledger.models.contests import PriceContest
from pricing.ledger.models.cuts import PublicCut
from pricing.ledger.models.impressions import (
    LookSeal,
    LookTally,
    PublicLook,
    PublicLookSet,
    ShockDraw,
)
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.ledger.models.proposals import PriceOverride, PriceProposal
from pricing.ledger.models.quotes import Quote, QuoteSeal
from pricing.policy.models.breakers import BreakerTrip, FeedPulse, PricedVisit
from pricing.policy.models.policy import EmergencyCap, JurisdictionRow, KillSwitch, PricingPolicy
from pricing.private.models.private import PrivacyBudget, PrivateRelease
from pricing.quoting.models.returns import ChanceReturn

__all__ = [
    "ArmPrice",
    "BreakerTrip",
    "ChanceReturn",
    "CompetitorPrice",
    "CompetitorSource",
    "DemandModelVersion",
    "DemandTuning",
    "EmergencyCap",
    "FeedPulse",
    "JurisdictionRow",
    "KillSwitch",
    "LookArchive",
    "LookFit",
    "LookSeal",
    "LookTally",
    "ModelAudit",
    "ModelChange",
    "ModelRamp",
    "OnlineEvidence",
    "PriceBook",
    "PriceBookEntry",
    "PriceContest",
    "PriceLedgerEntry",
    "PriceOverride",
    "PriceProposal",
    "PriceShock",
    "PricedVisit",
    "PricingPolicy",
    "PrivacyBudget",
    "PrivateRelease",
    "PublicCut",
    "PublicLook",
    "PublicLookSet",
    "PublicPrice",
    "QuarantinedCompetitorRow",
    "Quote",
    "QuoteSeal",
    "RampStep",
    "ShadowComparison",
    "ShockDraw",
]
