"""Visits through the shop's own functions: look, be quoted, fill a cart, order and pay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from orders.cart.api import add_to_cart
from orders.checkout.api import place_order
from orders.payments.api import start_payment
from orders.values import Contact
from pricing.api import quote_variants
from pricing.base.core.values import PriceView, QuoteContext
from profiles.events.api import SIMULATED, ingest_events
from profiles.values import ShopperValue
from shop.ground.kernel.errors import FairtagError
from shop.traffic.plan import Kind, Visit
from shop.traffic.products import TrafficProducts
from shop.traffic.truth import Truth, take_one

BROWSER = "Fairtag simulated visit"
PURPOSE = "simulated"
METHOD = "sandbox-card"
MANY = 10**9
_NAMES = uuid5(NAMESPACE_URL, "fairtag:simulated-visits")


@dataclass(slots=True)
class Shopping:
    """Lets visitors shop. `people` are shoppers by kind; `counts` is what came of their visits."""

    seed: int
    truth: Truth
    goods: TrafficProducts
    people: Mapping[Kind, Sequence[ShopperValue]]
    delivery: str
    channel: str = "online"
    jurisdiction_code: str = "US-NY"
    rivals: Mapping[int, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def visit(self, visit: Visit) -> None:
        """Let one visitor look at categories, and buy what the truth says."""
        shopper = self._find(visit)
        wanted: list[PriceView] = []
        self.counts["visits"] += 1
        self.counts[visit.kind.value] += 1
        for at, category in enumerate(visit.categories):
            now = visit.at + timedelta(seconds=45 * at)
            found = self._look(visit, shopper, category, at, now)
            if found is not None:
                wanted.append(found)
        if shopper is not None and wanted:
            self._buy(visit, shopper, wanted, visit.at + timedelta(minutes=3))

    def _find(self, visit: Visit) -> ShopperValue | None:
        known = self.people.get(visit.kind, ())
        return known[visit.who % len(known)] if known else None

    def _look(
        self, visit: Visit, shopper: ShopperValue | None, category: int, at: int, now: datetime
    ) -> PriceView | None:
        """Look at a product of a category and then at its page; return what is wanted of it."""
        page = self.goods.page(category)
        if not page:
            return None
        if shopper is not None:
            first = page[int(visit.draws[at] * len(page))]
            self._tell(visit, shopper, at, now, self._acts(visit, category, first))
        context = self._context(shopper, now + timedelta(seconds=5))
        prices = quote_variants(context=context, variant_ids=page).prices
        self.counts["prices"] += len(prices)
        shelf = self.goods.shelf(category, prices, self.rivals)
        own = 0.0 if shopper is None else self.truth.sensitivity(str(shopper.id))
        chances = self.truth.chances(shelf, own, now)
        taken = take_one(chances, visit.draws[4 + at])
        return None if taken < 0 else prices[int(shelf.variant_id[taken])]

    def _acts(self, visit: Visit, category: int, variant_id: int) -> list[dict[str, object]]:
        """Return what the visitor's device tells: words searched for, the product looked at."""
        view: dict[str, object] = {"kind": "view", "variant_id": variant_id}
        if not visit.searches:
            return [view]
        return [{"kind": "search", "query": self.goods.name[category]}, view]

    def _tell(
        self,
        visit: Visit,
        shopper: ShopperValue,
        part: int,
        now: datetime,
        acts: Sequence[Mapping[str, object]],
    ) -> None:
        events = [
            {
                "id": str(self._name("event", visit.number, part, number)),
                "occurred_at": now.isoformat(),
                **act,
            }
            for number, act in enumerate(acts)
        ]
        told = ingest_events(
            shopper=shopper,
            events=events,
            now=now,
            channel=self.channel,
            user_agent=BROWSER,
            consents=shopper.consents,
            source=SIMULATED,
        )
        self.counts["events"] += told.accepted

    def _buy(
        self, visit: Visit, shopper: ShopperValue, wanted: Sequence[PriceView], now: datetime
    ) -> None:
        """Fill the cart, order and pay; what the shop refuses is counted and left."""
        context = self._context(shopper, now)
        try:
            for view in wanted:
                add_to_cart(
                    context=context, variant_id=view.variant_id, quantity=1, token=view.token
                )
            key = str(self._name("order", visit.number))
            order = place_order(
                context=context,
                idempotency_key=key,
                contact=self._contact(visit),
                delivery_method=self.delivery,
                shown_total_minor=MANY,
            )
            start_payment(order_id=order.order_id, method=METHOD, idempotency_key=key, now=now)
        except FairtagError as refusal:
            self.counts[f"refused_{refusal.code}"] += 1
            return
        self.counts["orders"] += 1
        self.counts["lines"] += len(order.lines)

    def _contact(self, visit: Visit) -> Contact:
        name = f"simulated-{visit.kind.value}-{visit.who}"
        return Contact(
            email=f"{name}@visitors.fairtag.example",
            name="Simulated visitor",
            phone="+1 518 555 0100",
            address_line1=f"{visit.who + 1} Example Street",
            city="Albany",
            region="NY",
            postcode="12207",
            country="US",
        )

    def _context(self, shopper: ShopperValue | None, now: datetime) -> QuoteContext:
        return QuoteContext(
            shopper_pseudonym=None if shopper is None else shopper.pseudonym,
            market=self.goods.market,
            channel=self.channel,
            jurisdiction_code=self.jurisdiction_code,
            language="en",
            gpc=False,
            now=now,
            purpose=PURPOSE,
            is_look=True,
            is_simulated=True,
        )

    def _name(self, *parts: object) -> UUID:
        return uuid5(_NAMES, ":".join(map(str, (self.seed, *parts))))
