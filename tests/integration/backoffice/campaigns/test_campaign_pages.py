"""The calendar and the files of campaigns, as staff see them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from promotions.campaigns.selectors.campaigns import take_snapshot
from promotions.models import Campaign
from shop.ground.catalog.selectors import find_place
from shop.ground.kernel.clock import utc_now


def list_bars(browser: Client, month: str) -> dict[str, str]:
    """Return the bars of the campaigns that the list has of a month, by name."""
    address = reverse("admin:promotions_campaign_changelist")
    changes = browser.get(address, {"month": month}).context["cl"]
    return {row.name: str(changes.model_admin.bar(row)) for row in changes.result_list}


def test_the_list_draws_what_runs_in_a_month(root: Client) -> None:
    day = datetime(2026, 2, 8, tzinfo=ZoneInfo(find_place("us").time_zone))
    first, second, third, fourth = Campaign.objects.order_by("pk")[:4]
    Campaign.objects.update(starts_at=day - timedelta(300), ends_at=day - timedelta(299))
    both = {"starts_at": day, "ends_at": day + timedelta(days=7)}
    Campaign.objects.filter(pk__in=[first.pk, second.pk]).update(market_code="us", **both)
    Campaign.objects.filter(pk=third.pk).update(market_code="de", **both)
    later = {"starts_at": day + timedelta(days=14), "ends_at": day + timedelta(days=90)}
    Campaign.objects.filter(pk=fourth.pk).update(market_code="", **later)
    bars = list_bars(root, "2026-02")
    assert set(bars) == {first.name, second.name, third.name, fourth.name}
    assert 'x="25.0" width="25.0"' in bars[first.name]
    assert "beside 1<" in bars[first.name]
    assert f"Runs together with: {second.name}" in bars[first.name]
    assert "beside" not in bars[third.name]
    assert 'x="75.0" width="25.0"' in bars[fourth.name]
    assert set(list_bars(root, "2026-03")) == {fourth.name}
    Campaign.objects.filter(pk=third.pk).update(market_code="")
    assert "beside 2<" in list_bars(root, "2026-02")[first.name]
    assert "beside 2<" in list_bars(root, "2026-02")[third.name]
    assert list_bars(root, "1999-02") == {}
    assert not any("beside" in bar for bar in list_bars(root, "").values())
    assert list_bars(root, "moon") == list_bars(root, f"{utc_now():%Y-%m}")


def test_a_file_is_tried_before_it_is_meant(root: Client) -> None:
    text = root.get(reverse("admin:campaign_export")).content.decode()
    campaign = Campaign.objects.order_by("code").first()
    tree = json.loads(text)
    tree["campaigns"] = [{**take_snapshot(campaign.pk), "name": "Renamed"}]
    address = reverse("admin:campaign_import")
    for meant, named in ((False, campaign.name), (True, "Renamed")):
        file = SimpleUploadedFile("campaigns.json", json.dumps(tree).encode())
        page = root.post(address, {"file": file, **({"is_real": "on"} if meant else {})})
        assert f"name: {campaign.name} → Renamed" in page.content.decode()
        assert Campaign.objects.get(pk=campaign.pk).name == named


def test_a_file_that_cannot_be_read_says_so(root: Client) -> None:
    address = reverse("admin:campaign_import")
    for content in (b"nothing", b"\xff\xfe"):
        answer = root.post(address, {"file": SimpleUploadedFile("a.json", content)}, follow=True)
        assert any(
            "not valid JSON" in str(m) or "UTF-8" in str(m) for m in answer.context["messages"]
        )
    assert root.post(address).status_code == 302
    assert root.get(address).headers["Location"] == reverse("admin:campaign_files")
    csv = root.get(reverse("admin:campaign_export"), {"format": "csv"}).content.decode()
    assert csv.startswith("format,code,name")
