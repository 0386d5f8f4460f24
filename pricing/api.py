"""The door of the pricing room: what other rooms may call."""

from pricing.competitors.services.competitor_sources import register_upload
from pricing.competitors.services.competitors import import_feed
from pricing.demand.selectors.households import say_households
from pricing.demand.selectors.versions import (
    DepartmentElasticity,
    UntrustedModel,
    list_department_elasticities,
    list_model_versions,
    read_version,
)
from pricing.experiments.selectors.arm_impressions import ArmImpressions, list_arm_impressions
from pricing.experiments.selectors.arm_served import load_served
from pricing.experiments.services.arm_limits import refuse_far_arms
from pricing.fairness.selectors.audits import (
    AUDIT_STATES,
    GroupTreatment,
    explain_findings,
    find_audit,
    find_audit_in_use,
    list_treatments,
)
from pricing.fairness.services.fairness import NotAudited, audit_nightly
from pricing.learning.selectors.demand import demand_curve
from pricing.learning.selectors.impression_fits import FitRow, list_fits
from pricing.learning.selectors.open_lots import (
    DOWN,
    EACH_DEPTH,
    STAYS,
    TRIED,
    UP,
    list_price_lots,
    list_week_lots,
)
from pricing.learning.services.impression_counts import drain_looks
from pricing.learning.services.impression_fits import learn_from_looks
from pricing.learning.services.learning import learn_online
from pricing.ledger.selectors.contests import (
    ContestValue,
    OpenContests,
    find_contest,
    read_open_contests,
)
from pricing.ledger.selectors.impressions import PriceImpressions, list_price_impressions
from pricing.ledger.selectors.offered import lower_by_offers
from pricing.ledger.selectors.references import PAID_DAYS, load_paid, load_series
from pricing.ledger.selectors.sales_channels import home_place, list_places, say_served
from pricing.ledger.services.contests import ContestRefused, contest_price, send_contest_answer
from pricing.ledger.services.cuts import (
    find_outdated_cuts,
    forget_cuts,
    list_recorded_campaigns,
    record_cuts,
)
from pricing.ledger.services.ledger import NotAPrice, load_ledger_bulk
from pricing.policy.selectors.rules import (
    TripRow,
    list_kill_switches,
    list_open_trips,
    load_active_policy,
    load_jurisdictions,
)
from pricing.publishing.selectors.live_prices import LivePrice, list_live_prices
from pricing.publishing.selectors.proposals import (
    MOST_AT_ONCE,
    WaitingChanges,
    count_kinds,
    count_proposals,
    count_waiting_changes,
    list_overrides,
    list_proposal_ids,
    list_proposals,
)
from pricing.publishing.selectors.quality import list_quality
from pricing.publishing.services.books import publish_price_book
from pricing.publishing.services.feeds import record_pulse
from pricing.publishing.services.kill_switches import flag_emergency, set_kill_switch
from pricing.publishing.services.list_prices import Ask, set_list_prices, withdraw_list_prices
from pricing.publishing.services.overrides import OverrideRefused, end_override, set_override
from pricing.publishing.services.price_gate import (
    PriceChangesSpent,
    PricesDoubted,
    SecondPersonNeeded,
    find_doubts,
    require_room,
    say_doubtful,
)
from pricing.publishing.services.products import SavedProducts, save_products
from pricing.publishing.services.proposals import (
    Decided,
    ProposalRefused,
    approve_proposals,
    edit_proposal,
    reject_proposals,
    snooze_proposals,
)
from pricing.publishing.services.turns import turn_price_shocks
from pricing.quoting.selectors.listed import (
    DemandBasis,
    SeasonBelief,
    count_priors,
    list_lowest,
    list_set_prices,
    read_season,
    tell_demand_basis,
)
from pricing.quoting.selectors.live import LiveDecision, list_live_decisions
from pricing.quoting.selectors.quotes import QuoteNotFound, QuoteOfAnother, get_quote
from pricing.quoting.selectors.rollouts import load_rollout
from pricing.quoting.selectors.seals import SealFigures, read_seals
from pricing.quoting.selectors.serving import (
    active_policy,
    are_price_tests_off,
    current_public_prices,
    floor_minor,
    has_price_book,
    list_price_history,
    list_prices,
    list_ruled_places,
    makes_personal_prices,
    renew_serving,
    resolve_jurisdiction,
)
from pricing.quoting.selectors.staff_guardrails import (
    GuardrailCounts,
    count_bound_rules,
    count_guardrail_hits,
    list_guarded_quotes,
)
from pricing.quoting.selectors.staff_quotes import QuotePropensities, read_chances
from pricing.quoting.selectors.statistics import (
    PriceSpread,
    count_quotes_by_rung,
    list_quotes_of_shopper,
    list_spreads,
    read_price_freshness,
)
from pricing.quoting.services.drain import (
    QuoteRefused,
    drain_quotes,
    read_token,
    store_quote,
    verify_quote,
)
from pricing.quoting.services.partitions import ensure_partitions, seal_quotes
from pricing.quoting.services.promises import carry_promises
from pricing.quoting.services.quoting import quote_listing, quote_variants
from pricing.rollout.selectors.fits import ASKED, TRAIN_JOB, Fit, describe_fit
from pricing.rollout.selectors.lift import (
    LiftDay,
    ModelImpact,
    SegmentLift,
    compare_model,
    list_lift,
    list_segment_lifts,
    read_impact,
)
from pricing.rollout.selectors.rollout_words import MANY, REFUSALS
from pricing.rollout.selectors.staff_learning import (
    EvidenceStep,
    RolloutRow,
    RolloutStep,
    ShadowRow,
    count_drift_alarms,
    find_visited_arms,
    list_evidence,
    list_rollouts,
    list_shadows,
)
from pricing.rollout.selectors.verdicts import (
    WMAPE_ALL,
    WMAPE_BEST,
    list_waits,
    name_family,
    name_solver,
    say_verdict,
    say_wait,
)
from pricing.rollout.services.approvals import NotOffered, activate_model, ask_for_model
from pricing.rollout.services.replay import replay_quote, replay_quotes
from pricing.rollout.services.rollback import undo_trip
from pricing.rollout.services.rollouts import begin_rollout
from pricing.rollout.services.training import train_demand
from pricing.rollout.services.visits import count_visits
from pricing.rollout.services.watching import watch_prices

__all__ = [
    "ASKED",
    "AUDIT_STATES",
    "DOWN",
    "EACH_DEPTH",
    "MANY",
    "MOST_AT_ONCE",
    "PAID_DAYS",
    "REFUSALS",
    "STAYS",
    "TRAIN_JOB",
    "TRIED",
    "UP",
    "WMAPE_ALL",
    "WMAPE_BEST",
    "ArmImpressions",
    "Ask",
    "ContestRefused",
    "ContestValue",
    "Decided",
    "DemandBasis",
    "DepartmentElasticity",
    "EvidenceStep",
    "Fit",
    "FitRow",
    "GroupTreatment",
    "GuardrailCounts",
    "LiftDay",
    "LiveDecision",
    "LivePrice",
    "ModelImpact",
    "NotAPrice",
    "NotAudited",
    "NotOffered",
    "OpenContests",
    "OverrideRefused",
    "PriceChangesSpent",
    "PriceImpressions",
    "PriceSpread",
    "PricesDoubted",
    "ProposalRefused",
    "QuoteNotFound",
    "QuoteOfAnother",
    "QuotePropensities",
    "QuoteRefused",
    "RolloutRow",
    "RolloutStep",
    "SavedProducts",
    "SealFigures",
    "SeasonBelief",
    "SecondPersonNeeded",
    "SegmentLift",
    "ShadowRow",
    "TripRow",
    "UntrustedModel",
    "WaitingChanges",
    "activate_model",
    "active_policy",
    "approve_proposals",
    "are_price_tests_off",
    "ask_for_model",
    "audit_nightly",
    "begin_rollout",
    "carry_promises",
    "compare_model",
    "contest_price",
    "count_bound_rules",
    "count_drift_alarms",
    "count_guardrail_hits",
    "count_kinds",
    "count_priors",
    "count_proposals",
    "count_quotes_by_rung",
    "count_visits",
    "count_waiting_changes",
    "current_public_prices",
    "demand_curve",
    "describe_fit",
    "drain_looks",
    "drain_quotes",
    "edit_proposal",
    "end_override",
    "ensure_partitions",
    "explain_findings",
    "find_audit",
    "find_audit_in_use",
    "find_contest",
    "find_doubts",
    "find_outdated_cuts",
    "find_visited_arms",
    "flag_emergency",
    "floor_minor",
    "forget_cuts",
    "get_quote",
    "has_price_book",
    "home_place",
    "import_feed",
    "learn_from_looks",
    "learn_online",
    "list_arm_impressions",
    "list_department_elasticities",
    "list_evidence",
    "list_fits",
    "list_guarded_quotes",
    "list_kill_switches",
    "list_lift",
    "list_live_decisions",
    "list_live_prices",
    "list_lowest",
    "list_model_versions",
    "list_open_trips",
    "list_overrides",
    "list_places",
    "list_price_history",
    "list_price_impressions",
    "list_price_lots",
    "list_prices",
    "list_proposal_ids",
    "list_proposals",
    "list_quality",
    "list_quotes_of_shopper",
    "list_recorded_campaigns",
    "list_rollouts",
    "list_ruled_places",
    "list_segment_lifts",
    "list_set_prices",
    "list_shadows",
    "list_spreads",
    "list_treatments",
    "list_waits",
    "list_week_lots",
    "load_active_policy",
    "load_jurisdictions",
    "load_ledger_bulk",
    "load_paid",
    "load_rollout",
    "load_series",
    "load_served",
    "lower_by_offers",
    "makes_personal_prices",
    "name_family",
    "name_solver",
    "publish_price_book",
    "quote_listing",
    "quote_variants",
    "read_chances",
    "read_impact",
    "read_open_contests",
    "read_price_freshness",
    "read_seals",
    "read_season",
    "read_token",
    "read_version",
    "record_cuts",
    "record_pulse",
    "refuse_far_arms",
    "register_upload",
    "reject_proposals",
    "renew_serving",
    "replay_quote",
    "replay_quotes",
    "require_room",
    "resolve_jurisdiction",
    "save_products",
    "say_doubtful",
    "say_households",
    "say_served",
    "say_verdict",
    "say_wait",
    "seal_quotes",
    "send_contest_answer",
    "set_kill_switch",
    "set_list_prices",
    "set_override",
    "snooze_proposals",
    "store_quote",
    "tell_demand_basis",
    "train_demand",
    "turn_price_shocks",
    "undo_trip",
    "verify_quote",
    "watch_prices",
    "withdraw_list_prices",
]
