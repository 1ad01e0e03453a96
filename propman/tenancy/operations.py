"""Operations of migrations."""

from typing import Any

from django.db import migrations
from django.db.migrations.state import ProjectState


class AddConstraint(migrations.AddConstraint):
    """Django's, without drawing up the model and all its relations anew: a constraint changes none of them.

    With hundreds of constraints that drawing was nearly all the time that the migrations of a new installation took.
    """

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        model: Any = state.models[app_label, self.model_name_lower]
        model.options["constraints"] = [*model.options.get("constraints", []), self.constraint]
