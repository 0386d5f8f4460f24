"""Tables of the pricing room."""

from pricing.models.arms import ArmPrice
from pricing.models.audits import ModelAudit
from pricing.models.books import PriceBook, PriceBookEntry
from pricing.models.breakers import BreakerTrip, FeedPulse, PricedVisit
from pricing.models.competitors import (
    CompetitorPrice,
    CompetitorSource,
    QuarantinedCompetitorRow,
)
from pricing.models.demand import DemandModelVersion
from pricing.models.learning import (
    ModelChange,
    ModelRamp,
    OnlineEvidence,
    RampStep,
    ShadowComparison,
)
from pricing.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.models.look_fits import LookArchive, LookFit
from pricing.models.looks import LookSeal, LookTally, PublicLook, ShockDraw
from pricing.models.policy import EmergencyCap, JurisdictionRow, KillSwitch, PricingPolicy
from pricing.models.private import PrivacyBudget, PrivateRelease
from pricing.models.proposals import PriceOverride, PriceProposal
from pricing.models.quotes import Quote, QuoteSeal
from pricing.models.returns import ChanceReturn
from pricing.models.shocks import PriceShock
from pricing.models.tuning import DemandTuning

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
    "PriceLedgerEntry",
    "PriceOverride",
    "PriceProposal",
    "PriceShock",
    "PricedVisit",
    "PricingPolicy",
    "PrivacyBudget",
    "PrivateRelease",
    "PublicLook",
    "PublicPrice",
    "QuarantinedCompetitorRow",
    "Quote",
    "QuoteSeal",
    "RampStep",
    "ShadowComparison",
    "ShockDraw",
]
