"""A policy version is proposed by one and made active by another, within hard limits."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from pricing.admin.policies import BOUNDS
from pricing.policy.models.policy import PricingPolicy
from pricing.rollout.services.approvals import NotOffered, propose_policy
from shop.ground.kernel.clock import utc_now
from shop.ground.outbox.models import Fact
from shop.ground.staff.roles import APPROVER, MERCHANDISER
from tests.integration.backoffice.test_actions import REASON, act, messages_of


def test_a_policy_needs_a_second_person(as_role: Callable[[str], Client], root: Client) -> None:
    merchandiser, approver = as_role(MERCHANDISER), as_role(APPROVER)
    form = _policy_form(personal_cap="0.2")
    added = merchandiser.post(reverse("admin:pricing_pricingpolicy_add"), form)
    assert added.status_code == 302
    draft = PricingPolicy.objects.order_by("-version").first()
    assert (draft.personal_cap, draft.is_active, draft.approved_by) == (0.2, False, None)
    assert act(merchandiser, "pricing_pricingpolicy_approve", draft.pk).status_code == 403
    act(approver, "pricing_pricingpolicy_approve", draft.pk)
    draft.refresh_from_db()
    assert (draft.is_active, draft.approved_by.email) == (True, "approver@staff.example")
    assert PricingPolicy.objects.filter(is_active=True).count() == 1
    assert Fact.objects.filter(kind="PolicyApproved", payload={"version": draft.version}).exists()


def test_nobody_approves_or_is_offered_their_own_policy(
    as_role: Callable[[str], Client], root: Client
) -> None:
    root.post(reverse("admin:pricing_pricingpolicy_add"), _policy_form(hold_minutes="90"))
    draft = PricingPolicy.objects.order_by("-version").first()
    act(root, "pricing_pricingpolicy_approve", draft.pk)
    draft.refresh_from_db()
    assert draft.is_active is False
    assert any("somebody else must approve" in text for text in messages_of(root))
    page = reverse("admin:pricing_pricingpolicy_change", args=[draft.pk])
    approve = reverse("admin:pricing_pricingpolicy_approve", args=[draft.pk])
    own = root.get(page).content.decode()
    assert approve not in own
    assert reverse("admin:pricing_pricingpolicy_send_back", args=[draft.pk]) in own
    assert approve in as_role(APPROVER).get(page).content.decode()
    table = reverse("admin:pricing_pricingpolicy_changelist")
    assert approve not in root.get(table).content.decode()


def test_a_policy_beyond_the_hard_limit_cannot_even_be_proposed(root: Client) -> None:
    before = PricingPolicy.objects.count()
    form = _policy_form(personal_cap="0.31", substitution_share="0.95")
    answer = root.post(reverse("admin:pricing_pricingpolicy_add"), form).content.decode()
    assert "less than or equal to 0.3." in answer
    assert "less than or equal to 0.9." in answer
    assert "is violated" not in answer
    assert PricingPolicy.objects.count() == before
    with pytest.raises(NotOffered):
        propose_policy(changes={"personal_cap": 0.31}, reason=REASON, by_id=None, now=utc_now())


def test_units_alone_are_refused_with_a_sentence(root: Client) -> None:
    form = _policy_form(objective="units", target_margin="0")
    answer = root.post(reverse("admin:pricing_pricingpolicy_add"), form).content.decode()
    assert "set a target margin, too" in answer
    assert "is violated" not in answer


def test_every_bound_is_explained_and_checked_by_the_form(
    root: Client,
) -> None:
    page = unescape(root.get(reverse("admin:pricing_pricingpolicy_add")).content.decode())
    for bound in BOUNDS.values():
        assert str(bound.help_text) in page, bound.label
    limits = {name: bound for name, bound in BOUNDS.items() if bound.high is not None}
    for name, bound in limits.items():
        for edge in (bound.low, bound.high):
            personal = {"personal_cap": 0.1} if name != "personal_cap" else {}
            draft = PricingPolicy(version=99, created_at=utc_now(), **{**personal, name: edge})
            draft.full_clean(exclude=["created_by", "approved_by", "reason"])


def test_who_approves_sees_what_a_version_changes(root: Client) -> None:
    form = _policy_form(objective="revenue", two_person_step="0.03")
    root.post(reverse("admin:pricing_pricingpolicy_add"), form)
    draft = PricingPolicy.objects.order_by("-version").first()
    page = root.get(reverse("admin:pricing_pricingpolicy_change", args=[draft.pk]))
    text = page.content.decode()
    active = PricingPolicy.objects.get(is_active=True)
    assert f"Goal: {active.objective} → <strong>revenue</strong>" in text
    assert f"Two people above: {active.two_person_step} → <strong>0.03</strong>" in text
    assert "Largest change a day: " not in text


# The bounds that are ticked or not.
SWITCHES = ("auto_publish", "learns_from_looks", "keeps_to_competitors")


def _policy_form(**changes: str) -> dict[str, str]:
    """Return the form as the page fills it in, every bound as the active version has it."""
    active = PricingPolicy.objects.get(is_active=True)
    form = {name: str(getattr(active, name)) for name in BOUNDS if name not in SWITCHES}
    return form | dict.fromkeys(SWITCHES, "on") | {"reason": REASON} | changes
