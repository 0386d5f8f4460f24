"""Words for codes: features, purposes, tags. Rooms speak in codes, the door in languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from profiles.values import Consents
from shop.doors.pages.values import FeatureNote


def list_consents(consents: Consents) -> list[dict[str, Any]]:
    """Return one row per purpose, with what it means in plain words."""
    return [
        {
            "purpose": "price",
            "name": _("Personal prices"),
            "text": _("Your visits and purchases here may lower some prices for you."),
            "is_on": consents.price,
        },
        {
            "purpose": "recommendations",
            "name": _("Personal picks and order of offers"),
            "text": _("The front page follows what you looked at and bought."),
            "is_on": consents.recommendations,
        },
        {
            "purpose": "analytics",
            "name": _("Measuring the shop"),
            "text": _("We count visits under a random number to plan stock and repair pages."),
            "is_on": consents.analytics,
        },
        {
            "purpose": "marketing",
            "name": _("Offers by e-mail"),
            "text": _("Only if you switch it on. You get e-mails about your orders in any case."),
            "is_on": consents.marketing,
        },
    ]


def describe_features(features: Sequence[FeatureNote]) -> list[dict[str, str]]:
    """Return the allow-list of data in words; a feature without words shows its own name."""
    names = {
        "activity": _("How often you were here lately"),
        "cart_adds": _("What you put in the cart lately"),
        "purchases": _("How many products you bought lately"),
        "orders": _("How many orders you placed lately"),
        "spend": _("How much you spent here lately"),
        "discounted": _("How often you bought on offer"),
        "offer_clicks": _("Offers you opened"),
        "recency": _("How long ago you were last here"),
        "tenure_days": _("Since when you shop here"),
        "category_affinity": _("Kinds of products you look at and buy"),
        "brand_affinity": _("Brands you look at and buy"),
        "variant_affinity": _("Products you look at and buy"),
    }
    return [
        {
            "name": names.get(feature.name, feature.name),
            "source": ", ".join(_say_source(part) for part in feature.source.split(", ")),
            "purpose": ", ".join(_say_purpose(part) for part in feature.purpose.split(", ")),
        }
        for feature in features
    ]


def _say_source(source: str) -> str:
    known = {
        "views": _("views"),
        "clicks": _("clicks"),
        "searches": _("searches"),
        "cart": _("cart"),
        "purchases": _("purchases"),
        "orders": _("orders"),
        "offers": _("offers"),
        "returns": _("returns"),
        "all events": _("all of these"),
    }
    return known.get(source, source)


def _say_purpose(purpose: str) -> str:
    known = {
        "price": _("prices"),
        "recommendations": _("picks"),
        "analytics": _("measuring"),
    }
    return known.get(purpose, purpose)


def describe_counts(monthly: Mapping[str, float]) -> list[dict[str, str]]:
    """Return what a profile counts, in words; what happens less than once a month is left out."""
    names = {
        "activity": _("Visits and clicks"),
        "cart_adds": _("Added to the cart"),
        "orders": _("Orders"),
        "purchases": _("Products bought"),
        "discounted": _("Products bought on offer"),
    }
    return [
        {"name": name, "value": _("about {n} a month").format(n=round(monthly[code]))}
        for code, name in names.items()
        if round(monthly.get(code, 0.0)) > 0
    ]
