"""Real servers in a folder of their own."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from propman.embedded import postgres, valkey
from propman.embedded.place import Place, find_place
from propman.settings.environment import BASE_DIR


@dataclass
class Clone:
    """A folder `var` of its own, and the launcher as a user calls it."""

    var: Path

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "propman.embedded", *words]

    def environment(self, **more: str) -> dict[str, str]:
        given = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        return {**given, "PROPMAN_VAR": str(self.var), **more}

    def call(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), cwd=BASE_DIR, env=self.environment(**variables), capture_output=True, text=True, timeout=120
        )

    def start(self) -> dict[str, str]:
        """Start the servers; the variables that they are reached by."""
        started = self.call("start")
        assert started.returncode == 0, started.stderr
        return self.variables()

    def variables(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.var / "services.env").read_text().splitlines())

    @property
    def place(self) -> Place:
        return find_place(self.var)

    def pids(self) -> tuple[int | None, int | None]:
        return postgres.running_pid(self.place), valkey.running_pid(self.place)


@contextmanager
def open_clone() -> Iterator[Clone]:
    """In a folder that every account may enter, with a long path and spaces in its name."""
    top = Path(tempfile.mkdtemp(prefix="propman-"))
    top.chmod(0o755)
    clone = Clone(top / ("a long name " * 8).strip() / "var")
    yield clone
    assert clone.call("remove").returncode == 0
    shutil.rmtree(top)


@pytest.fixture
def clone() -> Iterator[Clone]:
    with open_clone() as clone:
        yield clone


@pytest.fixture(scope="module")
def started() -> Iterator[Clone]:
    """Its servers run, and no test stops them."""
    with open_clone() as clone:
        clone.start()
        yield clone


@pytest.fixture
def closed_clone(tmp_path: Path) -> Iterator[Clone]:
    """In a folder that nobody else may enter, as root's home is."""
    tmp_path.chmod(0o700)
    clone = Clone(tmp_path / "var")
    yield clone
    assert clone.call("remove").returncode == 0
