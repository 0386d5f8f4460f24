"""Staff build a segment by rows, see its size before they save it, and take it out of use."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from profiles.models import Segment, SegmentRevision, Shopper, ShopperProfile
from profiles.segments.selectors.segments import forget_segments
from tests.factories.backoffice_prices import NOON

FORM: dict[str, Any] = {
    "name": "Weekend deals",
    "name_zh": "周末特价",
    "revision": "0",
    "reason": "for the bakery's week",
    "feature-0-0": "discount_share",
    "comparison-0-0": "least",
    "value-0-0": "50 %",
    "feature-1-0": "tag:weekend",
    "comparison-1-0": "least",
}


@pytest.fixture(autouse=True)
def profiles(stocked_shop: None) -> None:
    """Seven shoppers who buy on offer, all others not."""
    ShopperProfile.objects.all().delete()
    for at, shopper in enumerate(Shopper.objects.order_by("pk")):
        features = {"discount_share": 0.8 if at < 7 else 0.1}
        ShopperProfile.objects.create(shopper=shopper, features=features, refreshed_at=NOON)
    forget_segments()


def test_the_size_follows_each_change_of_the_rule(root: Client) -> None:
    address = reverse("admin:segment_add")
    assert "Fill in the values" in root.get(address).content.decode()
    page = root.post(address, FORM, headers={"HX-Request": "true"})
    assert page.context["measure"]["count"] == "7"
    assert "share of lines bought on offer: at least 50 %; or is" in page.content.decode()
    assert not page.content.decode().startswith("<!DOCTYPE")
    more = root.post(address, {**FORM, "add_row": "1"})
    assert [len(group) for group in more.context["groups"]] == [1, 2]
    less = root.post(address, {**FORM, "drop_row": "0-0"})
    assert [[row.feature for row in group] for group in less.context["groups"]] == [["tag:weekend"]]
    for wrong in ("", "-1", "101", "half"):
        page = root.post(address, {**FORM, "value-0-0": wrong})
        assert (page.context["measure"], page.context["groups"][0][0].error != "") == (None, True)
    assert not Segment.objects.filter(rule__isnull=False).exists()


def test_a_saved_segment_is_a_version_that_can_be_retired(root: Client) -> None:
    answer = root.post(reverse("admin:segment_add"), {**FORM, "save": "1"})
    code = Segment.objects.get(rule__isnull=False).code
    assert code == "own-weekend-deals"
    assert ShopperProfile.objects.filter(tags=[code]).count() == 7
    page = root.get(answer["Location"]).content.decode()
    assert "for the bakery&#x27;s week" in page
    change = reverse("admin:segment_change", args=[code])
    root.post(change, {**FORM, "value-0-0": "5", "revision": "1", "save": "1"})
    assert Segment.objects.get(code=code).shopper_count == Shopper.objects.count()
    late = root.post(change, {**FORM, "revision": "1", "save": "1"})
    assert "Somebody changed this segment meanwhile." in late.content.decode()
    root.post(reverse("admin:segment_retire", args=[code]), {"reason": "the week is over"})
    assert not Segment.objects.get(code=code).is_active
    assert SegmentRevision.objects.count() == 3
    assert "retired" in root.get(reverse("admin:segments")).content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Women over 30"}, "protected trait"),
        ({"name_zh": "怀孕女性"}, "protected trait"),
        ({"name": " "}, "Give the segment a name."),
        ({"feature-0-0": "income"}, "Segments may not ask for this."),
        ({"reason": "x"}, "Give a reason"),
    ],
)
def test_a_segment_by_a_protected_trait_is_refused(
    root: Client, change: dict[str, str], said: str
) -> None:
    page = root.post(reverse("admin:segment_add"), {**FORM, **change, "save": "1"})
    assert said in page.content.decode()
    assert not Segment.objects.filter(rule__isnull=False).exists()


def test_a_segment_leads_to_a_promotion_for_it(root: Client) -> None:
    root.post(reverse("admin:segment_add"), {**FORM, "save": "1"})
    segment = Segment.objects.get(name="Weekend deals")
    page = root.get(reverse("admin:segment", args=[segment.code])).content.decode()
    address = reverse("admin:builder_sentence", args=["price_cut"])
    link = f"{address}?segment={segment.code}"
    assert f'href="{link}"' in page
    sentence = root.get(link)
    [clause] = sentence.context["filled"].clauses
    assert (clause.clause.code, clause.form.initial) == ("segments", {"segments": [segment.code]})
    chosen = re.search(rf'value="{segment.code}"[^>]*(checked|selected)', sentence.content.decode())
    assert chosen is not None
    Segment.objects.filter(pk=segment.pk).update(is_active=False)
    forget_segments()
    assert link not in root.get(reverse("admin:segment", args=[segment.code])).content.decode()
