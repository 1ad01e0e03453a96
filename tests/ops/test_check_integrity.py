import json

import pytest
from django.core.management import CommandError, call_command

from propman.tenancy.events import record_event
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope
from tests.factories import BEGIN


@pytest.fixture
def event(community) -> Event:
    with company_scope(community.company_id):
        record_event("community.opened", community, by=None, at=BEGIN, texts={"name": community.name})
        return record_event("community.renamed", community, by=None, at=BEGIN)


def last_line(capsys) -> dict:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.django_db
def test_whole_data_is_found_whole(event, rival_company, capsys):
    call_command("check_integrity", "--json")
    found = last_line(capsys)
    assert found["companies"] == ["lanting", "rival"]
    assert "event chains" in found["checks"]
    assert found["broken"] == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("column", "value"), [("canonical", "{}"), ("previous_hash", "0" * 64), ("name", "community.closed"), ("position", 7)]
)
def test_altered_event_is_named(event, owner_sql, capsys, column, value):
    owner_sql("ALTER TABLE tenancy_event DISABLE TRIGGER USER")
    owner_sql(f"UPDATE tenancy_event SET {column} = %s WHERE id = %s", value, event.pk)
    owner_sql("ALTER TABLE tenancy_event ENABLE TRIGGER USER")
    with pytest.raises(CommandError):
        call_command("check_integrity", "lanting", "--json")
    assert event.stream in last_line(capsys)["broken"]["lanting"]["event chains"][0]


@pytest.mark.django_db(transaction=True)
def test_other_companys_damage_is_not_mine(event, owner_sql, rival_company):
    owner_sql("ALTER TABLE tenancy_event DISABLE TRIGGER USER")
    owner_sql("UPDATE tenancy_event SET canonical = '{}' WHERE id = %s", event.pk)
    owner_sql("ALTER TABLE tenancy_event ENABLE TRIGGER USER")
    call_command("check_integrity", "rival")


@pytest.mark.django_db
def test_unknown_company_is_refused():
    with pytest.raises(CommandError, match="There is no company nowhere"):
        call_command("check_integrity", "nowhere")
