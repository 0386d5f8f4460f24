"""The path of a page through the project."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from shop.ground.kernel.hashing import sign
from shop.management.commands.trace_page import Trace, room_of, tracing

HERE = "tests/integration/shop/test_trace_page.py"

pytestmark = pytest.mark.django_db


def test_calls_of_the_project_are_recorded_with_their_callers() -> None:
    with tracing() as trace:
        _sign_twice()
    names = [(call.name, call.depth) for call in trace.calls]
    assert names[0] == ("_sign_twice", names[0][1])
    assert [name for name, _ in names].count("sign") == 2
    assert trace.files == [
        "tests/integration/shop/test_trace_page.py",
        "shop/ground/kernel/hashing.py",
    ]
    assert trace.room_changes == 2
    assert trace.functions["shop/ground/kernel/hashing.py", "sign"] == 2


def _sign_twice() -> None:
    for _ in range(2):
        sign(b"message", key=b"key")


def test_nothing_is_recorded_afterwards() -> None:
    with tracing() as trace:
        pass
    _sign_twice()
    assert trace == Trace()


def test_rooms_are_rooms_or_parts_of_the_shop() -> None:
    files = ("pricing/quoting/core/a.py", "shop/doors/pages/product.py", "shop/wiring.py")
    assert [room_of(file) for file in files] == ["pricing", "shop/doors", "shop/wiring.py"]


def test_an_empty_shop_says_how_it_is_filled() -> None:
    with pytest.raises(CommandError, match="The shop is empty"):
        call_command("trace_page", "category", stdout=StringIO())
