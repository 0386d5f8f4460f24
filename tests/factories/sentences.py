"""Sentences staff fill in: what they type and what is read back to them."""

from __future__ import annotations

WINDOW = {"starts_at": "2027-03-01T00:00", "ends_at": "2027-03-08T00:00", "budget": "500.00"}
WHEN = "from 2027-03-01 00:00 to 2027-03-08 00:00 (United States)"
COMBINES = "It combines with other offers."
BUDGET = ", at most $500.00 in all. "
# What lowers products does not stack by itself; what lowers the order as a whole does
TOTAL = f"{BUDGET}Each piece gets the best offer of the group weekly for it."
ORDER_TOTAL = BUDGET + COMBINES
CODE = ", with a code"
# kind -> what is typed, the sentence read back
KINDS: dict[str, tuple[dict[str, str], str]] = {
    "price_cut": (
        {"percent": "10", "goods": "cheese 1", "audience": "members"},
        f"Take 10 % off Cheese 1 for account holders {WHEN}{TOTAL}",
    ),
    "set_price": (
        {"goods": "Cheese 1", "price": "2.50", "audience": "public"},
        f"Sell Cheese 1 at $2.50 each for everybody {WHEN}{TOTAL}",
    ),
    "any_few": (
        {"size": "3", "goods": "Cheese 1", "price": "6"},
        f"Sell any 3 of Cheese 1 together at $6.00 for everybody {WHEN}{TOTAL}",
    ),
    "amount_off": (
        {"amount": "0.5", "goods": "Brand 2", "audience": "members"},
        f"Take $0.50 off each piece of Brand 2 for account holders {WHEN}{TOTAL}",
    ),
    "cheapest_piece": (
        {"pieces": "3", "goods": "Cheese 1", "percent": "100"},
        (
            f"Take 100 % off Cheese 1, only on the cheapest piece of an order for everybody {WHEN}"
            f", and only if the cart holds at least 3 of Cheese 1{TOTAL}"
        ),
    ),
    "cart_amount": (
        {"amount": "5", "cart_value": "40", "audience": "members"},
        (
            f"Take $5.00 off the cart for account holders {WHEN}, and only if the cart is worth at "
            f"least $40.00{ORDER_TOTAL}"
        ),
    ),
    "coupon": (
        {"coupon": "spring 5", "amount": "5", "cart_value": "40"},
        (
            f"Take $5.00 off the cart for everybody {WHEN}{CODE}, and only if the cart is worth at "
            f"least $40.00, the code is SPRING5{ORDER_TOTAL}"
        ),
    ),
    "coupon_batch": (
        {"codes": "50", "pattern": "spring-######", "percent": "10", "goods": ""},
        (
            f"Take 10 % off all products for everybody {WHEN}{CODE}, with one of 50 codes like "
            f"SPRING-######{TOTAL}"
        ),
    ),
    "flash_sale": (
        {"pieces": "100", "goods": "SKU-2", "percent": "30"},
        f"Take 30 % off Cheddar 2 (SKU-2) for everybody {WHEN}, 100 pieces only{TOTAL}",
    ),
    "member": (
        {"percent": "5", "goods": "Brand 3"},
        f"Take 5 % off Brand 3 for account holders {WHEN}{TOTAL}",
    ),
    "welcome": (
        {"amount": "5", "cart_value": "15"},
        (
            f"Take $5.00 off the cart for everybody {WHEN}, and only if the cart is worth at least "
            f"$15.00, and only if it is the shopper's first order{ORDER_TOTAL}"
        ),
    ),
    "win_back": (
        {"percent": "15", "goods": "", "days": "60"},
        (
            f"Take 15 % off all products for everybody {WHEN}, and only if the last order is at "
            f"least 60 days ago{TOTAL}"
        ),
    ),
    "referral": (
        {"coupon": "FRIEND5", "amount": "5", "cart_value": "20"},
        (
            f"Take $5.00 off the cart for everybody {WHEN}{CODE}, and only if the cart is worth at "
            "least $20.00, and only if it is the shopper's first order, the code is "
            f"FRIEND5{ORDER_TOTAL}"
        ),
    ),
    "partner": (
        {"partner": "acme", "share": "50", "percent": "20", "goods": "Brand 1, Brand 2"},
        f"Take 20 % off Brand 1 or Brand 2 for everybody {WHEN}, Acme Foods pays 50 % of it{TOTAL}",
    ),
    "gift": (
        {"quantity": "1", "gift": "SKU-3", "cart_value": "40"},
        (
            f"Add 1 × Cheddar 3 (SKU-3) as a gift for everybody {WHEN}, and only if the cart is "
            f"worth at least $40.00{ORDER_TOTAL}"
        ),
    ),
    "buy_get": (
        {"buy": "2", "get": "1", "goods": "Cheese 1", "percent": "100"},
        f"For every 2 of Cheese 1 give 1 of Cheese 1 free for everybody {WHEN}{TOTAL}",
    ),
    "cheapest_free": (
        {"size": "3", "goods": "Cheese 1"},
        f"Of every 3 of Cheese 1 give the 1 cheapest free for everybody {WHEN}{TOTAL}",
    ),
    "bundle": (
        {"goods": "Cheese 1", "goods2": "Brand 2", "percent": "15"},
        f"Sell 1 × Cheese 1 + 1 × Brand 2 together 15 % cheaper for everybody {WHEN}{TOTAL}",
    ),
    "quantity_tiers": (
        {"from1": "3", "percent1": "10", "from2": "6", "percent2": "15", "goods": "Cheese 1"},
        (
            f"By pieces of Cheese 1: from 3 10 % cheaper, from 6 15 % cheaper for everybody {WHEN}"
            f"{TOTAL}"
        ),
    ),
    "spend_tiers": (
        {"from1": "40", "amount1": "4", "from2": "80", "amount2": "10", "goods": ""},
        (
            "By what all products cost together: from $40.00 $4.00 off, from $80.00 $10.00 off "
            f"for everybody {WHEN}{ORDER_TOTAL}"
        ),
    ),
    "free_delivery": (
        {"cart_value": "30"},
        (
            f"Deliver free of charge for everybody {WHEN}, and only if the cart is worth at least "
            f"$30.00{ORDER_TOTAL}"
        ),
    ),
    "points": (
        {"points": "5", "per": "1", "goods": "Cheese 1"},
        (
            f"Give 5 points for each $1.00 paid for Cheese 1 for account holders {WHEN}. It "
            "combines with other offers."
        ),
    ),
}
# Add one clause of each, as it is filled in and as it is said
CLAUSES: dict[str, tuple[dict[str, str], str]] = {
    "cart_value": ({"cart_value": "25"}, "the cart is worth at least $25.00"),
    "cart_quantity": ({"pieces": "4"}, "the cart holds at least 4 pieces"),
    "goods": ({"pieces": "2", "goods": "Brand 2"}, "the cart holds at least 2 of Brand 2"),
    "goods_worth": (
        {"spent": "30", "goods": "Brand 2"},
        "the cart holds at least 1 of Brand 2 worth at least $30.00",
    ),
    "different_products": (
        {"products": "3", "goods": "Brand 2"},
        "the cart holds at least 3 different products of Brand 2",
    ),
    "segments": ({"segments": "segment-1"}, "the shopper is in segment Segment 1"),
    "tags": (
        {"tags": "weekend, thrifty"},
        "the shopper carries the tag thrifty choices or weekend shopper",
    ),
    "tiers": ({"tiers": "gold"}, "the member's tier is Gold"),
    "groups": ({"groups": "student"}, "the shopper has proved to be Students"),
    "shopper": ({"newness": "returning"}, "the shopper has ordered before"),
    "first_order": ({}, "it is the shopper's first order"),
    "member": ({}, "the shopper has an account"),
    "last_order": ({"days": "30"}, "the last order is at least 30 days ago"),
    "last_order_within": ({"days": "20"}, "the last order is at most 20 days ago"),
    "orders_most": (
        {"orders": "2", "days": "60"},
        "there were at most 2 orders in the last 60 days",
    ),
    "spent_most": ({"spent": "9", "days": "60"}, "at most $9.00 was spent in the last 60 days"),
    "orders": ({"orders": "3", "days": "90"}, "there were at least 3 orders in the last 90 days"),
    "spent": ({"spent": "80", "days": "90"}, "at least $80.00 was spent in the last 90 days"),
    "weekday": ({"weekday": "6"}, "it is Saturday"),
    "hours": ({"from": "17:00", "until": "20:30"}, "it is between 17:00 and 20:30"),
    "channels": ({"channel": "store"}, "it is bought in the store"),
    "regions": ({"regions": "US-NY"}, "the place is US-NY"),
    "markets": ({"markets": "us"}, "the market is United States"),
    "codes": ({"codes": "early"}, "the code EARLY was entered"),
}
