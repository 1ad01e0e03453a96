"""Complaints for tests, filed through the services."""

from datetime import UTC, datetime

from complaints import services
from complaints.models import Category, Complaint
from complaints.services.policies import default_rules
from propman.community.models import Household, Person

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def make_category(code: str = "leak", name: str = "Leak", name_zh: str = "漏水") -> Category:
    category, _made = Category.objects.get_or_create(code=code, defaults={"name": name, "name_zh": name_zh})
    return category


def make_policy(at: datetime = START):
    return services.publish_policy(rules=default_rules(), by=None, at=at)


def make_complaint(*, household: Household | None = None, at: datetime = START, **given) -> Complaint:
    """A complaint filed on the web by the household's owner, or with `first_asked` by an employee."""
    if "asker" not in given:
        person = Person.objects.filter(occupancies__household=household).first() if household else None
        given["asker"] = services.Asker(
            user=person.user if person else None, person=person, name=person.name if person else "Caller", phone="555 0100"
        )
    given.setdefault("category", make_category())
    given.setdefault("channel", "phone" if given.get("first_asked") else "web")
    given.setdefault("title", "Water through the ceiling")
    given.setdefault("text", "It drips since noon.")
    return services.file_complaint(household=household, at=at, **given).complaint
