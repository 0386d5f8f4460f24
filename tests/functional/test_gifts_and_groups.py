"""A gift is chosen in the cart, a group proven, points used at checkout: as members do it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.functional.shop import Shop
from tests.functional.test_account import sign_up
from tests.functional.walk import fill_checkout, put_into_cart

# Two gifts for any cart, and 30 % for students; the codes of the group are printed.
OPEN = """
from datetime import timedelta
from promotions.models import Campaign, Offer, VerifiedGroup
from promotions.coupons.services.verified_groups import make_group_codes
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.inventory.models import StockRecord
from shop.ground.kernel.clock import utc_now

now = utc_now()

def open_offer(code, kind, **fields):
    campaign = Campaign.objects.create(
        code=code, name=code, kind=kind, status="live",
        starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=30),
    )
    offer = Offer(campaign=campaign, code=code, name=fields.pop("name"), **fields)
    offer.full_clean()
    offer.save()

arrays = load_variant_arrays()
ids = arrays.variant_id[(-arrays.popularity).argsort()][:2].tolist()
StockRecord.objects.filter(variant_id__in=ids).update(on_hand=500)
open_offer(
    "walk-gift", "price_cut", name="A present for you", benefit_kind="gift", target="cart",
    terms={"variants": ids},
)
open_offer(
    "walk-student", "member", name="Student days", benefit_kind="percentage",
    target="line", percent=5, condition={"groups": ["walkers"]},
)
group = VerifiedGroup.objects.create(code="walkers", name="Walking students", name_zh="走读学生")
print("CODE", make_group_codes(group_id=group.pk, amount=1)[0])
"""
CLOSE = """
from promotions.models import Campaign, VerifiedGroup
Campaign.objects.filter(code__startswith="walk-").update(status="ended")
VerifiedGroup.objects.filter(code="walkers").update(is_active=False)
"""
# A member's opening balance
GIVE = """
from promotions.models import Bucket, PointsAccount, PointsEntry
from promotions.loyalty.services.points import Act, make_available
from shop.ground.kernel.clock import utc_now

make_available(
    account_id=PointsAccount.objects.latest("pk").pk,
    act=Act(PointsEntry.Kind.ADJUST, "walk", utc_now(), note="Opening balance"),
    source=Bucket.ADJUSTED, points=5_000, expires_at=None,
)
"""


@pytest.fixture(scope="module")
def code(shop: Shop) -> Iterator[str]:
    """Open the offers for these tests and return a code that proves the group."""
    printed = shop.shell.run(OPEN)
    yield printed.partition("CODE ")[2].split()[0]
    shop.shell.run(CLOSE)


@pytest.mark.usefixtures("code")
def test_a_chosen_gift_comes_with_the_order(page: Page) -> None:
    page.goto("/search/?q=cheese")
    put_into_cart(page.locator("main"))
    page.goto("/cart/")
    choice = page.get_by_role("group", name="Choose your gift: A present for you")
    gifts = choice.get_by_role("radio")
    expect(gifts).to_have_count(2)
    expect(gifts.first).to_be_checked()
    wanted = choice.locator(".choice b").nth(1).inner_text()
    gifts.nth(1).check()
    given = page.locator(".line--gift")
    expect(given).to_contain_text(wanted)
    expect(given).to_have_count(1)
    page.reload()
    expect(choice.get_by_role("radio").nth(1)).to_be_checked()
    page.get_by_role("button", name="Check out").click()
    fill_checkout(page)
    page.get_by_role("button", name="Place order and pay").click()
    expect(page.locator("main")).to_contain_text(wanted)


def test_who_proves_a_group_sees_its_price_before_the_cart(page: Page, code: str) -> None:
    sign_up(page)
    page.goto("/search/?q=cheese")
    expect(page.get_by_text("Offer for your group")).to_have_count(0)
    page.goto("/account/groups/")
    section = page.get_by_role("region", name="Walking students")
    section.get_by_label("Verification code").fill("AAAA-AAAA-AAAA")
    section.get_by_role("button", name="Use the code").click()
    expect(page.get_by_text("This code is not valid, or it was used.")).to_be_visible()
    section.get_by_label("Verification code").fill(code.lower())
    section.get_by_role("button", name="Use the code").click()
    expect(section.get_by_text("Confirmed")).to_be_visible()
    page.goto("/search/?q=cheese")
    card = page.locator(".card").filter(has_text="Offer for your group").first
    expect(card.locator(".price")).to_contain_text("Everyone $")
    card.locator(".card__name a").click()
    expect(page.locator("main").get_by_text("Offer for your group").first).to_be_visible()
    expect(page.locator(".price--page")).to_contain_text("Everyone $")


def test_points_are_used_at_checkout_and_what_was_typed_stays(page: Page, shop: Shop) -> None:
    sign_up(page)
    page.goto("/account/points/")
    page.get_by_role("button", name="Join", exact=True).click()
    expect(page.get_by_text("From now on your orders earn points.")).to_be_visible()
    shop.shell.run(GIVE)
    page.goto("/search/?q=cheese")
    put_into_cart(page.locator("main"))
    page.goto("/checkout/")
    address = page.get_by_label("E-mail address", exact=True)
    address.fill("kept@example.com")
    page.get_by_label("Use your points").fill("100")
    page.get_by_label("Use your points").press("Enter")
    expect(page.locator("#sums")).to_contain_text("100 points")
    expect(address).to_have_value("kept@example.com")
    page.get_by_role("button", name="Use none").click()
    expect(page.locator("#sums")).not_to_contain_text("100 points")
    address.press("Enter")  # elsewhere it places the order, and says what is missing
    expect(page.get_by_role("alert").first).to_be_visible()
