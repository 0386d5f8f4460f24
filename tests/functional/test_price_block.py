"""The price block on a phone: in each of its states a card has five lines of text at most."""

from __future__ import annotations

from base64 import b64encode

import pytest

from shop.ground.catalog.selectors.drawings import FONT
from tests.functional.conftest import Visitor

# Words in bold Arial's measures are wider than in a phone's font; Chinese ones are square in any.
WIDE = b64encode(FONT.read_bytes()).decode()
PREPARE = """async ([font, name]) => {
    const bytes = Uint8Array.from(atob(font), letter => letter.charCodeAt(0));
    document.fonts.add(await new FontFace('Wide', bytes, {weight: '100 900'}).load());
    const style = new CSSStyleSheet();
    style.replaceSync('* {font-family: Wide !important}');
    document.adoptedStyleSheets = [style];
    for (const link of document.querySelectorAll('.card__name a')) link.textContent = name;
}"""
# Boxes of text that overlap are one line; what a clamp cuts off is none.
COUNT = """() => Object.fromEntries([...document.querySelectorAll('.grid--states>li')].map(item => {
    const boxes = [], walker = document.createTreeWalker(item.lastElementChild, 4);
    while (walker.nextNode()) {
        const text = walker.currentNode, holder = text.parentElement;
        if (!text.nodeValue.trim()) continue;
        if (holder.closest('.unseen, .card__add, .card__picture')) continue;
        const end = holder.closest('.card__name')?.getBoundingClientRect().bottom ?? Infinity;
        const range = document.createRange();
        range.selectNodeContents(text);
        for (const box of range.getClientRects())
            if (box.width > 1 && box.top < end - 2) boxes.push(box);
    }
    boxes.sort((one, other) => one.top - other.top);
    let lines = 0, bottom = -Infinity;
    for (const box of boxes) {
        if (box.top > bottom - 4) lines += 1;
        bottom = Math.max(bottom, box.bottom);
    }
    return [item.firstElementChild.textContent.trim(), lines];
}))"""
NAMES = {"": "Fairtag Shredded Cheddar Cheese, 16 oz", "/zh-hans": "Fairtag 切达奶酪丝，16 盎司"}


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
def test_a_phones_card_has_five_lines_in_every_state(visit: Visitor, prefix: str) -> None:
    page = visit(viewport={"width": 320, "height": 800}, has_touch=True, is_mobile=True)
    page.goto(f"{prefix}/demo/price-block/")
    page.evaluate(PREPARE, [WIDE, NAMES[prefix]])
    for width in (320, 360, 390):
        page.set_viewport_size({"width": width, "height": 800})
        lines: dict[str, int] = page.evaluate(COUNT)
        assert len(lines) == 16
        assert {name: count for name, count in lines.items() if count > 5} == {}
        assert page.evaluate("document.documentElement.scrollWidth") == width
