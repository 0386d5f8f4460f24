"""Why "Passed" can stand above findings, in three sentences."""

from __future__ import annotations

from pricing.fairness.selectors import explain_findings


def finding(rule: str, group: str, *, is_certain: bool) -> dict[str, object]:
    return {"rule": rule, "trait": "age", "group": group, "is_certain": is_certain}


GROUPS = [{}] * 31


def test_a_passed_audit_explains_its_findings_and_their_chance() -> None:
    findings = [
        finding("offers", "65+", is_certain=False),
        finding("features_tell_trait", "19-24", is_certain=True),
    ]
    assert explain_findings({"findings": findings, "groups": GROUPS}) == (
        "Over their limit: 2 figures (age “65+”, age “19-24”).",
        "May be chance: 1 of them (age “65+”), whose intervals include equal treatment.",
        (
            "Over all 31 groups together, at an error of 5 % for each check, no figure that stops a"
            " model differs from equal treatment; 1 that are only told do (age “19-24”)."
        ),
    )


def test_a_failed_audit_names_what_stops_the_model() -> None:
    findings = [finding("paid", "65+", is_certain=True)]
    assert explain_findings({"findings": findings, "groups": GROUPS}) == (
        "Over their limit: 1 figures (age “65+”).",
        "May be chance: 0 of them (none), whose intervals include equal treatment.",
        (
            "Over all 31 groups together, at an error of 5 % for each check, 1 figures that stop a"
            " model differ from equal treatment (age “65+”)."
        ),
    )
    assert explain_findings({"groups": GROUPS}) == ()
