"""Prices, models, money and rights ask again who acts; what stops something never does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse

from orders.models import Order
from pricing.policy.models.policy import KillSwitch
from shop.doors.backoffice.reauthentication import ACTIONS, GUARDED, ONLY_SENT
from shop.ground.staff.roles import SUPPORT
from tests.integration.backoffice.access.test_roles import POSTED

PASSWORD = "correct horse battery staple"
# Actions that do not ask again, and why.
EXEMPT: dict[str, tuple[str, ...]] = {
    "it stops something: each second counts, and a stop harms nobody": (
        *("pricing_modelramp_stop", "pricing_modelchange_roll_back"),
        *("pricing_modelchange_audit_and_go_back", "promotions_campaign_pause"),
        *("promotions_campaign_end", "promotions_codebatch_stop", "promotions_tilltoken_revoke"),
        "promotions_stafftoken_revoke",
        *("pricing_emergencycap_add", "profiles_review_hide", "campaign_rollback"),
        *("profiles_question_hide", "profiles_answer_hide"),
    ),
    "it changes no price and no money": (
        *("save_list", "drop_view"),
        *("pricing_modelaudit_send_back", "pricing_demandmodelversion_send_back"),
        *("pricing_pricingpolicy_send_back", "promotions_pointsadjustment_send_back"),
        *("promotions_campaignpolicy_send_back", "promotions_programmeterms_send_back"),
        *("pricing_priceproposal_reject", "pricing_priceproposal_snooze"),
        *("pricing_demandmodelversion_fit_family", "pricing_competitorsource_fetch_now"),
        *("retrain_model", "simulate_visit"),
        *("pricing_competitorsource_add", "pricing_competitorsource_change"),
        *("orders_order_pack", "shop_jobrun_run_again", "shop_fact_deliver_again"),
        *("profiles_question_answer", "profiles_question_show", "profiles_answer_show"),
        "pricing_pricecontest_answer_question",
        *("shop_stockrecord_enter_count", "profiles_review_show", "replay_quote", "replay_all"),
        *("profiles_segment_change", "segment_retire", "campaign_ask", "campaign_stop_asking"),
        *("product_list_upload", "product_list_columns", "shop_storeprofile_change"),
        *("customer_list_upload", "customer_list_columns"),
        *("orders_shipment_ship", "orders_shipment_arrived", "orders_shipment_unpack"),
        *("orders_return_receive", "orders_returnrule_add", "orders_returnrule_change"),
        *("orders_shipment_pack", "orders_shipment_correct", "comment_order"),
        *("pack_picked", "ship_packed", "orders_carrier_add", "orders_carrier_change"),
        "promotions_groupclaim_refuse",
        *(
            "promotions_campaign_send_back",
            "promotions_campaign_withdraw",
            "promotions_campaign_clone",
        ),
    ),
    "a draft: its release asks": (
        *("promotions_campaign_add", "promotions_campaign_change", "promotions_offer_add"),
        *("promotions_offer_change", "campaign_take_out", "campaign_accept_floor"),
        *("campaign_import", "campaign_part"),
        *("promotions_programmeterms_add", "promotions_programmeterms_change"),
    ),
    "within bounds that were released": (
        *("decide_adjusting", "set_adjusting", "set_allocator", "set_exploring"),
        *("promotions_coupon_add", "promotions_coupon_change", "promotions_uselimit_add"),
        *("promotions_uselimit_change", "promotions_codebatch_add", "promotions_codebatch_change"),
        *("promotions_codeimport_add", "promotions_stackinggroup_add"),
        *("promotions_stackinggroup_change", "promotions_stackingcategory_add"),
        *("promotions_stackingcategory_change", "promotions_verifiedgroup_add"),
        *("promotions_verifiedgroup_change", "promotions_verifiedgroup_codes"),
        "promotions_groupclaim_accept",
        *("promotions_partner_add", "promotions_partner_change", "promotions_partnershare_add"),
        *("promotions_partnershare_change", "orders_deliverymethod_add"),
        *("orders_deliverymethod_change",),
    ),
    "the catalogue: prices follow through guardrails and approvals": (
        *("shop_market_add", "shop_market_change", "shop_store_add", "shop_store_change"),
        *("shop_category_add", "shop_category_change", "shop_brand_add", "shop_brand_change"),
        *("product_archive", "product_stock", "product_pictures", "product_pictures_set"),
        "shop_product_add",
        *("shop_product_change", "shop_variant_change", "shop_stocklocation_add"),
        *("shop_stocklocation_change", "shop_searchsynonym_add", "shop_searchsynonym_change"),
    ),
}


@pytest.mark.django_db
def test_every_action_is_guarded_or_says_why_not(root: Client) -> None:
    exempt = {name for names in EXEMPT.values() for name in names}
    actions = set(_list_actions(root)) | POSTED
    assert actions - GUARDED - exempt == set(), "decide: ACTIONS or EXEMPT"
    assert exempt & GUARDED == set()
    assert exempt - actions == set(), "no such action"
    assert sum(map(len, ACTIONS.values())) == len(GUARDED)


def test_every_guarded_address_exists() -> None:
    names = set(_list_names(get_resolver().url_patterns))
    assert names >= GUARDED


def test_every_guarded_action_asks_again_and_does_nothing_before(root: Client) -> None:
    _make_old(root)
    for name in sorted(GUARDED):
        for method in ("post",) if name in ONLY_SENT or name in POSTED else ("get", "post"):
            answer = getattr(root, method)(_address(name), {"is_active": "release"})
            assert answer.status_code == 302, (name, method)
            assert answer["Location"].startswith("/account/reauthenticate/?next="), name


def test_every_guarded_action_goes_on_after_the_password(root: Client) -> None:
    for name in sorted(GUARDED):
        if name not in POSTED:
            answer = root.get(_address(name))
            assert "reauthenticate" not in answer.headers.get("Location", ""), name


def test_reading_a_row_asks_for_nothing(root: Client) -> None:
    _make_old(root)
    for name in sorted(ONLY_SENT):
        assert root.get(_address(name)).status_code == 200, name


def test_a_stop_never_asks_but_a_release_does(root: Client) -> None:
    _make_old(root)
    flip, said = reverse("admin:flip_switch"), {"scope": "global", "reason": "prices look wrong"}
    before = KillSwitch.objects.count()
    assert root.post(flip, {**said, "is_active": "stop"})["Location"] == _kill_switch()
    assert KillSwitch.objects.count() == before + 1
    assert "reauthenticate" in root.post(flip, {**said, "is_active": "release"})["Location"]
    assert KillSwitch.objects.count() == before + 1


def test_a_dialog_leads_to_the_password_and_back(
    as_role: Callable[[str], Client],
) -> None:
    browser = as_role(SUPPORT)
    account = get_user_model().objects.get(email=f"{SUPPORT}@staff.example")
    account.set_password(PASSWORD)
    account.save()
    browser.force_login(account)
    _make_old(browser)
    order = Order.objects.order_by("pk").first()
    assert order is not None
    page = reverse("admin:orders_order_change", args=[order.pk])
    refund = reverse("admin:orders_order_refund", args=[order.pk])
    dialog = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    asked = browser.get(refund, headers=dialog)["HX-Redirect"]
    assert asked == f"/account/reauthenticate/?next={page.replace('/', '%2F')}"
    wrong = browser.post(asked, {"password": "wrong"})
    assert wrong.status_code == 200
    assert "HX-Redirect" in browser.get(refund, headers=dialog).headers
    back = browser.post(asked, {"password": PASSWORD, "next": page})
    assert (back.status_code, back["Location"]) == (302, page)
    assert "HX-Redirect" not in browser.get(refund, headers=dialog).headers


def test_it_never_leads_to_another_site(root: Client) -> None:
    _make_old(root)
    address = _address("orders_order_refund")
    for shown in ("https://evil.example/admin/", "http://testserver/elsewhere/"):
        answer = root.post(address, headers={"Referer": shown})
        assert answer["Location"] == "/account/reauthenticate/?next=%2Fadmin%2F"


def test_a_form_may_be_filled_in_as_long_again(root: Client) -> None:
    address = reverse("admin:pricing_priceoverride_add")
    _make_old(root, settings.REAUTHENTICATE_AFTER + 60)
    assert root.get(address).status_code == 302
    assert root.post(address, {}).status_code == 200
    _make_old(root, 2 * settings.REAUTHENTICATE_AFTER + 60)
    assert root.post(address, {}).status_code == 302


def _make_old(browser: Client, seconds: int = 100_000) -> None:
    """Let the last proof of who this is be so many seconds old."""
    account = get_user_model().objects.get(pk=browser.session["_auth_user_id"])
    if not account.has_usable_password():
        account.set_password(PASSWORD)
        account.save()
        browser.force_login(account)
    session = browser.session
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= seconds
    session.save()


def _kill_switch() -> str:
    return reverse("admin:safety")


def _address(name: str) -> str:
    try:
        return reverse(f"admin:{name}")
    except NoReverseMatch:  # the address names a row
        model = name.removesuffix("_change").split("_")
        model = ["shop", "product"] if model == ["product"] else model
        tables = {m._meta.label_lower: m for m in admin.site._registry}
        row: Any = (
            tables.get(".".join(model[:2]), get_user_model())
            ._default_manager.order_by("pk")
            .first()
        )
        return reverse(f"admin:{name}", args=[1 if row is None else row.pk])


def _list_actions(root: Client) -> Iterator[str]:
    request: HttpRequest = RequestFactory().get("/admin/")
    request.user = get_user_model().objects.get(pk=root.session["_auth_user_id"])
    tables: dict[Any, Any] = {**admin.site._registry}
    for model, table in tables.items():
        start = f"{model._meta.app_label}_{model._meta.model_name}"
        for found in (
            table._get_base_actions_list(),
            table._get_base_actions_detail(),
            table._get_base_actions_row(),
        ):
            yield from (one.action_name for one in found)
        if table.has_add_permission(request):
            yield f"{start}_add"
        if table.has_change_permission(request):
            yield f"{start}_change"


def _list_names(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield str(pattern.name)
        else:
            yield from _list_names(pattern.url_patterns)
