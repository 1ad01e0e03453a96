"""What the sign-in page knows of where somebody wanted to go."""

import re

from django import template
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.template import Context

from propman.tenancy.models import Company

register = template.Library()
FIRST_PART = re.compile(r"/([a-z][a-z0-9-]*)/")


@register.simple_tag(takes_context=True)
def company_asked_for(context: Context) -> Company | None:
    """The company whose page sent the visitor to sign in; None where he came by himself."""
    request = context.get("request")
    found = FIRST_PART.match(request.GET.get(REDIRECT_FIELD_NAME, "")) if request else None
    return Company.objects.filter(address=found[1]).first() if found else None
