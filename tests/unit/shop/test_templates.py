"""Templates are written with line breaks that no reader may see."""

import pytest

from shop.doors.web.templates import shorten


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (
            "<b>4.99</b>\n  {% if x %}, {{ x }}{% endif %}",
            "<b>4.99</b>{% if x %}, {{ x }}{% endif %}",
        ),
        ("Delivery\n  {% if x %}: {{ x }}{% endif %}", "Delivery{% if x %}: {{ x }}{% endif %}"),
        ("免费\n  {% if x %}，满 {{ x }}{% endif %}", "免费{% if x %}，满 {{ x }}{% endif %}"),
        ("<a\n  {% if x %}:class='x'{% endif %}\n>", "<a {% if x %}:class='x'{% endif %}>"),
        ("one\n  {% if x %}two{% endif %}", "one {% if x %}two{% endif %}"),
    ],
)
def test_no_space_precedes_a_mark_that_begins_a_tag(written: str, sent: str) -> None:
    assert shorten(written) == sent
