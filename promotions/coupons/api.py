"""The door of `coupons`, the only module of it that others import.

Codes, limits of use, redemptions, verified groups.
"""

from promotions.coupons.core import (
    MAX_CODES,
    MAX_DOCUMENT_BYTES,
    BadCodeFile,
    ClaimRefused,
    MyGroup,
    break_down_discount,
    draw_codes,
    find_layout,
    share_of_units,
)
from promotions.coupons.selectors.coupons import (
    export_groups,
    find_coupons,
    list_my_groups,
    read_document,
    read_groups,
    stream_codes,
)
from promotions.coupons.selectors.limits import BudgetRow, add_rooms, list_budget_alerts, read_rooms
from promotions.coupons.services.codes import (
    TooManyWrongCodes,
    check_space,
    count_wrong_code,
    import_codes,
    make_waiting_codes,
    stop_batch,
)
from promotions.coupons.services.limits import UseRefused, announce_budget_alerts
from promotions.coupons.services.redemptions import (
    ReturnedGift,
    commit_redemptions,
    hold_redemptions,
    note_returned_gifts,
    release_expired,
    release_redemptions,
)
from promotions.coupons.services.verified_groups import (
    MAIL_SECONDS,
    MAX_CODES_AT_ONCE,
    claim_by_code,
    claim_by_document,
    confirm_mail_claim,
    decide_claim,
    drop_undecided_documents,
    make_group_codes,
    start_mail_claim,
)

__all__ = [
    "MAIL_SECONDS",
    "MAX_CODES",
    "MAX_CODES_AT_ONCE",
    "MAX_DOCUMENT_BYTES",
    "BadCodeFile",
    "BudgetRow",
    "ClaimRefused",
    "MyGroup",
    "ReturnedGift",
    "TooManyWrongCodes",
    "UseRefused",
    "add_rooms",
    "announce_budget_alerts",
    "break_down_discount",
    "check_space",
    "claim_by_code",
    "claim_by_document",
    "commit_redemptions",
    "confirm_mail_claim",
    "count_wrong_code",
    "decide_claim",
    "draw_codes",
    "drop_undecided_documents",
    "export_groups",
    "find_coupons",
    "find_layout",
    "hold_redemptions",
    "import_codes",
    "list_budget_alerts",
    "list_my_groups",
    "make_group_codes",
    "make_waiting_codes",
    "note_returned_gifts",
    "read_document",
    "read_groups",
    "read_rooms",
    "release_expired",
    "release_redemptions",
    "share_of_units",
    "start_mail_claim",
    "stop_batch",
    "stream_codes",
]
