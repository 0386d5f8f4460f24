"""Changes of the cart: what the buttons of a card and the field of a line send."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from shop.doors.storefront.forms import Change, read_change


def read(text: str) -> Change | None:
    """Return the change that a form with this body asks for."""
    return read_change(QueryDict(text))


def test_a_button_and_a_field_ask_for_the_same() -> None:
    assert read("step=7:2:1:abc") == Change(7, 2, 1, "abc")
    assert read("variant=7&quantity=2&was=1") == Change(7, 2, 1)
    assert read("step=7:2") == Change(7, 2)


@pytest.mark.parametrize("step", ["7", "7:100:1:", "7:-1:1:", "x:1:0:", "0:1:0:", ":", "7:1:x:"])
def test_a_step_that_makes_no_sense_is_none(step: str) -> None:
    assert read(f"step={step}") is None


def test_a_removal_is_undone_by_the_quantity_before() -> None:
    assert Change(7, 0, 3, "abc").undo() == "7:3:0:"
    assert Change(7, 1, 3).undo() == ""
    assert Change(7, 0).undo() == ""
    assert read("step=7:3:0:") == Change(7, 3)
