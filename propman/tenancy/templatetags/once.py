from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from propman.tenancy.idempotency import FIELD, new_key

register = template.Library()


@register.simple_tag(takes_context=True)
def once(context: template.Context) -> SafeString:
    """The hidden field of a form whose page wears @once; a form shown again after an error keeps its key."""
    request = context.get("request")
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, (request and request.POST.get(FIELD)) or new_key())
