"""The API's documentation works in a real browser under the strict content policy."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.fixtures_api import list_operations, read_schema


def test_a_developer_reads_an_operation_and_tries_it(page: Page) -> None:
    counted = 0
    for reader in ("staff/", "tills/", ""):
        page.goto(f"/api/v1/docs/{reader}")
        expect(page.locator(".opblock").first).to_be_visible()
        counted += page.locator(".opblock").count()
    assert counted == len(list_operations(read_schema()))
    operation = page.locator("#operations-shopper-createGuest")
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table")
    expect(answer).to_contain_text("201")
    expect(answer).to_contain_text("shopper_token")


def test_the_account_api_is_documented_beside_it(page: Page) -> None:
    page.goto("/api/v1/docs/")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="account API").click()
    expect(opened.value).to_have_url(re.compile(r"/api/v1/docs/accounts/$"))
    expect(opened.value.locator(".opblock").first).to_be_visible()
