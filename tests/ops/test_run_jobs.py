import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from propman.tenancy import jobrun

pytestmark = pytest.mark.django_db
AT = "2031-05-01T09:00+08:00"


@pytest.fixture
def monthly(company, rival_company, monkeypatch):
    """A job of one period; the list of its runs."""
    runs = []
    period = jobrun.Period("2031-05", datetime(2031, 5, 1, tzinfo=UTC))
    job = jobrun.Job(
        "probe",
        lambda company, since, at: [period] if since < period.due_at <= at else [],
        lambda company, name, at: runs.append((company.address, name)),
    )
    monkeypatch.setattr(jobrun, "JOBS", {"probe": job})
    monkeypatch.setattr(jobrun, "SWEEPS", {})
    return runs


def test_due_period_is_done_once_for_every_company(monthly, capsys):
    call_command("run_jobs", "--at", AT, "--json")
    call_command("run_jobs", "--at", AT)
    assert sorted(monthly) == [("lanting", "2031-05"), ("rival", "2031-05")]
    first = json.loads(next(line for line in capsys.readouterr().out.splitlines() if line.startswith("{")))
    assert first["done"] == {"periods": 2, "jobs": 2}


def test_period_in_the_future_is_left_alone(monthly):
    call_command("run_jobs", "--at", "2031-04-30T09:00+08:00")
    assert monthly == []


def test_failed_job_is_named(monthly, monkeypatch):
    def fail(company, name, at):
        if company.address == "lanting":
            raise RuntimeError("no paper")
        monthly.append((company.address, name))

    monkeypatch.setitem(jobrun.JOBS, "probe", jobrun.Job("probe", jobrun.JOBS["probe"].periods, fail))
    with pytest.raises(CommandError, match="lanting: probe of 2031-05 failed: RuntimeError: no paper"):
        call_command("run_jobs", "--at", AT)
    assert monthly == [("rival", "2031-05")]


def test_unreadable_moment_is_refused():
    with pytest.raises(CommandError, match="--at"):
        call_command("run_jobs", "--at", "tomorrow")
