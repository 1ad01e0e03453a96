"""A worker of the sweep in a process of its own, which kills itself before its n-th statement.

Usage: python -m tests.complaints.sweep_worker DATABASE AT STATEMENT (0: lives on) [BATCH]
"""

import os
import signal
import sys
from datetime import datetime

import django


def main() -> None:
    database, at, statement = sys.argv[1], datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "propman.settings.test")
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    from django.db import connection

    from complaints import services
    from complaints.services import escalation

    escalation.BATCH = int(sys.argv[4]) if len(sys.argv) > 4 else 7
    done = 0

    def count(execute, sql, params, many, context):
        nonlocal done
        done += 1
        if done == statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        services.fire_due_timers(at)


if __name__ == "__main__":
    main()
