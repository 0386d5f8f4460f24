"""From a till's codes to a store's catalogue."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from shop.doors.intake.catalogue import SourceProduct, build_catalogue
from shop.ground.catalog.core.loading import VariantRow

CHEESE = SourceProduct(
    ref="859075",
    manufacturer="69",
    department="GROCERY",
    brand="Private",
    category="CHEESE",
    product_type="SHREDDED CHEESE",
    package_size="8 OZ",
    product_name="",
    brand_name="",
    gtin="",
    given_list_minor=None,
    given_cost_minor=None,
    is_sold_online=None,
    is_sensitive=None,
    units=100,
    revenue_minor=17_000.0,
    popularity=80.0,
    weeks_ago=1,
    seen_list_minor=178,
    is_weighed=False,
)

ALIKE = (
    ("FLUID MILK PRODUCTS", "CHOCOLATE MILK"),
    ("FLUID MILK PRODUCTS", "FLUID MILK WHITE ONLY"),
    ("EGGS", "EGGS - LARGE"),
    ("MILK BY-PRODUCTS", "YOGURT NOT MULTI-PACKS"),
    ("BEEF", "CHOICE BEEF"),
)


def build_variants(*products: SourceProduct) -> dict[str, VariantRow]:
    """The variants by their reference: one of each product, and named like it."""
    rows = build_catalogue(products).products
    assert all([one.ref for one in row.variants] == [row.ref] for row in rows)
    return {one.ref: one for row in rows for one in row.variants}


def test_product_reads_like_a_label() -> None:
    catalogue = build_catalogue([CHEESE])
    (row,) = catalogue.products
    (variant,) = row.variants
    assert (row.name, row.name_zh, variant.name) == ("Shredded Cheese", "奶酪丝", "8 oz")
    assert (row.option_names, variant.options, variant.sku) == ((), {}, "FT-0859075")
    assert row.category_path == "dairy-eggs/cheese/shredded-cheese"
    assert row.slug == "fairtag-shredded-cheese-8-oz"
    assert [(c.path, c.name, c.name_zh) for c in catalogue.categories] == [
        ("dairy-eggs", "Dairy & Eggs", "乳品蛋类"),
        ("dairy-eggs/cheese", "Cheese", "奶酪"),
        ("dairy-eggs/cheese/shredded-cheese", "Shredded Cheese", "奶酪丝"),
    ]


def test_goods_are_loose_where_their_weight_is_known() -> None:
    bananas = replace(
        CHEESE, ref="1", category="TROPICAL FRUIT", product_type="BANANAS", is_weighed=True
    )
    garlic = replace(bananas, ref="2", product_type="GARLIC")
    found = build_variants(bananas, garlic)
    assert [(one.name, one.is_loose) for one in found.values()] == [
        ("about 1.75 lb", True),
        ("typical pack", False),
    ]
    assert (found["1"].measure_amount, found["1"].measure_unit) == (Decimal("793.787"), "g")


def test_a_valid_bar_code_is_kept_for_one_product() -> None:
    gtins = {"1": "4006381 333931", "2": "4006381333932", "3": "96385074", "4": "96385074", "5": ""}
    products = [replace(CHEESE, ref=ref, gtin=text) for ref, text in gtins.items()]
    assert {ref: variant.gtin for ref, variant in build_variants(*products).items()} == {
        "1": "4006381333931",
        **dict.fromkeys("2345"),
    }
    catalogue = build_catalogue(products)
    assert catalogue.noticed["bar-code number not usable"] == 3


def test_cost_leaves_the_departments_margin_on_the_price_achieved() -> None:
    (row,) = build_variants(CHEESE).values()
    assert (row.list_minor, row.list_source) == (178, "observed")
    # 170 achieved, 25 % margin in dairy.
    assert (row.cost_minor, row.cost_source) == (128, "assumed")


def test_given_price_and_cost_are_not_replaced() -> None:
    given = replace(CHEESE, given_list_minor=199, given_cost_minor=90)
    (row,) = build_variants(given).values()
    assert (row.list_minor, row.list_source) == (199, "merchant")
    assert (row.cost_minor, row.cost_source) == (90, "merchant")


def test_products_that_look_alike_are_told_apart_by_numbers() -> None:
    second = replace(CHEESE, ref="859076", popularity=200.0)
    third = replace(CHEESE, ref="1000000")
    rows = build_catalogue([third, second, CHEESE]).products
    assert {row.ref: (row.name, row.name_zh) for row in rows} == {
        "859075": ("Shredded Cheese", "奶酪丝"),
        "859076": ("Shredded Cheese, No. 2", "奶酪丝·2号"),
        "1000000": ("Shredded Cheese, No. 3", "奶酪丝·3号"),
    }


def test_names_hold_no_word_that_the_source_has_not() -> None:
    """Twenty of a type whose flavours, eggs and cuts anybody could make up."""
    alike = [
        replace(CHEESE, ref=f"{at}{number}", category=category, product_type=product_type)
        for at, (category, product_type) in enumerate(ALIKE, start=1)
        for number in range(20)
    ]
    names = {
        row.name.rpartition(", No. ")[0] or row.name for row in build_catalogue(alike).products
    }
    assert names == {"Chocolate Milk", "Large Eggs", "White Milk", "Yogurt Cups", "Choice Beef"}


def test_rows_that_differ_by_size_are_variants_of_one_product() -> None:
    """Whatever sells best, and nothing of a row is lost."""
    large = replace(CHEESE, ref="9", package_size="32 OZ", popularity=100.0, seen_list_minor=499)
    twin = replace(CHEESE, ref="859076", weeks_ago=None)
    plain = replace(CHEESE, ref="7", package_size="")
    products = {row.ref: row for row in build_catalogue([CHEESE, large, twin, plain]).products}
    assert {ref: [one.ref for one in row.variants] for ref, row in products.items()} == {
        "9": ["859075", "9"],
        "859076": ["859076"],
        "7": ["7"],
    }
    both = products["9"]
    assert (both.option_names, both.popularity, both.slug) == (
        ("Size",),
        180.0,
        "fairtag-shredded-cheese",
    )
    assert [(one.options, one.list_minor, one.sku, one.position) for one in both.variants] == [
        ({"Size": "8 oz"}, 178, "FT-0859075", 1),
        ({"Size": "32 oz"}, 499, "FT-0000009", 0),  # the best seller is shown first
    ]
    assert [row.is_active for row in products.values()] == [True, False, True]


def test_a_shops_own_names_stay_and_tell_products_apart() -> None:
    named = replace(CHEESE, product_name="House Blend")
    rows = build_catalogue([named, replace(named, ref="2"), replace(named, ref="3")]).products
    assert sorted(row.name for row in rows) == [
        "House Blend",
        "House Blend (3)",
        "House Blend (859075)",
    ]
    (one,) = build_catalogue([named]).products
    assert (one.name, one.name_zh) == ("House Blend", "")


def test_a_product_has_at_most_six_sizes() -> None:
    sizes = [replace(CHEESE, ref=str(n), package_size=f"{n} OZ") for n in range(10, 18)]
    rows = build_catalogue(sizes).products
    assert [len(row.variants) for row in rows] == [6, 2]
    assert len({row.name for row in rows}) == 2


def test_never_sold_product_is_history_with_a_neighbors_price() -> None:
    unsold = replace(
        CHEESE, ref="1", units=0, revenue_minor=0.0, weeks_ago=None, seen_list_minor=None
    )
    rows = build_variants(CHEESE, unsold)
    assert (rows["1"].is_active, rows["1"].list_minor, rows["1"].list_source) == (
        False,
        178,
        "assumed",
    )
    assert rows["859075"].is_active is True
    products = build_catalogue([CHEESE, unsold]).products
    assert {row.ref: row.is_active for row in products} == {"1": False, "859075": True}


def test_product_unsold_for_half_a_year_is_not_for_sale() -> None:
    (row,) = build_catalogue([replace(CHEESE, weeks_ago=26)]).products
    assert row.is_active is False


def test_fuel_is_kept_for_history_only() -> None:
    fuel = replace(CHEESE, department="FUEL", category="COUPON/MISC ITEMS", product_type="GASOLINE")
    (row,) = build_catalogue([fuel]).products
    assert row.is_active is False
    assert row.category_path.startswith("offline/fuel/")


def test_lipstick_keyed_as_battery_goes_home() -> None:
    lipsticks = [
        replace(
            CHEESE,
            ref=str(n),
            department="COSMETICS",
            category="MAKEUP AND TREATMENT",
            product_type="LOREAL COSMETICS",
        )
        for n in range(20)
    ]
    stray = replace(lipsticks[0], ref="99", department="DRUG GM", category="BATTERIES")
    rows = {row.ref: row for row in build_catalogue([*lipsticks, stray]).products}
    assert rows["99"].category_path == "health-beauty/makeup/premium-makeup"


def test_flags_of_goods_for_children_and_adults() -> None:
    cereal = replace(CHEESE, ref="2", category="COLD CEREAL", product_type="KIDS CEREAL")
    beer = replace(CHEESE, ref="3", category="BEERS/ALES", product_type="BEERALEMALT LIQUORS")
    flags = {
        row.path: (row.is_child_directed, row.is_restricted)
        for row in build_catalogue([CHEESE, cereal, beer]).categories
        if row.depth == 2
    }
    assert flags == {
        "dairy-eggs/cheese/shredded-cheese": (False, False),
        "breakfast/cereal/kids-cereal": (True, False),
        "beer-wine/beer/beer-ale": (False, True),
    }


def sensitive_types(*products: SourceProduct) -> dict[str, bool]:
    rows = build_catalogue(products).categories
    return {row.path: row.is_sensitive for row in rows if row.depth == 2}


def test_goods_that_tell_of_health_sex_or_belief_are_sensitive() -> None:
    """By their category, or by their type where the category is harmless."""
    drug = replace(CHEESE, department="DRUG GM")
    products = [
        CHEESE,
        replace(drug, ref="2", category="FAMILY PLANNING", product_type="PROPHYLACTICS"),
        replace(drug, ref="3", category="ADULT INCONTINENCE", product_type="CLEANSING WIPES"),
        replace(drug, ref="4", category="ORAL HYGIENE PRODUCTS", product_type="DENTURE ADHESIVES"),
        replace(drug, ref="5", category="ORAL HYGIENE PRODUCTS", product_type="TOOTHPASTE"),
        replace(CHEESE, ref="6", category="HISPANIC", product_type="KOSHER FOODS"),
        replace(drug, ref="7", category="SMOKING CESSATIONS", product_type="SMOKING CESSATION"),
    ]
    assert sensitive_types(*products) == {
        "dairy-eggs/cheese/shredded-cheese": False,
        "health-beauty/family-planning/condoms": True,
        "health-beauty/incontinence-care/moist-wipes": True,
        "health-beauty/oral-care/denture-adhesive": True,
        "health-beauty/oral-care/toothpaste": False,
        "pantry/world-foods/kosher-foods": True,
        "health-beauty/quit-smoking/quit-smoking-aids": True,
    }


def test_other_shops_words_set_the_flag_too() -> None:
    own = replace(CHEESE, department="Drugstore", category="Shampoo", product_type="Mild")
    assert sensitive_types(
        own,
        replace(own, ref="2", category="Pain relief", product_type="Tablets"),
        replace(own, ref="3", category="Counter", product_type="Pregnancy tests"),
    ) == {
        "drugstore/shampoo/mild": False,
        "drugstore/pain-relief/tablets": True,
        "drugstore/counter/pregnancy-tests": True,
    }


def test_a_file_says_better_than_words_what_is_sensitive() -> None:
    """One product makes its type sensitive; it takes all of them to say that a type is not."""
    own = replace(CHEESE, department="Drugstore", category="Counter", product_type="Drops")
    water = replace(own, category="Vitamin water", product_type="Lemon", is_sensitive=False)
    assert sensitive_types(
        replace(own, ref="1", is_sensitive=True),
        replace(own, ref="2", is_sensitive=False),
        replace(water, ref="3"),
        replace(water, ref="4"),
    ) == {"drugstore/counter/drops": True, "drugstore/vitamin-water/lemon": False}
    rows = {row.path: row for row in build_catalogue([replace(water, ref="3")]).categories}
    assert rows["drugstore/vitamin-water"].is_sensitive is False  # or the type would inherit it
    unsure = replace(water, ref="4", is_sensitive=None)
    assert sensitive_types(water, unsure) == {"drugstore/vitamin-water/lemon": True}


def test_shipping_case_of_bananas_is_no_package() -> None:
    bananas = replace(
        CHEESE,
        department="PRODUCE",
        category="TROPICAL FRUIT",
        product_type="BANANAS",
        package_size="40 LB",
        seen_list_minor=101,
    )
    (row,) = build_variants(bananas).values()
    assert (row.name, row.measure_amount) == ("each", None)


def test_other_shops_codes_become_readable_too() -> None:
    wine = replace(
        CHEESE, department="Cellar", category="Red wines", product_type="Bordeaux", brand=""
    )
    catalogue = build_catalogue([wine])
    assert catalogue.products[0].category_path == "cellar/red-wines/bordeaux"
    assert catalogue.categories[-1].is_restricted is True
