import json
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings

from propman.common.commands import ReportingCommand


class Command(ReportingCommand):
    help = "Lists who can sign in to the demo, with the code of the second step that holds now."

    def handle(self, *args: Any, **options: Any) -> None:
        file = settings.VAR_DIR / "sign-ins.json"
        if not settings.DEMO or not file.exists():
            self.refuse("Only the demo has sign-ins to show, once it has been built: make demo")
        people = json.loads(file.read_text())
        counters = list(yield_hotp_counters_from_time())
        present = counters[len(counters) // 2]
        for person in people:
            seed = person.pop("totp_seed")
            person["code"] = format_hotp_value(hotp_value(seed, present)) if seed else ""
        columns = ("role", "email", "password", "code", "company")
        widths = {name: max(len(name), *(len(person[name]) for person in people)) for name in columns}
        rows = [dict(zip(columns, columns, strict=True)), *people]
        self.report(
            {"people": people}, *("  ".join(row[name].ljust(widths[name]) for name in columns).rstrip() for row in rows)
        )
