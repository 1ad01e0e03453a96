from dataclasses import asdict
from typing import Any

from django.utils import timezone

from propman.common.commands import ReportingCommand
from propman.demo.sample import ADDRESS, build_sample
from propman.demo.sign_ins import file


class Command(ReportingCommand):
    help = "Build the sample town if there is none, and write var/sign-ins.json with one person per role."

    def handle(self, *args: Any, **options: Any) -> None:
        people = build_sample(timezone.now())
        lines = [f"{person.role}: {person.email}" for person in people] or ["The sample town is there already."]
        if not options["verbosity"]:
            lines = []
        result = {"company": ADDRESS, "sign_ins": str(file()), "people": [asdict(person)["role"] for person in people]}
        self.report(result, *lines)
