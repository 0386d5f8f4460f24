"""Who may open what: every address of the admin, for every role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils.translation import override

from orders.models import Order
from pricing.demand.models.demand import DemandModelVersion
from pricing.ledger.models.quotes import Quote
from profiles.models import AuditTrait, Shopper
from promotions.models import Campaign, CodeBatch
from shop.doors.backoffice.roles import EVERYTHING, MATRIX, rights
from shop.ground.catalog.models import Product
from shop.ground.staff.roles import ANALYST, APPROVER, AUDITOR, MERCHANDISER, ROLES, SUPPORT
from shop.management.commands.seed_roles import seed_roles
from tests.factories.backoffice import make_staff
from tests.factories.chinese_pages import list_english
from tests.factories.staff_pages import OF_ALL, PAGES, POSTED
from tests.factories.tables import list_changed, read_tables
from tests.seeded_rows import read_rows

# Not pages: the way in and out, redirects, and answers with a check of their own.
OWN_CHECK = (
    "approvals login logout view_on_site autocomplete none group_document product_list_decide"
)
ELSEWHERE = set(OWN_CHECK.split())


def test_every_admin_address_is_in_the_matrix() -> None:
    tables = {f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry}
    unknown = {
        name
        for name in _list_names(admin.site.get_urls())
        if name not in PAGES and name not in ELSEWHERE and not _is_of(name, tables)
    }
    assert unknown == set()


# The role that sees most tables
DRAWN = "auditor"
OF_A_PRODUCT = {name for name in PAGES if name.startswith("product_")} - {
    "product_add",
    "product_bulk",
}
OF_A_PRODUCT = {name for name in OF_A_PRODUCT if not name.startswith("product_list")}


@pytest.mark.parametrize("role", ["", *ROLES])
def test_a_role_opens_exactly_the_tables_it_may_see(
    request: pytest.FixtureRequest, as_role: Callable[[str], Client], role: str
) -> None:
    if role != DRAWN:  # what may be opened is asked of each, how it looks of one
        request.getfixturevalue("unrendered")
    browser = as_role(role)
    granted = MATRIX.get(role, frozenset())
    for model, table in admin.site._registry.items():
        label = model._meta.label_lower
        may_view = bool({f"{verb}" for verb in _verbs(label)} & granted)
        row = model._default_manager.order_by("pk").first()
        # A product's row and its form are a page of our own.
        opened = {
            "changelist": browser.get(_address(model, "changelist")).status_code,
            "change": browser.get(_address(model, "change", row.pk), follow=True).status_code,
            "history": browser.get(_address(model, "history", row.pk)).status_code,
        }
        assert opened == dict.fromkeys(opened, 200 if may_view else 403), label
        may_add = bool(rights("add", label) & granted)
        is_open = table.has_add_permission(_Asker(may_add))
        added = browser.get(_address(model, "add"), follow=True).status_code
        assert added == (200 if may_add and is_open else 403), label
        may_delete = bool(rights("delete", label) & granted)
        deleted = browser.get(_address(model, "delete", row.pk)).status_code
        assert deleted == (200 if may_delete else 403), label


@pytest.mark.parametrize("role", ["", *ROLES])
def test_a_role_opens_exactly_the_pages_it_may_see(
    as_role: Callable[[str], Client], role: str
) -> None:
    browser = as_role(role)
    for name, permission in PAGES.items():
        page = _open(browser, name)
        enough = {permission} if isinstance(permission, str) else {*permission}
        may = not permission or bool(enough & MATRIX.get(role, frozenset()))
        assert (page.status_code != 403) is may, name


def test_staff_pages_change_no_row_and_say_everything_in_chinese(root: Client) -> None:
    root.get("/")  # the shop's own first page of a login makes its shopper
    before = read_tables()
    known = "\n".join(one.decode() for one in read_rows().values())
    english: dict[str, str] = {}  # text -> where it was read last
    with override("zh-hans"):
        for name in PAGES:
            if name not in POSTED:
                english |= dict.fromkeys(list_english(_open(root, name), known), name)
        for model in admin.site._registry:
            page = root.get(_address(model, "changelist"))
            english |= dict.fromkeys(list_english(page, known), model._meta.label)
    assert english == {}
    assert list_changed(before) == []


def test_strangers_and_shoppers_stay_outside(stocked_shop: None) -> None:
    stranger = Client()
    inside = reverse("admin:index")
    assert stranger.get(inside).status_code == 302
    login = stranger.get(reverse("admin:login"), {"next": inside})
    assert login.headers["Location"].startswith(reverse("account_login"))
    shopper = Client()
    account = Shopper.objects.exclude(account=None).first().account
    shopper.force_login(account)
    assert shopper.get(inside).status_code == 302
    assert shopper.get(reverse("admin:login")).status_code == 403


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    assert MATRIX[AUDITOR] == rights("view", *EVERYTHING, "profiles.audittrait")
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert registered <= {*EVERYTHING, "profiles.audittrait"}


def test_only_an_auditor_sees_audit_traits_not_even_the_superuser(
    root: Client, as_role: Callable[[str], Client]
) -> None:
    address = _address(AuditTrait, "changelist")
    assert root.get(address).status_code == 403
    assert as_role(AUDITOR).get(address).status_code == 200
    overview = reverse("admin:shopper_overview", args=[Shopper.objects.first().pk])
    assert b"45-54" not in root.get(overview).content
    for role in (ANALYST, SUPPORT):
        assert b"45-54" not in as_role(role).get(overview).content


def test_an_auditor_sees_audit_traits_on_the_shoppers_page(
    as_role: Callable[[str], Client],
) -> None:
    overview = reverse("admin:shopper_overview", args=[Shopper.objects.first().pk])
    assert b"45-54" in as_role(AUDITOR).get(overview).content


PERSONAL_WORDS = (b"alice0@example.com", b"Alice Liddell")


@pytest.mark.parametrize("role", [role for role in ROLES if role != SUPPORT])
def test_personal_data_are_masked_for_roles_without_need(
    as_role: Callable[[str], Client], role: str
) -> None:
    browser = as_role(role)
    for address in _personal_pages():
        page = browser.get(address)
        if page.status_code == 200:
            for words in PERSONAL_WORDS:
                assert words not in page.content, address


def test_support_sees_whom_it_helps(as_role: Callable[[str], Client]) -> None:
    browser = as_role(SUPPORT)
    seen = b"".join(browser.get(address).content for address in _personal_pages())
    assert all(words in seen for words in PERSONAL_WORDS)


def test_searching_by_address_does_not_confirm_a_guess(
    as_role: Callable[[str], Client],
) -> None:
    browser = as_role(AUDITOR)
    for label in ("orders.order", "profiles.shopper"):
        model = next(m for m in admin.site._registry if m._meta.label_lower == label)
        page = browser.get(_address(model, "changelist"), {"q": "alice0@example.com"})
        assert page.context["cl"].result_count == 0


def test_the_approving_rights_belong_to_the_approver_alone() -> None:
    for right in ("pricing.approve_pricingpolicy", "pricing.approve_demandmodelversion"):
        assert [role for role in MATRIX if right in MATRIX[role]] == [APPROVER]
    assert "pricing.add_pricingpolicy" in MATRIX[MERCHANDISER]
    assert "pricing.add_pricingpolicy" not in MATRIX[APPROVER]


def test_seeding_roles_twice_changes_nothing_and_restores_the_matrix(stocked_shop: None) -> None:
    group = Group.objects.get(name=SUPPORT)
    group.permissions.add(Permission.objects.get(codename="delete_order"))
    kept = make_staff(SUPPORT)
    seed_roles()
    held = {
        f"{one.content_type.app_label}.{one.codename}"
        for one in group.permissions.select_related("content_type")
    }
    assert held == MATRIX[SUPPORT]
    assert list(kept.groups.all()) == [group]


class _Asker:
    """A request of somebody with or without one right."""

    def __init__(self, may: bool) -> None:
        self.user = self
        self._may = may
        self.is_active = self.is_staff = self.is_authenticated = True

    def has_perm(self, _name: str) -> bool:
        return self._may


def _verbs(label: str) -> frozenset[str]:
    return rights("view", label) | rights("change", label)


def _address(model: Any, page: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def _open(browser: Client, name: str) -> Any:
    quote_id = Quote.objects.values_list("pk", flat=True).first()
    arguments: dict[str, list[Any]] = {
        "app_list": ["pricing"],
        "builder_sentence": ["price_cut"],
        "market_check": ["us"],
        "quote": [quote_id],
        "replay_quote": [quote_id],
        "model_backtest": [DemandModelVersion.objects.values_list("pk", flat=True).first()],
        "price_story": [Quote.objects.values_list("variant_id", flat=True).first()],
        "demand_curve": [Quote.objects.values_list("variant_id", flat=True).first()],
        "auth_user_password_change": [Shopper.objects.values_list("account", flat=True).first()],
        "segment": ["own-bakers"],
        "segment_change": ["own-bakers"],
        "segment_retire": ["own-bakers"],
        "shopper_overview": [Shopper.objects.values_list("pk", flat=True).first()],
    }
    arguments["approval_effect"] = [10**9]
    arguments["save_list"] = arguments["drop_view"] = ["orders.order"]
    arguments["order_offers"] = [Order.objects.values_list("pk", flat=True).first()]
    arguments["comment_order"] = arguments["order_offers"]
    arguments["builder_sentence"] = ["price_cut"]
    if name in OF_A_PRODUCT:
        arguments[name] = [Product.objects.values_list("pk", flat=True).first()]
    if name.startswith("campaign_") and name not in OF_ALL:
        arguments[name] = [Campaign.objects.values_list("pk", flat=True).first()]
    arguments["code_file"] = [CodeBatch.objects.values_list("pk", flat=True).first()]
    if name.startswith(("product_list", "customer_list")) and name not in OF_ALL:
        arguments[name] = [1]
    if name in ("experiment", "act_on_experiment", "experiment_csv"):
        arguments[name] = [1]
    address = reverse(f"admin:{name}", args=arguments.get(name, []))
    if name in POSTED:
        return browser.post(address)
    return browser.get(address)


def _personal_pages() -> Iterator[str]:
    from_tables = ("orders.order", "profiles.account", "profiles.shopper", "admin.logentry")
    for model in admin.site._registry:
        if model._meta.label_lower in from_tables:
            row = model._default_manager.order_by("pk").first()
            yield _address(model, "changelist")
            yield _address(model, "change", row.pk)
            yield _address(model, "history", row.pk)
    yield reverse("admin:shopper_overview", args=[Shopper.objects.order_by("pk").first().pk])
    yield reverse("admin:search") + "?s=alice0@example.co"


def _list_names(patterns: list[Any]) -> set[str]:
    names: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            names.add(str(pattern.name).lower())
        else:
            names |= _list_names(pattern.url_patterns)
    return names


def _is_of(name: str, tables: set[str]) -> bool:
    return any(name.startswith(f"{table}_") for table in tables)
