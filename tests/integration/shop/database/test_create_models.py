"""The tables of an app are created at once."""

from __future__ import annotations

import pytest
from django.db import connection, models
from django.db.migrations.operations import CreateModel
from django.db.migrations.state import ModelState, ProjectState

from shop.ground.database.tables import CreateModels

SHELF = CreateModel("Shelf", [("id", models.BigAutoField(primary_key=True))])
CUP = CreateModel(
    "Cup",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("shelf", models.ForeignKey("scratch.shelf", models.CASCADE)),
    ],
)


@pytest.mark.django_db
def test_a_table_may_refer_to_a_later_one() -> None:
    operation, before, after = CreateModels([CUP, SHELF]), ProjectState(), ProjectState()
    operation.state_forwards("scratch", after)
    with connection.schema_editor() as editor:
        operation.database_forwards("scratch", editor, before, after)
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "scratch_cup").values()
    assert [one["foreign_key"] for one in found if one["foreign_key"]] == [("scratch_shelf", "id")]


def test_classes_of_models_are_built_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    build = ModelState.render

    def count(model: ModelState, apps: object) -> object:
        built.append(model.name)
        return build(model, apps)

    monkeypatch.setattr(ModelState, "render", count)
    state = ProjectState()
    SHELF.state_forwards("scratch", state)
    state.apps  # noqa: B018  # builds the classes
    built.clear()
    CreateModels([CUP]).state_forwards("scratch", state)
    assert built == []
    assert {model.__name__ for model in state.apps.get_models()} == {"Shelf", "Cup"}
    assert sorted(built) == ["Cup", "Shelf"]
