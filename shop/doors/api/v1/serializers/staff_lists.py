"""Lists of products as systems of staff send and get them."""

from __future__ import annotations

from rest_framework import serializers

MOST_COLUMNS = 200


class ListFormSerializer(serializers.Serializer[object]):
    """A form with a list and, in a zip file, its pictures."""

    file = serializers.FileField(help_text="CSV or Excel (.xlsx) of at most 20 MB.")
    pictures = serializers.FileField(required=False, help_text="A zip file of at most 200 MB.")
    market = serializers.CharField(
        max_length=16, required=False, help_text="Whose prices the list says; the home market's."
    )


class CheckListSerializer(serializers.Serializer[object]):
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


class ListColumnSerializer(serializers.Serializer[object]):
    """A column of the file and which field it is taken for."""

    header = serializers.CharField(allow_blank=True)
    field = serializers.CharField(allow_blank=True)


class ListProblemSerializer(serializers.Serializer[object]):
    """What is wrong with a cell, a row or, in line 0, the file."""

    line = serializers.IntegerField()
    column = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    message = serializers.CharField()
    is_refused = serializers.BooleanField(help_text="Whether the row is left out because of it.")


class ListCountsSerializer(serializers.Serializer[object]):
    """How many rows were read and what becomes of them: the parts sum to the whole."""

    read = serializers.IntegerField()
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    added = serializers.IntegerField(help_text="They only add to their product, such as pictures.")
    refused = serializers.IntegerField()


class ProductListSerializer(serializers.Serializer[object]):
    """A list that came in: uploaded, checking, checked, applying, done, undoing, undone, failed."""

    list_id = serializers.IntegerField()
    file_name = serializers.CharField()
    market = serializers.CharField()
    state = serializers.CharField()
    percent = serializers.IntegerField(help_text="How far the worker is that is at it.")
    columns = ListColumnSerializer(many=True)
    is_whole = serializers.BooleanField()
    counts = ListCountsSerializer()
    problem = serializers.CharField(allow_blank=True, help_text="Why the file cannot be read.")
    problems = ListProblemSerializer(many=True, help_text="The first 200, in the file's order.")
