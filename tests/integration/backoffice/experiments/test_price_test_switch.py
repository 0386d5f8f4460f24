"""One click on the page of the kill switch stops the price tests of a market."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from pricing.api import list_kill_switches
from pricing.quoting.selectors.serving import forget_serving

FLIP = {"scope": "tests", "key": "us", "reason": "Switched on the page of the kill switch."}


def read(client: Client, name: str) -> str:
    forget_serving()  # as on commit
    return client.get(reverse(name)).content.decode()


def test_one_click_switches_the_price_tests_of_a_market(root: Client) -> None:
    shop, flip = Client(), reverse("admin:flip_switch")
    assert "Switch price tests off" in read(root, "admin:safety")
    told = root.post(flip, {**FLIP, "is_active": "stop"}, follow=True).content.decode()
    assert "Price tests are off" in told
    assert "Switch price tests on" in told
    assert [(one.scope, one.key) for one in list_kill_switches()] == [("tests", "us")]
    # Personal prices go on: nothing says that they are stopped.
    assert "Personal prices: on" in read(root, "admin:index")
    rules = read(shop, "pricing_rules")
    assert "Price tests are switched off at the moment." in rules
    # The holdout is no test that the switch ends: it is told apart.
    assert rules.index("Comparisons go on") < rules.index("Comparison: 5 % of shoppers")
    root.post(flip, {**FLIP, "is_active": "release"})
    rules = read(shop, "pricing_rules")
    assert "switched off at the moment" not in rules
    assert "No test makes your price higher than the price for everybody." in rules
    assert list_kill_switches() == []
