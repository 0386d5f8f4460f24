"""No list, search, order or choice of the admin tells what its reader sees masked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import FieldListFilter, filters
from django.contrib.admin.utils import get_fields_from_path
from django.db.models import Field, Model
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from orders.models import Order
from orders.payments.models import Payment
from profiles.models import Account, Shopper
from promotions.models import Campaign
from shop.ground.staff.lookups import (
    list_date_parameters,
    list_parameters,
    list_personal,
    order_of,
    reaches,
)
from shop.ground.staff.roles import AUDITOR, ROLES, SUPPORT
from shop.ground.staff.tables import StaffAdmin
from tests.factories.backoffice import make_staff

TABLES: dict[str, Any] = {m._meta.label: t for m, t in admin.site._registry.items()}
# Columns nobody searches: who finds one letter of it finds all.
SECRETS = {
    *("orders.Order.link_hash", "orders.Order.link_key", "orders.CartLine.quote_token"),
    *("profiles.Account.password", "mfa.Authenticator.data", "promotions.TillToken.digest"),
    "promotions.StaffToken.digest",
    *("promotions.GroupCode.digest", "promotions.PointsCode.digest"),
    *("sessions.Session.session_key", "usersessions.UserSession.session_key"),
}
MOST_HOPS = 3
ADDRESS = "alice0@example.com"


def _list_columns(model: type[Model], *, hops: int = MOST_HOPS) -> Iterator[tuple[str, Any]]:
    """Every column that a lookup on `model` reaches, over relations in both directions."""
    ways: list[tuple[str, type[Model], frozenset[type[Model]]]] = [("", model, frozenset({model}))]
    for _hop in range(hops + 1):
        further = []
        for prefix, owner, seen in ways:
            for field in owner._meta.get_fields():
                related = field.related_model
                if isinstance(field, Field) and not field.is_relation:
                    yield prefix + field.name, field
                elif isinstance(related, type) and related not in seen:
                    further.append((f"{prefix}{field.name}__", related, seen | {related}))
        ways = further


def _list_hidden(model: type[Model]) -> list[tuple[str, Any]]:
    personal = list_personal(admin.site)
    return [
        (path, field)
        for path, field in _list_columns(model)
        if _is_secret(field) or field.name in personal.get(field.model, ())
    ]


def _is_secret(field: Any) -> bool:
    return f"{field.model._meta.label}.{field.name}" in SECRETS


def _asked_by(account: Any) -> HttpRequest:
    request = RequestFactory().get("/admin/")
    request.user = account
    return request


def _address(label: str, page: str = "changelist") -> str:
    app, _dot, name = label.lower().partition(".")
    return reverse(f"admin:{app}_{name}_{page}")


def test_every_admin_table_is_built_on_the_staff_base() -> None:
    assert [label for label, table in TABLES.items() if not isinstance(table, StaffAdmin)] == []


def test_the_register_knows_every_masked_column() -> None:
    personal = list_personal(admin.site)
    assert personal[Account] == {"email", "first_name", "last_name"}
    assert {"email", "phone", "name", "address_line1", "postcode"} <= personal[Order]


@pytest.mark.parametrize("role", [*ROLES, "root"])
def test_no_lookup_on_a_masked_or_secret_column_is_answered(stocked_shop: None, role: str) -> None:
    asked = _asked_by(make_staff("" if role == "root" else role, is_superuser=role == "root"))
    tried = 0
    for label, table in TABLES.items():
        for path, field in _list_hidden(apps.get_model(label)):
            for lookup in ("", *(f"__{name}" for name in field.get_lookups())):
                tried += 1
                assert not table.lookup_allowed(path + lookup, "a", asked), (label, path + lookup)
    assert tried > 10_000


@pytest.mark.parametrize("role", [AUDITOR, SUPPORT, "root"])
def test_a_list_says_that_it_has_no_such_filter(
    as_role: Callable[[str], Client], root: Client, role: str
) -> None:
    browser = root if role == "root" else as_role(role)
    refused = 0
    for label in TABLES:
        hidden = _list_hidden(apps.get_model(label))
        name = f"{hidden[0][0]}__startswith" if hidden else ""
        page = browser.get(_address(label), {name: "a"}) if hidden else None
        if page is None or page.status_code == 403:
            continue
        assert page.status_code == 400, (label, name)
        assert f"This list has no such filter: {name}." in page.content.decode(), label
        refused += 1
    assert refused > 5


def test_an_order_is_not_found_by_its_secret_link(root: Client) -> None:
    order = Order.objects.order_by("pk").first()
    ways = ("", "__exact", "__startswith", "__regex", "__in", "__gt", "__isnull")
    for name in (f"{column}{way}" for column in ("link_hash", "link_key") for way in ways):
        assert root.get(_address("orders.Order"), {name: "."}).status_code == 400
        page = root.get(_address("orders.Payment"), {f"order__{name}": "."})
        assert page.status_code == 400
    assert order is not None
    assert Payment.objects.filter(order=order).exists(), "a path worth refusing"


def test_a_list_answers_exactly_what_its_filters_read(stocked_shop: None) -> None:
    asked = _asked_by(make_staff(is_superuser=True))
    for label, table in TABLES.items():
        model = apps.get_model(label)
        read = set(list_date_parameters(table.date_hierarchy))
        for declared in table.get_list_filter(asked):
            read |= (expected := _ask_filter(model, declared, asked, table))
            assert list_parameters(model, declared) == expected, (label, declared)
        answered = {
            name
            for path, field in _list_columns(model, hops=0)
            for name in (path, *(f"{path}__{one}" for one in field.get_lookups()))
            if table.lookup_allowed(name, "1", asked)
        }
        assert answered <= read, label
        assert all(table.lookup_allowed(name, "1", asked) for name in read), label


def _ask_filter(model: Any, declared: Any, asked: HttpRequest, table: Any) -> set[str]:
    if isinstance(declared, type) and issubclass(declared, filters.ListFilter):
        return {str(one) for one in declared(asked, {}, model, table).expected_parameters()}
    path, kind = (declared, None) if isinstance(declared, str) else declared
    field = get_fields_from_path(model, path)[-1]
    make = kind or FieldListFilter.create
    spec = make(field, asked, {}, model, table, field_path=path)
    return {str(one) for one in spec.expected_parameters()}


def test_no_declared_filter_search_or_order_reads_a_secret() -> None:
    secret = {
        owner: frozenset(field.name for field in owner._meta.fields if _is_secret(field))
        for owner in apps.get_models()
    }
    assert sum(map(len, secret.values())) == len(SECRETS), "a name here is of no column"
    for label, table in TABLES.items():
        model = apps.get_model(label)
        orders = [order_of(table, column) for column in table.list_display]
        for path in (*table.search_fields, *orders):
            assert not reaches(model, path, secret), (label, path)


def test_masked_columns_sort_only_for_readers_who_see_them(
    as_role: Callable[[str], Client],
) -> None:
    masked, seeing = as_role(AUDITOR), as_role(SUPPORT)
    found = set()
    for label, table in TABLES.items():
        model = apps.get_model(label)
        orders = {str(one): order_of(table, one) for one in table.list_display}
        if not any(reaches(model, one, list_personal(admin.site)) for one in orders.values()):
            continue
        shown = masked.get(_address(label)).context["cl"]
        seen = seeing.get(_address(label))
        for number, column in enumerate(map(str, shown.list_display)):
            if not reaches(model, orders.get(column, ""), list_personal(admin.site)):
                continue
            page = masked.get(_address(label), {"o": f"-{number}"})
            assert (page.status_code, label) == (400, label)
            assert "no sorting by it" in page.content.decode()
            assert column not in map(str, shown.sortable_by)
            found.add((label, column))
            if seen.status_code == 200:
                place = [str(one) for one in seen.context["cl"].list_display].index(column)
                assert seeing.get(_address(label), {"o": str(place)}).status_code == 200
    assert {("orders.Order", "email"), ("orders.Order", "name")} <= found


def test_a_list_is_never_ordered_by_a_masked_column(stocked_shop: None) -> None:
    asked = _asked_by(make_staff(AUDITOR))
    seeing = _asked_by(make_staff(SUPPORT))
    for label, table in TABLES.items():
        model = apps.get_model(label)
        for one in table.get_ordering(asked):
            assert not reaches(model, one, list_personal(admin.site)), (label, one)
    accounts = TABLES["profiles.Account"]
    assert accounts.get_ordering(asked) == ["-pk"]
    assert accounts.get_ordering(seeing) == ["email"]


def test_masked_columns_are_searched_only_by_readers_who_see_them(
    as_role: Callable[[str], Client],
) -> None:
    masked, seeing = as_role(AUDITOR), as_role(SUPPORT)
    for label in ("orders.Order", "profiles.Shopper"):
        assert masked.get(_address(label), {"q": ADDRESS}).context["cl"].result_count == 0
        assert seeing.get(_address(label), {"q": ADDRESS}).context["cl"].result_count == 1
    page = masked.get(_address("profiles.Account"), {"q": ADDRESS})
    assert page.status_code == 400
    assert "Your role sees masked what is searched here." in page.content.decode()
    assert seeing.get(_address("profiles.Account"), {"q": ADDRESS}).context["cl"].result_count == 1


@pytest.mark.parametrize("role", ROLES)
def test_choices_offered_while_typing_tell_no_more_than_the_lists(
    as_role: Callable[[str], Client], role: str
) -> None:
    browser = as_role(role)
    choices, found = reverse("admin:autocomplete"), 0
    for named in _list_relations():
        told = browser.get(choices, {**named, "term": ADDRESS})
        assert told.status_code in (200, 403), named
        rows = told.json()["results"] if told.status_code == 200 else []
        found += len(rows)
        assert role == SUPPORT or rows == [], named
        body = browser.get(choices, {**named, "term": ""}).content
        assert role == SUPPORT or ADDRESS.encode() not in body, named
    assert (found > 0) is (role == SUPPORT)


def _list_relations() -> list[dict[str, str]]:
    """One relation to each table of the admin."""
    found = {}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, Field) and field.related_model in admin.site._registry:
                app, name = model._meta.app_label, str(model._meta.model_name)
                named = {"app_label": app, "model_name": name, "field_name": field.name}
                found[field.related_model] = named
    return list(found.values())


def test_dates_popups_and_our_own_links_ask_what_is_answered(root: Client) -> None:
    campaigns = _address("promotions.Campaign")
    assert Campaign.objects.exists()
    assert root.get(campaigns, {"starts_at__year": "2026"}).status_code == 200
    assert root.get(campaigns, {"starts_at__hour": "9"}).status_code == 400
    accounts = _address("profiles.Account")
    assert root.get(accounts, {"_popup": "1", "_to_field": "id"}).status_code == 200
    assert root.get(accounts, {"_popup": "1", "_to_field": "email"}).status_code == 400
    assert root.get(_address("shop.JobRun"), {"name": "job_1"}).context["cl"].result_count == 1
    asked = {"cost_source__exact": "assumed", "is_active__exact": "1"}
    assert root.get(_address("shop.Variant"), asked).status_code == 200


def test_a_shoppers_address_is_not_learned_over_other_tables(
    as_role: Callable[[str], Client],
) -> None:
    browser = as_role(AUDITOR)
    assert Shopper.objects.filter(account__email=ADDRESS).exists()
    for label in ("pricing.Quote", "profiles.Event", "orders.Cart", "profiles.ConsentRecord"):
        page = browser.get(_address(label), {"shopper__account__email__startswith": "alice0"})
        assert page.status_code == 400, label
        counted = browser.get(_address(label), {"q": ADDRESS}).context["cl"].result_count
        assert counted == 0, label
