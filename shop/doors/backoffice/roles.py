"""The permission matrix: which role may see and do what. `seed_roles` writes it into groups.

Staff may change the groups in the admin; running the command again restores this matrix.
"""

from __future__ import annotations

from shop.ground.staff.roles import (
    ANALYST,
    APPROVER,
    AUDITOR,
    MERCHANDISER,
    SEE_PERSONAL,
    SUPPORT,
    WAREHOUSE,
)

Names = tuple[str, ...]

CATALOG: Names = (
    *("shop.market", "shop.store", "shop.category", "shop.brand", "shop.product"),
    *("shop.variant", "shop.productpicture", "shop.productweek"),
    "shop.searchsynonym",
)
LISTS: Names = ("shop.productimport",)
STORE: Names = ("shop.storeprofile",)
STOCK: Names = (
    *("shop.stocklocation", "shop.stockrecord", "shop.stockreservation", "shop.stockmovement"),
)
PRICES: Names = (
    *("pricing.publicprice", "pricing.priceledgerentry", "pricing.pricebook"),
    *("pricing.pricebookentry", "pricing.demandmodelversion", "pricing.pricingpolicy"),
    *("pricing.jurisdictionrow", "pricing.emergencycap", "pricing.killswitch"),
    *("pricing.priceproposal", "pricing.priceoverride", "pricing.priceshock"),
    *("pricing.competitorsource", "pricing.competitorprice", "pricing.quarantinedcompetitorrow"),
    *("pricing.breakertrip", "pricing.modelramp", "pricing.modelchange"),
)
AUDITS: Names = ("pricing.modelaudit", "pricing.privacybudget", "pricing.privaterelease")
QUOTES: Names = ("pricing.quote", "pricing.quoteseal", "pricing.pricecontest")
PROMOTIONS: Names = (
    *("promotions.campaign", "promotions.offer", "promotions.coupon", "promotions.redemption"),
    *("promotions.campaignpolicy", "promotions.promotionlaw", "promotions.codebatch"),
    *("promotions.codeimport", "promotions.refusedcode", "promotions.uselimit"),
    *("promotions.limitcounter", "promotions.verifiedgroup", "promotions.groupclaim"),
    *("promotions.stackinggroup", "promotions.stackingcategory"),
)
TOKENS: Names = ("promotions.stafftoken",)
LOYALTY: Names = (
    *("promotions.pointsaccount", "promotions.pointsentry", "promotions.pointsadjustment"),
    *("promotions.programmeterms", "promotions.referral"),
    *("promotions.tilltoken", "promotions.tillsale"),
)
TERMS_PARTS: Names = (
    *("promotions.membershiptier", "promotions.termscategory", "promotions.partnerproduct"),
)
PARTNERS: Names = (
    *("promotions.partner", "promotions.partnershare", "promotions.partnerentry"),
    "promotions.settlement",
)
SELLING: Names = (
    *("orders.order", "orders.orderline", "orders.orderevent", "orders.cart"),
    *("orders.cartline", "orders.payment", "orders.paymentevent", "orders.refund"),
    *("orders.shipment", "orders.shipmentline", "orders.return", "orders.returnline"),
    "orders.orderrating",
)
TERMS: Names = ("orders.deliverymethod", "orders.taxrate", "orders.carrier", "orders.returnrule")
SEGMENTS: Names = ("profiles.segment", "profiles.segmentrevision", "profiles.segmentsize")
SHOPPERS: Names = (*("profiles.shopper", "profiles.shopperprofile", *SEGMENTS, "profiles.event"),)
CUSTOMERS: Names = ("profiles.customer",)
REVIEWS: Names = ("profiles.review", "profiles.question", "profiles.answer")
EXPERIMENTS: Names = ("profiles.experiment",)
FITS: Names = ("profiles.segmentversion", "profiles.similarityversion")
CONSENT: Names = ("profiles.consentrecord",)
APPROVALS: Names = ("shop.approvalrequest",)
MACHINE: Names = ("shop.jobrun", "shop.quarantinedrow", "shop.fact")
ACCESS: Names = ("profiles.account", "auth.group", "admin.logentry")
EVERYTHING = (
    *LISTS,
    *STORE,
    *(*CATALOG, *STOCK, *PRICES, *AUDITS, *QUOTES, *PROMOTIONS, *SELLING, *TERMS, *LOYALTY),
    *PARTNERS,
    *(*EXPERIMENTS, *SHOPPERS, *CUSTOMERS, *FITS, *CONSENT, *MACHINE, *ACCESS),
    *REVIEWS,
    *APPROVALS,
    *TOKENS,
)

# Rights Django does not make by itself: permission -> (model that owns it, name shown to staff).
OWN_RIGHTS = {
    SEE_PERSONAL: ("profiles.account", "Can see personal data unmasked"),
    "pricing.approve_pricingpolicy": ("pricing.pricingpolicy", "Can approve a policy version"),
    "pricing.approve_demandmodelversion": (
        "pricing.demandmodelversion",
        "Can bring a demand model into use",
    ),
    "shop.approve_productimport": (
        "shop.productimport",
        "Can be the second person of prices below cost",
    ),
    "promotions.approve_campaign": (
        "promotions.campaign",
        "Can be the second person of a campaign",
    ),
}


def rights(verb: str, *labels: str) -> frozenset[str]:
    """Return the permissions to `verb` each model.

    >>> sorted(rights("view", "orders.order", "shop.fact"))
    ['orders.view_order', 'shop.view_fact']
    """
    return frozenset(label.replace(".", f".{verb}_", 1) for label in labels)


MATRIX: dict[str, frozenset[str]] = {
    MERCHANDISER: rights("view", *EXPERIMENTS, *REVIEWS, *APPROVALS)
    | rights("view", *CATALOG, *STOCK, *PRICES, *PROMOTIONS, *TERMS, *QUOTES)
    | rights("view", *LOYALTY, *PARTNERS, *TERMS_PARTS, *TOKENS)
    | rights("add", *TOKENS)
    | rights("change", *TOKENS)
    | rights("add", "promotions.programmeterms", *TERMS_PARTS, "promotions.pointsadjustment")
    | rights("change", "promotions.programmeterms", *TERMS_PARTS)
    | rights("add", "promotions.partner", "promotions.partnershare", "promotions.tilltoken")
    | rights("change", "promotions.tilltoken")
    | rights("change", "promotions.partner", "promotions.partnershare")
    | rights("view", *LISTS)
    | rights("add", *LISTS)
    | rights("change", *LISTS)
    | rights("view", "orders.order", "orders.orderline", *SEGMENTS, "shop.jobrun")
    | rights("add", "profiles.segment")
    | rights("change", "profiles.segment")
    | rights("add", "shop.category", "shop.brand", "shop.product", "shop.productpicture")
    | rights("change", "shop.category", "shop.brand", "shop.product", "shop.variant")
    | rights("change", "shop.productpicture", "shop.searchsynonym")
    | rights("add", "shop.searchsynonym")
    | rights("delete", "shop.searchsynonym")
    | rights("view", *STORE)
    | rights("change", *STORE)
    | rights("change", "shop.stockrecord", "pricing.publicprice", "orders.deliverymethod")
    | rights("add", "orders.carrier", "orders.returnrule", "orders.deliverymethod")
    | rights("change", "orders.carrier", "orders.returnrule")
    | rights("change", "pricing.priceproposal", "pricing.priceoverride")
    | rights("add", "pricing.competitorsource")
    | rights("change", "pricing.competitorsource")
    | rights("change", "promotions.campaign", "promotions.offer", "promotions.coupon")
    | rights("add", "promotions.campaign", "promotions.offer", "promotions.coupon")
    | rights("add", "promotions.campaignpolicy")
    | rights("change", "promotions.stackinggroup", "promotions.stackingcategory")
    | rights("add", "promotions.stackinggroup", "promotions.stackingcategory")
    | rights("add", "promotions.codebatch", "promotions.codeimport", "promotions.uselimit")
    | rights("change", "promotions.codebatch", "promotions.uselimit")
    | rights("add", "promotions.verifiedgroup")
    | rights("change", "promotions.verifiedgroup")
    | rights("change", "pricing.breakertrip", "pricing.modelramp", "pricing.modelchange")
    | rights("add", "pricing.pricingpolicy", "pricing.killswitch", "pricing.priceoverride"),
    ANALYST: rights("view", *EXPERIMENTS, *REVIEWS, *APPROVALS)
    | rights("add", *EXPERIMENTS)
    | rights("change", *EXPERIMENTS)
    | rights("view", *CATALOG, *STOCK, *PRICES, *QUOTES, *PROMOTIONS, *SELLING)
    | rights("view", *SHOPPERS, *FITS, *AUDITS, *MACHINE, *LOYALTY, *PARTNERS)
    | rights("add", "profiles.segment")
    | rights("change", "pricing.demandmodelversion", "profiles.segment", "shop.jobrun"),
    SUPPORT: rights("view", *REVIEWS, "pricing.killswitch")
    | rights("change", *REVIEWS, "pricing.pricecontest")
    | rights("view", *CATALOG, *STOCK, *QUOTES, *PROMOTIONS, *SELLING, *TERMS)
    | rights("view", *SHOPPERS, *CONSENT, "profiles.account", "pricing.publicprice", *LOYALTY)
    | rights("add", "promotions.pointsadjustment")
    | rights("view", *TOKENS)
    | rights("add", *TOKENS)
    | rights("change", *TOKENS)
    | rights("change", "orders.order", "orders.shipment", "orders.return", "promotions.groupclaim")
    | rights("view", *CUSTOMERS)
    | rights("add", *CUSTOMERS)
    | rights("change", *CUSTOMERS)
    | {SEE_PERSONAL},
    # Packs, ships, receives and inspects: no orders, no prices, no shoppers but an address.
    WAREHOUSE: rights("view", "orders.shipment", "orders.shipmentline", "orders.carrier")
    | rights("view", "orders.return", "orders.returnline", "orders.returnrule")
    | rights("change", "orders.shipment", "orders.return", *TOKENS)
    | rights("view", *TOKENS)
    | rights("add", *TOKENS),
    # What moves everybody's prices is started by somebody else than who drafted it.
    APPROVER: rights("view", *EXPERIMENTS, *APPROVALS)
    | rights("change", *EXPERIMENTS)
    | rights("view", *CATALOG, *STOCK, *PRICES, *QUOTES, *PROMOTIONS, *SELLING, *TERMS)
    | rights("view", *FITS, *AUDITS, *SEGMENTS, *MACHINE, "admin.logentry")
    | rights("view", *LOYALTY, *PARTNERS, *TOKENS)
    | rights("change", *TOKENS)
    | rights("change", "promotions.pointsadjustment", "promotions.partner", "promotions.tilltoken")
    | rights("approve", "pricing.pricingpolicy", "pricing.demandmodelversion")
    | rights("approve", "promotions.campaign", "shop.productimport")
    | rights("view", *LISTS)
    | rights("change", "pricing.breakertrip", "pricing.modelramp", "pricing.modelchange")
    | rights("add", "pricing.killswitch", "pricing.jurisdictionrow", "pricing.emergencycap")
    | rights("add", "promotions.promotionlaw")
    | rights("change", "promotions.promotionlaw")
    | rights("change", "pricing.jurisdictionrow", "pricing.emergencycap")
    | rights("change", "pricing.priceproposal", "pricing.priceoverride")
    | rights("view", *STORE)
    | rights("add", "shop.market")
    | rights("change", "shop.market")
    | rights("add", "orders.taxrate")
    | rights("change", "orders.taxrate", "shop.jobrun", "shop.fact"),
    AUDITOR: rights("view", *EVERYTHING, "profiles.audittrait"),
}
