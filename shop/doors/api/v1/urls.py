"""Every route of version 1."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, path, re_path

from shop.doors.api.converters import register_converters
from shop.doors.api.docs import account_docs, api_docs, api_schema, campaign_schema
from shop.doors.api.v1.views.behaviour import (
    EventBatchView,
    HomeView,
    OffersView,
    OfferView,
    RecommendationsView,
)
from shop.doors.api.v1.views.cart import (
    AcceptPricesView,
    CartGiftView,
    CartLinesView,
    CartLineView,
    CartView,
    CouponsView,
    CouponView,
)
from shop.doors.api.v1.views.catalog import (
    CategoriesView,
    CategoryView,
    ProductView,
    SearchView,
    SuggestView,
)
from shop.doors.api.v1.views.checkout import (
    CancelOrderView,
    CheckoutView,
    ConfirmPaymentView,
    PaymentsView,
)
from shop.doors.api.v1.views.fallback import unknown_address
from shop.doors.api.v1.views.groups import (
    GroupAddressView,
    GroupCodeView,
    GroupConfirmView,
    GroupDocumentView,
    GroupsView,
)
from shop.doors.api.v1.views.orders import OrdersView, OrderView, TrackView
from shop.doors.api.v1.views.points import (
    CartPointsView,
    JoinPointsView,
    PointsCodeView,
    PointsMovesView,
    PointsView,
)
from shop.doors.api.v1.views.pos import (
    PosCancelView,
    PosHoldView,
    PosReturnsView,
    PosSalesView,
)
from shop.doors.api.v1.views.prices import QuotesView, WhyView
from shop.doors.api.v1.views.returns import ReturnsView, WithdrawReturnView
from shop.doors.api.v1.views.reviews import OwnReviewView, QuestionsView, ReviewsView
from shop.doors.api.v1.views.shopper import (
    AccountView,
    ConsentsView,
    ConsentView,
    GuestView,
    IndexView,
    OwnDataView,
)
from shop.doors.api.v1.views.staff import StaffCampaignStepsView, StaffCampaignView
from shop.doors.api.v1.views.staff_lists import (
    ApplyListView,
    CheckListView,
    ExportProductsView,
    ProductListsView,
    ProductListView,
    UndoListView,
)
from shop.doors.api.v1.views.staff_orders import (
    OrderChangesView,
    RefundsView,
    StaffOrdersView,
    StaffOrderView,
)
from shop.doors.api.v1.views.staff_parcels import (
    CarriersView,
    DeliverParcelView,
    ParcelsView,
    ShipParcelView,
    UnpackParcelView,
)
from shop.doors.api.v1.views.staff_products import (
    ArchiveProductView,
    RestoreProductView,
    StaffProductsView,
    StaffProductView,
)
from shop.doors.api.v1.views.staff_returns import (
    InspectReturnView,
    ReceiveReturnView,
    StaffReturnsView,
    StaffReturnView,
)
from shop.doors.api.v1.views.staff_stock import StaffPicturesView, StockView
from shop.doors.api.v1.views.wishes import (
    AddressFormsView,
    AddressFormView,
    OrderAgainView,
    OrderRatingView,
    ReturnRulesView,
    TellMeView,
    WishesView,
    WishView,
)
from shop.ground.kernel.capabilities import is_route_off

app_name = "api"

register_converters()

ROUTES: list[URLPattern] = [
    path("", IndexView.as_view()),
    path("index", IndexView.as_view(), name="index"),
    path("docs/", api_docs, name="docs"),
    path("docs/accounts/", account_docs, name="account-docs"),
    path("docs/<slug:reader>/", api_docs, name="docs-for"),
    path("schema/", api_schema, name="schema"),
    path("schemas/campaign-2.json", campaign_schema, name="campaign-schema"),
    path("guest", GuestView.as_view(), name="guest"),
    path("account/data", OwnDataView.as_view(), name="own-data"),
    path("account", AccountView.as_view(), name="account"),
    path("consent", ConsentsView.as_view(), name="consents"),
    path("consent/<slug:purpose>", ConsentView.as_view(), name="consent"),
    path("categories", CategoriesView.as_view(), name="categories"),
    path("categories/<category:path>", CategoryView.as_view(), name="category"),
    path("products/<product:slug>", ProductView.as_view(), name="product"),
    path("products/<product:slug>/reviews", ReviewsView.as_view(), name="reviews"),
    path("products/<product:slug>/questions", QuestionsView.as_view(), name="questions"),
    path("products/<product:slug>/reviews/mine", OwnReviewView.as_view(), name="own-review"),
    path("search", SearchView.as_view(), name="search"),
    path("search/suggest", SuggestView.as_view(), name="suggest"),
    path("quotes", QuotesView.as_view(), name="quotes"),
    path("quotes/<uuid:quote_id>/why", WhyView.as_view(), name="why"),
    path("events/batch", EventBatchView.as_view(), name="events"),
    path("home", HomeView.as_view(), name="home"),
    path("recommendations", RecommendationsView.as_view(), name="recommendations"),
    path("offers", OffersView.as_view(), name="offers"),
    path("offers/<row:offer_id>", OfferView.as_view(), name="offer"),
    path("cart", CartView.as_view(), name="cart"),
    path("cart/lines", CartLinesView.as_view(), name="cart-lines"),
    path("cart/lines/<row:variant_id>", CartLineView.as_view(), name="cart-line"),
    path("cart/coupons", CouponsView.as_view(), name="coupons"),
    path("cart/coupons/<code:code>", CouponView.as_view(), name="coupon"),
    path("cart/gifts/<row:offer_id>", CartGiftView.as_view(), name="cart-gift"),
    path("cart/accept-prices", AcceptPricesView.as_view(), name="accept-prices"),
    path("cart/points", CartPointsView.as_view(), name="cart-points"),
    path("points", PointsView.as_view(), name="points"),
    path("points/moves", PointsMovesView.as_view(), name="points-moves"),
    path("points/join", JoinPointsView.as_view(), name="points-join"),
    path("points/code", PointsCodeView.as_view(), name="points-code"),
    path("till/points", PosHoldView.as_view(), name="till-hold"),
    path("till/points/cancel", PosCancelView.as_view(), name="till-cancel"),
    path("till/sales", PosSalesView.as_view(), name="till-sales"),
    path("till/returns", PosReturnsView.as_view(), name="till-returns"),
    path("staff/campaigns/<slug:code>", StaffCampaignView.as_view(), name="staff-campaign"),
    path(
        "staff/campaigns/<slug:code>/steps",
        StaffCampaignStepsView.as_view(),
        name="staff-campaign-steps",
    ),
    path("staff/products", StaffProductsView.as_view(), name="staff-products"),
    path("staff/products.csv", ExportProductsView.as_view(), name="staff-export"),
    path("staff/products/<handle:handle>", StaffProductView.as_view(), name="staff-product"),
    path(
        "staff/products/<handle:handle>/archive",
        ArchiveProductView.as_view(),
        name="staff-archive",
    ),
    path(
        "staff/products/<handle:handle>/restore",
        RestoreProductView.as_view(),
        name="staff-restore",
    ),
    path(
        "staff/products/<handle:handle>/pictures",
        StaffPicturesView.as_view(),
        name="staff-pictures",
    ),
    path("staff/stock/<code:sku>", StockView.as_view(), name="staff-stock"),
    path("staff/product-lists", ProductListsView.as_view(), name="staff-product-lists"),
    path("staff/product-lists/<row:list_id>", ProductListView.as_view(), name="staff-product-list"),
    path(
        "staff/product-lists/<row:list_id>/check", CheckListView.as_view(), name="staff-list-check"
    ),
    path(
        "staff/product-lists/<row:list_id>/apply", ApplyListView.as_view(), name="staff-list-apply"
    ),
    path("staff/product-lists/<row:list_id>/undo", UndoListView.as_view(), name="staff-list-undo"),
    path("staff/carriers", CarriersView.as_view(), name="staff-carriers"),
    path("staff/orders", StaffOrdersView.as_view(), name="staff-orders"),
    path("staff/order-changes", OrderChangesView.as_view(), name="staff-order-changes"),
    path("staff/orders/<order:number>", StaffOrderView.as_view(), name="staff-order"),
    path("staff/orders/<order:number>/parcels", ParcelsView.as_view(), name="staff-parcels"),
    path(
        "staff/orders/<order:number>/parcels/<row:position>/ship",
        ShipParcelView.as_view(),
        name="staff-ship",
    ),
    path(
        "staff/orders/<order:number>/parcels/<row:position>/deliver",
        DeliverParcelView.as_view(),
        name="staff-deliver",
    ),
    path(
        "staff/orders/<order:number>/parcels/<row:position>/unpack",
        UnpackParcelView.as_view(),
        name="staff-unpack",
    ),
    path("staff/orders/<order:number>/refunds", RefundsView.as_view(), name="staff-refunds"),
    path("staff/returns", StaffReturnsView.as_view(), name="staff-returns"),
    path("staff/returns/<slug:return_number>", StaffReturnView.as_view(), name="staff-return"),
    path(
        "staff/returns/<slug:return_number>/receive",
        ReceiveReturnView.as_view(),
        name="staff-receive",
    ),
    path(
        "staff/returns/<slug:return_number>/inspect",
        InspectReturnView.as_view(),
        name="staff-inspect",
    ),
    path("wishes", WishesView.as_view(), name="wishes"),
    path("wishes/<row:variant_id>", WishView.as_view(), name="wish"),
    path("products/<product:slug>/tell-me/<row:variant_id>", TellMeView.as_view(), name="tell-me"),
    path("return-rules", ReturnRulesView.as_view(), name="return-rules"),
    path("address-forms", AddressFormsView.as_view(), name="address-forms"),
    path("address-forms/<slug:country>", AddressFormView.as_view(), name="address-form"),
    path("groups", GroupsView.as_view(), name="groups"),
    path("groups/confirm", GroupConfirmView.as_view(), name="group-confirm"),
    path("groups/<product:group>/code", GroupCodeView.as_view(), name="group-code"),
    path("groups/<product:group>/document", GroupDocumentView.as_view(), name="group-document"),
    path("groups/<product:group>/address", GroupAddressView.as_view(), name="group-address"),
    path("checkout", CheckoutView.as_view(), name="checkout"),
    path("orders", OrdersView.as_view(), name="orders"),
    path("orders/track", TrackView.as_view(), name="track"),
    path("orders/<order:number>", OrderView.as_view(), name="order"),
    path("orders/<order:number>/again", OrderAgainView.as_view(), name="order-again"),
    path("orders/<order:number>/rating", OrderRatingView.as_view(), name="order-rating"),
    path("orders/<order:number>/cancel", CancelOrderView.as_view(), name="cancel"),
    path("orders/<order:number>/payments", PaymentsView.as_view(), name="payments"),
    path(
        "orders/<order:number>/payments/<uuid:payment_id>/confirm",
        ConfirmPaymentView.as_view(),
        name="confirm",
    ),
    path("orders/<order:number>/returns", ReturnsView.as_view(), name="returns"),
    path(
        "orders/<order:number>/returns/<slug:return_number>/withdraw",
        WithdrawReturnView.as_view(),
        name="withdraw-return",
    ),
    re_path(r"^(?P<rest>.*)$", unknown_address),
]
urlpatterns: list[URLPattern | URLResolver] = [
    route for route in ROUTES if not is_route_off(route.name or "", settings.CAPABILITIES)
]
