"""The door of `offers`, the only module of it that others import.

What may apply to a shopper and a cart: gathered, evaluated, previewed.
"""

from promotions.offers.core import (
    freeze_facts,
    is_withheld,
    refill_codes,
    refill_offers,
    thaw_facts,
)
from promotions.offers.selectors.evaluation import (
    CartAnswer,
    Deal,
    LinePreview,
    Previews,
    answer_cart,
    evaluate_cart,
    list_live_offers,
    preview_lines,
)
from promotions.offers.selectors.gathering import (
    CartQuestion,
    FindTier,
    complete_shopper,
    drop_held_out,
    is_held_out,
)
from promotions.offers.selectors.personal import (
    PersonalOffer,
    find_place,
    personal_offers_covering,
    personal_offers_for,
    tell_left,
)
from promotions.offers.selectors.preview_prices import (
    PreviewProducts,
    find_touched,
    price_list,
    price_products,
)
from promotions.offers.selectors.price_block import (
    EVERYONE,
    TAGS,
    Comparison,
    PriceBlock,
    ProductFacts,
    build_price_block,
    list_parts,
)
from promotions.offers.services import record_public_cuts, refresh_public_cuts

__all__ = [
    "EVERYONE",
    "TAGS",
    "CartAnswer",
    "CartQuestion",
    "Comparison",
    "Deal",
    "FindTier",
    "LinePreview",
    "PersonalOffer",
    "PreviewProducts",
    "Previews",
    "PriceBlock",
    "ProductFacts",
    "answer_cart",
    "build_price_block",
    "complete_shopper",
    "drop_held_out",
    "evaluate_cart",
    "find_place",
    "find_touched",
    "freeze_facts",
    "is_held_out",
    "is_withheld",
    "list_live_offers",
    "list_parts",
    "personal_offers_covering",
    "personal_offers_for",
    "preview_lines",
    "price_list",
    "price_products",
    "record_public_cuts",
    "refill_codes",
    "refill_offers",
    "refresh_public_cuts",
    "tell_left",
    "thaw_facts",
]
