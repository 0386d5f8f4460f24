"""Counters of the API."""

from __future__ import annotations

from prometheus_client import Counter

problems_total = Counter("fairtag_api_problems_total", "Error answers by code", ["code", "status"])
