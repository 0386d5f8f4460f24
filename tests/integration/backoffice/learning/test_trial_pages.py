"""Pages about learning say what a trial was judged by, and use the room they have."""

from __future__ import annotations

from django.test import Client

from pricing.demand.models.demand import DemandModelVersion
from pricing.learning.models.learning import ModelRamp, OnlineEvidence, RampStep
from shop.ground.kernel.clock import utc_now
from tests.integration.backoffice.learning.test_learning_pages import open_page


def test_a_trial_shows_its_evidence_and_what_it_waits_for(root: Client) -> None:
    ModelRamp.objects.all().delete()
    model = DemandModelVersion.objects.first()
    now = utc_now()
    ramp = ModelRamp.objects.create(model=model, salt="s", begun_at=now)
    offline = {"at": now.isoformat(), "is_open": False, "gain": [0.0524, -0.4452, 0.569]}
    offline |= {"exposures": 13745, "purchases": 1165}
    offline |= {"reasons": ["choices_never_shown", "gain_not_sure"]}
    shadow = {"decisions": 9876, "hours": 25.0, "shadow_gap": 0.004, "offline": offline}
    RampStep.objects.create(ramp=ramp, share=0.0, at=now, reason="shadow", evidence=shadow)
    told = open_page(root, "models", most=12, part="trials").context["trials"][0]
    assert told["next"] == (
        "The next step needs 24 hours and 500 decisions in this one;"
        " so far there were 25 hours and 9,876 decisions."
    )
    quoting = {"decisions": 320, "hours": 3.0, "low": -12.4, "high": 30.6}
    RampStep.objects.create(ramp=ramp, share=0.05, at=now, reason="looks alike", evidence=quoting)
    page = open_page(root, "models", most=12, part="trials")
    told = page.context["trials"][0]
    assert [(one.decisions, one.figure) for one in told["steps"]] == [
        ("320", "-$0.12 … +$0.31"),
        ("9,876", "prices +0.4 % on average"),
    ]
    logged = told["logged"]
    assert (logged.gain, logged.low, logged.high, logged.tone) == (
        "+$0.52",
        "-$4.45",
        "+$5.69",
        "amber",
    )
    assert logged.reasons == (
        "it would show prices that were never shown",
        "the gain is not sure",
    )
    assert "from 13,745 decisions with 1,165 purchases" in page.content.decode()
    ModelRamp.objects.update(ended_at=now, end="stopped")
    assert open_page(root, "models", most=12, part="trials").context["trials"][0]["next"] == ""


def test_what_was_learned_has_the_whole_page_where_nothing_moved(root: Client) -> None:
    OnlineEvidence.objects.all().delete()
    now = utc_now()
    shared = {"market_code": "us", "channel": "online", "is_current": True, "watermark": now}
    row = OnlineEvidence.objects.create(
        **shared, at=now, exposures=9, purchases=1, arrays=b"", sha256="s" * 64
    )
    (alone,) = open_page(root, "models", most=11, part="learning").context["evidence"]
    assert "ft-chart-wide" in alone.svg
    OnlineEvidence.objects.filter(pk=row.pk).update(moved=[7])
    first, _moves = open_page(root, "models", most=11, part="learning").context["evidence"]
    assert "ft-chart-wide" not in first.svg
