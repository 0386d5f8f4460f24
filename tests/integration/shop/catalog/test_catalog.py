"""The catalogue of a slice of real data, read as doors read it."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from shop.ground.catalog.core.values import CatalogFilters
from shop.ground.catalog.models import CatalogVersion, Product, Variant
from shop.ground.catalog.selectors import (
    CategoryNotFound,
    ProductNotFound,
    catalog_version,
    forget_catalog,
    get_category,
    get_product,
    list_cards,
    list_categories,
    list_category_variants,
    list_stocked_variants,
    load_variant_arrays,
    versions,
)
from shop.ground.inventory.models import StockRecord

pytestmark = pytest.mark.usefixtures("journey")


def best_seller(path: str) -> int:
    """Return the variant id that sells best in a category."""
    return int(list_category_variants(get_category(path, "en").category_id).variant_ids[0])


def test_page_of_cards_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    listing = list_category_variants(get_category("dairy-eggs", "en").category_id)
    wanted = listing.variant_ids[:24].tolist()
    with django_assert_num_queries(1):
        cards = list_cards([*wanted, 10**12], "en")
    assert [card.variant_id for card in cards] == wanted


def test_card_shows_what_lies_on_the_shelf() -> None:
    banana = best_seller("produce/bananas-tropical-fruit/bananas")
    (card,) = list_cards([banana], "en")
    (chinese,) = list_cards([banana], "zh-hans")
    assert (card.name, chinese.name) == ("Bananas", "香蕉")
    assert (card.size_label, chinese.size_label) == ("typical pack", "约一份")
    assert card.picture is not None
    assert card.picture.is_illustration
    assert re.fullmatch(rf"/media/packs/{banana}-[0-9a-f]{{12}}\.svg", card.picture.at_least(640))
    assert card.available == StockRecord.objects.get(variant_id=banana).on_hand


def test_every_category_has_its_picture() -> None:
    missing = {
        node.picture
        for node in list_categories("en").nodes.values()
        if not node.picture.startswith("catalog/") or "default" in node.picture
    }
    assert missing == set()


def test_tree_counts_products_on_every_level() -> None:
    tree = list_categories("en")
    roots = [tree.nodes[pk] for pk in tree.roots]
    assert (
        sum(root.product_count for root in roots) == Product.objects.filter(is_active=True).count()
    )
    for root in roots:
        assert root.product_count == sum(tree.nodes[pk].product_count for pk in root.children)


def test_tree_is_cached_until_the_catalogue_changes(
    django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "VERSION_SECONDS", 3600.0)  # a slow machine asks no sooner
    list_categories("en")
    with django_assert_num_queries(0):
        list_categories("en")
    before = catalog_version()
    Product.objects.filter(pk=Product.objects.values("pk")[:1]).update(description="new")
    forget_catalog()
    assert catalog_version() > before


def test_rows_written_by_hand_count_as_a_change() -> None:
    before = CatalogVersion.objects.get().version
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shop_variant SET list_minor = list_minor + 1 WHERE id = %s", [1])
    assert CatalogVersion.objects.get().version > before


def test_path_leads_to_the_category() -> None:
    cheese = get_category("dairy-eggs/cheese", "en")
    trail = list_categories("zh-hans").trail(cheese.category_id)
    assert [node.name for node in trail] == ["乳品蛋类", "奶酪"]
    with pytest.raises(CategoryNotFound):
        get_category("dairy-eggs/moon-dust", "en")


def test_goods_not_sold_online_have_no_category_page() -> None:
    with pytest.raises(CategoryNotFound):
        get_category("offline/fuel", "en")


def test_listing_is_sorted_by_popularity_and_free_once_cached(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    category_id = get_category("dairy-eggs", "en").category_id
    ids = list_category_variants(category_id).variant_ids
    popularity = dict(Variant.objects.values_list("pk", "product__popularity"))
    values = [popularity[pk] for pk in ids.tolist()]
    assert values == sorted(values, reverse=True)
    with django_assert_num_queries(0):
        list_category_variants(category_id)


def test_facet_counts_are_what_choosing_leaves() -> None:
    category_id = get_category("dairy-eggs", "en").category_id
    brands, sizes = list_category_variants(category_id).facets
    for option in brands.options[:5]:
        narrowed = list_category_variants(
            category_id, CatalogFilters(brand_ids=frozenset({int(option.value)}))
        )
        assert len(narrowed.variant_ids) == option.count
    two = CatalogFilters(sizes=frozenset(option.value for option in sizes.options[:2]))
    assert len(list_category_variants(category_id, two).variant_ids) == sum(
        option.count for option in sizes.options[:2]
    )


def test_own_choice_does_not_hide_its_alternatives() -> None:
    category_id = get_category("dairy-eggs", "en").category_id
    brands, _ = list_category_variants(category_id).facets
    first = CatalogFilters(brand_ids=frozenset({int(brands.options[0].value)}))
    chosen, _ = list_category_variants(category_id, first).facets
    assert {option.value: option.count for option in chosen.options} == {
        option.value: option.count for option in brands.options
    }
    assert [option.value for option in chosen.options if option.is_selected] == [
        brands.options[0].value
    ]


def test_sold_out_goods_leave_the_listing_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop.ground.catalog.selectors.arrays.SOLD_OUT_SECONDS", -1)
    milk = best_seller("dairy-eggs/milk")
    category_id = get_category("dairy-eggs/milk", "en").category_id
    StockRecord.objects.filter(variant_id=milk).update(reserved=0, on_hand=0)
    assert milk in list_category_variants(category_id).variant_ids
    in_stock = list_category_variants(category_id, CatalogFilters(in_stock=True))
    assert milk not in in_stock.variant_ids
    stocked = in_stock.variant_ids.tolist()
    for limit in (1, 2, len(stocked), len(stocked) + 5):
        assert list_stocked_variants(category_id, limit) == stocked[:limit]


def test_product_page_costs_four_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    (card,) = list_cards([best_seller("dairy-eggs/milk")], "en")
    with django_assert_num_queries(4):
        detail = get_product(card.slug, "en")
    assert detail.card == card
    assert [node.path for node in detail.breadcrumbs][:2] == ["dairy-eggs", "dairy-eggs/milk"]
    with pytest.raises(ProductNotFound):
        get_product("no-such-thing", "en")


def test_sizes_of_the_same_product_lead_to_each_other() -> None:
    sizes = [
        (get_product(card.slug, "en").siblings, card.slug)
        for card in list_cards(
            list_category_variants(get_category("dairy-eggs", "en").category_id)
            .variant_ids[:40]
            .tolist(),
            "en",
        )
    ]
    several, slug = next((siblings, slug) for siblings, slug in sizes if siblings)
    assert len({sibling.size_label for sibling in several}) == len(several)
    assert [sibling.slug for sibling in several if sibling.is_current] == [slug]


def test_products_of_one_size_are_one_choice() -> None:
    first = Product.objects.get(slug=list_cards([best_seller("dairy-eggs/milk")], "en")[0].slug)
    Product.objects.filter(category=first.category).exclude(pk=first.pk).update(is_active=False)
    names = [*Variant.objects.filter(product=first).values_list("name", flat=True)]
    for number, name in enumerate((names[0], "1/2 pt", "1/2 pt", "")):
        twin = Product.objects.get(pk=first.pk)
        twin.pk, twin.slug, twin.external_ref = None, f"twin-{number}", f"twin-{number}"
        twin.popularity = number
        twin.save()
        Variant.objects.create(
            product=twin, sku=f"T{number}", external_ref=f"T{number}", name=name, list_minor=100
        )
    forget_catalog()
    siblings = get_product(first.slug, "en").siblings
    assert sorted(s.size_label for s in siblings) == sorted({names[0], "1/2 pt"})
    assert [s.slug for s in siblings if s.is_current] == [first.slug]
    assert [s.slug for s in siblings if not s.is_current] == ["twin-2"]
    assert {s.size_label for s in get_product(first.slug, "zh-hans").siblings} == {
        label
        for card in list_cards([s.variant_id for s in siblings], "zh-hans")
        if (label := card.size_label)
    }


def test_arrays_hold_every_active_variant_in_order() -> None:
    arrays = load_variant_arrays()
    ids = Variant.objects.filter(is_active=True, product__is_active=True).order_by("pk")
    assert arrays.variant_id.tolist() == list(ids.values_list("pk", flat=True))
    assert (arrays.list_minor > 0).all()
    assert (arrays.cost_minor > 0).all()
    with pytest.raises(ValueError, match="read-only"):
        arrays.list_minor[0] = 1
