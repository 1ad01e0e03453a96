"""What the API says of places and people; every field is named."""

from typing import Any

from rest_framework import serializers

from .models import Community, Employee, Household, Occupancy


class CommunitySerializer(serializers.ModelSerializer[Community]):
    has_committee = serializers.BooleanField(read_only=True)

    class Meta:
        model = Community
        fields = ["id", "address", "name", "street", "has_committee"]


class OccupantSerializer(serializers.ModelSerializer[Occupancy]):
    name = serializers.CharField(source="person.name")
    phone = serializers.CharField(source="person.phone")

    class Meta:
        model = Occupancy
        fields = ["name", "phone", "kind", "starts_on", "ends_on"]


class HouseholdSerializer(serializers.ModelSerializer[Household]):
    community = serializers.CharField(source="community.address")
    building = serializers.CharField(source="room.entrance.building.name")
    entrance = serializers.CharField(source="room.entrance.name")
    room = serializers.CharField(source="room.label")
    area = serializers.DecimalField(source="room.area", max_digits=8, decimal_places=2)
    people = OccupantSerializer(source="occupancies", many=True)

    class Meta:
        model = Household
        fields = ["id", "community", "building", "entrance", "room", "area", "started_on", "ended_on", "people"]


class EmployeeSerializer(serializers.ModelSerializer[Employee]):
    department = serializers.CharField(source="department.name")
    community = serializers.SerializerMethodField()

    class Meta:
        model = Employee
        fields = ["id", "number", "name", "post", "phone", "department", "community"]

    def get_community(self, employee: Employee) -> str | None:
        community: Any = employee.department.community
        return community.address if community else None
