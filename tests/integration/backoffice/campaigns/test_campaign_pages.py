"""The calendar and the files of campaigns, as staff see them."""

from __future__ import annotations

import json
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from promotions.campaigns.selectors.campaigns import take_snapshot
from promotions.models import Campaign
from shop.ground.kernel.clock import utc_now


def test_the_calendar_shows_what_runs_on_a_day(root: Client) -> None:
    now = utc_now()
    Campaign.objects.all().update(starts_at=now - timedelta(days=300), ends_at=now - timedelta(299))
    first, second = Campaign.objects.order_by("pk")[:2]
    dates = {"starts_at": now, "ends_at": now + timedelta(hours=1)}
    Campaign.objects.filter(pk__in=[first.pk, second.pk]).update(status="live", **dates)
    page = root.get(reverse("admin:campaign_calendar"))
    today = [
        cell
        for week in page.context["weeks"]
        for cell in week
        if cell["day"] == page.context["today"]
    ]
    assert {one["row"].name for one in today[0]["entries"]} == {first.name, second.name}
    assert "2 at once" in page.content.decode()
    listed = root.get(reverse("admin:campaign_calendar"), {"view": "list"}).content.decode()
    assert "Runs together with:" in listed
    assert second.name in listed
    empty = root.get(reverse("admin:campaign_calendar"), {"month": "1999-02"})
    assert empty.context["entries"] == []
    assert root.get(reverse("admin:campaign_calendar"), {"month": "moon"}).status_code == 200


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
