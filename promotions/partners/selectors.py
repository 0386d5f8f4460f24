"""Settlement reports: sums only, and whether they tie to the redemptions behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from promotions.coupons.models import Redemption
from promotions.partners.models import PartnerEntry, Settlement
from shop.ground.kernel.money import Money
from shop.ground.kernel.sheets import sheet_lines

FEWEST = 5  # products used less often are reported together: no single purchase shows
OTHERS, DELIVERY = "other products", "delivery"
COLUMNS = ("campaign", "product", "uses", "discount", "returned", "correction", "due", "currency")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One product of one campaign in a period, minor units. Nothing in it leads to a shopper."""

    campaign: str
    product: str
    uses: int
    discount_minor: int
    returned_minor: int
    corrected_minor: int
    due_minor: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Discounts booked for a partner against the redemptions of the same orders and campaign."""

    campaign: str
    booked_minor: int
    redeemed_minor: int

    @property
    def is_reconciled(self) -> bool:
        """Return whether they agree to the cent."""
        return self.booked_minor == self.redeemed_minor


def report_settlement(settlement: Settlement) -> list[ReportRow]:
    """Return the rows of a settlement; they sum to it. One query."""
    kinds = PartnerEntry.Kind
    used, back = Q(kind=kinds.USE), Q(kind=kinds.RETURN)
    rows: Any = (  # the stubs type rows by literal keys
        PartnerEntry.objects.filter(settlement=settlement)
        .values("share__campaign__name", "product_id", "is_delivery")
        .annotate(
            uses=Count("id", filter=used),
            used=Sum("discount_minor", filter=used, default=0),
            back=Sum("discount_minor", filter=back, default=0),
            corrected=Sum("partner_minor", filter=Q(kind=kinds.CORRECTION), default=0),
            due=Sum("partner_minor", default=0),
        )
        .order_by("share__campaign__name", "product_id", "is_delivery")
    )
    found: dict[tuple[str, str], ReportRow] = {}
    for row in rows:
        what = DELIVERY if row["is_delivery"] else str(row["product_id"] or OTHERS)
        key = (row["share__campaign__name"], what if row["uses"] >= FEWEST else OTHERS)
        _add(found, key, row)
    return list(found.values())


def write_report(settlement: Settlement) -> str:
    """Return the report as CSV in units of the currency; the last row is the sum."""
    currency = settlement.partner.currency
    rows = report_settlement(settlement)
    total = ReportRow("total", "", *_figures(reduce(_plus, rows, ReportRow("", "", 0, 0, 0, 0, 0))))
    lines: list[Sequence[object]] = [COLUMNS, *(_cells(row, currency) for row in (*rows, total))]
    return "".join(sheet_lines(lines))


def reconcile_redemptions(partner_id: int) -> list[Reconciliation]:
    """Compare what was booked with the redemptions of the same orders, by campaign. Two queries
    per campaign.
    """
    uses = PartnerEntry.objects.filter(share__partner_id=partner_id, kind=PartnerEntry.Kind.USE)
    by_share = (
        uses.values("share__campaign_id", "share__campaign__name")
        .annotate(booked=Sum("discount_minor"))
        .order_by("share__campaign_id")
    )
    return [
        Reconciliation(
            row["share__campaign__name"],
            row["booked"],
            _redeemed(row["share__campaign_id"], uses),
        )
        for row in by_share
    ]


def _redeemed(campaign_id: int, uses: QuerySet[PartnerEntry]) -> int:
    orders = uses.filter(share__campaign_id=campaign_id).values("order_ref")
    rows = Redemption.objects.filter(campaign_id=campaign_id, order_ref__in=orders)
    return rows.aggregate(minor=Sum("amount_minor", default=0))["minor"]


def _add(found: dict[tuple[str, str], ReportRow], key: tuple[str, str], row: Any) -> None:
    new = ReportRow(*key, row["uses"], row["used"], -row["back"], row["corrected"], row["due"])
    found[key] = _plus(found[key], new) if key in found else new


def _plus(one: ReportRow, other: ReportRow) -> ReportRow:
    sums = (a + b for a, b in zip(_figures(one), _figures(other), strict=True))
    return ReportRow(one.campaign, one.product, *sums)


def _figures(row: ReportRow) -> tuple[int, int, int, int, int]:
    return row.uses, row.discount_minor, row.returned_minor, row.corrected_minor, row.due_minor


def _cells(row: ReportRow, currency: str) -> list[str]:
    uses, *amounts = _figures(row)
    money = [str(Money(minor, currency).decimal()) for minor in amounts]
    return [row.campaign, row.product, str(uses), *money, currency]
