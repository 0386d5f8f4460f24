"""The sidebar: rooms in plain words. Shows only what the reader may open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.returns.api import list_overdue
from pricing.api import list_kill_switches, list_open_trips
from profiles.experiments.api import count_unanswered
from shop.ground.jobs.selectors import count_red_runs
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import is_auditor


def read_sidebar_counts(account: Any) -> dict[str, str]:
    """Return the badge of each page that has one, by the name of its address. Five queries."""
    badges = {}
    if account.has_perm("pricing.view_killswitch") and list_kill_switches():
        badges["admin:kill_switch"] = "!"
    if account.has_perm("pricing.view_breakertrip"):
        trips = len(list_open_trips())
        if trips:
            badges["admin:pricing_breakertrip_changelist"] = str(trips)
    if account.has_perm("profiles.view_experiment"):
        unanswered = count_unanswered()
        if unanswered:
            badges["admin:experiments"] = str(unanswered)
    if account.has_perm("orders.view_return"):
        overdue = list_overdue(utc_now()).count()
        if overdue:
            badges["admin:orders_return_changelist"] = str(overdue)
    if account.has_perm("shop.view_jobrun"):
        red = count_red_runs(now=utc_now())
        if red:
            badges["admin:workers"] = str(red)
    return badges


type Text = str | Promise


@dataclass(frozen=True, slots=True)
class Item:
    """A page in the sidebar. An empty permission lets every member of staff in."""

    title: Text
    icon: str
    url_name: str
    permission: str = ""
    is_for_auditors: bool = False

    def is_open_to(self, account: Any) -> bool:
        """Whether the account's roles allow the page."""
        if self.is_for_auditors and not is_auditor(account):
            return False
        return not self.permission or bool(account.has_perm(self.permission))


def table(title: Text, icon: str, label: str, *, is_for_auditors: bool = False) -> Item:
    """Return the item of a table, named by its model's label such as "orders.order"."""
    app, model = label.split(".")
    url_name = f"admin:{app}_{model}_changelist"
    return Item(title, icon, url_name, f"{app}.view_{model}", is_for_auditors)


MODELS = "pricing.view_demandmodelversion"
GROUPS: tuple[tuple[Text, tuple[Item, ...]], ...] = (
    (
        "",
        (
            Item(_("Dashboard"), "space_dashboard", "admin:index"),
            Item(_("Waiting for approval"), "how_to_reg", "admin:approvals"),
            table(_("Approvals"), "history_edu", "shop.approvalrequest"),
            Item(_("Workers"), "precision_manufacturing", "admin:workers", "shop.view_jobrun"),
        ),
    ),
    (
        _("Prices"),
        (
            Item(
                _("Kill switch"), "emergency_home", "admin:kill_switch", "pricing.view_killswitch"
            ),
            Item(
                _("Quote inspector"), "troubleshoot", "admin:quote_inspector", "pricing.view_quote"
            ),
            table(_("Public prices"), "sell", "pricing.publicprice"),
            Item(_("Change inbox"), "inbox", "admin:change_inbox", "pricing.view_priceproposal"),
            table(_("Price changes"), "price_change", "pricing.priceproposal"),
            table(_("Prices set by hand"), "back_hand", "pricing.priceoverride"),
            table(_("Weekly price tests"), "casino", "pricing.priceshock"),
            table(_("Competitors"), "storefront", "pricing.competitorsource"),
            table(_("Competitor prices"), "balance", "pricing.competitorprice"),
            table(_("Refused competitor rows"), "block", "pricing.quarantinedcompetitorrow"),
            table(_("Quotes"), "request_quote", "pricing.quote"),
            table(_("Price ledger"), "menu_book", "pricing.priceledgerentry"),
            table(_("Price books"), "auto_stories", "pricing.pricebook"),
            table(_("Breakers"), "electric_bolt", "pricing.breakertrip"),
            table(_("Demand models"), "model_training", "pricing.demandmodelversion"),
            table(_("Trials of models"), "science", "pricing.modelramp"),
            table(_("Changes of models"), "published_with_changes", "pricing.modelchange"),
            table(_("Fairness audits"), "balance", "pricing.modelaudit"),
            table(_("Privacy budgets"), "privacy_tip", "pricing.privacybudget"),
            table(_("Private releases"), "blur_on", "pricing.privaterelease"),
            table(_("Policy"), "rule_settings", "pricing.pricingpolicy"),
            table(_("Jurisdictions"), "gavel", "pricing.jurisdictionrow"),
            table(_("Emergency caps"), "warning", "pricing.emergencycap"),
        ),
    ),
    (
        _("Learning"),
        (
            Item(_("Learning and lift"), "trending_up", "admin:learning", MODELS),
            Item(_("Model leaderboard"), "leaderboard", "admin:leaderboard", MODELS),
            Item(_("Elasticities by department"), "ssid_chart", "admin:elasticities", MODELS),
            Item(_("Trials and shadows"), "science", "admin:trials", MODELS),
            Item(_("Experiments"), "labs", "admin:experiments", "profiles.view_experiment"),
            Item(_("Guardrail hits"), "shield", "admin:guardrails", "pricing.view_quote"),
            Item(_("Data quality"), "fact_check", "admin:data_quality", "pricing.view_publicprice"),
        ),
    ),
    (
        _("Selling"),
        (
            table(_("Orders"), "receipt_long", "orders.order"),
            Item(_("Pick list"), "checklist", "admin:pick_list", "orders.view_shipment"),
            Item(_("Ship parcels"), "outbound", "admin:ship_parcels", "orders.change_shipment"),
            table(_("Parcels"), "package_2", "orders.shipment"),
            table(_("Returns"), "assignment_return", "orders.return"),
            Item(
                _("Returns by category"),
                "query_stats",
                "admin:return_statistics",
                "orders.view_return",
            ),
            table(_("Carts"), "shopping_cart", "orders.cart"),
            table(_("Payments"), "credit_card", "orders.payment"),
            table(_("Refunds"), "undo", "orders.refund"),
            table(_("Events of payment providers"), "webhook", "orders.paymentevent"),
            table(_("Delivery methods"), "local_shipping", "orders.deliverymethod"),
            table(_("Return rules"), "rule", "orders.returnrule"),
            table(_("Carriers"), "flight_takeoff", "orders.carrier"),
            table(_("Tax rates"), "percent", "orders.taxrate"),
        ),
    ),
    (
        _("Promotions"),
        (
            Item(_("New promotion"), "add_circle", "admin:builder", "promotions.add_campaign"),
            table(_("Campaigns"), "campaign", "promotions.campaign"),
            Item(_("Running campaigns"), "tune", "admin:adjusting", "promotions.view_campaign"),
            Item(
                _("Campaign calendar"),
                "calendar_month",
                "admin:campaign_calendar",
                "promotions.view_campaign",
            ),
            Item(
                _("Campaigns as files"),
                "import_export",
                "admin:campaign_files",
                "promotions.view_campaign",
            ),
            Item(
                _("Personal offers"),
                "featured_seasonal_and_gifts",
                "admin:allocator",
                "promotions.view_campaign",
            ),
            table(_("Offers"), "local_offer", "promotions.offer"),
            table(_("Coupons"), "confirmation_number", "promotions.coupon"),
            table(_("Redemptions"), "redeem", "promotions.redemption"),
            table(_("Code batches"), "dialpad", "promotions.codebatch"),
            table(_("Files of codes"), "upload_file", "promotions.codeimport"),
            table(_("Verified groups"), "school", "promotions.verifiedgroup"),
            table(_("Proofs to review"), "fact_check", "promotions.groupclaim"),
            table(_("Use limits"), "speed", "promotions.uselimit"),
            table(_("Laws of promotions"), "gavel", "promotions.promotionlaw"),
            table(_("Two-person thresholds"), "rule_settings", "promotions.campaignpolicy"),
            table(_("Stacking groups"), "account_tree", "promotions.stackinggroup"),
            table(_("Stacking categories"), "category", "promotions.stackingcategory"),
        ),
    ),
    (
        _("Loyalty and partners"),
        (
            table(_("Members"), "loyalty", "promotions.pointsaccount"),
            table(_("Points ledger"), "menu_book", "promotions.pointsentry"),
            table(_("Point corrections"), "exposure", "promotions.pointsadjustment"),
            table(_("Programme terms"), "rule", "promotions.programmeterms"),
            table(_("Invitations"), "group_add", "promotions.referral"),
            table(_("Sales at tills"), "point_of_sale", "promotions.tillsale"),
            table(_("Tills"), "key", "promotions.tilltoken"),
            table(_("Partners"), "handshake", "promotions.partner"),
            table(_("Cost shares"), "percent", "promotions.partnershare"),
            table(_("Partner entries"), "receipt", "promotions.partnerentry"),
            table(_("Settlements"), "account_balance", "promotions.settlement"),
        ),
    ),
    (
        _("Catalogue"),
        (
            table(_("Products"), "inventory_2", "shop.product"),
            Item(
                _("Lists of products"),
                "upload_file",
                "admin:product_lists",
                "shop.view_productimport",
            ),
            table(_("Variants"), "qr_code_2", "shop.variant"),
            table(_("Categories"), "account_tree", "shop.category"),
            table(_("Brands"), "branding_watermark", "shop.brand"),
            table(_("Product pictures"), "image", "shop.productpicture"),
            table(_("Placements"), "storefront", "shop.productweek"),
            table(_("Stores"), "store", "shop.store"),
            table(_("Markets"), "public", "shop.market"),
            table(_("Your shop"), "storefront", "shop.storeprofile"),
        ),
    ),
    (
        _("Stock"),
        (
            table(_("Stock"), "warehouse", "shop.stockrecord"),
            table(_("Reservations"), "bookmark_added", "shop.stockreservation"),
            table(_("Movements"), "swap_vert", "shop.stockmovement"),
            table(_("Locations"), "pin_drop", "shop.stocklocation"),
        ),
    ),
    (
        _("Shoppers"),
        (
            table(_("Shoppers"), "groups", "profiles.shopper"),
            Item(
                _("Lists of customers"),
                "upload_file",
                "admin:customer_lists",
                "profiles.view_customer",
            ),
            table(_("Reviews"), "reviews", "profiles.review"),
            table(_("Segments"), "hub", "profiles.segment"),
            table(_("Segment fits"), "scatter_plot", "profiles.segmentversion"),
            table(_("Similarity fits"), "share", "profiles.similarityversion"),
            table(_("Events"), "timeline", "profiles.event"),
            table(_("Consent log"), "verified_user", "profiles.consentrecord"),
            table(
                _("Audit traits"), "visibility_lock", "profiles.audittrait", is_for_auditors=True
            ),
        ),
    ),
    (
        _("System"),
        (
            table(_("Job runs"), "history", "shop.jobrun"),
            table(_("Refused rows"), "report", "shop.quarantinedrow"),
            table(_("Facts"), "outbox", "shop.fact"),
            table(_("Quote seals"), "lock_clock", "pricing.quoteseal"),
        ),
    ),
    (
        _("Access"),
        (
            table(_("Accounts"), "person", "profiles.account"),
            table(_("Roles"), "badge", "auth.group"),
            table(_("Tokens of staff"), "vpn_key", "promotions.stafftoken"),
            table(_("Staff actions"), "manage_history", "admin.logentry"),
        ),
    ),
)


def list_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar's groups with the pages the reader may open, badges included.

    Five queries for the badges (kill switches that are on, open breakers, experiments that stopped
    by themselves, returns that wait a week for their refund, red jobs), no others.
    """
    badges = read_sidebar_counts(request.user)
    groups = []
    for title, items in GROUPS:
        entries = [
            _entry(item, badges, request.path) for item in items if item.is_open_to(request.user)
        ]
        if entries:
            groups.append({"title": title, "collapsible": bool(title), "items": entries})
    return groups


def _entry(item: Item, badges: dict[str, str], path: str) -> dict[str, Any]:
    link = _find_link(item.url_name)
    # Said here: the theme would resolve two addresses for each item of each page to find it.
    is_active = link == path or (item.url_name != "admin:index" and link in path)
    entry: dict[str, Any] = {
        "title": item.title,
        "icon": item.icon,
        "link": link,
        "active": is_active,
    }
    if item.url_name in badges:
        entry |= {"badge": badges[item.url_name], "badge_variant": "danger"}
    return entry


@cache
def _find_link(url_name: str) -> str:
    return reverse(url_name)
