"""Why the count refused a step, in words for page and API."""

from django.utils.translation import gettext as _

from . import services
from .workflow import State


def refusal(problem: Exception) -> str:
    if isinstance(problem, services.SecondPersonNeeded):
        return _("The Association and the government department count together: one official of each is needed.")
    if isinstance(problem, services.NotAtTheCount):
        return _("Only the two officials of this count can do that.")
    return _("The round is not ready for that: %(state)s.") % {"state": State(problem.state).label}  # type: ignore[attr-defined]
