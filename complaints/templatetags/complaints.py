from django import template

from complaints.models import Complaint
from complaints.permissions import Viewer, may_know_asker

register = template.Library()


@register.filter
def shows_room(complaint: Complaint, viewer: Viewer) -> bool:
    """Whether the viewer may know whose room it is."""
    return may_know_asker(viewer, complaint)
