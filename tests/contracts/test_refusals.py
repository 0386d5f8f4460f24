"""Every refusal a room can utter has an HTTP status on purpose, or never reaches the API."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from shop.doors.api.refusals import STATUS_BY_CODE, TITLE_BY_STATUS
from tests.contracts.house import list_sources, name_of

# Refusals of staff pages, commands and jobs, and those that services catch themselves.
NEVER_AT_THE_API = {
    "arm_too_low",
    "adjustment_refused",
    "bad_adjustment",
    "bad_claim",
    "bad_code_file",
    "bad_correction",
    "bad_experiment",
    "bad_file",
    "bad_letter_link",
    "bad_offer",
    "bad_restock_link",
    "bad_score",
    "bad_source",
    "prices_are_published",
    "home_price_needed",
    "budget_spent",
    "closed",
    "contest_answered",
    "contest_refused",
    "drill_failed",
    "email_wrong",
    "error",
    "event_refused",
    "experiment_registered",
    "feed_refused",
    "fetch_refused",
    "job_unknown",
    "ledger_broken",
    "lever_moved",
    "needs_second_person",
    "no_comment",
    "no_curve",
    "no_price",
    "no_reason",
    "not_a_buyer",
    "not_a_price",
    "not_audited",
    "not_offered",
    "not_replayable",
    "not_waiting",
    "nothing_to_see",
    "override_refused",
    "partner_refused",
    "period_open",
    "product_refused",
    "proposal_refused",
    "proposal_unknown",
    "provider_down",
    "question_refused",
    "quote_expired",
    "quote_forged",
    "quote_malformed",
    "quote_other_shopper",
    "quote_other_variant",
    "quote_refused",
    "review_refused",
    "rows_lost",
    "shopper_unknown",
    "source_refused",
    "staff_account",
    "trip_not_open",
    "unknown_goods",
    "unknown_provider",
    "unknown_switch",
    "cannot_simulate",
    "claim_refused",
    "claim_decided",
    "terms_closed",
    "text_missing",
    "gone",
    "bad_amount",
    "changed_meanwhile",
    "may_not_ask",
    "no_condition",
    "no_name",
    "no_value",
    "not_made",
    "protected_name",
    "segment_refused",
    "sent_before",
    "too_long",
    "weak_pattern",
    "words_long",
}


def test_every_refusal_has_its_status() -> None:
    decided = set(STATUS_BY_CODE) | NEVER_AT_THE_API
    assert {code: place for code, place in _list_codes() if code not in decided} == {}


def test_every_status_has_a_title() -> None:
    assert set(STATUS_BY_CODE.values()) <= set(TITLE_BY_STATUS)


def test_no_status_is_kept_for_a_refusal_nobody_utters() -> None:
    assert set(STATUS_BY_CODE) - {code for code, _ in _list_codes()} == set()


@cache
def _list_codes() -> list[tuple[str, str]]:
    """Codes of classes that end up as FairtagError, and codes given where one is raised."""
    sources = list_sources("shop", "profiles", "pricing", "promotions", "orders")
    return [
        (code, name_of(path))
        for path in sources
        if "code" in (source := path.read_text())
        for node in ast.walk(ast.parse(source))
        for code in _codes_of(node)
    ]


def _codes_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ClassDef) and any("Error" in ast.unparse(base) for base in node.bases):
        for statement in node.body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "code":
                yield ast.literal_eval(statement.value)
    if isinstance(node, ast.Raise | ast.Return):
        refusal = node.exc if isinstance(node, ast.Raise) else node.value
        if isinstance(refusal, ast.Call) and refusal.args and _is_refusal(refusal):
            for keyword in refusal.keywords:
                if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value)


def _is_refusal(call: ast.Call) -> bool:
    """A class of ours is called; the framework's ValidationError has codes of its own."""
    name = ast.unparse(call.func).rpartition(".")[2]
    return name[0].isupper() and name != "ValidationError"
