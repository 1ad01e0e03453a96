import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from propman.community.models import Community
from propman.tenancy.models import Company
from propman.tenancy.scope import NoCompany, company_scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_companies() -> tuple[Company, Company]:
    ours, theirs = (Company.objects.create(address=address, name=address) for address in ("ours", "theirs"))
    for company in (ours, theirs):
        with company_scope(company.pk):
            Community.objects.create(address="willow", name=f"Willow of {company.name}")
    return ours, theirs


def test_forgotten_scope_raises(two_companies):
    with pytest.raises(NoCompany):
        Community.objects.count()


def test_forgotten_scope_raises_in_raw_sql(two_companies):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM community_community")


def test_scope_shows_own_rows_only(two_companies):
    ours, theirs = two_companies
    with company_scope(ours.pk):
        assert [community.name for community in Community.objects.all()] == ["Willow of ours"]
        assert [community.name for community in Community.unscoped.all()] == ["Willow of ours"]
    with company_scope(theirs.pk):
        assert [community.name for community in Community.objects.all()] == ["Willow of theirs"]


def test_queryset_built_in_one_scope_serves_the_other(two_companies):
    ours, theirs = two_companies
    with company_scope(ours.pk):
        communities = Community.objects.order_by("pk")
    with company_scope(theirs.pk):
        assert [community.name for community in communities] == ["Willow of theirs"]


def test_row_for_another_company_is_refused(two_companies):
    ours, theirs = two_companies
    with company_scope(ours.pk), pytest.raises(DatabaseError), transaction.atomic():
        Community.objects.create(company=theirs, address="stolen", name="Stolen")
