import os
import signal
import subprocess
import sys
import time

from propman.settings.environment import BASE_DIR

WAIT = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]


def running(clone, *command: str) -> subprocess.Popen:
    process = subprocess.Popen(
        clone.command("run", *command), cwd=BASE_DIR, env=clone.environment(), stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    while process.stdout.readline() != "up\n":
        assert process.poll() is None
    return process


def test_status_of_the_command_is_passed_on(clone):
    assert clone.call("run", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    assert clone.pids() == (None, None)


def test_interrupt_ends_command_and_servers(clone):
    process = running(clone, *WAIT)
    assert None not in clone.pids()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    process.communicate(timeout=120)
    assert clone.pids() == (None, None)


def test_termination_is_passed_on(clone):
    process = running(clone, *WAIT)
    process.terminate()
    process.communicate(timeout=120)
    assert clone.pids() == (None, None)


def test_servers_stay_while_another_command_uses_them(clone):
    process = running(clone, *WAIT)
    assert clone.call("run", "true").returncode == 0
    assert None not in clone.pids()
    process.terminate()
    process.communicate(timeout=120)
    assert clone.pids() == (None, None)


def test_servers_started_by_hand_stay(clone):
    clone.start()
    assert clone.call("run", "true").returncode == 0
    assert None not in clone.pids()


def test_removed_clone_leaves_nothing(closed_clone):
    closed_clone.start()
    state, pids = closed_clone.place.state, closed_clone.pids()
    assert closed_clone.call("remove").returncode == 0
    time.sleep(0.1)
    assert not state.exists() or not [path for path in state.iterdir() if path.name != "embedded.lock"]
    assert closed_clone.pids() == (None, None)
    assert None not in pids
