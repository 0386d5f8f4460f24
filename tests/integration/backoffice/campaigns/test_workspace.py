"""The workspace: conditions and products are changed as rows, in one offer or several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from promotions.campaigns.api import compile_campaign
from promotions.engine.api import parse_scope
from promotions.models import Campaign, Offer
from promotions.planning.selectors.builder import make_lexicon
from promotions.sentences.api import say_products, speak
from shop.doors.backoffice.campaigns.product_picker import describe_picks
from shop.doors.backoffice.campaigns.summary import say_scopes
from shop.ground.catalog.models import Brand, Category, Product, Variant
from shop.ground.catalog.selectors import forget_catalog


def save(browser: Client, key: int, part: str, **typed: Any) -> str:
    """Post a part's form and return the page that follows."""
    revision = Campaign.objects.get(pk=key).revision
    asked = {"part": part, "revision": revision, **typed}
    answer = browser.post(reverse("admin:campaign_part", args=[key]), asked, follow=True)
    return answer.content.decode()


def read(key: int) -> Any:
    """Return the condition of the first offer as stored."""
    return (
        Offer.objects.filter(campaign=key).order_by("code").values_list("condition", flat=True)[0]
    )


def test_conditions_are_added_changed_and_removed_as_rows(root: Client) -> None:
    key = Campaign.objects.order_by("pk")[0].pk
    Offer.objects.filter(campaign=key).update(condition={})
    worth = {"clause": "cart_value", "holds": "", "cart_value": "40.00"}
    save(root, key, "add-if", at="", **worth)
    assert read(key) == {"cart_value": 4000}
    save(root, key, "if-0", holds="", cart_value="25.50")
    assert read(key) == {"cart_value": 2550}
    weekend = {"clause": "weekday", "holds": "not", "weekday": ["6", "7"]}
    page = save(root, key, "add-if", at="or-0", **weekend)
    assert read(key) == {"any": [{"cart_value": 2550}, {"not": {"weekdays": [6, 7]}}]}
    assert "the cart is worth at least $25.50" in page
    assert "it is not Saturday or Sunday" in page
    refused = save(root, key, "if-0-0", holds="", cart_value="lots")
    assert "Write an amount of USD, such as 600.00." in refused
    save(root, key, "if-0-0", remove="1")
    assert read(key) == {"not": {"weekdays": [6, 7]}}


def test_a_condition_to_add_is_a_form_without_a_script(root: Client) -> None:
    key = Campaign.objects.order_by("pk")[0].pk
    address = reverse("admin:campaign_workspace", args=[key])
    page = root.get(address, {"part": "add-if", "clause": "segments"}).content.decode()
    assert 'name="clause"\n          value="segments"' in page or 'value="segments"' in page
    assert 'name="segments"' in page


def test_dates_that_cannot_be_are_refused_and_kept(root: Client) -> None:
    key = Campaign.objects.order_by("pk")[0].pk
    before = Campaign.objects.values_list("starts_at", "ends_at").get(pk=key)
    refused = save(root, key, "window", starts_at="2026-12-08T00:00", ends_at="2026-12-01T00:00")
    assert "It must end after it begins." in refused
    assert 'value="2026-12-01T00:00"' in refused
    far = save(root, key, "window", starts_at="0001-01-01T00:00", ends_at="9999-12-31T00:00")
    assert far.count("Choose a day from 2000-01-01 to ") == 2
    assert Campaign.objects.values_list("starts_at", "ends_at").get(pk=key) == before


def test_a_refused_part_is_not_lost_to_news_of_checks(root: Client) -> None:
    key = Campaign.objects.order_by("pk")[0].pk
    root.post(reverse("admin:campaign_ask", args=[key]), {"kind": "law"})
    own = reverse("admin:campaign_workspace", args=[key])
    news = 'hx-get="?part=law"'
    assert news in root.get(own).content.decode()
    turned = {"starts_at": "2026-12-08T00:00", "ends_at": "2026-12-01T00:00"}
    refused = save(root, key, "window", **turned)
    assert "Waiting for a worker" in refused
    assert news not in refused
    again = root.get(reverse("admin:campaign_part", args=[key]))
    assert (again.status_code, again["Location"]) == (302, own)


def test_each_of_several_offers_is_changed_for_itself(root: Client) -> None:
    first = Offer.objects.order_by("pk")[0]
    key = first.campaign_id
    Offer.objects.filter(campaign=key).exclude(pk=first.pk).delete()
    fields = {"benefit_kind": "percentage", "target": "line", "percent": 5}
    other = Offer.objects.create(campaign_id=key, code="other", name="Other", **fields)
    page = save(root, key, "benefit--other", percent="7")
    assert "7 % off" in page
    assert "Several offers" in page
    other.refresh_from_db()
    assert (other.percent, Offer.objects.get(pk=first.pk).percent) == (7, first.percent)
    save(root, key, "prices--other", goods_at="list", price_from="", price_to="9.00")
    other.refresh_from_db()
    assert other.scope == {"not_reduced": True, "price_to": 900}
    save(root, key, "except--other", **{"except": "Brand 1"})
    other.refresh_from_db()
    assert [len(other.scope["except_brands"]), other.scope["price_to"]] == [1, 900]


def test_steps_are_typed_as_money_and_the_form_shows_them(root: Client) -> None:
    key = Campaign.objects.order_by("pk")[0].pk
    offer = Offer.objects.filter(campaign=key).order_by("code")[0]
    steps = {"steps": [{"from": 4000, "amount": 500}]}
    fields = {"benefit_kind": "spend_tiers", "target": "cart", "percent": None}
    Offer.objects.filter(pk=offer.pk).update(amount_minor=None, terms=steps, **fields)
    typed = {"from0": "40.00", "gives0": "5.00", "from1": "60.00", "gives1": "9.00"}
    page = save(root, key, "terms", **typed)
    offer.refresh_from_db()
    assert offer.terms == {"steps": [*steps["steps"], {"from": 6000, "amount": 900}]}
    assert "$5.00 from $40.00, $9.00 from $60.00" in page
    assert "A discount by the terms below on" in page
    form = root.get(reverse("admin:promotions_offer_change", args=[offer.pk])).content.decode()
    assert "Conditions, products and terms are changed here" in form
    assert 'name="terms"' not in form


def test_an_offer_is_added_by_filling_in_its_sentence(root: Client) -> None:
    campaign = Campaign.objects.order_by("pk")[0]
    address = reverse("admin:campaign_workspace", args=[campaign.pk])
    page = root.get(address, {"part": "add-offer", "kind": "free_delivery"}).content.decode()
    assert "Deliver free of charge from a cart of" in page
    assert [page.count(f'name="{name}"') for name in ("cart_value", "starts_at")] == [1, 1]
    before = set(Offer.objects.values_list("pk", flat=True))
    page = save(root, campaign.pk, "add-offer", kind="free_delivery", cart_value="35.00")
    added = Offer.objects.exclude(pk__in=before).get()
    assert (added.campaign_id, added.benefit_kind) == (campaign.pk, "delivery")
    assert (added.condition, added.terms) == ({"cart_value": 3500}, {"price": 0})
    assert added.name == "Free delivery from $35.00"
    assert added.code == f"{campaign.code}-free-delivery-1"
    assert "Offer “Free delivery from $35.00” was added." in page
    steps = {"goods": "", "from1": "40", "amount1": "4", "from2": "40", "amount2": "10"}
    refused = save(root, campaign.pk, "add-offer", kind="spend_tiers", **steps)
    assert (
        "Offer “All products: $4.00 off from $40.00, $10.00 from $40.00”, terms of the" in refused
    )
    assert "benefit (2): steps go upwards." in refused
    # Codes stand beside an offer: that is a promotion of its own
    save(root, campaign.pk, "add-offer", kind="coupon", coupon="A", amount="1", cart_value="9")
    assert Offer.objects.count() == len(before) + 1


def test_a_chinese_page_has_the_chinese_names(root: Client) -> None:
    campaign = Campaign.objects.order_by("pk")[0]
    Campaign.objects.filter(pk=campaign.pk).update(
        name="Cheese days", name_zh="奶酪节", market_code="us"
    )
    with override("zh-hans"):
        page = root.get(reverse("admin:campaign_workspace", args=[campaign.pk]))
    parts = {one.part.code: one.words for one in page.context["shown"].parts}
    assert (parts["name"], parts["market"], page.context["title"]) == ("奶酪节", "美国", "奶酪节")
    assert '<h2 class="ft-quote-name">奶酪节</h2>' in page.content.decode()


def test_a_search_shows_only_what_is_not_chosen(root: Client) -> None:
    brand = Brand.objects.get(name="Brand 1")
    address, asked = reverse("admin:find_goods"), {"for": "c1-goods", "c1-goods_find": "brand 1"}
    found = root.get(address, asked).content.decode()
    assert f'name="c1-goods" value="brand:{brand.pk}"' in " ".join(found.split())
    less = root.get(address, {**asked, "c1-goods": f"brand:{brand.pk}"}).content.decode()
    assert f'value="brand:{brand.pk}"' not in less
    assert root.get(address, {**asked, "c1-goods_find": " "}).content.decode().strip() == ""
    products = root.get(address, {**asked, "of": "products"}).content.decode()
    assert f'value="brand:{brand.pk}"' not in products
    # What was searched for before an error is not offered again beneath an empty box
    key = Campaign.objects.order_by("pk")[0].pk
    steps = {"from1": "40", "amount1": "4", "from2": "lots", "amount2": "10"}
    typed = {**steps, "kind": "spend_tiers", "goods": f"brand:{brand.pk}", "goods_find": "brand"}
    assert save(root, key, "add-offer", **typed).count('value="brand:') == 1
    searched = save(root, key, "add-offer", **typed, find="1")
    assert searched.count(f'value="brand:{brand.pk}"') == 1
    assert searched.count('value="brand:') > 1
    assert 'value="brand"' in searched


def test_products_in_the_terms_are_rows_with_pickers(root: Client) -> None:
    key = Campaign.objects.order_by("pk")[0].pk
    offer = Offer.objects.filter(campaign=key).order_by("code")[0]
    cheese, brand = Category.objects.order_by("pk")[0], Brand.objects.order_by("pk")[0]
    parts = [{"scope": {"categories": [cheese.pk]}}, {"scope": {"brands": [brand.pk]}}]
    fields = {"target": "cart", "scope": {}, "amount_minor": None, "percent": 10}
    Offer.objects.filter(pk=offer.pk).update(
        benefit_kind="bundle", terms={"parts": parts}, **fields
    )
    typed = {"goods_at": "any", "price_from": "", "except": ""}
    page = save(root, key, "set-1", quantity="2", goods=cheese.name, price_to="9.00", **typed)
    assert f"2 × {cheese.name} (to $9.00)" in page
    scope = {"categories": [cheese.pk], "price_to": 900}
    save(root, key, "set-2", quantity="1", goods=brand.name, price_to="", **typed)
    offer.refresh_from_db()
    added = {"scope": {"brands": [brand.pk]}, "quantity": 1}
    assert offer.terms["parts"] == [parts[0], {"scope": scope, "quantity": 2}, added]
    save(root, key, "set-0", remove="1")
    offer.refresh_from_db()
    assert offer.terms["parts"] == [{"scope": scope, "quantity": 2}, added]
    bought = {"benefit_kind": "buy_get", "terms": {"buy": 2, "get": 1}}
    Offer.objects.filter(pk=offer.pk).update(**bought, scope={"brands": [brand.pk]})
    page = save(root, key, "given", goods=cheese.name, price_to="", **typed)
    offer.refresh_from_db()
    assert offer.terms == {"buy": 2, "get": 1, "get_scope": {"categories": [cheese.pk]}}
    same = save(root, key, "given", goods=brand.name, price_to="", **typed)
    assert "terms of the benefit: the same products: leave it out." in same


@pytest.mark.usefixtures("lasting_memories")
def test_the_page_reads_once_what_several_parts_say(
    root: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    key = Campaign.objects.order_by("pk")[0].pk
    typed = {"goods_at": "list", "price_from": "", "price_to": "9.00"}
    save(root, key, "prices", **typed)
    address = reverse("admin:campaign_workspace", args=[key])
    root.get(address)  # the process learns the catalogue and the prices
    with django_assert_max_num_queries(25):
        page = root.get(address).content.decode()
    assert "all products → all products (not reduced, up to $9.00 each)" in page


def test_a_released_campaign_says_that_a_reason_is_missing(root: Client) -> None:
    key = Campaign.objects.order_by("pk")[0].pk
    Campaign.objects.filter(pk=key).update(status="paused")
    page = save(root, key, "name", name="Other", name_zh="", reason="no")
    assert "Give a reason of at least 5 characters" in page
    assert Campaign.objects.get(pk=key).name != "Other"


def test_a_draft_says_that_its_name_promises_more(root: Client) -> None:
    key = Campaign.objects.order_by("pk")[0].pk
    category = Category.objects.order_by("pk")[0]
    Category.objects.filter(pk=category.pk).update(name="Cheese")
    Product.objects.update(category=category)
    forget_catalog()
    products = list(Variant.objects.values_list("pk", flat=True))
    Offer.objects.filter(campaign=key).update(scope={"variants": products[:1]})
    address = reverse("admin:campaign_workspace", args=[key])
    said = f"The name speaks of Cheese; the offer covers 1 of {len(products)} products on sale."
    for name, told in (("10 % off cheese", said), ("10 % off selected cheese", "")):
        Campaign.objects.filter(pk=key).update(name=name, status="draft")
        assert root.get(address).context["named"] == told
    Offer.objects.filter(campaign=key).update(scope={"categories": [category.pk]})
    Campaign.objects.filter(pk=key).update(name="10 % off cheese")
    assert root.get(address).context["named"] == ""


def test_sentence_facts_and_picker_count_the_same_products(root: Client) -> None:
    category = Category.objects.order_by("pk")[0]
    one, size, gone, *_others, other = Variant.objects.order_by("pk")
    Product.objects.exclude(pk=other.product_id).update(category=category)
    Variant.objects.filter(pk=size.pk).update(product=one.product)
    Variant.objects.filter(pk=gone.pk).update(is_active=False)
    forget_catalog()
    listed = list(Variant.objects.exclude(pk=other.pk).values_list("pk", flat=True))
    count = len(listed) - 2  # a size is no product more, and what is not sold is none
    offer = compile_campaign(Campaign.objects.order_by("pk")[0].pk)[0]
    offer = replace(offer, scope=parse_scope({"variants": listed}))
    words = make_lexicon([offer], currency="USD", language="en")
    [english, _chinese] = speak([offer.scope], "us")
    for lexicon in (words, english):
        assert say_products(offer.scope, lexicon) == f"{count} listed products"
    [picked] = describe_picks([("category", category.pk)], "en")
    assert picked.note == say_scopes([offer.scope]) == f"{count} products on sale"
