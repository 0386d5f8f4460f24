"""Personal data is masked for roles that do not need it, in one place for every screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from shop.ground.staff.roles import mask_email, may_see_personal
from shop.ground.staff.tables import StaffAdmin

ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")


def mask_addresses(text: str) -> str:
    """Return `text` with every e-mail address in it masked.

    >>> mask_addresses("alice@example.com (staff)")
    'a•••@e•••.com (staff)'
    """
    return ADDRESS.sub(lambda found: mask_email(found.group()), text)


class MaskedAdmin(StaffAdmin):
    """Masks the fields named in `personal` for readers without the right to see them.

    The row in memory is masked, not each column: titles, related names and links show the mask
    too. A masked row must never be saved, so such readers cannot change anything here. No list
    of any table filters, searches or sorts by these fields for such readers (`StaffAdmin`).
    """

    personal: Mapping[str, Callable[[str], str]] = {}

    def mask(self, request: HttpRequest, row: Any) -> Any:
        """Return `row`, masked in place if the reader may not see personal data."""
        if row is None or may_see_personal(request.user):
            return row
        for path, hide in self.personal.items():
            *owners, field = path.split("__")
            owner = row
            for name in owners:
                owner = getattr(owner, name, None)
            if owner is not None and getattr(owner, field):
                setattr(owner, field, hide(getattr(owner, field)))
        return row

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return one row for its page, masked."""
        return self.mask(request, super().get_object(request, object_id, from_field))

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return the list with its rows masked."""
        changes: ChangeList = super().get_changelist_instance(request)
        changes.result_list = [self.mask(request, row) for row in changes.result_list]
        return changes

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only for readers who see what they change."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and may_see_personal(request.user)
