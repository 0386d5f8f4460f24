"""Refusals as shoppers read them."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from orders.refusals import CartRefused
from shop.doors.storefront.messages import say_refusal


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Please enter a code."), ("zh-hans", "请输入优惠码。")]
)
def test_a_refusal_without_words_of_the_page_is_translated(language: str, said: str) -> None:
    with override(language):
        assert say_refusal(CartRefused("Please enter a code.", code="code_missing")) == said
