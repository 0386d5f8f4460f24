"""Migration operation that creates all tables of an app at once."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation, OperationCategory


class CreateModels(Operation):
    """Create several models in one step, in any order: foreign keys follow when all tables exist.

    For every `CreateModel` of its own Django builds the classes of all related models again. In a
    shop nearly all models are related, and a new database took a minute instead of seconds.
    """

    category = OperationCategory.ADDITION
    reversible = False
    serialization_expand_args = ["models"]

    def __init__(self, models: list[CreateModel]) -> None:
        """Take the operations that create one model each."""
        self.models = models

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Add the models; their classes are built when they are asked for, all together."""
        vars(state).pop("apps", None)
        state.is_delayed = False  # no class is left that lacks a later change
        for model in self.models:
            model.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Create the tables, their indexes and their constraints."""
        for model in self.models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """Say what the operation does, as `migrate --plan` prints it."""
        return f"Create {len(self.models)} models"
