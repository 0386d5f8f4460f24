"""What is read: the compiled book, codes, personal offers, previews; and in how many statements."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pricing.api import resolve_jurisdiction
from profiles.experiments.selectors.experiments import list_running
from profiles.models import Shopper
from promotions.campaigns.selectors import book
from promotions.campaigns.selectors.book import forget_offer_book, load_offer_book
from promotions.campaigns.selectors.scopes import list_covered_variants
from promotions.coupons.selectors.limits import load_limits
from promotions.engine.core.carts import ShopperView
from promotions.law.selectors.violations import recall_laws
from promotions.models import Campaign, CampaignShopper, Coupon, Offer, OfferVariant, Redemption
from promotions.offers.selectors.evaluation import evaluate_cart, list_live_offers
from promotions.offers.selectors.personal import personal_offers_for
from shop.ground.catalog.models import Category
from shop.ground.catalog.selectors import forget_catalog, get_market, list_never_personal
from tests.factories.orders import Shelf
from tests.factories.previews import preview
from tests.factories.promotions import NOON, make_campaign, make_cart, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
ALICE = ShopperView(None, is_member=True)


def _evaluate(codes: tuple[str, ...] = (), shopper: ShopperView = ALICE, **line: object):  # noqa: ANN202  # the evaluation
    return evaluate_cart(
        cart=make_cart(make_line(**line)),
        codes=codes,
        shopper=shopper,
        now=NOON,
        language="en",
        locale="en_US",
    )


def test_the_book_is_read_once_and_again_when_something_changed() -> None:
    make_campaign("tenth", percent="10")
    load_offer_book()
    with CaptureQueriesContext(connection) as captured:
        load_offer_book()
    assert len(captured) == 0
    forget_offer_book()
    with CaptureQueriesContext(connection) as captured:
        load_offer_book()
    assert len(captured) == 1
    Offer.objects.update(percent=20)  # a bulk write, which signals and auto_now would miss
    forget_offer_book()
    assert [str(o.benefit.percent) for o in load_offer_book().offers] == ["20.00"]


def test_spending_a_budget_does_not_throw_the_book_away() -> None:
    make_campaign("tenth", percent="10", budget_minor=1_000)
    version = load_offer_book().version
    Campaign.objects.update(spent_minor=10)
    forget_offer_book()
    assert load_offer_book().version == version


def test_dates_are_judged_when_read() -> None:
    make_campaign("tenth", percent="10")
    ends = Campaign.objects.get().ends_at
    assert len(list_live_offers(now=ends - timedelta(seconds=1), market_code="us")) == 1
    assert list_live_offers(now=ends, market_code="us") == ()


def test_a_cart_without_codes_or_budgets_takes_no_statement() -> None:
    make_campaign("tenth", percent="10")
    load_limits()
    list_running()
    load_offer_book()
    with CaptureQueriesContext(connection) as captured:
        found = _evaluate()
    assert (found.discount_minor, len(captured)) == (100, 0)


def test_budgets_codes_and_personal_campaigns_take_one_statement_each() -> None:
    make_campaign("budgeted", percent="10", budget_minor=1_000)
    personal = make_campaign("personal", percent="5", audience="personal")
    make_campaign("hello", amount_minor=100, code="HELLO")
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    CampaignShopper.objects.create(campaign=personal, shopper=shopper)
    load_limits()
    recall_laws()
    list_never_personal()
    list_running()
    get_market("us")
    resolve_jurisdiction(code="US-other", now=NOON)
    with CaptureQueriesContext(connection) as captured:
        found = _evaluate(("hello", "NOPE"), ShopperView(shopper.pk))
    assert len(captured) == 3
    assert sorted(offer.label for offer in found.applied) == ["budgeted", "hello", "personal"]
    assert [(r.code, r.reason_code) for r in found.rejected if r.code] == [("NOPE", "unknown_code")]


def test_an_offer_whose_budget_is_spent_is_not_shown() -> None:
    make_campaign("budgeted", percent="10", budget_minor=99)
    assert _evaluate().discount_minor == 99  # the last of it is given
    Campaign.objects.update(budget_minor=100)
    forget_offer_book()
    assert _evaluate().discount_minor == 100
    Campaign.objects.update(spent_minor=100)
    assert _evaluate().discount_minor == 0


def test_facts_are_looked_up_only_when_a_condition_asks() -> None:
    make_campaign("first", percent="10", condition={"first_order": True})
    asked = []

    def look_up(view: ShopperView, facts: frozenset[str]) -> ShopperView:
        asked.append(facts)
        return ShopperView(1, is_first_order=True)

    found = evaluate_cart(
        cart=make_cart(),
        codes=(),
        shopper=ALICE,
        now=NOON,
        language="en",
        locale="en_US",
        look_up=look_up,
    )
    assert (found.discount_minor, asked) == (100, [frozenset({"first_order"})])


def test_a_coupon_for_listed_variants_touches_these_only(shelf: Shelf) -> None:
    make_campaign("listed", amount_minor=100, code="LISTED", scope={"listed": True})
    found = _evaluate(("LISTED",), variant_id=shelf.rye)
    assert [r.reason_code for r in found.rejected] == ["nothing_in_scope"]
    OfferVariant.objects.create(offer=Offer.objects.get(), variant_id=shelf.rye)
    assert _evaluate(("LISTED",), variant_id=shelf.rye).discount_minor == 100
    assert _evaluate(("LISTED",), variant_id=shelf.gouda).discount_minor == 0


def test_a_code_knows_whether_this_shopper_used_or_holds_it() -> None:
    campaign = make_campaign("hello", amount_minor=100, code="HELLO", per_shopper=1)
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    use = Redemption.objects.create(
        campaign=campaign,
        offer=campaign.offers.get(),
        coupon=Coupon.objects.get(),
        shopper=shopper,
        order_ref="FT-1",
        amount_minor=100,
        at=NOON,
    )
    view = ShopperView(shopper.pk)
    assert _evaluate(("HELLO",), view).rejected[0].reason_code == "code_held_by_you"
    use.state = "committed"
    use.save()
    assert _evaluate(("HELLO",), view).rejected[0].reason_code == "code_used_by_you"
    assert _evaluate(("HELLO",)).discount_minor == 100


def test_a_malformed_offer_is_left_out_not_fatal() -> None:
    make_campaign("tenth", percent="10")
    make_campaign("broken", percent="10", condition={"nonsense": 1})
    assert [offer.label for offer in _evaluate().applied] == ["tenth"]


def test_a_list_page_shows_what_one_unit_would_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "FRESH_SECONDS", 60)
    make_campaign("tenth", percent="10", scope={"categories": [1]})
    make_campaign("spend", amount_minor=100, condition={"cart_value": 4000})
    make_campaign("open", percent="50", scope={"categories": [1]}, budget_minor=500)
    spent = make_campaign("spent", percent="50", budget_minor=200)
    Campaign.objects.filter(pk=spent.pk).update(spent_minor=200)
    cheese, bread = make_line(), make_line("bread", category_ids=(2,), quantity=9)
    load_limits()
    list_running()
    get_market("us")
    with CaptureQueriesContext(connection) as captured:
        found = preview([cheese, bread], ALICE)
    assert len(captured) == 1  # what is left of both budgets
    with CaptureQueriesContext(connection) as captured:
        assert preview([cheese, bread], ALICE) == found
    assert len(captured) == 0
    assert {key: (p.adjusted_minor, p.labels) for key, p in found.mine.items()} == {
        cheese.variant_id: (450, ("tenth", "open"))
    }


def test_a_shoppers_own_offers_come_first_the_liked_ones_foremost(
    shelf: Shelf,
) -> None:
    make_campaign("public", percent="10", scope={"categories": [shelf.bread]})
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    for name, variant_id in (("for-rye", shelf.rye), ("for-gouda", shelf.gouda)):
        campaign = make_campaign(
            name,
            amount_minor=100,
            code=name.upper(),
            audience="personal",
            scope={"listed": True},
            per_shopper=1,
        )
        CampaignShopper.objects.create(campaign=campaign, shopper=shopper)
        OfferVariant.objects.create(offer=campaign.offers.get(), variant_id=variant_id)
    asked = {"market_code": "us", "now": NOON, "language": "en"}
    view = ShopperView(shopper.pk)
    with CaptureQueriesContext(connection) as captured:
        found = personal_offers_for(shopper=view, affinity={shelf.gouda: 2.5}, **asked)  # type: ignore[arg-type]  # shared keywords
    assert len([q for q in captured if "promotions_campaignshopper" in q["sql"]]) == 1
    assert [(o.label, o.reason, o.variant_ids) for o in found] == [
        ("for-gouda", "Because you look at or buy this", (shelf.gouda,)),
        ("for-rye", "Sent to you", (shelf.rye,)),
        ("public", "For everybody", ()),
    ]
    assert [o.coupon_code for o in found] == ["FOR-GOUDA", "FOR-RYE", None]
    Redemption.objects.create(
        campaign=Campaign.objects.get(code="for-gouda"),
        offer=Offer.objects.get(code="for-gouda"),
        coupon=Coupon.objects.get(code="FOR-GOUDA"),
        shopper=shopper,
        order_ref="FT-1",
        amount_minor=100,
        at=NOON,
    )
    left = personal_offers_for(shopper=view, **asked)  # type: ignore[arg-type]  # shared keywords
    assert [o.label for o in left] == ["for-rye", "public"]
    strangers = personal_offers_for(shopper=ShopperView(None), **asked)  # type: ignore[arg-type]  # shared keywords
    assert [o.label for o in strangers] == ["public"]


def test_nobody_is_sent_an_offer_on_sensitive_goods(shelf: Shelf) -> None:
    """One that covers other products too shows only these; one on any products stays."""
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    covers = {"rye-only": [shelf.rye], "both": [shelf.rye, shelf.gouda], "any": []}
    for name, variants in covers.items():
        campaign = make_campaign(
            name,
            amount_minor=100,
            code=name.upper(),
            audience="personal",
            scope={"listed": True} if variants else {},
            per_shopper=1,
        )
        CampaignShopper.objects.create(campaign=campaign, shopper=shopper)
        offer = campaign.offers.get()
        OfferVariant.objects.bulk_create(
            [OfferVariant(offer=offer, variant_id=v) for v in variants]
        )

    def ask() -> dict[str, tuple[int, ...]]:
        found = personal_offers_for(
            shopper=ShopperView(shopper.pk), market_code="us", now=NOON, language="en"
        )
        return {one.label: tuple(sorted(one.variant_ids)) for one in found}

    both = tuple(sorted([shelf.rye, shelf.gouda]))
    assert ask() == {"rye-only": (shelf.rye,), "both": both, "any": ()}
    Category.objects.filter(pk=shelf.bread).update(is_sensitive=True)
    forget_catalog()
    assert ask() == {"both": (shelf.gouda,), "any": ()}


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, ("cheddar", "gouda", "rye", "merlot")),
        ({"categories": ["cheese"]}, ("cheddar", "gouda")),
        ({"except_categories": ["cheese"]}, ("rye", "merlot")),
        ({"variants": ["rye"]}, ("rye",)),
        ({"listed": True}, ()),
    ],
)
def test_an_offer_s_page_lists_what_the_evaluator_would_touch(
    shelf: Shelf, scope: dict[str, object], expected: tuple[str, ...]
) -> None:
    ids = {
        key: [getattr(shelf, name) for name in names] if isinstance(names, list) else names
        for key, names in scope.items()
    }
    campaign = make_campaign("some", percent="10", scope=ids)
    covered = list_covered_variants(offer_id=campaign.offers.get().pk)
    assert covered.tolist() == sorted(getattr(shelf, name) for name in expected)
    for name in ("cheddar", "gouda", "rye", "merlot"):
        line = make_line(
            name,
            variant_id=getattr(shelf, name),
            category_ids=(shelf.cheese,) if name in ("cheddar", "gouda") else (0,),
        )
        touched = evaluate_cart(
            cart=make_cart(line), codes=(), shopper=ALICE, now=NOON, language="en", locale="en_US"
        ).discount_minor
        assert bool(touched) == (name in expected)
