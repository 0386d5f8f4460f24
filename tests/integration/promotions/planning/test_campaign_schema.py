"""Documents of campaigns as strangers write them: schema and reader refuse the same, in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from promotions.models import Campaign
from promotions.planning.selectors.campaign_schema import describe_campaigns
from promotions.planning.services.campaign_files import export_campaigns, import_campaigns
from tests.factories.campaigns import NOON, make_draft

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
VALIDATOR = Draft202012Validator(describe_campaigns())

BAD: list[tuple[dict[str, Any], str]] = [
    ({"percent": "ten"}, 'offers[0].percent: "ten" does not fit: expected a percentage above 0,'),
    ({"percent": None}, "offers[0].benefit_kind"),
    ({"amount_minor": 1.5}, "offers[0].amount_minor: 1.5 does not fit: expected a whole number"),
    ({"is_active": "yes"}, 'offers[0].is_active: "yes" does not fit: expected true or false'),
    ({"target": "moon"}, 'offers[0].target: "moon" does not fit: expected one of unit, line, cart'),
    ({"code": "a b"}, 'offers[0].code: "a b" does not fit: only letters, digits, hyphens'),
    ({"name": ""}, 'offers[0].name: "" does not fit: it must not be empty'),
    ({"moon": 1}, "offers[0]: nobody knows the field “moon”: take it out"),
    ({"variants": "RYE"}, 'offers[0].variants: "RYE" does not fit: expected a list of SKUs'),
    (
        {"condition": {"moon": 1}},
        'offers[0].condition: {"moon": 1} does not fit: unknown condition',
    ),
    (
        {"condition": {"all": [{"cart_value": "40"}]}},
        'offers[0].condition.all[0].cart_value: "40" does not fit: expected a whole number of at',
    ),
    ({"scope": {"colours": [1]}}, 'offers[0].scope: {"colours": [1]} does not fit: “colours”'),
    ({"terms": {"size": 3}}, 'offers[0].terms: {"size": 3} does not fit: “size” does not belong'),
]
BAD_CAMPAIGNS: list[tuple[dict[str, Any], str]] = [
    ({"starts_at": "2026-12-01"}, 'starts_at: "2026-12-01" does not fit: expected a moment with'),
    ({"budget_minor": "5"}, 'budget_minor: "5" does not fit: expected a whole number.'),
    (
        {"audience": "all"},
        'audience: "all" does not fit: expected one of public, members, personal',
    ),
    ({"claims": {"moon": 1}}, 'claims: {"moon": 1} does not fit: “moon” does not belong here.'),
    ({"offers": [5]}, "offers[0]: 5 does not fit: expected an offer with a code."),
    ({"code": None}, "code: null does not fit: it is needed."),
    ({"format": 3}, "This file has format 3; this shop reads format 1, 2."),
    ({"name": "N" * 121}, "does not fit: at most 120 characters."),
]


def _verdicts(campaigns: list[Any]) -> list[str]:
    text = json.dumps({"format": 2, "campaigns": campaigns})
    report = import_campaigns(
        text=text, file_format="json", is_dry=True, by_id=None, now=NOON, language="en"
    )
    return [one.sentences[0] if one.verdict == "refused" else "" for one in report.outcomes]


def test_schema_and_reader_refuse_the_same_documents() -> None:
    make_draft()
    [good] = json.loads(export_campaigns(Campaign.objects.values_list("pk", flat=True)))[
        "campaigns"
    ]
    offer = good["offers"][0]
    documents = [
        *({**good, "offers": [{**offer, **wrong}]} for wrong, _ in BAD),
        *({**good, **wrong} for wrong, _ in BAD_CAMPAIGNS),
    ]
    told = _verdicts(documents)
    for said, (_, expected) in zip(told, [*BAD, *BAD_CAMPAIGNS], strict=True):
        assert expected in said
    assert [document for document in documents if VALIDATOR.is_valid(document)] == []
    assert VALIDATOR.is_valid(good)
    assert _verdicts([good]) == [""]


def test_the_schema_is_published_for_everybody(client: Client) -> None:
    answer = client.get("/api/v1/schemas/campaign-2.json")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/schema+json"
    assert answer["Cache-Control"] == "public, max-age=300"
    assert answer.json() == describe_campaigns()
