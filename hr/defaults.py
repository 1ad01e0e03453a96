"""The five criteria that a company starts from; it publishes its own."""

from django.utils.translation import gettext as _

from .services import NewCriterion


def default_criteria() -> list[NewCriterion]:
    """In the language of whoever asks."""
    return [
        NewCriterion(_("Results"), _("Work done as agreed and in time; problems of residents solved, not passed on.")),
        NewCriterion(_("Quality"), _("Carefully done, holds, leaves things clean and safe; nothing has to be done twice.")),
        NewCriterion(_("Attitude"), _("Listens, explains, keeps his word; polite when it is difficult.")),
        NewCriterion(_("Teamwork"), _("Helps others, shares what he knows, hands over completely.")),
        NewCriterion(_("Discipline"), _("On time, follows safety rules and instructions, keeps records true.")),
    ]
