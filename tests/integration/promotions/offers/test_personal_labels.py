"""Offers for chosen shoppers bear the words of the law where the shopper is, or do not exist."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promotions.engine.core.carts import ShopperView
from promotions.engine.core.values import Evaluation
from promotions.models import CampaignShopper
from promotions.offers.selectors.evaluation import evaluate_cart
from promotions.offers.selectors.personal import PersonalOffer, personal_offers_for
from tests.factories.orders import Shelf, make_shopper
from tests.factories.promotions import NOON, make_campaign, make_cart, make_line

pytestmark = pytest.mark.django_db

NY = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."
PLACES = [
    ("US-NY", "en", NY),
    ("US-NY", "zh-hans", f"{NY} 此价格由算法使用您的个人数据设定。"),
    ("EU", "en", "Personalised price, set automatically"),
    ("EU", "zh-hans", "个性化价格，由系统自动设定"),
    ("CN", "en", "Personalised price"),
    ("CN", "zh-hans", "个性化价格"),
]


def _offers(shopper_id: int, region: str, language: str = "en") -> list[PersonalOffer]:
    return personal_offers_for(
        shopper=ShopperView(shopper_id),
        market_code="us",
        now=NOON,
        language=language,
        region=region,
    )


def _evaluate(
    shopper_id: int, region: str, language: str = "en", codes: tuple[str, ...] = ()
) -> Evaluation:
    return evaluate_cart(
        cart=replace(make_cart(make_line()), region=region),
        codes=codes,
        shopper=ShopperView(shopper_id, is_member=True),
        now=NOON,
        language=language,
        locale="en_US",
    )


@pytest.fixture
def alice(shelf: Shelf) -> int:
    """A shopper with an offer for her alone, beside one for members and one for everybody."""
    shopper = make_shopper()
    personal = make_campaign("personal", percent="5", audience="personal")
    make_campaign("members", percent="5", audience="members")
    make_campaign("public", percent="5")
    CampaignShopper.objects.create(campaign=personal, shopper_id=shopper.id)
    return shopper.id


@pytest.mark.parametrize(("region", "language", "label"), PLACES)
def test_personal_offers_bear_the_label_of_the_place(
    alice: int, region: str, language: str, label: str
) -> None:
    shown = {offer.label: offer.law_label for offer in _offers(alice, region, language)}
    assert shown == {"personal": label, "public": ""}
    found = _evaluate(alice, region, language)
    assert {each.label: each.law_label for each in found.applied} == {
        "personal": label,
        "members": "",
        "public": "",
    }
    assert [a.law_label for a in found.adjustments if a.label == "personal"] == [label]
    assert {a.law_label for a in found.adjustments if a.label != "personal"} == {""}


def test_elsewhere_it_bears_the_generic_one_as_prices_do(alice: int) -> None:
    for region in ("US-other", "US-CT"):
        assert _offers(alice, region)[0].law_label == (
            "Personal price, set automatically from your activity in this store"
        )
        assert _offers(alice, region, "zh-hans")[0].law_label == (
            "个人专属价格，根据您在本店的行为自动设定"
        )


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_personal_offer_exists_where_the_law_forbids_it(alice: int, language: str) -> None:
    assert [offer.label for offer in _offers(alice, "unknown", language)] == ["public"]
    found = _evaluate(alice, "unknown", language)
    assert sorted(each.label for each in found.applied) == ["members", "public"]
    assert [hint.offer_id for hint in found.hints] == []


def test_nor_does_its_code_open_it_there(shelf: Shelf) -> None:
    shopper = make_shopper()
    campaign = make_campaign("letter", percent="5", audience="personal", code="LETTER")
    CampaignShopper.objects.create(campaign=campaign, shopper_id=shopper.id)
    assert [each.label for each in _evaluate(shopper.id, "US-NY", codes=("LETTER",)).applied] == [
        "letter"
    ]
    found = _evaluate(shopper.id, "unknown", codes=("LETTER",))
    assert found.applied == ()
    assert [each.code for each in found.rejected] == ["LETTER"]


@pytest.mark.parametrize(
    ("language", "reason"),
    [
        ("en", "Chosen by chance, to learn what helps"),
        ("zh-hans", "随机选出，用于了解哪些优惠有帮助"),
    ],
)
def test_an_offer_drawn_by_chance_is_labelled_as_such(
    alice: int, language: str, reason: str
) -> None:
    CampaignShopper.objects.update(reason="by_chance")
    first = _offers(alice, "US-NY", language)[0]
    assert first.reason == reason
    assert first.law_label.startswith(NY)
