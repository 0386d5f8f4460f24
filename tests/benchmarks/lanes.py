"""Lanes under load: ten drafts saved at once and 300 pictures uploaded, and what waits meanwhile.

The workers of the running demo do the work; without one they are started as it starts them.
"""

from __future__ import annotations

import io
import os
import time
from contextlib import ExitStack
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Count
from PIL import Image

from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.models.proposals import PriceOverride
from pricing.publishing.services.overrides import end_override, find_bounds, set_override
from promotions.campaigns.models import Campaign, Offer
from promotions.release.models import CampaignCheck
from promotions.release.services.checks import OPEN, ask_check
from shop.doors.backoffice.views.checks import JOB, KINDS
from shop.ground.catalog.models import Category, Product, ProductPicture
from shop.ground.catalog.services.pictures import add_picture, remove_picture
from shop.ground.jobs.models import JobRun
from shop.ground.jobs.services import start_job
from shop.ground.kernel.clock import utc_now
from shop.ground.outbox.models import Fact
from shop.ground.outbox.services import write_fact
from tests.benchmarks.measure import Figures
from tests.benchmarks.memory import run_program
from tools.programs import list_programs

DRAFTS, PICTURES, PRICES = 10, 300, 3
LOOK_SECONDS, MOST_SECONDS, MOST_PRICE_SECONDS = 0.25, 180.0, 30.0
# Nobody handles it: it is delivered as soon as the live lane comes to it.
LOOKED = "BenchLooked"
RUNNING = timedelta(seconds=30)
TARGETS = {
    **{f"lanes_{kind}_check_seconds": ("<=", 10.0) for kind in KINDS},
    "lanes_price_seconds": ("<=", 5.0),
    "lanes_live_late_seconds": ("<=", 5.0),
}


def measure() -> Figures:
    """Return the longest seconds from asking to what was asked for, and the load beside."""
    with ExitStack() as running:
        if not JobRun.objects.filter(started_at__gte=utc_now() - RUNNING).exists():
            for program in list_programs():
                running.enter_context(run_program(program, {**os.environ, "PORT": "0"}))
            while not JobRun.objects.filter(started_at__gte=utc_now() - RUNNING).exists():
                time.sleep(LOOK_SECONDS)
        photographs = _take_photographs()
        load, began = os.getloadavg()[0], utc_now()
        drafts = _save_drafts(began)
        pictures = _upload_pictures(photographs, began)
        try:
            return {**_watch(drafts, pictures, began), "lanes_load_before": round(load, 1)}
        finally:
            for product_id, picture_id in pictures:
                remove_picture(product_id=product_id, picture_id=picture_id)
            Campaign.objects.filter(pk__in=drafts).delete()
            Fact.objects.filter(kind=LOOKED).delete()


def _save_drafts(now: datetime) -> list[int]:
    """Make drafts of a quarter off a category each, and ask what saving asks."""
    drafts = []
    sold = Category.objects.filter(products__is_active=True).annotate(size=Count("products"))
    for number, category in enumerate(sold.order_by("-size", "pk")[:DRAFTS]):
        code = f"bench-{now:%H%M%S}-{number}"
        first = now + timedelta(days=1)
        campaign = Campaign.objects.create(
            code=code,
            name=code,
            kind="price_cut",
            market_code="us",
            starts_at=first,
            ends_at=first + timedelta(days=7),
        )
        cut = {"benefit_kind": "percentage", "target": "line", "percent": 25}
        scope = {"categories": [category.pk]}
        Offer.objects.create(campaign=campaign, code=code, name=code, scope=scope, **cut)
        for kind in KINDS:
            ask_check(campaign_id=campaign.pk, kind=kind, by_id=None, now=utc_now())
            start_job(name=JOB)
        drafts.append(campaign.pk)
    return drafts


def _take_photographs() -> list[bytes]:
    """Return photographs of 1.4 megapixels: what a camera does is no part of what is measured."""
    rng = np.random.default_rng(utc_now().microsecond)
    photographs = []
    for pixels in rng.integers(0, 255, (PICTURES, 30, 30, 3), dtype=np.uint8):
        file = io.BytesIO()
        Image.fromarray(pixels).resize((1200, 1200)).save(file, "JPEG")
        photographs.append(file.getvalue())
    return photographs


def _upload_pictures(photographs: list[bytes], now: datetime) -> list[tuple[int, int]]:
    """Upload the photographs, one for each of many products."""
    products = Product.objects.filter(is_active=True).order_by("-pk")[:PICTURES]
    added = []
    for upload, product_id in zip(photographs, products.values_list("pk", flat=True), strict=True):
        picture_id = add_picture(
            product_id=product_id, file_name="bench.jpg", upload=upload, now=now
        )
        added.append((product_id, picture_id))
    return added


def _watch(drafts: list[int], pictures: list[tuple[int, int]], began: datetime) -> Figures:
    """Set a price by hand after another until all is done; return the longest waits."""
    checks = CampaignCheck.objects.filter(campaign_id__in=drafts)
    pending = ProductPicture.objects.filter(pk__in=[pk for _, pk in pictures], state="pending")
    waits: list[float] = []
    prices = _choose_prices()
    while prices or pending.exists() or checks.filter(state__in=OPEN).exists():
        if prices:
            waits.append(_set_price(prices.pop()))
        write_fact(kind=LOOKED, payload={}, occurred_at=utc_now())
        if _seconds_since(began) > MOST_SECONDS:
            break
        time.sleep(LOOK_SECONDS)
    pictured = _seconds_since(began)
    now = utc_now()
    asked = {kind: list(checks.filter(kind=kind)) for kind in KINDS}
    facts = Fact.objects.filter(kind=LOOKED, delivered_at__isnull=False)
    late = [(one.delivered_at - one.occurred_at).total_seconds() for one in facts]
    return {
        **{
            f"lanes_{kind}_check_seconds": _longest(
                [((one.ended_at or now) - one.asked_at).total_seconds() for one in found]
            )
            for kind, found in asked.items()
        },
        "lanes_checks_open": checks.filter(state__in=OPEN).count(),
        "lanes_pictures_open": pending.count(),
        "lanes_price_seconds": _longest(waits),
        "lanes_live_late_seconds": _longest(late),
        "lanes_all_done_seconds": round(pictured, 1),
    }


def _choose_prices() -> list[PublicPrice]:
    """Return prices that may fall by a twentieth, of variants that nobody set and that have not
    moved for two days: a price moves one step a day."""
    set_by_hand = PriceOverride.objects.filter(ended_at__isnull=True).values("variant_id")
    rows = PublicPrice.objects.filter(market_id="us", channel="online", public_minor__gte=500)
    rows = rows.filter(
        changed_at__lt=utc_now() - timedelta(days=2),
        variant__is_active=True,
        variant__product__is_active=True,
    )
    found = []
    for row in rows.exclude(variant_id__in=set_by_hand).order_by(
        "-variant__product__popularity", "pk"
    )[:200]:
        if find_bounds(price=row)[0] < row.public_minor * 0.85 and len(found) < PRICES:
            found.append(row)
    return found


def _set_price(row: PublicPrice) -> float:
    """Set a price by hand; return the seconds until shoppers see another one."""
    asked = utc_now()
    override_id = set_override(
        variant_id=row.variant_id,
        amount_minor=row.public_minor * 19 // 20,
        expires_at=asked + timedelta(days=1),
        reason="bench",
        by_id=None,
        now=asked,
    )
    moved = PublicPrice.objects.filter(pk=row.pk).exclude(public_minor=row.public_minor)
    while (
        not moved.filter(changed_at__lte=utc_now()).exists()
        and _seconds_since(asked) < MOST_PRICE_SECONDS
    ):
        write_fact(kind=LOOKED, payload={}, occurred_at=utc_now())
        time.sleep(LOOK_SECONDS)
    seconds = _seconds_since(asked)
    end_override(override_id=override_id, by_id=None, now=utc_now())
    return seconds


def _seconds_since(moment: datetime) -> float:
    return (utc_now() - moment).total_seconds()


def _longest(seconds: list[float]) -> float:
    return round(max(seconds, default=0.0), 1)
