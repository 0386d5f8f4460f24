"""The door of `targeting`, the only module of it that others import.

Who gets which personal offer: uplift, allocation, exploration, letters.
"""

from promotions.targeting.core.arms import CHOSEN, CONTROL
from promotions.targeting.core.exploration import MOST_EXPLORING
from promotions.targeting.selectors.allocations import EXPLORED, list_offer_lots
from promotions.targeting.selectors.staff_pages import (
    AllocationView,
    BeliefView,
    ModelView,
    find_newest_model,
    list_allocations,
)
from promotions.targeting.services.allocation_plans import (
    pace_allocations,
    refuse_unallocated,
    set_allocation,
    set_exploration,
)
from promotions.targeting.services.allocations import allocate_offers, redecide_shoppers
from promotions.targeting.services.digests import address_lapsed_members, send_digests
from promotions.targeting.services.offer_beliefs import learn_beliefs
from promotions.targeting.services.uplift_training import train_uplift

__all__ = [
    "CHOSEN",
    "CONTROL",
    "EXPLORED",
    "MOST_EXPLORING",
    "AllocationView",
    "BeliefView",
    "ModelView",
    "address_lapsed_members",
    "allocate_offers",
    "find_newest_model",
    "learn_beliefs",
    "list_allocations",
    "list_offer_lots",
    "pace_allocations",
    "redecide_shoppers",
    "refuse_unallocated",
    "send_digests",
    "set_allocation",
    "set_exploration",
    "train_uplift",
]
