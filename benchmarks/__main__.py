"""python -m benchmarks [NAME ...]: a scratch database, every benchmark, a table and benchmarks/results.json."""

import json
import os
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import django

MODULES = (
    "complaints_sweep",
    "complaints_filing",
    "complaints_queue",
    "complaints_lateness",
    "complaints_figures",
    "announcements",
    "cards",
    "billing",
    "hr",
)
RESULTS = Path(__file__).with_name("results.json")


def found() -> dict[str, Callable[[], list]]:
    """The benchmarks that exist: each module has `run() -> list[Figure]`."""
    folder = Path(__file__).parent
    return {name: import_module(f"benchmarks.{name}").run for name in MODULES if (folder / f"{name}.py").exists()}


def main(names: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "propman.settings.test")
    django.setup()
    from benchmarks.scratch import scratch_database

    figures = []
    with scratch_database():
        for name, run in found().items():
            if not names or name in names:
                print(f"{name} ...", flush=True)
                figures += run()
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    before = json.loads(RESULTS.read_text())["figures"] if names and RESULTS.exists() else []
    kept = [figure for figure in before if figure["name"] not in {figure.name for figure in figures}]
    RESULTS.write_text(
        json.dumps({"machine": machine, "figures": kept + [figure.as_dict() for figure in figures]}, indent=2) + "\n"
    )
    print(f"\n{'figure':58} {'value':>12} {'floor':>12} {'ratio':>8}  asked")
    for figure in figures:
        floor = f"{figure.floor:.2f}" if figure.floor else "-"
        ratio = f"{figure.ratio:.2f}" if figure.ratio else "-"
        sign = "holds" if figure.holds else "MISSED"
        asked = f"{figure.limit} ({sign}) {figure.note}"
        print(f"{figure.name:58} {figure.value:10.2f} {figure.unit:2} {floor:>11} {ratio:>8}  {asked}")
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
