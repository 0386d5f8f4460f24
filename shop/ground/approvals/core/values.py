"""Kinds of approval, and refusals of a second person's decision."""

from __future__ import annotations

from dataclasses import dataclass

from shop.ground.kernel.errors import FairtagError


class NeedsSecondPerson(FairtagError):
    """Whoever asked for a decision, or wrote what it is about, cannot be who approves it."""

    code = "needs_second_person"


class NotWaiting(FairtagError):
    """Nobody asked for this decision, or it was made already."""

    code = "not_waiting"


@dataclass(frozen=True, slots=True)
class Kind:
    """What is decided about rows of one table; `label` is the model's, like "orders.order".

    `right` is the permission of whoever may decide, `page` the staff page of a row.
    """

    label: str
    right: str = ""
    page: str = ""

    @property
    def permission(self) -> str:
        """The right to decide: by default the right to approve rows of the table.

        >>> Kind("pricing.pricingpolicy").permission
        'pricing.approve_pricingpolicy'
        """
        return self.right or self.label.replace(".", ".approve_", 1)

    @property
    def url_name(self) -> str:
        """The page where it is decided: by default the row's own in the staff site.

        >>> Kind("pricing.pricingpolicy").url_name
        'admin:pricing_pricingpolicy_change'
        """
        return self.page or f"admin:{self.label.replace('.', '_', 1)}_change"
