"""The announcement on paper, a page for each door."""

from collections.abc import Sequence
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from propman.announcements.models import Announcement
from propman.announcements.templatetags.announcements import window
from propman.common import pdf
from propman.common.templatetags.components import moment
from propman.community.models import Entrance
from propman.tenancy.models import Company

TEMPLATE = Path(__file__).parent / "paper.typ"


def typeset(announcement: Announcement, doors: Sequence[Entrance], *, company: Company) -> bytes:
    """As a PDF: one page for each of the doors, with its place in the corner."""
    department = announcement.department
    kind = _("All clear") if announcement.clears_id else announcement.get_kind_display()
    data = {
        "lang": (get_language() or "en")[:2],
        "company": company.name,
        "kind": kind,
        "title": announcement.title,
        "window": "" if announcement.clears_id else window(announcement.starts_at, announcement.ends_at),
        "correction": (
            _("This corrects what we said before: %(what)s") % {"what": announcement.correction}
            if announcement.correction
            else ""
        ),
        "paragraphs": [line for line in announcement.text.split("\n") if line.strip()],
        "asks": _("Questions: %(department)s, %(phone)s") % {"department": department.name, "phone": department.phone or "—"},
        "footer": moment(announcement.published_at or announcement.publish_at),
        "doors": [
            {"community": door.building.community.name, "name": f"{door.building.name} {door.name}".strip()} for door in doors
        ],
    }
    return pdf.typeset(TEMPLATE, data)
