"""Write one page with the price block in every state, English and Chinese: for pictures of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import override

from pricing.api import resolve_jurisdiction
from pricing.ledger.core.labels import label_text
from shop.doors.storefront.price_states import list_states
from shop.doors.storefront.site import describe_language
from shop.doors.storefront.templatetags.shop_site import draw_card
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import list_cards, load_variant_arrays
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.translation import locale_of

PAGE = """<!DOCTYPE html>
<html lang="{lang}"{theme}><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Price block</title>
<style>{style}</style>
<main class="wrap">{body}</main></html>
"""
STATE = '<li><p class="small muted">{number} {name}</p>{card}</li>'


class Command(BaseCommand):
    """Writes the page that `./dev pictures` shows."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file, the language and the theme."""
        parser.add_argument("file", type=Path, help="the page to write")
        parser.add_argument("--language", choices=("en", "zh-hans"), default="en")
        parser.add_argument("--theme", choices=("light", "dark"), default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Draw every state with the market's most popular product."""
        language = options["language"]
        arrays = load_variant_arrays(settings.MARKET_CODE)
        if not len(arrays.variant_id):
            raise SystemExit("There is no product to draw: run ./dev demo first.")
        first = int(arrays.variant_id[arrays.popularity.argmax()])
        with override(language):
            body = draw_states(list_cards([first], language)[0], language)
        style = (Path(settings.STATICFILES_DIRS[0]) / "css" / "shop.css").read_text()
        theme = f' data-theme="{options["theme"]}"' if options["theme"] else ""
        lang = describe_language(language)["lang"]
        page = PAGE.format(lang=lang, theme=theme, style=style, body=body)
        options["file"].write_text(page, encoding="utf-8")


def draw_states(card: CatalogCard, language: str) -> str:
    """Return every state as a card; New York's, whose lists have rows of their own, behind them."""
    now = utc_now()

    def label_of(place: str, code: str) -> str:
        rule = resolve_jurisdiction(code=place, now=now)
        return label_text(rule, code or rule.label_code, language)

    site = {**describe_language(language), "language": language, "locale": locale_of(language)}
    lists: dict[bool, str] = {False: "", True: ""}
    for one in list_states(card, language, label_of):
        drawn = draw_card(one.item, site)
        is_prescribed = one.item.price.label_code == "us-ny"
        lists[is_prescribed] += STATE.format(number=one.number, name=one.name, card=drawn)
    return "".join(f'<ul class="grid section--tight">{items}</ul>' for items in lists.values())
