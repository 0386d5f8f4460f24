"""Competitors' prices: from registered sources, matched, screened, and only while fresh."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from pricing.competitors.models.competitors import (
    CompetitorPrice,
    CompetitorSource,
    QuarantinedCompetitorRow,
)
from pricing.competitors.selectors import (
    find_feed_badges,
    load_competitor_weeks,
    load_competitors_at,
    load_lowest_competitors,
)
from pricing.competitors.services.competitors import FeedRefused, fetch_due_sources, import_feed
from shop.ground.catalog.models import Variant
from shop.ground.jobs.models import JobRun
from shop.ground.kernel.clock import epoch_ms
from shop.ground.outbox.models import Fact
from tests.factories.competitors import ADDRESS, HOST, PUBLIC, make_fetcher, make_source, serve
from tests.factories.pricing import NOON, Dairy

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LIST = """sku,name,price,currency
BRIE,,5.49,USD
,Meadow Gouda 0.2 kg,$4.79,
CHEDDAR,,3.60,
"""
HOSTILE = """sku,name,price,currency,date
GOUDA,,4.79,USD,
CHEDDAR,,3.60,EUR,
CAMEMBERT,,7000000,,
GOUDA,,4.89,,
NOBODY,,1.00,,
,Brie 200 g,5.00,,
CHEDDAR,,free,,
CHEDDAR,,3.60,,2026-01-01
CHEDDAR,,3.60,,2030-01-01
CHEDDAR,,3.60,,some day
RYE-BREAD,,3.10,,
CHEDDAR;3.60
"""


def lowest(dairy: Dairy, now: datetime = NOON) -> list[float | None]:
    found = load_lowest_competitors(variant_id=np.array(dairy.cheeses), market="us", now=now)
    return [None if np.isnan(one) else float(one) for one in found]


def test_a_list_is_stored_and_counts_while_it_is_fresh(dairy: Dairy) -> None:
    make_source(ttl_hours=48)
    report = import_feed(code="hilltop", text=LIST, now=NOON)
    assert (report.read, report.stored, report.known, report.refused) == (3, 3, 0, {})
    assert dict(CompetitorPrice.objects.values_list("variant_id", "matched_by")) == {
        dairy.brie: "sku",
        dairy.gouda: "name",
        dairy.cheddar: "sku",
    }
    fact = Fact.objects.get(kind="CompetitorPricesImported")
    assert fact.payload == {"source": "hilltop", "prices": 3}
    assert lowest(dairy) == [360.0, 479.0, 549.0, None]
    assert lowest(dairy, NOON + 47 * HOUR) == [360.0, 479.0, 549.0, None]
    assert lowest(dairy, NOON + 48 * HOUR) == [None] * 4


def test_competitor_prices_of_an_hour_are_those_known_then(
    dairy: Dairy, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_source(ttl_hours=3)
    make_source("dale", ttl_hours=9)
    gone = make_source("gone")
    for code, hour, price in (
        ("hilltop", 0, "5.49"),
        ("hilltop", 4, "5.19"),
        ("dale", 1, "5.29"),
        ("dale", 5, "5.99"),
        ("gone", 0, "1.00"),
    ):
        moment = NOON + hour * HOUR
        dated = f"sku,price,date\nBRIE,{price},{moment:%Y-%m-%dT%H:%M:%SZ}\n"
        import_feed(code=code, text=dated, now=moment)
    CompetitorSource.objects.filter(pk=gone.pk).update(is_active=False)
    hours = [NOON + at * HOUR for at in range(-1, 16)]
    ids = np.repeat(np.array([dairy.gouda, dairy.brie]), len(hours))
    with django_assert_num_queries(1):
        found = load_competitors_at(
            variant_id=ids, at_ms=np.array([epoch_ms(one) for one in hours] * 2), market="us"
        )
    brie = np.array([dairy.brie])
    known = [load_lowest_competitors(variant_id=brie, market="us", now=one)[0] for one in hours]
    expected = [np.nan] * len(hours) + known
    assert np.array_equal(found, expected, equal_nan=True)
    assert set(np.array(known)[~np.isnan(known)]) == {549.0, 529.0, 519.0, 599.0}


def test_the_same_list_twice_is_one(dairy: Dairy) -> None:
    make_source()
    dated = "sku,price,date\nBRIE,5.49,2026-11-24\n"
    import_feed(code="hilltop", text=dated, now=NOON)
    again = import_feed(code="hilltop", text=dated, now=NOON + HOUR)
    assert (again.stored, again.known) == (0, 1)
    assert CompetitorPrice.objects.count() == 1


def test_the_lowest_of_the_newest_words_counts(dairy: Dairy) -> None:
    make_source()
    make_source("valley")
    for code, price, at in (
        ("hilltop", "4.99", NOON - 3 * HOUR),
        ("hilltop", "5.49", NOON - HOUR),
        ("valley", "5.79", NOON - 2 * HOUR),
    ):
        import_feed(code=code, text=f"sku,price\nBRIE,{price}\n", now=at)
    assert lowest(dairy)[2] == 549.0
    CompetitorSource.objects.filter(code="hilltop").update(is_active=False)
    assert lowest(dairy)[2] == 579.0


def test_every_refused_row_is_kept_with_its_reason(dairy: Dairy) -> None:
    source = make_source()
    Variant.objects.create(
        product=Variant.objects.get(pk=dairy.brie).product,
        external_ref="second brie",
        sku="BRIE-B",
        list_minor=600,
        measure_amount=200,
        measure_unit="g",
    )
    import_feed(code="hilltop", text="sku,price\nRYE-BREAD,1.00\n", now=NOON - HOUR)
    report = import_feed(code="hilltop", text=HOSTILE, now=NOON)
    expected = {
        "ambiguous": 1,
        "broken": 1,
        "currency": 1,
        "jump": 1,
        "no_match": 1,
        "no_price": 1,
        "scale": 1,
        "stale": 3,
        "twice": 1,
    }
    assert (report.read, report.stored, report.refused) == (12, 1, expected)
    assert report.read == report.stored + sum(report.refused.values())
    kept = QuarantinedCompetitorRow.objects.filter(source=source, at__gte=NOON)
    assert Counter(kept.values_list("reason", flat=True)) == expected
    row = QuarantinedCompetitorRow.objects.get(reason="scale")
    assert (row.variant_id, row.row_number) == (dairy.camembert, 4)
    assert row.payload == {"sku": "CAMEMBERT", "price": "7000000"}
    source.refresh_from_db()
    assert source.last_report["refused"] == expected
    assert lowest(dairy) == [None, 479.0, None, None]


def test_a_refused_row_marks_its_variant_until_a_better_one(dairy: Dairy) -> None:
    make_source()
    text = "sku,price,currency\nCHEDDAR,3.60,EUR\nBRIE,5490000,USD\n"
    import_feed(code="hilltop", text=text, now=NOON)
    assert find_feed_badges(market="us", now=NOON) == {
        "feed_currency": {dairy.cheddar},
        "feed_outlier": {dairy.brie},
    }
    import_feed(code="hilltop", text=LIST, now=NOON + HOUR)
    assert find_feed_badges(market="us", now=NOON + HOUR) == {
        "feed_currency": set(),
        "feed_outlier": set(),
    }


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "<html></html>"])
def test_what_is_no_list_is_refused_as_a_whole(dairy: Dairy, text: str) -> None:
    make_source()
    with pytest.raises(FeedRefused):
        import_feed(code="hilltop", text=text, now=NOON)
    assert CompetitorSource.objects.get().imported_at is None


def test_only_registered_sources_in_use_are_taken_in(dairy: Dairy) -> None:
    make_source(is_active=False)
    for code in ("hilltop", "nobody"):
        with pytest.raises(FeedRefused, match="no such source"):
            import_feed(code=code, text=LIST, now=NOON)


def test_a_list_without_one_good_row_is_no_import(dairy: Dairy) -> None:
    source = make_source()
    spoken = []
    for hours, text in ((0, "sku,price\nNOBODY,1\n"), (1, LIST), (2, "sku,price\nNOBODY,1\n")):
        import_feed(code="hilltop", text=text, now=NOON + hours * HOUR)
        source.refresh_from_db()
        spoken.append(source.imported_at)
    assert spoken == [None, NOON + HOUR, NOON + HOUR]
    assert source.last_report["refused"] == {"no_match": 1}


def test_a_moment_outside_the_calendar_is_a_refused_row(dairy: Dairy) -> None:
    make_source()
    text = "sku,price,date\nBRIE,5.49,0001-01-01T00:00:00+01:00\nGOUDA,4.79,2026-11-25\n"
    report = import_feed(code="hilltop", text=text, now=NOON)
    assert (report.stored, report.refused) == (1, {"stale": 1})


def test_due_sources_are_fetched_and_one_that_fails_says_why(dairy: Dairy) -> None:
    make_source(kind="http", url=ADDRESS, every_hours=6)
    make_source("valley", kind="http", url="https://elsewhere.example/list.csv")
    make_source("upload")
    with serve({"/list.csv": (200, {"Content-Type": "text/csv"}, LIST.encode())}) as port:
        fetcher = make_fetcher(port)
        assert fetch_due_sources(now=NOON, fetcher=fetcher) == 3
        assert fetch_due_sources(now=NOON + 5 * HOUR, fetcher=fetcher) == 0
    problems = dict(CompetitorSource.objects.values_list("code", "problem"))
    assert problems == {
        "hilltop": "",
        "valley": "The operator has not allowed this host.",
        "upload": "",
    }
    assert fetch_due_sources(now=NOON + 6 * HOUR, fetcher=make_fetcher(port=1)) == 0
    hilltop = CompetitorSource.objects.get(code="hilltop")
    assert hilltop.problem == "The address did not answer as it should."
    assert (hilltop.imported_at, hilltop.tried_at) == (NOON, NOON + 6 * HOUR)


def test_an_error_with_one_source_delays_no_other(
    dairy: Dairy, caplog: pytest.LogCaptureFixture
) -> None:
    make_source("alpine", kind="http", url="https://alpine.example/list.csv")
    make_source(kind="http", url=ADDRESS)

    def resolve(host: str) -> list[str]:
        return [PUBLIC] if host == HOST else [f"{1 // 0}"]

    with serve({"/list.csv": (200, {"Content-Type": "text/csv"}, LIST.encode())}) as port:
        fetcher = make_fetcher(port, hosts=(HOST, "alpine.example"))
        assert fetch_due_sources(now=NOON, fetcher=replace(fetcher, resolve=resolve)) == 3
    alpine = CompetitorSource.objects.get(code="alpine")
    assert alpine.problem == "The list could not be taken in: ZeroDivisionError."
    assert (alpine.tried_at, alpine.imported_at) == (NOON, None)
    assert "alpine" in caplog.text


def test_a_job_whose_time_is_over_ends(dairy: Dairy) -> None:
    make_source(kind="http", url=ADDRESS)

    def resolve(_host: str) -> list[str]:
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        fetch_due_sources(now=NOON, fetcher=replace(make_fetcher(), resolve=resolve))


def test_a_fetched_source_must_have_an_https_address(dairy: Dairy) -> None:
    with pytest.raises(IntegrityError, match="competitor_source_address"), transaction.atomic():
        make_source(kind="http", url=f"http://{HOST}/list.csv")


def test_competitors_by_week_are_there_for_the_demand_model(dairy: Dairy) -> None:
    make_source()
    for days, price in ((9, "5.49"), (8, "5.29"), (1, "5.99")):
        text = f"sku,price\nBRIE,{price}\n"
        import_feed(code="hilltop", text=text, now=NOON - timedelta(days=days))
    weeks = load_competitor_weeks(market="us", since=NOON - timedelta(days=30))
    assert weeks.variant_id.tolist() == [dairy.brie, dairy.brie]
    assert weeks.week_start.astype(str).tolist() == ["2026-11-16", "2026-11-23"]
    assert weeks.price_minor.tolist() == [529, 599]


def test_the_command_imports_a_file_and_reports(
    dairy: Dairy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_source()
    path = tmp_path / "list.csv"
    path.write_text(LIST + "NOBODY,,1,USD\n", encoding="utf-8")
    call_command("import_competitors", "hilltop", str(path))
    said = capsys.readouterr().out
    assert "4 rows read, 3 prices stored, 0 known before" in said
    assert "refused, no_match: 1" in said
    run = JobRun.objects.get(name="import_competitors")
    assert (run.rows, run.report) == (3, {"refused": {"no_match": 1}})
    with pytest.raises(CommandError, match="no such source"):
        call_command("import_competitors", "nobody", str(path))
    with pytest.raises(CommandError, match="Name a source and its file"):
        call_command("import_competitors", "hilltop")
    call_command("import_competitors")
    assert "0 prices stored" in capsys.readouterr().out
