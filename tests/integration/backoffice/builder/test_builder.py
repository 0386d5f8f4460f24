"""Staff fill in sentences: every kind becomes a draft that says what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from orders.models import Order
from promotions.models import (
    Campaign,
    CodeBatch,
    Coupon,
    Offer,
    Partner,
    PartnerShare,
    StackingGroup,
    UseLimit,
    VerifiedGroup,
)
from promotions.planning.core.builder.clauses import CLAUSES as OFFERED
from promotions.planning.selectors.builder import say_campaign
from shop.doors.backoffice.campaigns.builder import (
    TEMPLATES,
    FilledSentence,
    read_place,
    read_sentence,
    save_sentence,
)
from shop.ground.catalog.models import Category
from shop.ground.staff.roles import ANALYST, MERCHANDISER
from tests.factories.loyalty import make_terms
from tests.factories.sentences import CLAUSES, KINDS, WINDOW

pytestmark = pytest.mark.django_db


def fill(browser: Client, kind: str, typed: dict[str, Any]) -> Any:
    """Press save on a sentence with these blanks."""
    address = reverse("admin:builder_sentence", args=[kind])
    return browser.post(address, {**WINDOW, **typed, "save": "1"})


def sentences() -> list[str]:
    """What the newest campaign says."""
    newest = Campaign.objects.order_by("-pk").values_list("pk", flat=True)[0]
    return [offer.sentence for offer in say_campaign(newest, language="en")]


def save(kind: str, typed: dict[str, Any]) -> FilledSentence:
    """Fill in and save a sentence without drawing a page; return it with its errors."""
    posted = QueryDict(mutable=True)
    for name, value in {**WINDOW, **typed}.items():
        posted.setlist(name, value if isinstance(value, list) else [value])
    filled = read_sentence(TEMPLATES[kind], read_place(), posted)
    request = RequestFactory().post("/")
    request.user = get_user_model().objects.order_by("pk")[0]
    save_sentence(filled, request)
    return filled


def errors_of(filled: FilledSentence) -> str:
    """Every error of a sentence, each after its blank."""
    return " ".join(
        f"{name}: {text}"
        for form in filled.forms
        for name, texts in form.errors.items()
        for text in texts
    )


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_sentence_becomes_a_draft_that_says_it(stocked_shop: None, kind: str) -> None:
    Partner.objects.create(code="acme", name="Acme Foods")
    typed, said = KINDS[kind]
    assert errors_of(save(kind, typed)) == ""
    assert sentences() == [said]
    campaign = Campaign.objects.order_by("-pk")[0]
    assert (campaign.status, campaign.revision) == ("draft", 1)


def test_what_stands_beside_an_offer_is_saved_with_it(stocked_shop: None) -> None:
    Partner.objects.create(code="acme", name="Acme Foods")
    for kind in ("coupon", "coupon_batch", "flash_sale", "partner"):
        save(kind, KINDS[kind][0])
    coupon = Coupon.objects.get(code="SPRING5")
    assert (coupon.per_shopper_limit, coupon.max_redemptions) == (1, None)
    batch = CodeBatch.objects.order_by("-pk")[0]
    assert (batch.pattern, batch.amount, batch.max_redemptions) == ("SPRING-######", 50, 1)
    limit = UseLimit.objects.order_by("-pk")[0]
    assert (limit.max_uses, limit.counted, limit.entity) == (100, "units", "global")
    share = PartnerShare.objects.get(partner__code="acme")
    assert (int(share.percent), share.campaign.kind) == (50, "partner")


@pytest.mark.parametrize("codes", [sorted(CLAUSES)[:9], sorted(CLAUSES)[9:]])
def test_every_clause_is_added_and_said(stocked_shop: None, codes: list[str]) -> None:
    assert set(CLAUSES) == set(OFFERED)
    make_terms()
    VerifiedGroup.objects.get_or_create(code="student", defaults={"name": "Students"})
    typed: dict[str, Any] = {"percent": "10", "goods": "", "audience": "public"}
    typed["clause"] = [f"{key}:{code}" for key, code in enumerate(codes)]
    for key, code in enumerate(codes):
        typed |= {f"c{key}-{name}": text for name, text in CLAUSES[code][0].items()}
    assert errors_of(save("price_cut", typed)) == ""
    said = [f", and only if {CLAUSES[code][1]}" for code in codes]
    assert "".join(said) + ", at most $500.00" in sentences()[0]
    opposite = {**typed, **{f"c{key}-not": "not" for key in range(len(codes))}}
    save("price_cut", opposite)
    assert [text for text in said if text in sentences()[0]] == []


def test_clauses_are_alternatives_and_the_offer_says_how_it_combines(
    stocked_shop: None,
) -> None:
    typed: dict[str, Any] = {"percent": "10", "goods": "", "audience": "public"}
    typed |= {"clause": ["1:member", "2:cart_value", "3:first_order"], "c2-not": "or"}
    typed |= {"c2-cart_value": "40", "c3-not": "not"}
    assert errors_of(save("price_cut", typed)) == ""
    offer = Offer.objects.order_by("-pk")[0]
    either = {"any": [{"member": True}, {"cart_value": 4000}]}
    assert offer.condition == {"all": [either, {"not": {"first_order": True}}]}
    assert (
        "and only if the shopper has an account or the cart is worth at least $40.00, and only if"
        " it is not the shopper's first order"
    ) in sentences()[0]
    assert sentences()[0].endswith("Each piece gets the best offer of the group weekly for it.")
    save("price_cut", {**typed, "stacking": "stack", "stacking_group": "weekly"})
    assert sentences()[0].endswith("It combines with other offers.")
    group = StackingGroup.objects.create(code="week", name="Week", mode="best")
    save("price_cut", {**typed, "stacking": "best", "stacking_group": "weekly"})
    assert sentences()[0].endswith("Only the best offer of the group weekly applies.")
    save("price_cut", {**typed, "stacking": "exclusive", "stacking_group": "weekly"})
    assert sentences()[0].endswith("It never combines with another offer.")
    save("price_cut", {**typed, "stacking": "stack", "group": str(group.pk)})
    assert sentences()[0].endswith("It combines as its group Week says.")
    refused = errors_of(save("price_cut", {**typed, "stacking": "best"}))
    assert refused == "stacking_group: Enter a name for the group, such as “weekly”."


def test_an_alternative_is_added_only_beside_another_clause(root: Client) -> None:
    address = reverse("admin:builder_sentence", args=["price_cut"])
    typed = {**WINDOW, "percent": "11", "clause_code": "member", "add": "or"}
    first = root.post(address, typed).content.decode()
    assert '<option value="or"' not in first
    second = root.post(address, {**typed, "clause": ["1:cart_value"]}).content.decode()
    assert '<option value="or" selected>' in second
    # What cannot stand first falls back to "and" when the clause before it is taken away.
    less = {**WINDOW, "percent": "11", "clause": ["1:cart_value", "2:member"], "c2-not": "or"}
    assert '<option value="or"' not in root.post(address, {**less, "remove": "1"}).content.decode()


def test_categories_of_one_name_are_told_apart_by_path(stocked_shop: None) -> None:
    for path in ("dairy/cheese", "vegan/cheese"):
        word = path.split("/")[0]
        top = Category.objects.create(external_ref=word, slug=word, name=word, path=word, depth=0)
        Category.objects.create(
            external_ref=path, slug=f"{word}-cheese", name="Cheesy", path=path, parent=top, depth=1
        )
    typed = {"percent": "10", "goods": "cheesy", "audience": "public"}
    refused = errors_of(save("price_cut", typed))
    assert "write which is meant, dairy/cheese, vegan/cheese." in refused
    alike = errors_of(save("price_cut", {**typed, "goods": "cheesier"}))
    assert alike == "goods: There is no category, brand or SKU “cheesier”."
    alike = errors_of(save("price_cut", {**typed, "goods": "heesy"}))
    assert alike.endswith("Similar names: dairy/cheese, vegan/cheese.")


def test_adding_and_removing_clauses_keeps_what_was_typed(root: Client) -> None:
    address = reverse("admin:builder_sentence", args=["price_cut"])
    typed = {**WINDOW, "percent": "11", "clause": ["1:member", "2:cart_value"]}
    typed |= {"c2-cart_value": "31"}
    added = root.post(address, {**typed, "add": "1", "clause_code": "goods"}).content.decode()
    kept = ('value="3:goods"', 'value="11"', 'value="31"')
    assert [text for text in kept if text not in added] == []
    less = root.post(address, {**typed, "remove": "1"}).content.decode()
    assert 'value="1:member"' not in less
    assert [text for text in ('value="2:cart_value"', 'value="31"') if text not in less] == []


@pytest.mark.parametrize(
    ("kind", "blank", "text", "said"),
    [
        ("price_cut", "percent", "120", "percent: Ensure this value is less than or equal to 100."),
        ("price_cut", "goods", "moon", "goods: There is no category, brand or SKU “moon”."),
        ("price_cut", "goods", "SKU-1, Brand 1", "goods: Write SKUs alone"),
        ("price_cut", "starts_at", "someday", "starts_at: Enter a valid date/time."),
        ("gift", "gift", "Brand 1", "gift: Choose the product that is given"),
        ("gift", "gift", "sku-3", "These match: Brand 3 Cheddar 3, 200 g (SKU-3)."),
        ("coupon_batch", "pattern", "A-##", "pattern: 50 codes need at least 6 places (#)"),
        ("spend_tiers", "from2", "40", "steps go upwards"),
        ("spend_tiers", "amount1", "10", "each step must give more than the one before"),
        ("price_cut", "ends_at", "2027-02-01T00:00", "ends_at: It must end after it begins."),
        ("price_cut", "code", "campaign-0", "code: There is a campaign with this code already."),
    ],
)
def test_what_cannot_be_computed_is_refused_at_its_blank(
    stocked_shop: None, kind: str, blank: str, text: str, said: str
) -> None:
    before = Campaign.objects.count(), Offer.objects.count()
    assert said in errors_of(save(kind, {**KINDS[kind][0], blank: text}))
    assert (Campaign.objects.count(), Offer.objects.count()) == before


def test_a_page_saves_a_draft_and_reads_it_back(root: Client) -> None:
    refused = fill(root, "welcome", {**KINDS["welcome"][0], "amount": "lots"})
    page = refused.content.decode()
    assert 'id="id_amount_error">Write an amount of USD, such as 600.00.</span>' in page
    assert 'aria-describedby="id_amount_error"' in page
    answer = fill(root, "welcome", KINDS["welcome"][0])
    page = root.get(answer.url).content.decode().replace("&#x27;", "'")
    assert KINDS["welcome"][1] in page


def test_the_list_of_sentences_leads_to_each(root: Client) -> None:
    page = root.get(reverse("admin:builder")).content.decode()
    addresses = [reverse("admin:builder_sentence", args=[kind]) for kind in TEMPLATES]
    assert [address for address in addresses if address not in page] == []
    assert root.get(reverse("admin:builder_sentence", args=["unknown"])).status_code == 404
    gift = root.get(reverse("admin:builder_sentence", args=["gift"])).content.decode()
    assert 'placeholder="Name or SKU of one product"' in gift
    assert f'{reverse("admin:find_goods")}?for=gift&amp;of=products"' in gift


def test_only_who_may_add_campaigns_builds(as_role: Callable[[str], Client]) -> None:
    assert fill(as_role(MERCHANDISER), "welcome", KINDS["welcome"][0]).status_code == 302
    assert fill(as_role(ANALYST), "welcome", KINDS["welcome"][0]).status_code == 403


def test_reading_back_asks_a_fixed_number_of_questions(
    stocked_shop: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    save("price_cut", KINDS["price_cut"][0])
    newest = Campaign.objects.order_by("-pk").values_list("pk", flat=True)[0]
    sentences()
    with django_assert_num_queries(5):
        say_campaign(newest, language="en")


def test_use_limits_and_coupon_codes_are_read_back(
    stocked_shop: None,
) -> None:
    save("price_cut", KINDS["price_cut"][0])
    offer = Offer.objects.order_by("-pk")[0]
    campaign = offer.campaign
    UseLimit.objects.create(offer=offer, max_uses=10, counted="units", period="day")
    UseLimit.objects.create(campaign=campaign, max_uses=2, max_minor=900, entity="shopper")
    UseLimit.objects.create(campaign=campaign, max_uses=7, is_active=False)
    Coupon.objects.create(offer=offer, code="ACME-1")
    Coupon.objects.create(offer=offer, code="ACME-2")
    Offer.objects.filter(pk=offer.pk).update(requires_coupon=True)
    assert sentences() == [
        (
            "Take 10 % off Cheese 1 for account holders from 2027-03-01 00:00 to 2027-03-08 00:00 "
            "(United States), with a code, with one of 2 codes such as ACME-1, 10 pieces each day "
            "only, 2 uses a shopper only, at most $9.00 a shopper, at most $500.00 in all. Each "
            "piece gets the best offer of the group weekly for it."
        )
    ]
    (said,) = say_campaign(campaign.pk, language="zh-hans")
    assert said.sentence == (
        "2027-03-01 00:00 至 2027-03-08 00:00，面向注册用户（美国），凭优惠码：Cheese 1减 10%，"
        "凭 2 个优惠码之一（如 ACME-1），每天限 10 件，每位顾客限 2 次，每位顾客最多减 US$9.00，"
        "总额不超过 US$500.00。每件商品享受每周优惠组中对其最优惠的一项。"
    )


def test_the_sentences_are_there_in_chinese(stocked_shop: None) -> None:
    save("price_cut", KINDS["price_cut"][0])
    newest = Campaign.objects.order_by("-pk").values_list("pk", flat=True)[0]
    assert [offer.sentence for offer in say_campaign(newest, language="zh-hans")] == [
        (
            "2027-03-01 00:00 至 2027-03-08 00:00，面向注册用户（美国）：Cheese 1减 10%，"
            "总额不超过 US$500.00。每件商品享受每周优惠组中对其最优惠的一项。"
        )
    ]


def test_the_pages_of_a_rehearsal_and_of_an_order_open(root: Client) -> None:
    campaign = Campaign.objects.order_by("pk")[0]
    tried = root.get(
        reverse("admin:campaign_workspace", args=[campaign.pk]), {"basket": "SKU-1 x 2"}
    )
    assert "Why applied, why not" in tried.content.decode()
    page = root.get(reverse("admin:campaign_workspace", args=[campaign.pk])).content.decode()
    assert "It was not rehearsed yet." in page
    order = Order.objects.order_by("pk")[0]
    page = root.get(reverse("admin:order_offers", args=[order.pk])).content.decode()
    assert "What a replay cannot know" in page


def test_a_condition_is_found_by_words_in_the_readers_language(root: Client) -> None:
    address = reverse("admin:builder_sentence", args=["price_cut"])
    typed = {**WINDOW, "percent": "11"}
    page = root.get(address).content.decode()
    (text,) = re.findall('<option value="(the cart is worth [^"]*)"', page)
    for words in (text, "is worth AT least", "cart_value"):
        page = root.post(address, {**typed, "add": "1", "clause_code": words}).content.decode()
        assert 'value="1:cart_value"' in page, words
    chinese = root.get(f"/zh-hans{address}").content.decode()
    (said,) = re.findall('<option value="(购物车满[^"]*)"', chinese)
    page = root.post(f"/zh-hans{address}", {**typed, "add": "1", "clause_code": said})
    assert 'name="clause" value="1:' in page.content.decode()
    for words in ("the", "no such words", " "):
        page = root.post(address, {**typed, "add": "1", "clause_code": words}).content.decode()
        assert 'name="clause" value="1:' not in page
        assert "No condition, or several, read like that: choose one." in page


def test_a_condition_typed_and_not_added_is_not_saved_without(root: Client) -> None:
    address = reverse("admin:builder_sentence", args=["price_cut"])
    typed = {**WINDOW, "percent": "11", "save": "1"}
    before = Campaign.objects.count()
    page = root.post(address, {**typed, "clause_code": "is worth at least"}).content.decode()
    assert 'value="1:cart_value"' in page
    bracket = {"clause": ["1:bracket"], "c1-which": "any", "code-1": "cart_value"}
    page = root.post(address, {**typed, **bracket}).content.decode()
    assert 'name="c2-in" value="1"' in page
    assert Campaign.objects.count() == before


def test_eight_kinds_of_promotion_stand_before_the_others(root: Client) -> None:
    page = root.get(reverse("admin:builder"))
    common, more = page.context["kinds"], page.context["more"]
    assert len(common) == 8
    assert {one["code"] for one in (*common, *more)} == set(TEMPLATES)
    assert len(common) + len(more) == len(TEMPLATES)
