"""Tables of the pricing room."""

from pricing.models.books import PriceBook, PriceBookEntry
from pricing.models.demand import DemandModelVersion
from pricing.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.models.policy import EmergencyCap, JurisdictionRow, KillSwitch, PricingPolicy
from pricing.models.proposals import PriceOverride, PriceProposal
from pricing.models.quotes import Quote, QuoteSeal

__all__ = [
    "DemandModelVersion",
    "EmergencyCap",
    "JurisdictionRow",
    "KillSwitch",
    "PriceBook",
    "PriceBookEntry",
    "PriceLedgerEntry",
    "PriceOverride",
    "PriceProposal",
    "PricingPolicy",
    "PublicPrice",
    "Quote",
    "QuoteSeal",
]
