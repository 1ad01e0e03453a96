from datetime import date
from decimal import Decimal

from propman.community.models import Building, Community, Department, Entrance, Household, Room
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

from .people import BEGIN, serial


def make_company(address: str, **fields) -> Company:
    return Company.objects.create(address=address, name=fields.pop("name", address.title()), created_at=BEGIN, **fields)


def make_community(company: Company, address: str = "", **fields) -> Community:
    address = address or f"place-{next(serial)}"
    with company_scope(company.pk):
        return Community.objects.create(address=address, name=fields.pop("name", address.title()), **fields)


def make_department(
    company: Company,
    kind: Department.Kind = Department.Kind.OTHER,
    *,
    community: Community | None = None,
    name: str = "",
) -> Department:
    with company_scope(company.pk):
        return Department.objects.create(
            name=name or f"{kind.label} {next(serial)}", kind=kind, community=community, phone="021-5555-0101"
        )


def make_household(community: Community, *, area: Decimal | int = 80, started_on: date = date(2025, 1, 1)) -> Household:
    """A room of its own entrance and building, with the household in it."""
    number = next(serial)
    with company_scope(community.company_id):
        building, _created = Building.objects.get_or_create(company_id=community.company_id, community=community, name="1")
        entrance, _created = Entrance.objects.get_or_create(company_id=community.company_id, building=building, name="1")
        room = Room.objects.create(community=community, entrance=entrance, name=str(number), label=f"1-1-{number}", area=area)
        return Household.objects.create(community=community, room=room, started_on=started_on)
