"""Stencils: what is drawn from a shape's pieces is what the template engine would have drawn."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from django.template import Context, Engine
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.doors.storefront.templatetags.shop_site import (
    Fields,
    bare_frame,
    card_frame,
    draw_stencil,
    price_words,
)

TEMPLATES = Path("templates")
PARTS = {
    "components/price.html": (
        *(
            "classes",
            "variant",
            "spoken",
            "now",
            "cut",
            "unit",
            "unit_several",
            "compared",
            "before",
            "amount",
        ),
        *("after", "words_language", "is_reference", "tag", "tag_url", "is_sheet", "about"),
        *("reached", "is_switchable", "tag_language"),
    ),
    "components/card.html": (
        *(
            "price",
            "ribbon",
            "ribbon_url",
            "until",
            "name",
            "url",
            "similar_url",
            "picture",
        ),
        *("srcset", "heart", "add", "few", "sizes", "is_choice", "is_from", "is_first"),
    ),
    "components/card_add.html": (
        *("variant", "name", "line", "quantity", "less", "more", "is_swap"),
    ),
    "components/card_save.html": ("variant", "name", "change", "is_saved", "is_swap"),
    "components/header.html": (
        *("is_home", "may_lower", "is_signed_in", "query", "count", "nav", "name"),
        *("logo", "logo_width", "logo_height"),
    ),
    "components/assets.html": ("csp_nonce", "colours", "icon"),
    "components/offer.html": (
        *("offer_id", "cut", "label", "reason", "law_label", "left", "coupon_code", "csrf"),
        *("url", "ends"),
    ),
    "storefront/cart_acts.html": ("target", "csrf", "variant", "quantity", "name"),
}
TAGS = re.compile(r"{%-?\s*(.*?)\s*%}|{{\s*(.*?)\s*}}", re.DOTALL)
ALLOWED = re.compile(
    r"if \w+|else|endif|load [\w ]+|comment|endcomment|htmx_script|"
    r"blocktranslate trimmed|endblocktranslate|"
    r'include "[^"]+" with \w+=\w+ only|'
    r"""(?:translate|url|static) ["'][^"']+["']|\w+|words\.\w+"""
)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
VALUES = st.one_of(TEXT, TEXT.map(mark_safe))


def value_of(field: str) -> st.SearchStrategy[str | bool]:
    """Return what a field may hold: what is only asked for is true or false, the rest is text."""
    return st.booleans() if field.startswith("is_") else VALUES


def draw_plainly(name: str, fields: Fields, language: str) -> str:
    """Return what the template engine makes of the same fields."""
    words = {"words": price_words(language)}
    with override(language):
        drawn: str = Engine.get_default().get_template(name).render(Context({**words, **fields}))
    return drawn


@pytest.mark.parametrize("name", PARTS)
@settings(deadline=None)  # the first drawing of a shape reads and compiles its template
@given(data=st.data(), language=st.sampled_from(("en", "zh-hans")))
def test_a_stencil_draws_what_the_engine_draws(
    name: str, data: st.DataObject, language: str
) -> None:
    fields = data.draw(st.fixed_dictionaries({field: value_of(field) for field in PARTS[name]}))
    frame = card_frame if "words." in (TEMPLATES / name).read_text() else bare_frame
    drawn = draw_stencil(name, fields, language=language, frame=frame)
    assert isinstance(drawn, SafeString)
    assert drawn == draw_plainly(name, fields, language)


def test_every_shape_of_a_card_has_its_own_pieces() -> None:
    for detail, few, add in product(("", "1 lb"), ("", "Only 2 left"), ("", "Add")):
        fields: dict[str, str | bool] = {
            **dict.fromkeys(PARTS["components/card.html"], "x"),
            "detail": detail,
            "few": few,
            "add": add,
        }
        html = draw_stencil("components/card.html", fields, language="en", frame=card_frame)
        assert html == draw_plainly("components/card.html", fields, "en")


def test_marks_in_a_field_are_text_like_any_other() -> None:
    fields = {**dict.fromkeys(PARTS["components/header.html"], ""), "query": "\x02nav\x03<b>"}
    html = draw_stencil("components/header.html", fields, language="en", frame=bare_frame)
    assert 'value="\x02nav\x03&lt;b&gt;"' in html


@pytest.mark.parametrize("name", PARTS)
def test_a_stencils_template_uses_only_its_fields(name: str) -> None:
    source = re.sub(
        r"{% comment %}.*?{% endcomment %}", "", (TEMPLATES / name).read_text(), flags=re.DOTALL
    )
    used = [tag or variable for tag, variable in TAGS.findall(source)]
    assert [one for one in used if not ALLOWED.fullmatch(one)] == []
    fields = {one for one in used if re.fullmatch(r"\w+", one)}
    asked = {one.removeprefix("if ") for one in used if one.startswith("if ")}
    assert (fields - {"else", "endif", "endblocktranslate", "htmx_script"}) | asked <= set(
        PARTS[name]
    )


def test_every_stencil_is_tested_here() -> None:
    sources = [path.read_text() for path in TEMPLATES.rglob("*.html")]
    sources.append(Path("shop/doors/storefront/templatetags/shop_site.py").read_text())
    calls = r'(?:{% stencil|draw_stencil\()\s*"([^"]+)"'
    assert {name for source in sources for name in re.findall(calls, source)} == set(PARTS)
