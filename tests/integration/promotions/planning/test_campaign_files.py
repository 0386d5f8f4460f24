"""Campaigns go out as files and come in again: dry first, twice the same, bad rows set aside."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator

import pytest

from promotions.campaigns.core.revisions import NOBODY
from promotions.campaigns.core.workflow import Step
from promotions.campaigns.selectors.campaigns import load_snapshot, load_trail, take_snapshot
from promotions.models import (
    Campaign,
    CampaignRevision,
    Coupon,
    Offer,
    OfferVariant,
    StackingCategory,
    StackingGroup,
)
from promotions.planning.services.campaign_files import (
    BadFile,
    ImportReport,
    export_campaigns,
    import_campaigns,
)
from promotions.release.services.revisions import record_change
from shop.ground.catalog.models import Brand, Category, Variant
from tests.factories.campaigns import NOON, make_draft, make_person, step
from tests.factories.orders import Shelf

FORMULA = "=HYPERLINK(A1)"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]


def _load(text: str, *, is_dry: bool = False, file_format: str = "json") -> ImportReport:
    return import_campaigns(
        text=text, file_format=file_format, is_dry=is_dry, by_id=None, now=NOON, language="en"
    )


def _verdicts(report: ImportReport) -> dict[str, str]:
    return {one.code: one.verdict for one in report.outcomes}


@pytest.fixture
def two(db: None) -> dict[str, object]:
    """Two campaigns with all that a file must carry."""
    first = make_draft(
        "first",
        name="7",
        name_zh="秋天, “九折”",
        offer={"condition": {"all": [{"cart_value": 1500}, {"first_order": True}]}},
        budget_minor=5_000,
        claims={"countdown": True},
    )
    Coupon.objects.create(code="SECRET", offer=first.offers.get())
    second = make_draft("second", name=FORMULA, audience="members", holdout_percent=10)
    return {pk.code: take_snapshot(pk.pk) for pk in (first, second)}


def _empty_shop() -> None:
    Coupon.objects.all().delete()
    for campaign in Campaign.objects.all():
        campaign.offers.all().delete()
    Campaign.objects.all().delete()


@pytest.mark.parametrize("file_format", ["json", "csv"])
def test_what_goes_out_comes_in_the_same_in_another_shop(
    two: dict[str, object], file_format: str
) -> None:
    ids = Campaign.objects.values_list("pk", flat=True)
    text = export_campaigns(ids, file_format=file_format)
    assert "SECRET" not in text
    _empty_shop()
    dry = _load(text, is_dry=True, file_format=file_format)
    assert (_verdicts(dry), Campaign.objects.count()) == ({"first": "new", "second": "new"}, 0)
    assert _verdicts(_load(text, file_format=file_format)) == _verdicts(dry)
    assert {one.code: take_snapshot(one.pk) for one in Campaign.objects.all()} == two
    assert set(Campaign.objects.values_list("status", flat=True)) == {"draft"}
    again = _load(text, file_format=file_format)
    assert _verdicts(again) == {"first": "same", "second": "same"}
    assert CampaignRevision.objects.count() == 2


@pytest.fixture
def short_cells() -> Iterator[None]:
    """Let Python read short cells only, as it does of lists of some ten thousand products."""
    usual = csv.field_size_limit(30)
    yield
    csv.field_size_limit(usual)


@pytest.mark.usefixtures("short_cells")
def test_a_list_of_products_may_fill_the_file(two: dict[str, object]) -> None:
    text = export_campaigns(Campaign.objects.values_list("pk", flat=True), file_format="csv")
    assert max(len(cell) for cell in text.split(",")) > 30
    report = _load(text, is_dry=True, file_format="csv")
    assert _verdicts(report) == {"first": "same", "second": "same"}
    old_mac = _load(text.replace("\r\n", "\r"), is_dry=True, file_format="csv")
    assert _verdicts(old_mac) == {"first": "same", "second": "same"}


def test_a_name_is_no_formula_in_a_spreadsheet(two: dict[str, object]) -> None:
    ids = Campaign.objects.values_list("pk", flat=True)
    text = export_campaigns(ids, file_format="csv")
    assert f"'{FORMULA}" in text
    assert f",{FORMULA}" not in text


def test_a_dry_run_shows_the_differences_and_writes_nothing(two: dict[str, object]) -> None:
    tree = json.loads(export_campaigns(Campaign.objects.values_list("pk", flat=True)))
    tree["campaigns"][0]["offers"][0]["percent"] = "12.5"
    del tree["campaigns"][0]["budget_minor"]  # what a file leaves out stays
    text = json.dumps(tree)
    report = _load(text, is_dry=True)
    assert report.is_dry
    assert report.outcomes[0].sentences == ("Offer “Autumn offer”, percent: 10 → 12.5",)
    assert {one.code: take_snapshot(one.pk) for one in Campaign.objects.all()} == two
    assert _load(text).outcomes == report.outcomes
    assert str(Campaign.objects.get(code="first").offers.get().percent) == "12.50"
    assert Campaign.objects.get(code="first").budget_minor == 5_000


def test_bad_campaigns_are_refused_and_the_others_imported(
    two: dict[str, object],
) -> None:
    tree = json.loads(export_campaigns(Campaign.objects.values_list("pk", flat=True)))
    good = tree["campaigns"][1]
    broken = [
        {**good, "code": "a", "offers": [{**good["offers"][0], "code": "a", "percent": "120"}]},
        {**good, "code": "b", "offers": "none"},
        {**good, "code": "c", "moon": "full"},
        {**good, "code": "d", "ends_at": good["starts_at"], "offers": []},
        {**good, "code": "e", "format": 3},
        "nothing",
    ]
    report = _load(json.dumps({"format": 1, "campaigns": [*broken, {**good, "name": "New"}]}))
    assert [one.verdict for one in report.outcomes] == ["refused"] * 6 + ["changed"]
    share = "expected a percentage above 0, at most 100, with two decimals at most."
    assert [one.sentences[0] for one in report.refused] == [
        f'offers[0].percent: "120" does not fit: {share}',
        'offers: "none" does not fit: expected a list of offers, each with a code.',
        "Campaign: nobody knows the field “moon”: take it out.",
        f'ends_at: "{good["starts_at"]}" does not fit: expected a moment after starts_at.',
        "This file has format 3; this shop reads format 1, 2.",
        'Campaign: "nothing" does not fit: expected an object with a code and offers.',
    ]
    assert sorted(Campaign.objects.values_list("code", flat=True)) == ["first", "second"]


@pytest.mark.parametrize("text", ["", "[]", '{"format": 9, "campaigns": []}', '{"format": 1}'])
def test_what_is_no_such_file_is_refused_whole(text: str) -> None:
    with pytest.raises(BadFile):
        _load(text)
    with pytest.raises(BadFile, match="first line"):
        _load("nothing\n1\n", file_format="csv")


def test_a_released_campaign_changes_by_file_as_by_hand(db: None) -> None:
    campaign = make_draft(budget_minor=1_000)
    step(campaign, Step.SCHEDULE, make_person("ann"))
    tree = json.loads(export_campaigns([campaign.pk]))
    tree["campaigns"][0]["offers"][0]["percent"] = "60"
    assert _verdicts(_load(json.dumps(tree))) == {"autumn": "waits"}
    assert str(campaign.offers.get().percent) == "10.00"


def _rich(shelf: Shelf) -> Campaign:
    """A campaign that names products of every kind in every place, and stands in the tree."""
    brand = Brand.objects.get()
    product = Variant.objects.get(pk=shelf.merlot).product_id
    cheese = {"categories": [shelf.cheese], "except_brands": [brand.pk + 1_000]}
    campaign = make_draft("rich")
    Offer.objects.update(
        benefit_kind="bundle",
        target="cart",
        terms={"parts": [{"scope": cheese}, {"scope": {"variants": [shelf.rye]}}]},
        condition={"any": [{"products": [product]}, {"not": {"brands": [brand.pk]}}]},
    )
    group = StackingGroup.objects.create(code="weekend", name="Weekend")
    category = StackingCategory.objects.create(code="gifts", name="Gifts")
    Offer.objects.update(group=group, category=category)
    listed = Offer.objects.create(
        campaign=campaign, code="listed", name="Listed", benefit_kind="percentage", percent=5
    )
    OfferVariant.objects.bulk_create(
        OfferVariant(offer=listed, variant_id=one) for one in (shelf.cheddar, shelf.gouda)
    )
    return campaign


def test_a_file_names_products_by_references_that_fit_other_shops(shelf: Shelf) -> None:
    campaign = _rich(shelf)
    said = take_snapshot(campaign.pk)
    text = export_campaigns([campaign.pk])
    rich, listed = sorted(
        json.loads(text)["campaigns"][0]["offers"], key=lambda one: one["code"], reverse=True
    )
    assert rich["terms"]["parts"][0]["scope"] == {
        "categories": ["dairy/cheese"],
        "except_brands": [Brand.objects.get().pk + 1_000],  # nobody knows it: it stays an id
    }
    assert rich["condition"] == {"any": [{"products": ["merlot"]}, {"not": {"brands": ["farm"]}}]}
    assert (rich["group"], rich["category"]) == ("weekend", "gifts")
    assert listed["variants"] == ["CHEDDAR", "GOUDA"]
    _empty_shop()
    StackingGroup.objects.all().delete()
    Category.objects.filter(pk=shelf.cheese).update(path="dairy/old-cheese")
    dairy = Category.objects.get(path="dairy")
    moved = Category.objects.create(
        parent=dairy, external_ref="new", slug="new", name="New", path="dairy/cheese", depth=1
    )
    assert _load(text).outcomes[0].sentences == (
        "offers[1].group: There is no stacking group “weekend” here: make it first.",
    )
    StackingGroup.objects.create(code="weekend", name="Other")
    assert _verdicts(_load(text)) == {"rich": "new"}
    again = take_snapshot(Campaign.objects.get().pk)
    scope = again["offers"][1]["terms"]["parts"][0]["scope"]
    assert scope["categories"] == [moved.pk] != [shelf.cheese]
    assert again["offers"][1]["group"] == StackingGroup.objects.get().pk
    assert again["offers"][0] == {**said["offers"][0]}
    assert _verdicts(_load(text)) == {"rich": "same"}
    assert _verdicts(_load(text.replace("GOUDA", "EDAM"))) == {"rich": "refused"}


def test_versions_and_files_of_before_still_read(shelf: Shelf) -> None:
    campaign = _rich(shelf)
    old = take_snapshot(campaign.pk)
    assert old["format"] == 1
    CampaignRevision.objects.create(
        campaign=campaign, number=1, origin="saved", snapshot=old, content_hash="", at=NOON
    )
    Campaign.objects.update(revision=1)
    assert load_snapshot(campaign.pk, 1) == old
    assert load_trail(campaign.pk).revisions[0].snapshot["offers"][1]["group"] == "weekend"
    saved = record_change(campaign_id=campaign.pk, reason="", by_id=None, now=NOON)
    assert not saved.is_new
    assert _verdicts(_load(json.dumps({"format": 1, "campaigns": [old]}))) == {"rich": "same"}


def test_goods_a_shop_lost_count_for_none_in_old_versions(shelf: Shelf) -> None:
    campaign = _rich(shelf)
    record_change(campaign_id=campaign.pk, reason="", by_id=None, now=NOON)
    Category.objects.filter(pk=shelf.cheese).update(path="dairy/renamed")
    scope = load_snapshot(campaign.pk, 1)["offers"][1]["terms"]["parts"][0]["scope"]
    assert scope["categories"] == [NOBODY]
