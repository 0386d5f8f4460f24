"""Whatever accent is allowed, both themes can be read; a refused one has a near neighbour."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from shop.ground.storeinfo.core.colours import (
    DARK,
    DARK_TEXT,
    LIGHT,
    LIGHT_TEXT,
    build_palette,
    contrast,
    find_nearest,
    is_readable,
    read_colour,
    write_colour,
)
from shop.ground.storeinfo.core.logos import LogoRefused, read_logo
from shop.ground.storeinfo.core.texts import Block, read_blocks
from shop.ground.storeinfo.core.values import StoreDetails
from tests.contracts.house import ROOT

PART = st.integers(0, 255)
RGB = st.tuples(PART, PART, PART)


@given(RGB)
@example((255, 220, 0))
@example((0, 0, 0))
@example((255, 255, 255))
def test_every_pair_of_colours_that_meet_can_be_read(
    wanted: tuple[int, int, int],
) -> None:
    accent = find_nearest(wanted)
    assert is_readable(accent)
    assert accent == wanted or not is_readable(wanted)
    palette = build_palette(accent)
    for at, surfaces, texts in ((0, LIGHT, LIGHT_TEXT), (1, DARK, DARK_TEXT)):
        colour = {name: pair[at] for name, pair in palette.items()}
        for ground in (*surfaces, colour["leaf-soft"]):
            assert contrast(colour["leaf"], ground) >= 4.5
            assert contrast(colour["leaf-deep"], ground) >= 4.5
        assert contrast(colour["on-leaf"], colour["leaf"]) >= 4.5
        assert contrast(colour["on-leaf"], colour["leaf-deep"]) >= 4.5
        assert contrast(colour["on-band"], colour["band"]) >= 4.5
        assert all(contrast(text, colour["leaf-soft"]) >= 4.5 for text in texts)
    assert read_colour(write_colour(accent)) == accent


def draw(kind: str, size: tuple[int, int] = (200, 100)) -> bytes:
    """A picture with a note of the camera in it."""
    file = io.BytesIO()
    picture = Image.new("RGB", size, (200, 30, 30))
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    picture.save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_drawn_anew_without_camera_data(kind: str) -> None:
    logo = read_logo(draw(kind, (2000, 1000)))
    assert (logo.width, logo.height) == (320, 160)
    assert b"secret place" not in logo.webp + logo.icon_png
    with Image.open(io.BytesIO(logo.icon_png)) as icon:
        assert (icon.format, icon.size) == ("PNG", (512, 512))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "no_picture"),
        (draw("GIF"), "no_picture"),
        (draw("PNG")[:100], "no_picture"),
        (b"", "no_picture"),
        (draw("PNG", (5000, 5000)), "too_many_pixels"),
        (draw("PNG", (20, 200)), "too_small"),
        (b"x" * 2_000_001, "too_large"),
    ],
    ids=["script", "other format", "cut off", "nothing", "bomb", "tiny", "heavy"],
)
def test_what_is_no_logo_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(LogoRefused, match=reason):
        read_logo(data)


@given(st.text())
def test_every_text_has_parts_that_lose_no_word(text: str) -> None:
    said = " ".join(line for block in read_blocks(text) for line in block.lines).split()
    kept = [word for word in text.split() if word.strip("#-*")]
    assert [word for word in said if word.strip("#-*")] == kept


def test_a_text_has_headings_paragraphs_and_lists() -> None:
    text = "# Returns\nWithin 30 days.\nUnopened.\n\n- food\n- <b>drinks</b>\n\nAsk us."
    assert read_blocks(text) == (
        Block("heading", ("Returns",)),
        Block("paragraph", ("Within 30 days.", "Unopened.")),
        Block("list", ("food", "<b>drinks</b>")),
        Block("paragraph", ("Ask us.",)),
    )


def test_the_sender_is_the_shop_until_staff_name_another() -> None:
    store = StoreDetails(name="Müller, Obst", name_zh="果园")
    assert store.sender("zh-hans", "x@host.example") == "=?utf-8?b?5p6c5Zut?= <x@host.example>"
    own = StoreDetails(name="Orchard", sender_name="Anna, Orchard", sender_email="a@o.example")
    assert own.sender("en", "Other <x@host.example>") == '"Anna, Orchard" <a@o.example>'


def test_the_surfaces_are_those_of_the_style_sheet() -> None:
    sheet = (ROOT / "static/css/shop.css").read_text()
    for name, at in (("paper", 0), ("surface", 1), ("sunken", 2), ("butter-soft", 3)):
        pair = f"--{name}: light-dark({write_colour(LIGHT[at])}, {write_colour(DARK[at])});"
        assert pair in sheet
    assert f"({write_colour(LIGHT[4])}, {write_colour(DARK[4])});" in sheet
