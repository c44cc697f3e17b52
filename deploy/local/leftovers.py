"""What a killed supervisor could not end: written down while it lives, ended by the next one on the same data."""

import json
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from deploy.local.supervisor import Child


def write_down(children: Iterable[Child], book: Path) -> None:
    """Pids with their start times, for the next launcher to end what this one could not (see end)."""
    pids = {}
    for child in children:
        if child.process is not None and child.process.poll() is None:
            with suppress(psutil.Error):
                pids[child.process.pid] = [child.name, psutil.Process(child.process.pid).create_time()]
    book.write_text(json.dumps(pids))


def end(book: Path, data: Path) -> int:
    """End the process groups an earlier launcher of this data folder left behind; return how many.

    A pid alone proves nothing: the leader must have the start time written down, a member without its leader must carry
    our SIKPRO_DATA in its environment. Postgres is not here: it has a pid file of its own.
    """
    try:
        written = json.loads(book.read_text())
    except (OSError, ValueError):
        return 0
    ended = 0
    for number, (name, born) in written.items():
        group = int(number)
        if name == "postgres" or not _is_ours(group, born, data):
            continue
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGTERM)
            ended += 1
            deadline = time.monotonic() + 3
            while time.monotonic() < deadline:
                os.killpg(group, 0)
                time.sleep(0.05)
            os.killpg(group, signal.SIGKILL)
    book.unlink(missing_ok=True)
    return ended


def _is_ours(group: int, born: float, data: Path) -> bool:
    try:
        return bool(abs(psutil.Process(group).create_time() - born) < 1)
    except psutil.Error:
        pass
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) == group:
                return bool(process.environ().get("SIKPRO_DATA") == str(data))
    return False
