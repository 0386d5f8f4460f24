"""A day and a time of day are two inputs: each says whose it is."""

from __future__ import annotations

from django import forms
from django.utils.translation import override

from shop.ground.staff.forms import MomentField


class Opening(forms.Form):
    """One moment."""

    begins = MomentField(label="Begins")


def test_a_moment_names_both_inputs_in_the_readers_language() -> None:
    shown = str(Opening()["begins"])
    assert shown.count('aria-label="Begins, date"') == 1
    assert shown.count('aria-label="Begins, time"') == 1
    with override("zh-hans"):
        assert 'aria-label="Begins：日期"' in str(Opening()["begins"])
