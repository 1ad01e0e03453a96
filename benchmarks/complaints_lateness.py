"""How late clocks fire with the demo's own worker and beat, seen from outside: poll the rows until all have fired."""

import os
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from benchmarks.complaints_sweep import many_overdue
from benchmarks.measure import Figure
from benchmarks.scratch import owner_cursor
from complaints.models import Timer
from propman.ops.serve import commands
from propman.tenancy.scope import company_scope

COMPLAINTS, SPREAD = 2_000, 90  # clocks that run out one after the other within so many seconds
PATIENCE = 120


def run() -> list[Figure]:
    company = many_overdue(COMPLAINTS, "late")
    database = settings.DATABASES["default"]
    url = (
        f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/"
        f"{connection.settings_dict['NAME']}"
    )
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DATABASE_OWNER_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "propman.settings.test",
    }
    with owner_cursor() as cursor:
        cursor.execute(
            """
            UPDATE complaints_timer SET due_at = now() + interval '10 seconds' + random() * %s * interval '1 second'
            WHERE company_id = %s AND level = 80
            """,
            [SPREAD, company.pk],
        )
    with tempfile.TemporaryDirectory() as folder:
        processes = [
            subprocess.Popen([*arguments, *more], env=environment, cwd=settings.BASE_DIR)
            for arguments, more in (
                (commands(0)["worker"], ["--purge"]),
                (commands(0)["beat"], ["--schedule", str(Path(folder) / "beat")]),
            )
        ]
        try:
            lateness = watched(company.pk)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()
    at = lateness[int(len(lateness) * 0.99)] if len(lateness) == COMPLAINTS else float("inf")
    name = f"lateness of {COMPLAINTS:,} clocks under beat and worker, p99"
    return [Figure(name, at, "s", None, "30 s or less", at <= 30, "seen from outside, to the second")]


def watched(company_id: int) -> list[float]:
    """Seconds from each clock's due time to the moment at which somebody else could read that it had fired."""
    until = time.monotonic() + SPREAD + PATIENCE
    seen: dict[int, float] = {}
    while len(seen) < COMPLAINTS and time.monotonic() < until:
        now = datetime.now(UTC)
        with company_scope(company_id):
            fired = Timer.objects.filter(level=80).exclude(fired_at=None).values_list("pk", "due_at")
            for pk, due_at in fired:
                seen.setdefault(pk, (now - due_at).total_seconds())
        time.sleep(1)
    return sorted(seen.values())
