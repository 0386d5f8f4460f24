"""The permission matrix: which role may see and do what. `seed_roles` writes it into groups.

Staff may change the groups in the admin; running the command again restores this matrix.
"""

from __future__ import annotations

from shop.staff.roles import ANALYST, APPROVER, AUDITOR, MERCHANDISER, SEE_PERSONAL, SUPPORT

CATALOG = ("shop.market", "shop.store", "shop.category", "shop.brand", "shop.product")
CATALOG += ("shop.variant", "shop.productweek")
STOCK = ("shop.stocklocation", "shop.stockrecord", "shop.stockreservation", "shop.stockmovement")
PRICES = ("pricing.publicprice", "pricing.priceledgerentry", "pricing.pricebook")
PRICES += ("pricing.pricebookentry", "pricing.demandmodelversion", "pricing.pricingpolicy")
PRICES += ("pricing.jurisdictionrow", "pricing.emergencycap", "pricing.killswitch")
QUOTES = ("pricing.quote", "pricing.quoteseal")
PROMOTIONS = ("promotions.campaign", "promotions.offer", "promotions.coupon")
PROMOTIONS += ("promotions.redemption",)
SELLING = ("orders.order", "orders.orderline", "orders.orderevent", "orders.cart")
SELLING += ("orders.cartline", "orders.payment", "orders.refund")
TERMS = ("orders.deliverymethod", "orders.taxrate")
SHOPPERS = ("profiles.shopper", "profiles.shopperprofile", "profiles.segment", "profiles.event")
FITS = ("profiles.segmentversion", "profiles.similarityversion")
CONSENT = ("profiles.consentrecord",)
MACHINE = ("shop.jobrun", "shop.quarantinedrow", "shop.fact")
ACCESS = ("profiles.account", "auth.group", "admin.logentry")
EVERYTHING = (
    *(*CATALOG, *STOCK, *PRICES, *QUOTES, *PROMOTIONS, *SELLING, *TERMS),
    *(*SHOPPERS, *FITS, *CONSENT, *MACHINE, *ACCESS),
)

# Rights Django does not make by itself: permission -> (model that owns it, name shown to staff).
OWN_RIGHTS = {
    SEE_PERSONAL: ("profiles.account", "Can see personal data unmasked"),
    "pricing.approve_pricingpolicy": ("pricing.pricingpolicy", "Can approve a policy version"),
    "pricing.approve_demandmodelversion": (
        "pricing.demandmodelversion",
        "Can bring a demand model into use",
    ),
}


def rights(verb: str, *labels: str) -> frozenset[str]:
    """Return the permissions to `verb` each model.

    >>> sorted(rights("view", "orders.order", "shop.fact"))
    ['orders.view_order', 'shop.view_fact']
    """
    return frozenset(label.replace(".", f".{verb}_", 1) for label in labels)


MATRIX: dict[str, frozenset[str]] = {
    MERCHANDISER: rights("view", *CATALOG, *STOCK, *PRICES, *PROMOTIONS, *TERMS, *QUOTES)
    | rights("view", "orders.order", "orders.orderline", "profiles.segment", "shop.jobrun")
    | rights("change", "shop.category", "shop.brand", "shop.product", "shop.variant")
    | rights("change", "shop.stockrecord", "pricing.publicprice", "orders.deliverymethod")
    | rights("change", "promotions.campaign", "promotions.offer", "promotions.coupon")
    | rights("add", "promotions.campaign", "promotions.offer", "promotions.coupon")
    | rights("add", "pricing.pricingpolicy", "pricing.killswitch"),
    ANALYST: rights("view", *CATALOG, *STOCK, *PRICES, *QUOTES, *PROMOTIONS, *SELLING)
    | rights("view", *SHOPPERS, *FITS, *MACHINE)
    | rights("change", "pricing.demandmodelversion", "profiles.segment", "shop.jobrun"),
    SUPPORT: rights("view", *CATALOG, *STOCK, *QUOTES, *PROMOTIONS, *SELLING, *TERMS)
    | rights("view", *SHOPPERS, *CONSENT, "profiles.account", "pricing.publicprice")
    | rights("change", "orders.order")
    | {SEE_PERSONAL},
    APPROVER: rights("view", *CATALOG, *STOCK, *PRICES, *QUOTES, *PROMOTIONS, *SELLING, *TERMS)
    | rights("view", *FITS, "profiles.segment", *MACHINE, "admin.logentry")
    | rights("approve", "pricing.pricingpolicy", "pricing.demandmodelversion")
    | rights("add", "pricing.killswitch", "pricing.jurisdictionrow", "pricing.emergencycap")
    | rights("change", "pricing.jurisdictionrow", "pricing.emergencycap")
    | rights("add", "orders.taxrate")
    | rights("change", "orders.taxrate", "shop.jobrun", "shop.fact"),
    AUDITOR: rights("view", *EVERYTHING, "profiles.audittrait"),
}
