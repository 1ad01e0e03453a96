"""The supervisor of the demo; the demo itself is looked at by the browser tests' live server."""

import socket
import subprocess
import sys
import time

import pytest

from propman.ops import serve
from propman.settings.environment import BASE_DIR

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def child(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE)


def test_taken_port_is_told_in_words():
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]
        answer = subprocess.run(
            [sys.executable, "-m", "propman.ops.serve", "--port", str(port)], cwd=BASE_DIR, capture_output=True, text=True
        )
    assert answer.returncode == 1
    assert f"make demo PORT={port + 1}" in answer.stderr


def test_death_of_a_child_is_reported_by_name():
    with child(SLEEP) as web, child([sys.executable, "-c", "raise SystemExit(3)"]) as worker:
        worker.wait()
        with pytest.raises(serve.Ended, match=r"worker process ended by itself \(status 3\)"):
            serve.ensure_alive({"web": web, "worker": worker})
        web.kill()


def test_end_leaves_no_child(monkeypatch):
    monkeypatch.setattr(serve, "GRACE_SECONDS", 1)
    children = {"web": child(SLEEP), "worker": child(STUBBORN)}
    assert children["worker"].stdout.readline() == b"up\n"
    began = time.monotonic()
    serve.end(children)
    assert all(process.poll() is not None for process in children.values())
    assert time.monotonic() - began < 10
    for process in children.values():
        process.stdout.close()
