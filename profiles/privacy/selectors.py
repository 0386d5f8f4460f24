"""Everything the room knows about a shopper, to be handed to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from profiles.events.models import Event
from profiles.experiments.models import ExperimentOutcome, Exposure
from profiles.reviews.models import Answer, Question, Review
from profiles.segments.api import name_tags
from profiles.segments.models import ShopperProfile
from profiles.shoppers.api import list_consents
from profiles.shoppers.models.audit import AuditTrait
from profiles.shoppers.models.customers import Customer
from profiles.shoppers.models.shoppers import Shopper
from profiles.wishes.models import RestockRequest, SavedVariant

_EVENT_FIELDS = (
    "occurred_at",
    "received_at",
    "kind",
    "variant_id",
    "category_id",
    "brand_id",
    "quantity",
    "paid_minor",
    "list_minor",
    "is_discounted",
    "price_rank",
    "basket_ref",
    "query",
    "offer_ref",
    "quote_id",
    "channel",
    "source",
)


def export_shopper(shopper_id: int) -> Mapping[str, Any]:
    """Return JSON values: shopper, account, customer, consents, traits, profile, events,
    reviews, questions, saved products, requests to be told of stock, experiments.

    Fourteen queries."""
    shopper = Shopper.objects.select_related("account", "home_store").get(pk=shopper_id)
    return {
        "shopper": _shopper(shopper),
        "account": _account(shopper),
        "customer": _customer(shopper),
        "consents": [
            {
                "purpose": consent.purpose,
                "granted": consent.is_granted,
                "how": consent.how,
                "locale": consent.locale,
                "text_version": consent.text_version,
                "at": consent.recorded_at.isoformat(),
                "given_on": consent.given_on.isoformat() if consent.given_on else None,
                "source": consent.source,
            }
            for consent in list_consents(shopper_id)
        ],
        "audit_traits": dict(
            AuditTrait.objects.filter(shopper_id=shopper_id).values_list("name", "value")
        ),
        "profile": _profile(shopper_id),
        "reviews": _reviews(shopper_id),
        "questions": _questions(shopper_id),
        "wishes": _wishes(shopper_id),
        "events": _events(shopper_id),
        "experiments": _experiments(shopper_id),
    }


def _shopper(shopper: Shopper) -> dict[str, Any]:
    store = shopper.home_store
    return {
        "pseudonym": str(shopper.pseudonym),
        "reference": shopper.external_ref,
        "home_store": None if store is None else store.name,
        "place": shopper.place_code,
        "market": shopper.market_code,
        "is_minor": shopper.is_minor,
        "first_seen_at": shopper.created_at.isoformat(),
        "last_seen_at": shopper.last_seen_at.isoformat(),
        "opt_out_reason": shopper.opt_out_reason,
        "consents_now": {
            "price": shopper.consent_price,
            "recommendations": shopper.consent_recommendations,
            "marketing": shopper.consent_marketing,
            "analytics": shopper.consent_analytics,
        },
        "merged_pseudonyms": [
            str(guest)
            for guest in shopper.merged_guests.values_list("pseudonym", flat=True).order_by("pk")
        ],
    }


def _customer(shopper: Shopper) -> dict[str, Any] | None:
    """Return what a list of customers said of the shopper."""
    names = [one.name for one in Customer._meta.concrete_fields if one.name != "shopper"]
    said = Customer.objects.filter(shopper=shopper).values(*names).first()
    return said and {**said, "updated_at": said["updated_at"].isoformat()}


def _account(shopper: Shopper) -> dict[str, Any] | None:
    account = shopper.account
    if account is None:
        return None
    return {
        "email": account.email,
        "first_name": account.first_name,
        "last_name": account.last_name,
        "joined_at": account.date_joined.isoformat(),
        "last_login_at": None if account.last_login is None else account.last_login.isoformat(),
    }


def _profile(shopper_id: int) -> dict[str, Any] | None:
    profile = ShopperProfile.objects.select_related("segment").filter(pk=shopper_id).first()
    if profile is None:
        return None
    segment = profile.segment
    return {
        "features": profile.features,
        "segment": None if segment is None else {"en": segment.name, "zh": segment.name_zh},
        "tags": name_tags(tuple(profile.tags), "en"),
        "interests": profile.interests,
        "refreshed_at": profile.refreshed_at.isoformat(),
    }


def _reviews(shopper_id: int) -> list[dict[str, Any]]:
    rows = Review.objects.filter(shopper_id=shopper_id).order_by("written_at", "pk")
    return [
        {
            "product_id": review.product_id,
            "rating": review.rating,
            "text": review.text,
            "tone": review.positivity,
            "bought_at": review.bought_at.isoformat(),
            "written_at": review.written_at.isoformat(),
            "state": review.state,
            "hidden_because": review.hidden_because,
        }
        for review in rows
    ]


def _questions(shopper_id: int) -> dict[str, list[dict[str, Any]]]:
    asked = Question.objects.filter(shopper_id=shopper_id).order_by("asked_at", "pk")
    answered = Answer.objects.filter(shopper_id=shopper_id).order_by("answered_at", "pk")
    return {
        "asked": [
            {
                "product_id": row.product_id,
                "text": row.text,
                "asked_at": row.asked_at.isoformat(),
                "hidden_because": row.hidden_because,
            }
            for row in asked
        ],
        "answered": [
            {
                "question_id": row.question_id,
                "text": row.text,
                "answered_at": row.answered_at.isoformat(),
                "hidden_because": row.hidden_because,
            }
            for row in answered
        ],
    }


def _wishes(shopper_id: int) -> dict[str, list[dict[str, Any]]]:
    saved = SavedVariant.objects.filter(shopper_id=shopper_id).order_by("saved_at", "pk")
    asked = RestockRequest.objects.filter(shopper_id=shopper_id).order_by("asked_at", "pk")
    return {
        "saved": [
            {"variant_id": variant_id, "saved_at": at.isoformat()}
            for variant_id, at in saved.values_list("variant_id", "saved_at")
        ],
        "awaited": [
            {"variant_id": variant_id, "asked_at": at.isoformat(), "told_at": _plain(told)}
            for variant_id, at, told in asked.values_list("variant_id", "asked_at", "told_at")
        ],
    }


def _events(shopper_id: int) -> list[dict[str, Any]]:
    rows = Event.objects.filter(shopper_id=shopper_id).order_by("occurred_at", "id")
    return [
        {
            name: _plain(value)
            for name, value in zip(_EVENT_FIELDS, row, strict=True)
            if value is not None and value != ""
        }
        for row in rows.values_list(*_EVENT_FIELDS).iterator()
    ]


def _experiments(shopper_id: int) -> dict[str, Any]:
    seen = Exposure.objects.filter(shopper_id=shopper_id).order_by("at", "id")
    counted = ExperimentOutcome.objects.filter(shopper_id=shopper_id).order_by("day", "id")
    return {
        "seen": [
            {"experiment": name, "arm": arm, "at": at.isoformat()}
            for name, arm, at in seen.values_list("experiment__name", "arm__name", "at")
        ],
        "counted": [
            {"experiment": name, "day": day.isoformat(), "before": is_before, "orders": orders}
            | {"pieces": units, "paid_minor": paid}
            for name, day, is_before, orders, units, paid in counted.values_list(
                "experiment__name", "day", "is_before", "orders", "units", "paid_minor"
            )
        ],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
