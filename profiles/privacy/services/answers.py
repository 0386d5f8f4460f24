"""Export and erasure of a person's data in this room."""

from __future__ import annotations

from profiles.privacy.core import RoomPrivacy, classify
from profiles.privacy.selectors import export_shopper
from profiles.privacy.services.erasure import erase_shopper

FIELDS = {
    "Account": classify(
        none="id is_staff is_superuser is_active groups user_permissions",
        personal="email password first_name last_name last_login date_joined",
    ),
    "Shopper": classify(
        none="id market_code",
        link="pseudonym merged_into",
        personal="account external_ref home_store place_code is_minor opt_out_reason",
        derived="created_at last_seen_at",
        legal="consent_price consent_recommendations consent_marketing consent_analytics erased_at",
    ),
    "Customer": classify(
        link="shopper",
        personal="number name phone address_line1 address_line2 city region postcode country"
        " language marketing",
        derived="updated_at",
    ),
    "OnlineLag": classify(none="id since", link="shopper"),
    "ConsentRecord": classify(
        none="id",
        legal="shopper purpose is_granted how locale text_version recorded_at given_on source",
    ),
    "AuditTrait": classify(none="id name", link="shopper", audit="value"),
    "Event": classify(
        none="id channel source",
        link="shopper basket_ref quote_id",
        personal="occurred_at received_at kind variant_id category_id brand_id quantity paid_minor"
        " list_minor is_discounted price_rank query offer_ref",
    ),
    "Segment": classify(
        none="id code name name_zh description description_zh is_active shopper_count rule revision"
        " created_at"
    ),
    "SegmentRevision": classify(none="id segment number rule is_active reason by at"),
    "SegmentSize": classify(none="id segment day shopper_count is_estimated"),
    "SegmentVersion": classify(none="id fitted_at as_of arrays sha256 metrics is_active"),
    "SimilarityVersion": classify(none="id fitted_at as_of arrays sha256 metrics is_active"),
    "Review": classify(
        none="id product variant language state hidden_because",
        link="shopper",
        personal="rating text positivity bought_at written_at",
    ),
    "Question": classify(
        none="id product language state hidden_because", link="shopper", personal="text asked_at"
    ),
    "Answer": classify(
        none="id question is_shop language state hidden_because",
        link="shopper",
        personal="text answered_at",
    ),
    "SavedVariant": classify(none="id", link="shopper", personal="variant saved_at"),
    "RestockRequest": classify(
        none="id language",
        link="shopper",
        personal="variant email asked_at confirmed_at told_at",
    ),
    "SentimentVersion": classify(none="id language fitted_at arrays sha256 metrics is_active"),
    "ShopperProfile": classify(
        none="refreshed_at", link="shopper", derived="features segment tags interests"
    ),
    "ExperimentNamespace": classify(none="id code salt holdout_share"),
    "Experiment": classify(
        none="id code name name_zh hypothesis subject subject_ref unit mode namespace traffic"
        " first_slot end_slot purpose targeting primary_metric guards minimum_effect planned_units"
        " planned_days alpha least_share period_days wash_out_days salt state revision registration"
        " registration_sha256 created_at created_by started_at stopped_at stop_reason decided_at"
        " decision decision_reason"
    ),
    "ExperimentArm": classify(
        none="id experiment code name name_zh position share is_control price_factor settings"
    ),
    "ExperimentShares": classify(none="id experiment revision at shares reason"),
    "ExperimentDeviation": classify(none="id experiment at by field before after reason"),
    "ExperimentItem": classify(none="id experiment variant_id cluster"),
    "ExperimentReadout": classify(none="id experiment day at figures"),
    "Exposure": classify(
        none="id experiment", link="shopper", personal="arm at", derived="propensity revision"
    ),
    "ExperimentOutcome": classify(
        none="id experiment",
        link="shopper",
        derived="day is_before orders units paid_minor margin_minor returned_units views clicks"
        " cart_adds offer_views offer_clicks",
    ),
}

PRIVACY = RoomPrivacy(
    room="profiles", fields=FIELDS, export_shopper=export_shopper, erase_shopper=erase_shopper
)
