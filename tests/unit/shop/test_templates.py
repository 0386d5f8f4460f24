"""Templates are written with line breaks that no reader may see."""

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import override

from shop.doors.web import templates
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


def test_an_address_is_found_once_as_django_finds_it() -> None:
    page = Template("{% url 'product' slug %} {% url 'product' slug as kept %}{{ kept }}")
    for slug in ("milk-1-gal", "milk-1-gal", "bread"):
        address = reverse("product", args=[slug])
        assert page.render(Context({"slug": slug})) == f"{address} {address}"
    with override("zh-hans"):
        chinese = reverse("product", args=["bread"])
        assert page.render(Context({"slug": "bread"})) == f"{chinese} {chinese}" != address
    templates.find_address.cache_clear()
    for _ in range(3):
        page.render(Context({"slug": "milk-1-gal"}))
    assert templates.find_address.cache_info().misses == 1
    assert Template("{% url 'no such' as kept %}[{{ kept }}]").render(Context()) == "[]"
    with pytest.raises(NoReverseMatch):
        Template("{% url 'no such' %}").render(Context())
