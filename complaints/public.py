"""What the public page of a community says of its complaints, and what a visitor can do about one."""

from datetime import datetime, time, timedelta

from complaints.selectors.counting import FEW, Month, register_of
from propman.community.home import Section
from propman.community.models import Community
from propman.tenancy.models import Company


def figures(place: Community, company: Company, at: datetime) -> Section:
    """What was received this month, and how the month before went: this one's shares say nothing while its clocks run."""
    this = company.today(at).replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    since = datetime.combine(last, time.min, tzinfo=company.timezone)
    months = {one.month: one for one in register_of(place, company, at=at, since=since)}
    shown = {
        "community": place,
        "now": months.get(this, Month(this, 0, 0, 0, 0)),
        "last": months.get(last, Month(last, 0, 0, 0, 0)),
        "few": FEW,
    }
    return Section("complaints/_public.html", shown, order=20)


def ways(place: Community, company: Company, at: datetime) -> Section:
    """Is my number in it, follow one, file one."""
    return Section("complaints/_public_ways.html", {"community": place}, order=10, is_aside=True)
