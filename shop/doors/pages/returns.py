"""Return policy as shoppers read it, from the rules that decide returns."""

from __future__ import annotations

from orders.returns.api import find_rule, load_rules, say_rule
from shop.doors.pages.context import PageContext
from shop.ground.catalog.selectors import list_categories


def return_rules(ctx: PageContext) -> tuple[str, list[tuple[str, str]]]:
    """Return the general promise, and (category, promise) where a part differs."""
    rules = load_rules(ctx.language)
    names = {node.path: node.name for node in list_categories(ctx.language).nodes.values()}
    special = [
        (names.get(rule.category_path, rule.category_path), say_rule(rule, ctx.language))
        for rule in rules
        if rule.category_path
    ]
    return say_rule(find_rule(rules, ""), ctx.language), special
