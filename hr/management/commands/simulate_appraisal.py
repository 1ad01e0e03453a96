import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hr import simulation


class Command(BaseCommand):
    help = "Prints how many of the true worst five raw and adjusted totals find, with lenient and strict heads and without."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seeds", type=int, default=1000)
        parser.add_argument("--employees", type=int, default=120)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        seeds, employees = options["seeds"], options["employees"]
        self.stdout.write((simulation.__doc__ or "").strip())
        self.stdout.write(f"\n{employees} employees, {seeds} seeds, of {5 * seeds} to find:")
        told = {}
        for name, leniency in (("lenient and strict heads", simulation.LENIENCY), ("heads all alike", 0.0)):
            found = [simulation.simulate(seed, employees=employees, leniency=leniency) for seed in range(seeds)]
            raw, adjusted = (float(sum(getattr(one, kind) for one in found)) for kind in ("raw", "adjusted"))
            told[name] = {"raw": round(raw, 2), "adjusted": round(adjusted, 2)}
            self.stdout.write(f"  {name}: raw {raw:.1f}, adjusted {adjusted:.1f}")
        if options["json"]:
            self.stdout.write(json.dumps(told))
