"""The catalogue of a slice of real data, read as doors read it."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.db.models.functions import Length
from pytest_django import DjangoAssertNumQueries

from shop.ground.catalog.core.packs import Pack, draw_pack
from shop.ground.catalog.core.values import CatalogFilters, IntArray
from shop.ground.catalog.models import CatalogVersion, Category, Product, Variant
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
    list_families,
    list_stocked_variants,
    load_variant_arrays,
    versions,
)
from shop.ground.catalog.selectors.drawings import draw_variant
from shop.ground.inventory.models import StockRecord

pytestmark = pytest.mark.usefixtures("journey")


def best_seller(path: str) -> int:
    """Return the variant id that sells best in a category."""
    return int(list_category_variants(get_category(path, "en").category_id).variant_ids[0])


def count_products(variant_ids: IntArray) -> int:
    """Facets count products, whatever the number of their sizes."""
    return len({card.product_id for card in list_cards(variant_ids.tolist(), "en")})


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
    assert (card.name.split(",")[0], chinese.name.split("·")[0]) == ("Bananas", "香蕉")
    assert (card.size_label, chinese.size_label) == ("about 1.75 lb", "约1.75 磅")
    assert card.is_loose
    assert card.picture is not None
    assert card.picture.is_illustration
    assert re.fullmatch(rf"/media/packs/{banana}-[0-9a-f]{{12}}\.svg", card.picture.at_least(640))
    assert card.available == StockRecord.objects.get(variant_id=banana).on_hand


def test_no_two_products_of_a_page_look_the_same() -> None:
    """Drawn without the number that stands on each: what is printed tells them apart, but for loose
    produce, on which nothing is printed."""
    for node in list_categories("en").nodes.values():
        if node.children or not node.product_count:
            continue
        listing = list_category_variants(node.category_id)
        cards = list_cards(listing.variant_ids[:24].tolist(), "en")
        assert len({card.title for card in cards}) == len(cards), node.path
        packed = [one for one in cards if not one.is_loose and "produce/" not in one.category_path]
        drawn = {
            draw_pack(Pack("", one.brand, one.name, one.size_label, one.category_path), "")
            for one in packed
        }
        assert len(drawn) == len(packed), node.path


def test_no_drawn_pack_is_larger_than_four_kilobytes() -> None:
    longest = Variant.objects.order_by(Length("product__name").desc(), "pk")[:300]
    sizes = [len(found[1]) for one in longest if (found := draw_variant(one.pk)) is not None]
    assert (len(sizes), max(sizes) <= 4_096) == (300, True)


def test_every_category_has_its_picture() -> None:
    missing = {
        node.picture
        for node in list_categories("en").nodes.values()
        if not node.picture.startswith("catalog/") or "default" in node.picture
    }
    assert missing == set()


def test_departments_stand_in_a_grocers_order() -> None:
    tree = list_categories("en")
    paths = [tree.nodes[root].path for root in tree.roots]
    assert paths[:4] == ["produce", "meat-seafood", "dairy-eggs", "deli"]
    assert paths[-2:] == ["beer-wine", "tobacco"]
    Category.objects.filter(path="produce").update(is_restricted=True)
    forget_catalog()
    tree = list_categories("en")
    assert [tree.nodes[root].path for root in tree.roots][-3:] == [
        "produce",
        "beer-wine",
        "tobacco",
    ]


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
    django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "VERSION_SECONDS", 3600.0)  # a slow machine asks no sooner
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
        assert count_products(narrowed.variant_ids) == option.count
    two = CatalogFilters(sizes=frozenset(option.value for option in sizes.options[:2]))
    most = sum(option.count for option in sizes.options[:2])
    assert 0 < count_products(list_category_variants(category_id, two).variant_ids) <= most


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


def test_product_page_costs_three_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    (card,) = list_cards([best_seller("dairy-eggs/milk")], "en")
    with django_assert_num_queries(3):
        detail = get_product(card.slug, "en")
    assert detail.card == card
    assert [node.path for node in detail.breadcrumbs][:2] == ["dairy-eggs", "dairy-eggs/milk"]
    with pytest.raises(ProductNotFound):
        get_product("no-such-thing", "en")


def test_sizes_of_a_product_are_options_in_both_languages() -> None:
    several = next(members for members in list_families().values())
    slug = list_cards(several[:1], "en")[0].slug
    english, chinese = get_product(slug, "en"), get_product(slug, "zh-hans")
    assert [card.options for card in english.variants] == [
        (("Size", card.size_label),) for card in english.variants
    ]
    assert [card.options for card in chinese.variants] == [
        (("规格", card.size_label),) for card in chinese.variants
    ]
    assert {card.variant_id for card in english.variants} >= set(several)
    assert len({card.title for card in english.variants}) == len(english.variants)


def test_arrays_hold_every_active_variant_in_order() -> None:
    arrays = load_variant_arrays()
    ids = Variant.objects.filter(is_active=True, product__is_active=True).order_by("pk")
    assert arrays.variant_id.tolist() == list(ids.values_list("pk", flat=True))
    assert (arrays.list_minor > 0).all()
    assert (arrays.cost_minor > 0).all()
    with pytest.raises(ValueError, match="read-only"):
        arrays.list_minor[0] = 1
