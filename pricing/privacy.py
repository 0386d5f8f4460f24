"""Personal data in the tables of this room: what each column is, its export and its erasure."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction

from pricing.base.core.texts import say
from pricing.ledger.core.offered import HELD_PLACES, held_key
from pricing.ledger.models.books import PriceBookEntry
from pricing.ledger.models.contests import PriceContest
from pricing.ledger.models.quotes import Quote
from profiles.privacy.api import RoomPrivacy, classify
from profiles.shoppers.api import list_pseudonyms
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker


def erase_shopper(shopper_id: int, now: datetime) -> None:
    """Take the shopper, and the guests they were, out of every quote; delete their prices and
    what they asked about prices.

    Safe to run twice.
    The amounts, reasons and versions of a quote stay: they are what the law and the seals need,
    and say nothing of a person once nobody is named. Quotes still on the stream are stored without
    their shopper, because the shopper is gone by then. Held prices end by themselves within hours
    if Redis is down now.
    """
    pseudonyms = list_pseudonyms(shopper_id)
    with transaction.atomic():
        Quote.objects.filter(shopper_id__in=[shopper_id, *pseudonyms]).update(shopper_id=None)
        PriceBookEntry.objects.filter(pk__in=[shopper_id, *pseudonyms]).delete()
        PriceContest.objects.filter(shopper_id__in=[shopper_id, *pseudonyms]).delete()
    for pseudonym in pseudonyms.values():
        forget_held(pseudonym)


def forget_held(pseudonym: str) -> None:
    """Delete the held quotes of a pseudonym in every market and channel."""
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        places: Any = client.smembers(HELD_PLACES)
        for place in places:
            market, _, channel = place.decode().partition(":")
            client.delete(held_key(market, channel, pseudonym))


_FIELDS = (
    "id",
    "issued_at",
    "expires_at",
    "variant_id",
    "market_code",
    "channel",
    "currency",
    "purpose",
    "list_minor",
    "public_minor",
    "quoted_minor",
    "rung",
    "arm",
    "label_code",
    "jurisdiction_code",
    "policy_version",
    "model_version",
    "features",
    "segment",
    "reasons",
    "counterfactuals",
    "guard_actions",
)

_CONTEST = ("quote_id", "email", "language", "text", "asked_at", "answer", "answered_at")


def export_shopper(shopper_id: int) -> Mapping[str, Any]:
    """Return JSON values: every stored quote with its reasons, prepared prices, and prices that
    were questioned. Three queries.
    """
    quotes = Quote.objects.filter(shopper_id=shopper_id).order_by("issued_at", "id")
    entry = PriceBookEntry.objects.filter(pk=shopper_id).first()
    return {
        "quotes": [_quote(row) for row in quotes.values(*_FIELDS).iterator(chunk_size=1_000)],
        "questioned_prices": [
            _contest(row)
            for row in PriceContest.objects.filter(shopper_id=shopper_id).values(*_CONTEST)
        ],
        "prepared_prices": []
        if entry is None
        else [
            {"variant": variant, "quoted_minor": minor}
            for variant, minor in zip(entry.variant_ids, entry.quoted_minors, strict=True)
        ],
    }


def _quote(row: Mapping[str, Any]) -> dict[str, Any]:
    reasons = [{**one, "text": say(one["code"], "en")} for one in row["reasons"]]
    moments = {name: row[name].isoformat() for name in ("issued_at", "expires_at")}
    return {**row, **moments, "id": str(row["id"]), "reasons": reasons}


def _contest(row: Mapping[str, Any]) -> dict[str, Any]:
    moments = {name: row[name] and row[name].isoformat() for name in ("asked_at", "answered_at")}
    return {**row, **moments, "quote_id": str(row["quote_id"])}


FIELDS = {
    "ArmPrice": classify(
        none="id variant market channel experiment arm turn price_factor base_minor arm_minor"
        " shown_minor other_minor cluster obstacle book_version began_at tried_at ended_at"
        " ended_version"
    ),
    "ChanceReturn": classify(
        none="id book switch holds_from variant_ids before_minors public_minors sources settled_at"
    ),
    "CompetitorPrice": classify(
        none="id source variant price_minor observed_at imported_at matched_by label"
    ),
    "CompetitorSource": classify(
        none="id code name kind market currency url basis ttl_hours every_hours is_active"
        " created_at created_by tried_at imported_at last_report problem"
    ),
    "DemandModelVersion": classify(
        none="id kind status trained_at window_start window_end rows metrics parameters arrays"
        " sha256 feature_hash activated_by"
    ),
    "DemandTuning": classify(
        none="id fingerprint seed window_start window_end started_at updated_at seconds trials"
        " chosen"
    ),
    "EmergencyCap": classify(
        none="id market category starts_at ends_at cap_share reason created_by"
    ),
    "JurisdictionRow": classify(
        none="id code valid_from valid_to personal_allowed opt_in_required label_code label_en"
        " label_zh test_label_en test_label_zh reference_strategy"
        " unit_price_required source reviewed_by"
    ),
    "KillSwitch": classify(none="id scope key is_active reason by at"),
    # What was shown, without a shopper or a hash of one (docs/adr/0186).
    "LookArchive": classify(
        none="id market_code channel watermark looks purchases sold_out offered arrays sha256"
    ),
    "LookFit": classify(
        none="id market_code channel model at watermark looks refusal metrics weights arrays sha256"
    ),
    "ModelAudit": classify(
        none="id model sha256 at is_passed is_blind compared people unlisted limits report"
        " waiver_asked_by waiver_asked_at waiver_reason waived_by waived_at"
    ),
    "PriceBook": classify(
        none="id version market channel model_version policy published_at effective_at is_current"
        " arrays sha256 metrics"
    ),
    "PriceBookEntry": classify(
        none="book priced_at", link="shopper", derived="variant_ids quoted_minors"
    ),
    "PriceContest": classify(
        none="id quote_id asked_at answered_at answered_by",
        link="shopper",
        personal="email language text answer",
    ),
    "PriceLedgerEntry": classify(
        none="id variant market channel kind amount_minor valid_from source set_by"
    ),
    "PriceOverride": classify(
        none="id variant market channel kind amount_minor starts_at expires_at reason created_at"
        " created_by ended_at ended_by"
    ),
    "PriceProposal": classify(
        none="id variant market channel created_at state cause current_minor proposed_minor"
        " final_minor floor_minor ceiling_minor objective elasticity elasticity_sd is_causal gain"
        " chance candidates effect bound relaxed badges policy_version model_version book_version"
        " needs_two first_by decided_by decided_at snoozed_until reason"
    ),
    "PricingPolicy": classify(
        none="id version is_active floor_margin personal_cap step_cap ceiling_over_list"
        " max_changes_per_day hold_minutes quote_minutes no_rise_hours assumed_cost_share"
        " won_purchase_share spread_aversion holdout_share min_confidence max_model_age_hours"
        " exploration shock_share objective target_margin competitor_above"
        " causal_reach cooldown_hours two_person_step restock_days substitution_share auto_publish"
        " learns_from_looks keeps_to_competitors reason created_at created_by approved_by"
    ),
    "PrivacyBudget": classify(
        none="id data_set quarter epsilon_cap epsilon_spent delta_cap delta_spent"
    ),
    "PrivateRelease": classify(
        none="id budget purpose at first_week end_week epsilon delta most_cells noise_sd arrays"
        " sha256"
    ),
    # Counts of impressions and of products shown together: nobody is named in them (docs/adr/0091).
    "PublicCut": classify(
        none="id campaign_id market_code starts_at ends_at variant_ids percent amount_minor"
        " price_minor stacking_group is_alone"
    ),
    "PublicLook": classify(
        none="hour variant_id market_code channel segment public_minor book_version policy_version"
        " looks direction rung_minors rung_probabilities"
    ),
    "PublicLookSet": classify(
        none="hour market_code channel book_version set_hash variant_ids pages"
    ),
    "PublicPrice": classify(
        none="id variant market channel list_minor public_minor anchor_minor changed_at"
    ),
    "QuarantinedCompetitorRow": classify(none="id source variant row_number reason payload at"),
    "Quote": classify(
        none="id market_code channel currency policy_version model_version book_version kid"
        " signature is_complete stock competitor_minor",
        link="shopper shopper_hash",
        legal="issued_at expires_at variant purpose list_minor public_minor quoted_minor"
        " is_personal rung arm propensity label_code jurisdiction_code reasons counterfactuals"
        " features inputs candidates guard_actions segment rung_minors rung_probabilities",
    ),
    "QuoteSeal": classify(none="day rows digest previous sealed_at"),
}

PRIVACY = RoomPrivacy(
    room="pricing", fields=FIELDS, export_shopper=export_shopper, erase_shopper=erase_shopper
)
