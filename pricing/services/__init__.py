"""Writes of the pricing room: quotes, books, models, the ledger, kill switches."""

from pricing.services.books import publish_price_book
from pricing.services.drain import drain_quotes, store_quote
from pricing.services.fairness import audit_nightly
from pricing.services.ledger import NotAPrice, load_ledger_bulk
from pricing.services.list_prices import Ask, set_list_prices, withdraw_list_prices
from pricing.services.overrides import OverrideRefused, end_override, set_override
from pricing.services.partitions import ensure_partitions, seal_quotes
from pricing.services.products import SavedProducts, save_products
from pricing.services.promises import carry_promises
from pricing.services.proposals import (
    Decided,
    ProposalRefused,
    approve_proposals,
    edit_proposal,
    propose_price_changes,
    reject_proposals,
    snooze_proposals,
)
from pricing.services.quoting import quote_listing, quote_variants
from pricing.services.replay import replay_quote, replay_quotes
from pricing.services.shock_weeks import turn_price_shocks
from pricing.services.switches import flag_emergency, set_kill_switch
from pricing.services.training import train_demand
from pricing.services.verify import QuoteRefused, read_token, verify_quote

__all__ = [
    "Ask",
    "Decided",
    "NotAPrice",
    "OverrideRefused",
    "ProposalRefused",
    "QuoteRefused",
    "SavedProducts",
    "approve_proposals",
    "audit_nightly",
    "carry_promises",
    "drain_quotes",
    "edit_proposal",
    "end_override",
    "ensure_partitions",
    "flag_emergency",
    "load_ledger_bulk",
    "propose_price_changes",
    "publish_price_book",
    "quote_listing",
    "quote_variants",
    "read_token",
    "reject_proposals",
    "replay_quote",
    "replay_quotes",
    "save_products",
    "seal_quotes",
    "set_kill_switch",
    "set_list_prices",
    "set_override",
    "snooze_proposals",
    "store_quote",
    "train_demand",
    "turn_price_shocks",
    "verify_quote",
    "withdraw_list_prices",
]
