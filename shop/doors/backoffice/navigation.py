"""The menu: eight sections, each with tabs. Shows only what the reader may open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from orders.returns.api import list_overdue
from pricing.api import list_kill_switches, list_open_trips
from pricing.optimum.core.batch import TESTS
from profiles.experiments.api import count_unanswered
from shop.doors.backoffice.home.health import count_jobs
from shop.ground.kernel.capabilities import is_page_off
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import SEE_COST

KILL_SWITCH = "pricing.view_killswitch"
BREAKERS = "pricing.view_breakertrip"
QUOTES = "pricing.view_quote"


def read_switch(account: Any) -> str:
    """Return whether personal prices are "on", off in "part", or "off"; nothing for who may not
    see it. A market without price tests has its personal prices. One query.
    """
    if not account.has_perm(KILL_SWITCH):
        return ""
    scopes = {switch.scope for switch in list_kill_switches()} - {TESTS}
    if "global" in scopes:
        return "off"
    return "part" if scopes else "on"


def read_badges(account: Any) -> dict[str, str]:
    """Return the badge of each page that has one, by the name of its address. Four queries."""
    badges = {}
    if account.has_perm(BREAKERS):
        trips = len(list_open_trips())
        if trips:
            badges["admin:safety"] = str(trips)
    if account.has_perm("profiles.view_experiment"):
        unanswered = count_unanswered()
        if unanswered:
            badges["admin:experiments"] = str(unanswered)
    if account.has_perm("orders.view_return"):
        overdue = list_overdue(utc_now()).count()
        if overdue:
            badges["admin:orders_return_changelist"] = str(overdue)
    if account.has_perm("shop.view_jobrun"):
        red = count_jobs(utc_now()).red
        if red:
            badges["admin:workers"] = str(red)
    return badges


type Text = str | Promise


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page: what its address ends with, and the permission if it has one of its own."""

    title: Text
    ending: str
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of a section. An empty permission lets every member of staff in, or, where each of
    its parts has a permission, whoever may see one of them.

    `pages` begin the names of the addresses that stand under this tab too.
    """

    title: Text
    url_name: str
    permission: str = ""
    pages: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    def is_open_to(self, account: Any) -> bool:
        """Whether the shop has the page, and the account's roles allow it."""
        if is_page_off(self.url_name.removeprefix("admin:"), settings.CAPABILITIES):
            return False
        if self.permission:
            return bool(account.has_perm(self.permission))
        return not self.parts or bool(self.list_parts(account))

    def list_parts(self, account: Any) -> list[Part]:
        """Return the parts that the account's roles allow, of a page that they allow."""
        return [one for one in self.parts if not one.permission or account.has_perm(one.permission)]


@dataclass(frozen=True, slots=True)
class Section:
    """An item of the menu. `key` opens it after the letter G."""

    title: Text
    icon: str
    key: str
    tabs: tuple[Tab, ...]


def table(title: Text, label: str, *pages: str) -> Tab:
    """Return the tab of a table, named by its model's label such as "orders.order"."""
    app, model = label.split(".")
    name = f"{app}_{model}_"
    return Tab(title, f"admin:{name}changelist", f"{app}.view_{model}", (name, *pages))


MODELS = "pricing.view_demandmodelversion"
CAMPAIGNS = "promotions.view_campaign"
SECTIONS: tuple[Section, ...] = (
    Section(
        _("Home"),
        "space_dashboard",
        "h",
        (
            Tab(_("Home"), "admin:index", "", ("find", "password_change")),
            Tab(
                _("Waiting for approval"),
                "admin:approvals",
                "",
                ("approval_effect", "shop_approvalrequest_"),
            ),
        ),
    ),
    Section(
        _("Orders"),
        "receipt_long",
        "o",
        (
            table(_("Orders"), "orders.order", "order_", "comment_order"),
            Tab(_("Pick list"), "admin:pick_list", "orders.view_shipment", ("pack_picked",)),
            Tab(_("Ship parcels"), "admin:ship_parcels", "orders.change_shipment", ("ship_",)),
            table(_("Parcels"), "orders.shipment"),
            table(_("Returns"), "orders.return"),
            Tab(_("Returns by category"), "admin:return_statistics", "orders.view_return"),
            table(_("Payments"), "orders.payment"),
            table(_("Refunds"), "orders.refund"),
        ),
    ),
    Section(
        _("Products"),
        "inventory_2",
        "p",
        (
            table(_("Products"), "shop.product", "product_", "shop_variant_"),
            table(_("Categories"), "shop.category"),
            table(_("Brands"), "shop.brand"),
            table(_("Search synonyms"), "shop.searchsynonym"),
            table(_("Stock"), "shop.stockrecord", "shop_stock"),
            Tab(
                _("Lists of products"),
                "admin:product_lists",
                "shop.view_productimport",
                ("product_list",),
            ),
        ),
    ),
    Section(
        _("Prices"),
        "sell",
        "r",
        (
            Tab(
                _("Prices today"),
                "admin:prices_today",
                "pricing.view_publicprice",
                ("price_story", "demand_curve", "pricing_publicprice_"),
            ),
            Tab(
                _("Change inbox"),
                "admin:change_inbox",
                "pricing.view_priceproposal",
                ("decide_changes", "pricing_priceproposal_"),
            ),
            table(_("Prices set by hand"), "pricing.priceoverride"),
            Tab(
                _("Quote inspector"),
                "admin:quote_inspector",
                "pricing.view_quote",
                ("quote", "replay_", "pricing_quote_"),
            ),
            table(_("Competitor prices"), "pricing.competitorprice", "pricing_competitorsource_"),
            Tab(
                _("Models"),
                "admin:models",
                MODELS,
                (
                    *("model_", "retrain_model"),
                    *("pricing_demandmodelversion_", "pricing_modelchange_", "pricing_modelramp_"),
                ),
                (
                    Part(_("Models"), ""),
                    Part(_("Learning"), "?part=learning"),
                    Part(_("Trials and shadows"), "?part=trials"),
                    Part(_("Elasticities by department"), "?part=elasticities"),
                    Part(_("Season"), "?part=season"),
                ),
            ),
        ),
    ),
    Section(
        _("Promotions"),
        "campaign",
        "m",
        (
            table(
                _("Campaigns"),
                "promotions.campaign",
                *("campaign_", "adjusting", "decide_adjusting", "set_adjusting"),
            ),
            Tab(_("New promotion"), "admin:builder", "promotions.add_campaign", ("builder",)),
            Tab(
                _("Personal offers"),
                "admin:allocator",
                CAMPAIGNS,
                ("set_allocator", "set_exploring"),
            ),
            table(_("Coupons"), "promotions.coupon", "promotions_code", "code_file"),
            table(_("Members"), "promotions.pointsaccount", "promotions_points"),
            table(_("Partners"), "promotions.partner", "promotions_partner"),
            Tab(
                _("Campaigns as files"),
                "admin:campaign_files",
                CAMPAIGNS,
                ("campaign_export", "campaign_import"),
            ),
        ),
    ),
    Section(
        _("Shoppers"),
        "groups",
        "s",
        (
            table(_("Shoppers"), "profiles.shopper", "shopper_overview"),
            Tab(
                _("Segments"),
                "admin:segments",
                "profiles.view_segment",
                ("segment", "profiles_segment_"),
            ),
            table(_("Reviews"), "profiles.review"),
            table(_("Questions"), "profiles.question", "profiles_answer_"),
            table(_("Questioned prices"), "pricing.pricecontest"),
            table(_("Proofs to review"), "promotions.groupclaim"),
            Tab(
                _("Lists of customers"),
                "admin:customer_lists",
                "profiles.view_customer",
                ("customer_list",),
            ),
        ),
    ),
    Section(
        _("Insights"),
        "trending_up",
        "i",
        (
            Tab(_("Sales"), "admin:insights", "orders.view_order", ("cohorts",)),
            Tab(_("Promotions"), "admin:insights_promotions", CAMPAIGNS),
            Tab(
                _("Experiments"),
                "admin:experiments",
                "profiles.view_experiment",
                ("experiment", "plan_", "act_on_experiment", "profiles_experiment_"),
            ),
            Tab(_("Lift of personal prices"), "admin:lift", MODELS, ("lift",)),
            Tab(_("See it happen"), "admin:live", "pricing.view_quote", ("simulate_visit",)),
            Tab(
                _("Fairness"),
                "admin:fairness",
                "pricing.view_modelaudit",
                ("pricing_modelaudit_",),
            ),
            Tab(
                _("Satisfaction"),
                "admin:satisfaction",
                "orders.view_orderrating",
                ("orders_orderrating_",),
            ),
        ),
    ),
    Section(
        _("Operations"),
        "precision_manufacturing",
        "t",
        (
            Tab(_("Workers"), "admin:workers", "shop.view_jobrun", ("shop_jobrun_",)),
            Tab(
                _("Safety"),
                "admin:safety",
                "",
                (
                    *("flip_switch", "pricing_killswitch_"),
                    *("undo_breaker", "pricing_breakertrip_"),
                ),
                (
                    Part(_("Kill switch"), "#kill-switch", KILL_SWITCH),
                    Part(_("Breakers"), "#breakers", BREAKERS),
                    Part(_("Guardrail hits"), "#guardrails", QUOTES),
                ),
            ),
            Tab(_("Data quality"), "admin:data_quality", SEE_COST),
            table(_("Markets"), "shop.market", "market_check"),
            table(_("Your shop"), "shop.storeprofile"),
            table(_("Accounts"), "profiles.account", "auth_"),
            table(_("Staff actions"), "admin.logentry"),
            Tab(_("All records"), "admin:all_records"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the menu or of the tabs, with its badge."""

    title: Text
    link: str
    badge: str
    is_active: bool
    icon: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    """What the reader may open: the sections, and the tabs of the one that the page is of."""

    sections: tuple[Entry, ...]
    badges: Mapping[str, str]
    switch: str
    title: Text
    tabs: tuple[Entry, ...]


def find_tab(url_name: str) -> tuple[Section, Tab]:
    """Return the section and the tab that a page stands under: the longest name that fits.

    Tables without a tab stand under "All records".
    """
    fitting = [
        (len(name), section, tab)
        for section in SECTIONS
        for tab in section.tabs
        for name in (tab.url_name.removeprefix("admin:"), *tab.pages)
        if url_name.startswith(name)
    ]
    if not fitting:
        return SECTIONS[-1], SECTIONS[-1].tabs[-1]
    _length, section, tab = max(fitting, key=lambda one: one[0])
    return section, tab


def read_menu(request: HttpRequest) -> Menu:
    """Return the menu of a page.

    Five queries (kill switches that are on, open breakers, experiments that stopped by themselves,
    returns that wait a week for their refund, red jobs), no others.
    """
    switch = read_switch(request.user)
    badges = read_badges(request.user)
    if switch in ("off", "part"):
        badges["admin:safety"] = "!"
    match = request.resolver_match
    current, current_tab = find_tab((match and match.url_name) or "index")
    sections = []
    shown: tuple[Entry, ...] = ()
    for section in SECTIONS:
        tabs = [tab for tab in section.tabs if tab.is_open_to(request.user)]
        if section is current:
            shown = tuple(
                Entry(tab.title, find_link(tab.url_name), badge, tab is current_tab)
                for tab in tabs
                for badge in [badges.get(tab.url_name, "")]
            )
        if tabs:
            badge = _sum_badges(tabs, badges)
            link = find_link(tabs[0].url_name)
            is_active = section is current
            sections.append(Entry(section.title, link, badge, is_active, section.icon, section.key))
    return Menu(tuple(sections), badges, switch, current.title, shown)


def list_tabs(account: Any) -> list[tuple[Section, Tab]]:
    """Return every tab that the account may open, with its section. No query."""
    return [
        (section, tab) for section in SECTIONS for tab in section.tabs if tab.is_open_to(account)
    ]


def _sum_badges(tabs: list[Tab], badges: Mapping[str, str]) -> str:
    """Return what waits in a section; "!" where something is stopped."""
    told = [badges[tab.url_name] for tab in tabs if tab.url_name in badges]
    if "!" in told:
        return "!"
    return str(sum(int(one) for one in told)) if told else ""


def find_link(url_name: str) -> str:
    """Return the address of a page in the reader's language."""
    return _find_link(url_name, get_language() or "en")


@cache
def _find_link(url_name: str, _language: str) -> str:
    return reverse(url_name)
