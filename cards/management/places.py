"""What the commands share: the community and the month that were named."""

from argparse import ArgumentTypeError
from datetime import date

from django.core.management.base import CommandError

from cards.calendar import parse_month
from propman.community.models import Community
from propman.tenancy.models import Company


def month(text: str) -> date:
    """A month on the command line."""
    try:
        return parse_month(text)
    except ValueError:
        raise ArgumentTypeError(f"A month is written YYYY-MM, not {text!r}.") from None


def community_at(company: Company, address: str) -> Community:
    """The community of that address in the current company. Raises CommandError."""
    community = Community.objects.filter(address=address).first()
    if community is None:
        known = ", ".join(Community.objects.order_by("address").values_list("address", flat=True)[:20]) or "none yet"
        raise CommandError(f"{company.address} has no community “{address}”. It has: {known}.")
    return community
