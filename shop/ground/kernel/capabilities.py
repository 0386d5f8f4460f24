"""Capabilities that a shop may leave switched off, and what each of them runs and shows."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple


class Capability(NamedTuple):
    """Jobs by their names in the schedule; pages of staff and routes of the API by how the names of
    their addresses begin.
    """

    jobs: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()


CAPABILITIES: dict[str, Capability] = {
    "competitors": Capability(
        jobs=("import competitors", "watch feeds"),
        pages=("pricing_competitor", "pricing_quarantinedcompetitorrow"),
    ),
    "partners": Capability(pages=("promotions_partner",)),
    "private_releases": Capability(pages=("pricing_privaterelease", "pricing_privacybudget")),
    "sentiment": Capability(jobs=("refit sentiment",)),
    "switchback": Capability(jobs=("turn prices under experiment",), pages=("plan_switchback",)),
    "tills": Capability(pages=("promotions_till",), routes=("till-",)),
    "tuning": Capability(jobs=("adjust campaigns", "tune demand")),
}


def list_jobs_off(chosen: Collection[str]) -> frozenset[str]:
    """Return the jobs that do not run with the `chosen` capabilities.

    >>> sorted(list_jobs_off({"competitors", "sentiment", "tuning"}))
    ['turn prices under experiment']
    """
    return frozenset(
        job for name, each in CAPABILITIES.items() if name not in chosen for job in each.jobs
    )


def is_page_off(url_name: str, chosen: Collection[str]) -> bool:
    """Return whether a page of staff belongs to a capability that was not chosen.

    >>> is_page_off("promotions_partner_changelist", {"tills"})
    True
    """
    return any(
        url_name.startswith(each.pages)
        for name, each in CAPABILITIES.items()
        if name not in chosen and each.pages
    )


def is_route_off(url_name: str, chosen: Collection[str]) -> bool:
    """Return whether a route of the API belongs to a capability that was not chosen.

    >>> is_route_off("till-sales", {"tills"})
    False
    """
    return any(
        url_name.startswith(each.routes)
        for name, each in CAPABILITIES.items()
        if name not in chosen and each.routes
    )
