"""The page of a shopper says what is likely, how likely, and why."""

from __future__ import annotations

import numpy as np
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from profiles.features.core.derive import VALUE_NAMES
from profiles.models import SegmentVersion, Shopper, ShopperProfile
from profiles.segments.core.predictions import CHANCE_INPUTS, PredictionModel
from profiles.segments.core.segmentation import SEGMENT_FEATURES, SegmentModel, model_arrays
from profiles.segments.selectors.segments import forget_segments
from shop.ground.kernel.arrays import pack_arrays
from tests.factories.profiles import NOON


def test_staff_see_the_chance_and_why_in_their_language(root: Client) -> None:
    width, one = len(CHANCE_INPUTS), Shopper.objects.order_by("pk")[0]
    weights = np.array([1.0 if name == "orders" else 0.0 for name in CHANCE_INPUTS])
    chance = PredictionModel("will_buy", np.zeros(width), np.ones(width), weights, -1.0)
    model = SegmentModel(
        codes=("segment-0",),
        centroids=np.zeros((1, len(SEGMENT_FEATURES))),
        mean=np.zeros(len(SEGMENT_FEATURES)),
        scale=np.ones(len(SEGMENT_FEATURES)),
        thresholds={},
        chances=(chance,),
    )
    SegmentVersion.objects.create(
        fitted_at=NOON,
        as_of=NOON,
        arrays=pack_arrays(model_arrays(model)),
        sha256="",
        is_active=True,
    )
    forget_segments()
    often = {"orders": np.expm1(2.0), "order_interval_days": 7.0, "days_since_order": 2.0}
    ShopperProfile.objects.filter(pk=one.pk).update(
        features=dict.fromkeys(VALUE_NAMES, 0.0) | often, tags=["will_buy"]
    )
    for language, words in (
        ("en", ("orders in the next 7 days", "likely to buy this week", "orders often", "73 %")),
        ("zh-hans", ("未来 7 天内下单", "本周可能购买", "下单频繁", "可能发生的行为")),
    ):
        with override(language):
            address = reverse("admin:shopper_overview", args=[one.pk])
            page = root.get(address).content.decode()
        assert [word for word in words if word not in page] == []
    forget_segments()
