"""Unit costs in a market today, as SQL for other rooms' queries, and those of the home market."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db.models import F, Func, IntegerField, Q

from shop.ground.catalog.models import Variant


class KnownPrice(NamedTuple):
    """A variant's list price and unit cost in the home market, as they are stored."""

    variant_id: int
    ref: str
    sku: str
    list_minor: int
    cost_minor: int | None


def list_known_prices(
    *, refs: Collection[str] = (), variant_ids: Collection[int] = ()
) -> list[KnownPrice]:
    """Return what variants cost, by reference or id; unknown ones are left out. One query."""
    rows = Variant.objects.filter(Q(external_ref__in=refs) | Q(pk__in=variant_ids))
    asked = rows.values_list("pk", "external_ref", "sku", "list_minor", "cost_minor")
    return [KnownPrice(*row) for row in asked]


_COST = """(
    SELECT coalesce(abroad.cost_minor, CASE WHEN here.currency IS NOT DISTINCT FROM home.currency
        THEN unit.cost_minor END)
    FROM shop_variant unit
    LEFT JOIN shop_market here ON here.code = {market}
    LEFT JOIN shop_market home ON home.is_home
    LEFT JOIN shop_listprice abroad
        ON abroad.variant_id = unit.id AND abroad.market_id = here.code
    WHERE unit.id = {variant}
)"""


def cost_sql(*, variant: str, market: str) -> str:
    """Return SQL for today's cost of a variant (an expression of its id) in a market (of its code).

    The market's own cost (`ListPrice.cost_minor`), else the home market's where both share a
    currency, else NULL: an amount of one currency is none of another. `load_variant_arrays` says
    the same for all variants on sale.
    """
    return _COST.format(variant=variant, market=market)


class CostToday(Func):
    """`cost_sql` for querysets: `CostToday("variant_id", "order__market_code")`."""

    output_field: Any = IntegerField(null=True)

    def __init__(self, variant: str, market: str) -> None:
        super().__init__(F(variant), F(market))

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # Func's hooks are not used
        """Return the expression with the columns in their places."""
        variant, market = (compiler.compile(one)[0] for one in self.get_source_expressions())
        return cost_sql(variant=variant, market=market), []
