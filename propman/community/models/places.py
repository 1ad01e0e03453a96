from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from propman.tenancy.base import CompanyModel, Link, company_constraints


class Community(CompanyModel):
    """小区: the place that a management office looks after."""

    address = models.SlugField(_("address"), max_length=60)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=120)
    street = models.CharField(_("street address"), max_length=200, blank=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "address"], name="community_community_address"),
            models.UniqueConstraint(fields=["company", "name"], name="community_community_name"),
            *company_constraints("community_community", update=["name", "street"]),
        ]

    def __str__(self) -> str:
        return self.name


class Building(CompanyModel):
    """楼栋."""

    community = Link(Community, related_name="buildings")
    name = models.CharField(_("building"), max_length=60)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "community", "name"], name="community_building_name"),
            *company_constraints(
                "community_building", references={"community_id": "community_community"}, update=["name"], delete=True
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Entrance(CompanyModel):
    """单元."""

    building = Link(Building, related_name="entrances")
    name = models.CharField(_("entrance"), max_length=30)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "building", "name"], name="community_entrance_name"),
            *company_constraints(
                "community_entrance", references={"building_id": "community_building"}, update=["name"], delete=True
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Room(CompanyModel):
    """房屋: what is owned and billed. `label` is the short way to say where it is, such as 3-2-1201."""

    community = Link(Community, related_name="rooms")
    entrance = Link(Entrance, related_name="rooms")
    name = models.CharField(_("room"), max_length=30)
    label = models.CharField(_("room"), max_length=120)
    area = models.DecimalField(_("area in m²"), max_digits=8, decimal_places=2)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "entrance", "name"], name="community_room_name"),
            models.CheckConstraint(condition=Q(area__gt=0), name="community_room_area_positive"),
            *company_constraints(
                "community_room",
                references={"community_id": "community_community", "entrance_id": "community_entrance"},
                update=["name", "label", "area"],
                delete=True,
            ),
        ]
        indexes = [models.Index(fields=["company", "community", "label"], name="community_room_label")]

    def __str__(self) -> str:
        return self.label


class Household(CompanyModel):
    """户: those who live in a room together; a room has one at a time."""

    community = Link(Community, related_name="households")
    room = Link(Room, related_name="households")
    started_on = models.DateField()
    ended_on = models.DateField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "room"], name="community_household_current", condition=Q(ended_on=None)),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=models.F("started_on")), name="community_household_days"
            ),
            *company_constraints(
                "community_household",
                references={"community_id": "community_community", "room_id": "community_room"},
                update=["ended_on"],
                delete=True,
            ),
        ]
        indexes = [models.Index(fields=["company", "community"], name="community_household_place")]
