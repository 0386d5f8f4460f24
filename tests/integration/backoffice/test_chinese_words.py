"""Refusals and the figures of trials are said in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.models.audits import ModelAudit
from pricing.fairness.services.fairness import NotAudited, ask_for_waiver, waive_audit
from pricing.learning.core.evaluation.estimators import Support, find_refusals
from pricing.learning.models.learning import ModelRamp, RampStep
from pricing.policy.models.breakers import BreakerTrip
from pricing.quoting.services.drain import QuoteRefused, verify_quote
from pricing.rollout.selectors.staff_learning import REFUSALS, list_rollout_figures
from shop.ground.approvals.core.values import NeedsSecondPerson, NotWaiting
from shop.ground.jobs.services import JobUnknown, start_job
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_minor
from tests.factories.pricing_trials import make_people

OFFLINE = {
    "is_open": False,
    "reasons": ["few_shoppers", "gain_not_sure"],
    "exposures": 1234,
    "purchases": 56,
    "gain": [0.024, -0.012, 0.06],
}
JUDGED: dict[str, Any] = {
    "share": 0.05,
    "hours": 26.5,
    "decisions": 1500,
    "shadow_gap": -0.021,
    "violations": 2,
    "difference": -31.0,
    "low": -50.0,
    "high": -12.0,
    "reason": "brings_less",
    "offline": OFFLINE,
}
CHINESE = [
    "在此份额下 26.5 小时，1,500 次决策",
    "其影子价格与展示价格平均相差 -2.1 %",
    "有 2 次决策中它的价格突破了界限",
    "其顾客每次访问的利润与其他顾客相差 -US$0.31；确定范围：-US$0.50 至 -US$0.12",
    (
        "按已记录的价格：每千次决策收益 +US$0.24，确定范围：-US$0.12 至 +US$0.60，"
        "来自 1,234 次决策和 56 次购买"
    ),
    "已记录的价格不允许进入下一步：顾客太少；收益并不确定",
]


def test_the_figures_of_a_step_are_sentences_in_both_languages() -> None:
    english = list_rollout_figures(JUDGED, show_minor)
    assert english[:2] == [
        "26.5 hours at this share, 1,500 decisions",
        "its shadow is -2.1 % from the prices shown, on average",
    ]
    assert english[-1] == "logged prices allow no step: too few shoppers; the gain is not sure"
    with override("zh-hans"):
        assert list_rollout_figures(JUDGED, show_minor) == CHINESE
    assert list_rollout_figures({}, show_minor) == []
    unsure = {"difference": 1.0, "low": None, "high": None}
    assert list_rollout_figures(unsure, show_minor) == [
        "too few shoppers of it to compare profit a visit"
    ]


def test_every_reason_of_the_gate_has_a_sentence() -> None:
    worst = find_refusals(Support(0, 0, 0, 0.0, 0.0, 1e9, 1.0, 1.0))
    assert set(worst) <= set(REFUSALS)


def test_trials_and_trips_are_told_in_chinese(root: Client) -> None:
    model, (bob,) = DemandModelVersion.objects.first(), make_people("bob")
    now = utc_now()
    ModelRamp.objects.filter(ended_at__isnull=True).delete()
    ramp = ModelRamp.objects.create(model=model, salt="s", begun_at=now, begun_by_id=bob)
    RampStep.objects.create(ramp=ramp, share=0.05, at=now, reason="shadow", evidence=JUDGED)
    BreakerTrip.objects.filter(kind="ramp").delete()
    trip = BreakerTrip.objects.create(
        kind="ramp",
        scope="model",
        key=str(model.pk),
        action="stopped_ramp",
        evidence=JUDGED,
        at=now,
        seen_at=now,
    )
    for name, key in {"modelramp": ramp.pk, "breakertrip": trip.pk}.items():
        with override("zh-hans"):
            address = reverse(f"admin:pricing_{name}_change", args=[key])
        page = root.get(address).content.decode()
        assert [one for one in CHINESE if one not in page] == [], name
        assert "hours at this share" not in page


def test_refusals_of_audits_are_said_in_chinese(root: Client) -> None:
    (ann,) = make_people("ann")
    model = DemandModelVersion.objects.first()
    audit = ModelAudit.objects.create(
        model=model, sha256="a", at=utc_now(), is_passed=False, is_blind=True
    )
    words = {"audit_id": audit.pk, "by_id": ann, "now": utc_now()}
    with override("zh-hans"):
        with pytest.raises(NotWaiting, match="没有人申请过此项决定"):
            waive_audit(**words)
        ask_for_waiver(**words, reason="looked at it")
        with pytest.raises(NeedsSecondPerson, match="须由其他人批准"):
            waive_audit(**words)
        ModelAudit.objects.filter(pk=audit.pk).update(is_blind=False)
        with pytest.raises(NotAudited, match="才能豁免"):
            waive_audit(**words)


def test_a_forged_price_and_an_unknown_job_refuse_in_chinese() -> None:
    with override("zh-hans"):
        with pytest.raises(QuoteRefused, match="这不是我们给出的价格。"):
            verify_quote(token="x", shopper_pseudonym=None, variant_id=1, now=utc_now())
        with pytest.raises(JobUnknown, match="没有工作进程运行 fly"):
            start_job(name="fly")
    with pytest.raises(JobUnknown, match="No worker runs fly"):
        start_job(name="fly")
