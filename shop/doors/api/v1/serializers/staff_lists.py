"""Lists of products as systems of staff send and get them."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from rest_framework import serializers

from shop.doors.api.answers import AnswerSerializer, computed
from shop.doors.api.base import InputSerializer
from shop.doors.product_lists.api import ImportView, Problem, count_doubtful, say_problem

MOST_COLUMNS = 200


class ListFormSerializer(InputSerializer):
    """A form with a list and, in a zip file, its pictures."""

    file = serializers.FileField(help_text="CSV or Excel (.xlsx) of at most 20 MB.")
    pictures = serializers.FileField(required=False, help_text="A zip file of at most 200 MB.")
    market = serializers.CharField(
        max_length=16, required=False, help_text="Whose prices the list says; the home market's."
    )


class CheckListSerializer(InputSerializer):
    """How the list is read."""

    columns = serializers.ListField(
        child=serializers.CharField(max_length=60, allow_blank=True),
        required=False,
        max_length=MOST_COLUMNS,
        help_text="Which field each column is, empty: none. Left out: as guessed.",
    )
    is_whole = serializers.BooleanField(
        default=False, help_text="Take over all rows or none: a refused one stops the others."
    )


class ApplyListSerializer(InputSerializer):
    """That its doubtful prices are meant, and why."""

    meant_prices = serializers.IntegerField(
        default=0,
        min_value=0,
        help_text="`counts.doubtful` as the check found it, once somebody has looked at them.",
    )
    reason = serializers.CharField(
        default="", max_length=300, allow_blank=True, help_text="Why doubtful prices are meant."
    )


class ListColumnSerializer(AnswerSerializer[tuple[str, str]]):
    """A column of the file and which field it is taken for."""

    header = computed(itemgetter(0), serializers.CharField(allow_blank=True))
    field = computed(itemgetter(1), serializers.CharField(allow_blank=True))


class ListProblem(NamedTuple):
    """A problem of a list, and whether its row is left out because of it."""

    problem: Problem
    is_refused: bool
    file_name: str


class ListProblemSerializer(AnswerSerializer[ListProblem]):
    """What is wrong with a cell, a row or, in line 0, the file."""

    line = serializers.IntegerField(source="problem.line")
    column = serializers.CharField(source="problem.column", allow_blank=True)
    value = serializers.CharField(source="problem.value", allow_blank=True)
    code = serializers.CharField(source="problem.code")
    message = computed(
        lambda found: say_problem(found.problem, found.file_name), serializers.CharField()
    )
    is_refused = serializers.BooleanField(help_text="Whether the row is left out because of it.")


def _count(name: str, **options: Any) -> serializers.IntegerField:
    field = serializers.IntegerField(**options)
    return computed(lambda counts: counts.get(name, 0), field)


class ListCountsSerializer(AnswerSerializer[Mapping[str, int]]):
    """How many rows were read and what becomes of them: the parts sum to the whole."""

    read = _count("read")
    new = _count("new")
    changed = _count("changed")
    same = _count("same")
    added = _count("added", help_text="They only add to their product, such as pictures.")
    refused = _count("refused")
    doubtful = computed(
        count_doubtful,
        serializers.IntegerField(
            help_text="New prices below cost or floor, or more than half away from the present"
            " ones. `problems` name them; they are applied only if they are meant."
        ),
    )


class ProductListSerializer(AnswerSerializer[ImportView]):
    """A list that came in: uploaded, checking, checked, waiting for a second person, applying,
    done, undoing, undone, failed.
    """

    given = ("problems",)

    list_id = serializers.IntegerField(source="id")
    file_name = serializers.CharField()
    market = serializers.CharField()
    state = serializers.CharField()
    percent = serializers.IntegerField(help_text="How far the worker is that is at it.")
    columns = computed(
        lambda item: zip(item.header, item.fields, strict=True), ListColumnSerializer(many=True)
    )
    is_whole = serializers.BooleanField()
    counts = ListCountsSerializer()
    problem = serializers.CharField(allow_blank=True, help_text="Why the file cannot be read.")
    problems = ListProblemSerializer(many=True, help_text="The first 200, in the file's order.")
