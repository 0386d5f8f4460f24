"""Write the room. Keyword-only, one transaction each."""

from profiles.services.bulk import (
    BULK_EVENT_COLUMNS,
    load_events_bulk,
    load_shoppers_bulk,
    load_traits_bulk,
)
from profiles.services.consent import UnknownPurpose, set_consent
from profiles.services.drain import count_backlog, drain_events
from profiles.services.erasure import (
    StaffAccount,
    erase_everywhere,
    erase_shopper,
    export_everything,
)
from profiles.services.events import MAX_BATCH, BatchTooLarge, ingest_events
from profiles.services.experiment_drafts import (
    ArmDraft,
    BadExperiment,
    ExperimentDraft,
    Registered,
    save_draft,
    set_clusters,
)
from profiles.services.experiment_readouts import read_experiment, read_experiments
from profiles.services.experiments import (
    decide_experiment,
    move_shares,
    prolong_experiment,
    set_holdout,
    start_experiment,
    stop_experiment,
)
from profiles.services.exposures import log_exposures
from profiles.services.identity import get_or_create_guest, link_account, note_place
from profiles.services.partitions import ensure_partitions
from profiles.services.profiles import refresh_profiles
from profiles.services.purchases import record_purchase_events, record_return_events
from profiles.services.rebuild import (
    rebuild_online_features,
    repair_online_features,
    restore_online_features,
    warm_shopper,
)
from profiles.services.retention import forget_expired
from profiles.services.reviews import ReviewRefused, hide_review, show_review, write_review
from profiles.services.segments import refit_segments, refit_similarity
from profiles.services.sentiment import refit_sentiment

__all__ = [
    "BULK_EVENT_COLUMNS",
    "MAX_BATCH",
    "ArmDraft",
    "BadExperiment",
    "BatchTooLarge",
    "ExperimentDraft",
    "Registered",
    "ReviewRefused",
    "StaffAccount",
    "UnknownPurpose",
    "count_backlog",
    "decide_experiment",
    "drain_events",
    "ensure_partitions",
    "erase_everywhere",
    "erase_shopper",
    "export_everything",
    "forget_expired",
    "get_or_create_guest",
    "hide_review",
    "ingest_events",
    "link_account",
    "load_events_bulk",
    "load_shoppers_bulk",
    "load_traits_bulk",
    "log_exposures",
    "move_shares",
    "note_place",
    "prolong_experiment",
    "read_experiment",
    "read_experiments",
    "rebuild_online_features",
    "record_purchase_events",
    "record_return_events",
    "refit_segments",
    "refit_sentiment",
    "refit_similarity",
    "refresh_profiles",
    "repair_online_features",
    "restore_online_features",
    "save_draft",
    "set_clusters",
    "set_consent",
    "set_holdout",
    "show_review",
    "start_experiment",
    "stop_experiment",
    "warm_shopper",
    "write_review",
]
