from django.shortcuts import get_object_or_404

from propman.accounts.models import User

from .models import Message, Notice


def notice_for(user: User, pk: int) -> Notice:
    """The only door to a notice: one's own. Raises Http404."""
    return get_object_or_404(Notice.objects.visible_to(user), pk=pk)


def undeliverable_message(pk: int) -> Message:
    """A message that was given up; for administrators. Raises Http404."""
    return get_object_or_404(Message.objects.select_related("user").filter(dead_at__isnull=False), pk=pk)
