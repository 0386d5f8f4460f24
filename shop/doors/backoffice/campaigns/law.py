"""Legal report of a campaign: rules kept, rules broken, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promotions.law.api import RULES, Violation, explain_rule, title_rule
from shop.ground.catalog.selectors.naming import name_goods
from shop.ground.staff.phrases import join_names

MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Case:
    """A rule broken in some places: where, what is wrong, what to do, and where the rule stands."""

    places: str
    sentence: str
    remedy: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that is broken, with the goods concerned: some by name, and how many are `more`.

    `may_take_out`: there are any, so that offers can leave them out.
    """

    rule: str
    title: str
    cases: tuple[Case, ...]
    goods: tuple[str, ...]
    more: int
    may_take_out: bool = False


@dataclass(frozen=True, slots=True)
class LawReport:
    """All rules: the broken ones in full, the others by title; `places` are those asked."""

    places: tuple[str, ...]
    broken: tuple[BrokenRule, ...]
    kept: tuple[str, ...]

    @property
    def is_lawful(self) -> bool:
        """Return whether the campaign may be released as it is."""
        return not self.broken


def describe_law(places: Sequence[str], found: Sequence[Violation], language: str) -> LawReport:
    """Return what `list_violations` found in words. One query for the names of goods."""
    by_rule: dict[str, list[Violation]] = {}
    for one in found:
        by_rule.setdefault(one.rule, []).append(one)
    named = {v for some in by_rule.values() for one in some for v in one.variant_ids[:MOST_NAMED]}
    names = name_goods({"variant": named}, language)
    names_of = {key: said for (_kind, key), said in names.items()}
    return LawReport(
        places=tuple(places),
        broken=tuple(_say_rule(rule, some, names_of, language) for rule, some in by_rule.items()),
        kept=tuple(
            title_rule(rule.__name__, language) for rule in RULES if rule.__name__ not in by_rule
        ),
    )


def list_goods_of_rules(found: Iterable[Violation]) -> dict[str, list[int]]:
    """Return the goods each broken rule names, ascending; no row for one that names none."""
    goods: dict[str, set[int]] = {}
    for one in found:
        goods.setdefault(one.rule, set()).update(one.variant_ids)
    return {rule: sorted(ids) for rule, ids in goods.items() if ids}


def _say_rule(
    rule: str, found: list[Violation], names: dict[int, str], language: str
) -> BrokenRule:
    goods = sorted({variant for one in found for variant in one.variant_ids})
    may_take_out = rule in list_goods_of_rules(found)
    said = [names[one] for one in goods if one in names][:MOST_NAMED]
    cases = tuple(_group(found, language))
    more = len(goods) - len(said)
    return BrokenRule(rule, title_rule(rule, language), cases, tuple(said), more, may_take_out)


def _group(found: Iterable[Violation], language: str) -> Iterable[Case]:
    """Return one case for all places of which the same is said."""
    alike: dict[tuple[str, str], list[Violation]] = {}
    for one in found:
        alike.setdefault(explain_rule(one, language), []).append(one)
    for (sentence, remedy), some in alike.items():
        places = join_names(dict.fromkeys(one.place for one in some))
        sources = tuple(dict.fromkeys(one.source for one in some if one.source))
        yield Case(places, sentence, remedy, sources)
