"""A policy version is proposed by one and made active by another, within hard limits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from pricing.admin.rules import BOUNDS
from pricing.models import PricingPolicy
from pricing.services.approvals import NotOffered, propose_policy
from shop.kernel.clock import utc_now
from shop.outbox.models import Fact
from shop.staff.roles import APPROVER, MERCHANDISER
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


def test_nobody_approves_their_own_policy(root: Client) -> None:
    root.post(reverse("admin:pricing_pricingpolicy_add"), _policy_form(hold_minutes="90"))
    draft = PricingPolicy.objects.order_by("-version").first()
    act(root, "pricing_pricingpolicy_approve", draft.pk)
    draft.refresh_from_db()
    assert draft.is_active is False
    assert any("somebody else must approve" in text for text in messages_of(root))


def test_a_policy_beyond_the_hard_limit_cannot_even_be_proposed(root: Client) -> None:
    before = PricingPolicy.objects.count()
    root.post(reverse("admin:pricing_pricingpolicy_add"), _policy_form(personal_cap="0.31"))
    assert PricingPolicy.objects.count() == before
    with pytest.raises(NotOffered):
        propose_policy(changes={"personal_cap": 0.31}, reason=REASON, by_id=None, now=utc_now())


def _policy_form(**changes: str) -> dict[str, str]:
    """Return the form as the page fills it in, every bound as the active version has it."""
    active = PricingPolicy.objects.get(is_active=True)
    form = {name: str(getattr(active, name)) for name in BOUNDS if name != "auto_publish"}
    return form | {"auto_publish": "on", "reason": REASON} | changes
