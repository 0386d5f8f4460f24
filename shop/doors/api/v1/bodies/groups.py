"""Groups a shopper proves to belong to."""

from __future__ import annotations

from collections.abc import Iterable

from promotions.coupons.api import MyGroup
from shop.doors.api.v1.bodies.prices import Json, moment


def groups_body(groups: Iterable[MyGroup]) -> Json:
    """Return every group and where the shopper stands."""
    return {
        "groups": [
            {
                "code": group.code,
                "name": group.name,
                "takes_codes": group.takes_codes,
                "takes_documents": group.takes_documents,
                "mail_domains": list(group.mail_domains),
                "state": group.state,
                "valid_until": moment(group.valid_until),
                "reason": group.reason,
            }
            for group in groups
        ]
    }
