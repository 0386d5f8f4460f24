"""The door of `loyalty`, the only module of it that others import.

Points, tiers, referrals, points at the point of sale.
"""

from promotions.loyalty.core.points import AGE_LIMITED, OPENING_NOTE, Terms, worth_of
from promotions.loyalty.core.pos import (
    PosLine,
    PosReceipt,
    PosTerminal,
    group_number,
    read_member_number,
)
from promotions.loyalty.core.tiers import Purchase, Standing, Tier
from promotions.loyalty.selectors.points import (
    Balance,
    PointsMove,
    PricedProduct,
    export_points,
    find_balance,
    list_moves,
    plan_points_of,
    preview_points,
)
from promotions.loyalty.selectors.terms import (
    ReferralCount,
    count_referrals,
    find_correction_bound,
    find_pos_terminal,
    find_programme,
    forget_programme,
    is_invitation,
    map_tiers,
    read_standing,
    read_tier,
)
from promotions.loyalty.services.membership import (
    adjust_points,
    approve_adjustment,
    approve_terms,
    join_programme,
    record_terms,
    refuse_adjustment,
)
from promotions.loyalty.services.points import (
    Act,
    PointsRefused,
    ShownCode,
    expiry_of,
    forget_points,
    make_available,
    make_points_code,
)
from promotions.loyalty.services.points_mail import (
    expire_points,
    release_due_points,
    settle_referrals,
    warn_expiring_points,
    warn_leaving_tiers,
)
from promotions.loyalty.services.points_orders import (
    PointsLine,
    ReturnedUnits,
    open_points,
    release_points,
    return_points,
    settle_points,
)
from promotions.loyalty.services.pos_holds import (
    Answer,
    cancel_at_pos,
    hold_at_pos,
    make_pos_token,
    release_stale_holds,
)
from promotions.loyalty.services.pos_sales import return_at_pos, sell_at_pos
from promotions.loyalty.services.referrals import accept_invitation, hash_identity

__all__ = [
    "AGE_LIMITED",
    "OPENING_NOTE",
    "Act",
    "Answer",
    "Balance",
    "PointsLine",
    "PointsMove",
    "PointsRefused",
    "PosLine",
    "PosReceipt",
    "PosTerminal",
    "PricedProduct",
    "Purchase",
    "ReferralCount",
    "ReturnedUnits",
    "ShownCode",
    "Standing",
    "Terms",
    "Tier",
    "accept_invitation",
    "adjust_points",
    "approve_adjustment",
    "approve_terms",
    "cancel_at_pos",
    "count_referrals",
    "expire_points",
    "expiry_of",
    "export_points",
    "find_balance",
    "find_correction_bound",
    "find_pos_terminal",
    "find_programme",
    "forget_points",
    "forget_programme",
    "group_number",
    "hash_identity",
    "hold_at_pos",
    "is_invitation",
    "join_programme",
    "list_moves",
    "make_available",
    "make_points_code",
    "make_pos_token",
    "map_tiers",
    "open_points",
    "plan_points_of",
    "preview_points",
    "read_member_number",
    "read_standing",
    "read_tier",
    "record_terms",
    "refuse_adjustment",
    "release_due_points",
    "release_points",
    "release_stale_holds",
    "return_at_pos",
    "return_points",
    "sell_at_pos",
    "settle_points",
    "settle_referrals",
    "warn_expiring_points",
    "warn_leaving_tiers",
    "worth_of",
]
