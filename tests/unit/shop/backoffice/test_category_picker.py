"""Categories are drawn as a tree in which what is chosen stands open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django import forms
from django.template.loader import render_to_string
from django.utils.translation import override

from shop.doors.backoffice.experiments.switchback_forms import PickedNode, list_picked
from shop.ground.catalog.core.values import CategoryNode, CategoryTree

PATHS = ("dairy", "dairy/cheese", "dairy/cheese/blue", "dairy/milk", "bakery", "deli", "deli/ham")


def make_tree() -> CategoryTree:
    """Dairy with cheese, blue cheese and milk; a bakery without parts; a deli with ham."""
    ids = {path: number for number, path in enumerate(PATHS, 1)}
    parent = {path: ids.get(path.rpartition("/")[0]) for path in PATHS}
    nodes = {
        number: CategoryNode(
            category_id=number,
            parent_id=parent[path],
            department_id=ids[path.split("/")[0]],
            slug=path.split("/")[-1],
            path=path,
            name=path.split("/")[-1].title(),
            depth=path.count("/"),
            picture="",
            product_count=1_000 + number,
            is_child_directed=False,
            is_restricted=False,
            children=tuple(ids[one] for one in PATHS if parent[one] == number),
        )
        for path, number in ids.items()
    }
    return CategoryTree(nodes, ids, tuple(ids[one] for one in ("dairy", "bakery", "deli")))


def flatten(nodes: Iterable[PickedNode]) -> Iterator[PickedNode]:
    """Every node before those in it."""
    for node in nodes:
        yield node
        yield from flatten(node.children)


def test_every_category_holds_those_in_it_by_name() -> None:
    drawn = [
        (one.path, one.inside, len(one.children)) for one in flatten(list_picked(make_tree(), ()))
    ]
    assert drawn == [
        ("bakery", 0, 0),
        ("dairy", 3, 2),
        ("dairy/cheese", 1, 1),
        ("dairy/cheese/blue", 0, 0),
        ("dairy/milk", 0, 0),
        ("deli", 1, 1),
        ("deli/ham", 0, 0),
    ]


def test_chosen_categories_are_marked_and_their_parents_open() -> None:
    drawn = list(flatten(list_picked(make_tree(), ["dairy/cheese/blue", "deli", "unknown"])))
    assert [one.path for one in drawn if one.is_chosen] == ["dairy/cheese/blue", "deli"]
    assert [one.path for one in drawn if one.is_open] == ["dairy", "dairy/cheese"]
    assert drawn[3].trail == "dairy › cheese › blue"


def test_the_page_closes_what_it_opens() -> None:
    class Asked(forms.Form):
        categories = forms.CharField(label="Categories")

    tree = list_picked(make_tree(), ["dairy/milk"])
    with override("en"):
        page = render_to_string(
            "admin/parts/category_picker.html", {"tree": tree, "field": Asked()["categories"]}
        )
    for tag in ("ul", "li", "details"):
        assert len(re.findall(f"<{tag}[ >]", page)) == page.count(f"</{tag}>")
    assert page.count(" checked") == 1
    assert '<details open data-open><summary class="ft-note">3 in Dairy</summary>' in page
