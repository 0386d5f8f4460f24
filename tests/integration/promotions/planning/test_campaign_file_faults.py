"""What files of campaigns can hold by mistake: each fault is a sentence, and nothing is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promotions.campaigns.models.campaigns import SPENT_ALREADY
from promotions.models import Campaign
from promotions.planning.services.campaign_files import BadFile, export_campaigns, import_campaigns
from tests.factories.campaigns import NOON, make_draft

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
HALF = "a\ud800b"


@pytest.fixture
def tree(db: None) -> dict[str, Any]:
    """A file of one campaign, of which 5.00 are spent."""
    draft = make_draft("first", name="Seven", budget_minor=900)
    Campaign.objects.filter(pk=draft.pk).update(spent_minor=500)
    tree: dict[str, Any] = json.loads(export_campaigns([draft.pk]))
    return tree


def _say(text: str, file_format: str = "json") -> list[tuple[str, str]]:
    report = import_campaigns(
        text=text, file_format=file_format, is_dry=True, by_id=None, now=NOON, language="en"
    )
    said = [(one.verdict, " ".join(one.sentences)) for one in report.outcomes]
    assert all(sentence.encode() or not sentence for _verdict, sentence in said)
    return said


def test_half_a_character_is_refused_and_shown_as_its_escape(tree: dict[str, Any]) -> None:
    [first] = tree["campaigns"]
    for own in ({"name": HALF}, {"code": HALF}, {HALF: 1}):
        [(verdict, said)] = _say(json.dumps({**tree, "campaigns": [{**first, **own}]}))
        assert verdict == "refused"
        assert r"a\ud800b" in said
        assert "half of a surrogate pair cannot be stored" in said
    with pytest.raises(BadFile, match=r"a\\ud800b"):
        _say(json.dumps({**tree, HALF: 1}))


def test_a_cell_of_endless_brackets_is_text(tree: dict[str, Any]) -> None:
    ids = Campaign.objects.values_list("pk", flat=True)
    sheet = export_campaigns(ids, file_format="csv").replace("Seven", "[" * 100_000)
    [(verdict, said)] = _say(sheet, "csv")
    assert (verdict, said.endswith("at most 120 characters.")) == ("refused", True)


def test_a_code_stands_once_in_a_file(tree: dict[str, Any]) -> None:
    [first] = tree["campaigns"]
    twice = json.dumps({**tree, "campaigns": [first, {**first, "name": "Other"}]})
    why = 'code: "first" does not fit: another campaign of this file has this code.'
    assert _say(twice) == [("same", ""), ("refused", why)]


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (
            {"market_code": "zz"},
            'market_code: "zz" does not fit: there is no such market; empty means every market.',
        ),
        (
            {"budget_minor": 400},
            "budget_minor: 400 does not fit: " + str(SPENT_ALREADY),
        ),
        (
            {"budget_minor": -1},
            "budget_minor: -1 does not fit: expected a whole number from 0 to 9223372036854775807.",
        ),
    ],
)
def test_markets_and_budgets_are_refused_at_their_place(
    tree: dict[str, Any], own: dict[str, Any], sentence: str
) -> None:
    [first] = tree["campaigns"]
    text = json.dumps({**tree, "campaigns": [{**first, **own}]})
    assert _say(text) == [("refused", sentence)]


def test_no_pieces_at_all_are_refused_at_their_place(tree: dict[str, Any]) -> None:
    [first] = tree["campaigns"]
    first["offers"][0]["max_line_units"] = 0
    why = "expected a whole number from 1 to 2147483647."
    [said] = _say(json.dumps(tree))
    assert said == ("refused", f"offers[0].max_line_units: 0 does not fit: {why}")


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (
            {"scope": {"variants": ["NOPE"]}},
            "offers[0].scope.variants[0]: There is no product with the SKU “NOPE” here.",
        ),
        ({"category": "x"}, "offers[0].category: There is no stacking category “x” here."),
        (
            {"group": "x"},
            "offers[0].group: There is no stacking group “x” here: make it first.",
        ),
    ],
)
def test_what_the_shop_lacks_is_named_with_its_place(
    tree: dict[str, Any], own: dict[str, Any], sentence: str
) -> None:
    tree["campaigns"][0]["offers"][0] |= own
    assert _say(json.dumps(tree)) == [("refused", sentence)]
