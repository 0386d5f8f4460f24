"""What a shop left switched off runs no job and shows no page."""

from __future__ import annotations

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from shop.ground.kernel.capabilities import CAPABILITIES
from shop.schedule import SCHEDULE, plan_jobs

NONE = override_settings(CAPABILITIES=frozenset())
PAGES = [
    "pricing_competitorprice_changelist",
    "pricing_competitorsource_changelist",
    "pricing_privaterelease_changelist",
    "plan_switchback",
    "promotions_partner_changelist",
    "promotions_tilltoken_changelist",
]
every_page = pytest.mark.parametrize("name", PAGES)


@every_page
def test_a_page_answers_only_where_its_capability_is_on(name: str, root: Client) -> None:
    address = reverse(f"admin:{name}")
    assert root.get(address).status_code == 200
    with NONE:
        assert root.get(address).status_code == 404


@pytest.mark.parametrize("page", ["admin:index", "admin:all_records", "admin:experiments"])
def test_no_page_links_to_what_is_switched_off(page: str, root: Client) -> None:
    with NONE:
        shown = root.get(reverse(page)).content.decode()
    assert [name for name in PAGES if f'"{reverse(f"admin:{name}")}"' in shown] == []


def test_records_list_the_tables_of_what_is_on(root: Client) -> None:
    shown = root.get(reverse("admin:all_records")).content.decode()
    assert reverse("admin:promotions_tilltoken_changelist") in shown


def test_jobs_of_what_is_switched_off_do_not_run() -> None:
    jobs = {job for each in CAPABILITIES.values() for job in each.jobs}
    assert jobs < SCHEDULE.keys()
    assert plan_jobs(frozenset(CAPABILITIES)) == SCHEDULE
    assert plan_jobs(frozenset()).keys() == SCHEDULE.keys() - jobs
