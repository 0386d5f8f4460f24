"""Our own staff pages, mounted inside the admin before its tables."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.urls import URLPattern, path

from shop.doors.backoffice.frame import moved
from shop.doors.backoffice.list_pages import CUSTOMER_PAGES, PRODUCT_PAGES, ListPages
from shop.doors.backoffice.views.adjusting import decide_adjusting, set_adjusting, show_adjusting
from shop.doors.backoffice.views.allocator import set_allocator, set_exploring, show_allocator
from shop.doors.backoffice.views.builder import choose_sentence, fill_sentence
from shop.doors.backoffice.views.campaign_files import export_file, import_file, show_files
from shop.doors.backoffice.views.campaign_parts import change_part, find_goods, show_summary
from shop.doors.backoffice.views.campaigns import roll_back_campaign
from shop.doors.backoffice.views.changes import decide, show_approvals, show_effect, show_inbox
from shop.doors.backoffice.views.checks import (
    accept_floor,
    ask_campaign,
    stop_asking,
    take_products_out,
)
from shop.doors.backoffice.views.demand import show_demand_curve
from shop.doors.backoffice.views.experiments import (
    act_on_experiment,
    download_experiment,
    plan_experiment,
    plan_switchback,
    show_experiment,
    show_experiments,
)
from shop.doors.backoffice.views.finding import drop_view, find, save_list, show_records
from shop.doors.backoffice.views.fulfilment import (
    comment,
    pack_picked,
    ship_packed,
    show_packed,
    show_pick_list,
    show_return_statistics,
)
from shop.doors.backoffice.views.insights import (
    show_cohorts,
    show_fairness,
    show_lift,
    show_promotions,
    show_sales,
    show_satisfaction,
)
from shop.doors.backoffice.views.live import show_live, simulate
from shop.doors.backoffice.views.markets import show_market
from shop.doors.backoffice.views.models import retrain, show_backtest, show_models
from shop.doors.backoffice.views.prices import show_price_story, show_prices
from shop.doors.backoffice.views.product_bulk import change_many
from shop.doors.backoffice.views.product_lists import (
    apply_list,
    choose_list_columns,
    decide_list,
    download_refused,
    export_list,
    show_list,
    show_lists,
    undo_list,
    upload_list,
)
from shop.doors.backoffice.views.product_pictures import (
    set_pictures,
    show_progress,
    upload_pictures,
)
from shop.doors.backoffice.views.products import add_product, archive, change_product, move_stock
from shop.doors.backoffice.views.quality import show_quality, show_workers
from shop.doors.backoffice.views.quotes import find_quote, replay, replay_all, show_quote
from shop.doors.backoffice.views.rehearsals import explain_order
from shop.doors.backoffice.views.releasing import release_campaign
from shop.doors.backoffice.views.results import export_results
from shop.doors.backoffice.views.safety import flip_switch, show_safety, undo_breaker
from shop.doors.backoffice.views.segments import (
    add_segment,
    change_segment,
    retire,
    show_segment,
    show_segments,
)
from shop.doors.backoffice.views.shoppers import show_shopper
from shop.doors.backoffice.views.workspace import show_budget, show_workspace


def list_pages(site: AdminSite) -> list[URLPattern]:
    """Return the pages, each behind the site's own check that the reader is staff."""
    return [
        *_list_frame(site),
        *_list_moved(site),
        path("safety/", site.admin_view(show_safety), name="safety"),
        path("kill-switch/flip/", site.admin_view(flip_switch), name="flip_switch"),
        path("breakers/undo/", site.admin_view(undo_breaker), name="undo_breaker"),
        path("quotes/", site.admin_view(find_quote), name="quote_inspector"),
        path("quotes/replay/", site.admin_view(replay_all), name="replay_all"),
        path("quotes/<uuid:quote_id>/", site.admin_view(show_quote), name="quote"),
        path("quotes/<uuid:quote_id>/replay/", site.admin_view(replay), name="replay_quote"),
        path("prices/", site.admin_view(show_prices), name="prices_today"),
        path("price-changes/", site.admin_view(show_inbox), name="change_inbox"),
        path("price-changes/decide/", site.admin_view(decide), name="decide_changes"),
        path("prices/<int:variant_id>/", site.admin_view(show_price_story), name="price_story"),
        *_list_warehouse(site),
        path("models/", site.admin_view(show_models), name="models"),
        path("models/retrain/", site.admin_view(retrain), name="retrain_model"),
        path("models/<int:version>/", site.admin_view(show_backtest), name="model_backtest"),
        *_list_insights(site),
        *_list_experiments(site),
        path("data-quality/", site.admin_view(show_quality), name="data_quality"),
        path("demand/<int:variant_id>/", site.admin_view(show_demand_curve), name="demand_curve"),
        *_list_lists(site, "products/lists/", PRODUCT_PAGES),
        *_list_lists(site, "customers/lists/", CUSTOMER_PAGES),
        *_list_products(site),
        *_list_builder_pages(site),
        *_list_campaign_pages(site),
        *_list_shoppers(site),
    ]


def _list_moved(site: AdminSite) -> list[URLPattern]:
    """Return addresses of pages that became parts of others: bookmarks lead there."""
    views = {
        "kill-switch/": moved("admin:safety", fragment="#kill-switch"),
        "guardrails/": moved("admin:safety", fragment="#guardrails", keeps=("days", "code")),
        "learning/": moved("admin:models", "learning"),
        "trials/": moved("admin:models", "trials"),
        "elasticities/": moved("admin:models", "elasticities"),
        "season/": moved("admin:models", "season"),
        "campaigns/calendar/": moved("admin:promotions_campaign_changelist", keeps=("month",)),
    }
    return [path(route, site.admin_view(view)) for route, view in views.items()]


def _list_warehouse(site: AdminSite) -> list[URLPattern]:
    return [
        path("pick-list/", site.admin_view(show_pick_list), name="pick_list"),
        path("pick-list/pack/", site.admin_view(pack_picked), name="pack_picked"),
        path("ship-parcels/", site.admin_view(show_packed), name="ship_parcels"),
        path("ship-parcels/ship/", site.admin_view(ship_packed), name="ship_packed"),
        path(
            "return-statistics/",
            site.admin_view(show_return_statistics),
            name="return_statistics",
        ),
    ]


def _list_shoppers(site: AdminSite) -> list[URLPattern]:
    return [
        path("segments/", site.admin_view(show_segments), name="segments"),
        path("segments/new/", site.admin_view(add_segment), name="segment_add"),
        path("segments/<slug:code>/", site.admin_view(show_segment), name="segment"),
        path(
            "segments/<slug:code>/change/", site.admin_view(change_segment), name="segment_change"
        ),
        path("segments/<slug:code>/retire/", site.admin_view(retire), name="segment_retire"),
    ]


def _list_frame(site: AdminSite) -> list[URLPattern]:
    return [
        path("approvals/", site.admin_view(show_approvals), name="approvals"),
        path(
            "approvals/<int:request_id>/effect/",
            site.admin_view(show_effect),
            name="approval_effect",
        ),
        path("shopper/<int:shopper_id>/", site.admin_view(show_shopper), name="shopper_overview"),
        path("markets/<slug:code>/", site.admin_view(show_market), name="market_check"),
        path("find/", site.admin_view(find), name="find"),
        path("views/<str:table>/save/", site.admin_view(save_list), name="save_list"),
        path("views/<str:table>/delete/", site.admin_view(drop_view), name="drop_view"),
        path("records/", site.admin_view(show_records), name="all_records"),
        path("workers/", site.admin_view(show_workers), name="workers"),
    ]


def _list_lists(site: AdminSite, start: str, pages: ListPages) -> list[URLPattern]:
    views = {
        "": (show_lists, "s"),
        "upload/": (upload_list, "_upload"),
        "export/": (export_list, "_export"),
        "<int:import_id>/": (show_list, ""),
        "<int:import_id>/columns/": (choose_list_columns, "_columns"),
        "<int:import_id>/apply/": (apply_list, "_apply"),
        "<int:import_id>/undo/": (undo_list, "_undo"),
        "<int:import_id>/refused.csv": (download_refused, "_refused"),
    }
    if not pages.is_of_customers:
        views["<int:import_id>/decide/"] = (decide_list, "_decide")
    return [
        path(
            f"{start}{route}",
            site.admin_view(view),
            kwargs={"pages": pages},
            name=f"{pages.name}{ending}",
        )
        for route, (view, ending) in views.items()
    ]


def _list_campaign_pages(site: AdminSite) -> list[URLPattern]:
    return [
        path("campaigns/files/", site.admin_view(show_files), name="campaign_files"),
        path("campaigns/export/", site.admin_view(export_file), name="campaign_export"),
        path("campaigns/import/", site.admin_view(import_file), name="campaign_import"),
        path(
            "campaigns/<int:campaign_id>/results.csv",
            site.admin_view(export_results),
            name="campaign_results_csv",
        ),
        path(
            "campaigns/<int:campaign_id>/rollback/",
            site.admin_view(roll_back_campaign),
            name="campaign_rollback",
        ),
        *_list_allocator_pages(site),
        path("campaigns/running/", site.admin_view(show_adjusting), name="adjusting"),
        path(
            "campaigns/running/decide/", site.admin_view(decide_adjusting), name="decide_adjusting"
        ),
        path("campaigns/running/automatic/", site.admin_view(set_adjusting), name="set_adjusting"),
    ]


def _list_products(site: AdminSite) -> list[URLPattern]:
    return [
        path("products/many/", site.admin_view(change_many), name="product_bulk"),
        path("products/new/", site.admin_view(add_product), name="product_add"),
        path("products/<int:product_id>/", site.admin_view(change_product), name="product_change"),
        path(
            "products/<int:product_id>/archive/", site.admin_view(archive), name="product_archive"
        ),
        path(
            "products/<int:product_id>/pictures/",
            site.admin_view(upload_pictures),
            name="product_pictures",
        ),
        path(
            "products/<int:product_id>/pictures/progress/",
            site.admin_view(show_progress),
            name="product_pictures_progress",
        ),
        path(
            "products/<int:product_id>/pictures/set/",
            site.admin_view(set_pictures),
            name="product_pictures_set",
        ),
        path("products/<int:product_id>/stock/", site.admin_view(move_stock), name="product_stock"),
    ]


def _list_allocator_pages(site: AdminSite) -> list[URLPattern]:
    return [
        path("campaigns/personal-offers/", site.admin_view(show_allocator), name="allocator"),
        path(
            "campaigns/personal-offers/explore/",
            site.admin_view(set_exploring),
            name="set_exploring",
        ),
        path(
            "campaigns/personal-offers/set/", site.admin_view(set_allocator), name="set_allocator"
        ),
    ]


def _list_insights(site: AdminSite) -> list[URLPattern]:
    return [
        path("insights/", site.admin_view(show_sales), name="insights"),
        path("insights/cohorts/", site.admin_view(show_cohorts), name="cohorts"),
        path("insights/promotions/", site.admin_view(show_promotions), name="insights_promotions"),
        path("insights/satisfaction/", site.admin_view(show_satisfaction), name="satisfaction"),
        path("insights/fairness/", site.admin_view(show_fairness), name="fairness"),
        path("insights/lift/", site.admin_view(show_lift), name="lift"),
        path("insights/live/", site.admin_view(show_live), name="live"),
        path("insights/live/simulate/", site.admin_view(simulate), name="simulate_visit"),
    ]


def _list_experiments(site: AdminSite) -> list[URLPattern]:
    return [
        path("experiments/", site.admin_view(show_experiments), name="experiments"),
        path("experiments/new/", site.admin_view(plan_experiment), name="plan_experiment"),
        path("experiments/prices/", site.admin_view(plan_switchback), name="plan_switchback"),
        path(
            "experiments/<int:experiment_id>/", site.admin_view(show_experiment), name="experiment"
        ),
        path(
            "experiments/<int:experiment_id>/act/",
            site.admin_view(act_on_experiment),
            name="act_on_experiment",
        ),
        path(
            "experiments/<int:experiment_id>/csv/",
            site.admin_view(download_experiment),
            name="experiment_csv",
        ),
    ]


def _list_builder_pages(site: AdminSite) -> list[URLPattern]:
    return [
        path("promotions/new/", site.admin_view(choose_sentence), name="builder"),
        path(
            "promotions/new/<slug:kind>/", site.admin_view(fill_sentence), name="builder_sentence"
        ),
        path(
            "campaigns/<int:campaign_id>/",
            site.admin_view(show_workspace),
            name="campaign_workspace",
        ),
        path("promotions/products/", site.admin_view(find_goods), name="find_goods"),
        path(
            "campaigns/<int:campaign_id>/part/",
            site.admin_view(change_part),
            name="campaign_part",
        ),
        path(
            "campaigns/<int:campaign_id>/summary/",
            site.admin_view(show_summary),
            name="campaign_summary",
        ),
        path(
            "campaigns/<int:campaign_id>/budget/",
            site.admin_view(show_budget),
            name="campaign_budget",
        ),
        path("orders/<int:order_id>/comment/", site.admin_view(comment), name="comment_order"),
        path("orders/<int:order_id>/offers/", site.admin_view(explain_order), name="order_offers"),
        *_list_release_pages(site),
    ]


def _list_release_pages(site: AdminSite) -> list[URLPattern]:
    return [
        path(
            "campaigns/<int:campaign_id>/ask/", site.admin_view(ask_campaign), name="campaign_ask"
        ),
        path(
            "campaigns/<int:campaign_id>/stop-asking/",
            site.admin_view(stop_asking),
            name="campaign_stop_asking",
        ),
        path(
            "campaigns/<int:campaign_id>/take-out/",
            site.admin_view(take_products_out),
            name="campaign_take_out",
        ),
        path(
            "campaigns/<int:campaign_id>/accept-floor/",
            site.admin_view(accept_floor),
            name="campaign_accept_floor",
        ),
        path(
            "campaigns/<int:campaign_id>/release/",
            site.admin_view(release_campaign),
            name="campaign_release",
        ),
    ]
