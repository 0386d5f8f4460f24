"""What each figure of `./dev bench` calls, and with which setting of the demo.

A figure belongs to the longest prefix that fits it. Rows of what the shop does not serve are `LAB`:
they judge, and stand under "lab" in the table.
"""

from __future__ import annotations

from typing import NamedTuple

from profiles.segments.core.predictions import QUESTIONS


class Row(NamedTuple):
    """The function measured, as a dotted path, and the setting it runs with."""

    calls: str
    setting: str


HTTP = "gunicorn as in production, the demo's database"
SERVED: dict[str, Row] = {
    # quotes
    "page_48": Row("pricing.api.quote_variants", "48 quotes that are held"),
    "fresh_48": Row("pricing.api.quote_variants", "48 new quotes of another shopper each"),
    "quotes_per_second": Row("pricing.api.quote_variants", "48 quotes that are held"),
    "quotes_per_second_1000_x_500": Row(
        "pricing.optimum.core.quote.quote_prices", "as the batch does, 1,000 shoppers x 500"
    ),
    "category_": Row("pricing.api.quote_listing", "all variants of a category"),
    "http_": Row("shop.doors.api.v1.views.prices", f"200 requests a second; {HTTP}"),
    # pages
    "category_html": Row("shop.doors.storefront.views", HTTP),
    "category_json": Row("shop.doors.api.v1.views", HTTP),
    "category_concurrent": Row("shop.doors.storefront.views", f"8 at once; {HTTP}"),
    "category_requests": Row("shop.doors.storefront.views", f"8 at once; {HTTP}"),
    "product_html": Row("shop.doors.storefront.views", HTTP),
    "product_json": Row("shop.doors.api.v1.views", HTTP),
    "search_html": Row("shop.doors.storefront.views", HTTP),
    "search_json": Row("shop.doors.api.v1.views", HTTP),
    "cart_html": Row("shop.doors.storefront.views", f"a cart of five lines; {HTTP}"),
    "cart_json": Row("shop.doors.api.v1.views", f"a cart of five lines; {HTTP}"),
    "cart_add_html": Row("shop.doors.storefront.views", HTTP),
    "cart_add_json": Row("shop.doors.api.v1.views", HTTP),
    "beside_": Row("shop.doors.storefront.views", "5,000 products, 10 offers; gunicorn"),
    "list_": Row("shop.doors.backoffice.site.StaffSite", f"first page of 50 rows; {HTTP}"),
    # lanes
    "lanes_": Row("tools.programs.list_programs", "10 drafts, 300 pictures; the demo's workers"),
    # events
    "accepted_per_second": Row("shop.doors.api.v1.views", f"batches of 100; {HTTP}"),
    "batch_100": Row("shop.doors.api.v1.views", f"batches of 100; {HTTP}"),
    "event_to_quote": Row("pricing.api.quote_variants", "an event, then the next quote"),
    "drained_rows": Row("profiles.events.services.drain.drain_events", "as the job of the demo"),
    # nights and minutes
    "retrain": Row("pricing.api.train_demand", "as the job of the demo"),
    "peak_mib": Row("pricing.api.train_demand", "as the job of the demo"),
    "import_": Row("shop.doors.intake", "as `./dev demo`"),
    "choice_": Row("pricing.demand.core.choice.fit_choice", "a whole shop's impressions"),
    "choice_minute": Row("pricing.learning.core.minutes.learn_minute", "one minute's impressions"),
    "whole_shop": Row("pricing.api.publish_price_book", "after the profiles, as the demo's jobs"),
    "price_book": Row("pricing.api.publish_price_book", "as the job of the demo"),
    "profiles": Row("profiles.segments.services.segments.refresh_profiles", "as the demo's job"),
    "shoppers": Row("profiles.segments.services.segments.refresh_profiles", "as the demo's job"),
    "replay": Row("pricing.api.replay_quotes", "10,000 stored decisions"),
    # processes
    "memory_": Row("tools.programs.list_programs", "as `./dev demo`, all warm"),
    # science of the night
    "journey": Row("pricing.demand.core.pooled.PooledPoisson", "the fixed protocol"),
    **{
        f"{question.code}_": Row(
            "profiles.segments.core.prediction_history.fit_chances", "as the nightly fit"
        )
        for question in QUESTIONS
    },
    "last_": Row("profiles.recommend.core.fitting.fit_recommender", "as the nightly fit"),
    "next_": Row("profiles.recommend.core.fitting.fit_recommender", "as the nightly fit"),
    "optimiser": Row("pricing.optimum.core.quote.constant_elasticity_price", "against a fine grid"),
    "optimiser_violations": Row(
        "pricing.optimum.core.choose.choose_public", "drawn limits and prices"
    ),
    "reprice": Row(
        "pricing.optimum.core.choose.choose_public", "and personal_prices, default policy"
    ),
    # promotions
    "allocator": Row("promotions.targeting.core.allocation.Allocator", "defaults, as every night"),
    "pacing": Row("promotions.targeting.core.exploration.steer_price", "defaults, a block of 200"),
    "uplift": Row("promotions.targeting.core.uplift.ResponseLogit", "defaults, as every night"),
    "basket": Row("promotions.engine.core.evaluate.evaluate_offers", "all kinds of offers"),
    "audience": Row(
        "shop.doors.backoffice.campaigns.audiences.count_audience", "1,000,000 shoppers"
    ),
    # limits
    "budget": Row("promotions.coupons.services.redemptions.hold_redemptions", "10,000 at once"),
    "attempts": Row("promotions.coupons.services.redemptions.hold_redemptions", "10,000 at once"),
    "limit_": Row("promotions.coupons.services.redemptions.hold_redemptions", "500 a day"),
    "code_winners": Row("promotions.coupons.services.redemptions.hold_redemptions", "one use"),
    "undo": Row("promotions.coupons.services.redemptions.release_redemptions", "1,000 holds"),
    "codes_made": Row("promotions.coupons.services.codes.make_codes", "a batch of a million"),
    "million_codes": Row("promotions.coupons.services.codes.make_codes", "a batch of a million"),
    "find_code": Row("promotions.coupons.selectors.coupons.find_coupons", "among a million"),
    "export_": Row("promotions.coupons.selectors.coupons.stream_codes", "a million codes"),
    # the shop's own prices, where the truth is known
    "shop_": Row("shop.lab.shop_path.ShopPath", "the shop's path, the demo's policy"),
}
LAB: dict[str, Row] = {
    "brand": Row("tests.statistical.pricing.household_choice.HouseholdChoice", "brand choice"),
    "warm_": Row("shop.lab.agent.AdaptivePolicy", "for outside markets"),
    "cold_": Row("shop.lab.agent.AdaptivePolicy", "for outside markets"),
    "misspecified": Row("shop.lab.agent.AdaptivePolicy", "for outside markets"),
    "recovery": Row("shop.lab.agent.AdaptivePolicy", "for outside markets"),
    "regret": Row("shop.lab.agent.AdaptivePolicy", "for outside markets"),
    "simulated": Row("shop.lab.grid.run_grid", "two processes"),
    "shelves": Row("shop.lab.agent.AdaptivePolicy", "shelves of substitutes"),
}


def find_row(figure: str) -> tuple[Row, bool]:
    """Return the row of a figure and whether it stands in the lab. KeyError for an unknown one."""
    known = {**SERVED, **LAB}
    fits = [prefix for prefix in known if figure.startswith(prefix)]
    if not fits:
        raise KeyError(f"say in tests/benchmarks/rows.py what {figure} calls")
    prefix = max(fits, key=len)
    return known[prefix], prefix in LAB
