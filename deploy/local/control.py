"""How `ps`, `restart` and `stop` reach the running supervisor: one line of JSON each way over loopback, with a token.

The token lies in DATA/control.json (0600): who cannot read that file cannot command the supervisor.
"""

import hmac
import json
import os
import secrets
import select
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from deploy.local.ports import HOST

LONGEST = 4096  # bytes of a request


@dataclass(frozen=True)
class Control:
    door: socket.socket
    token: str
    note: Path
    bell: socket.socket  # written to by every signal, so that waiting ends at once


def open_control(data: Path) -> Control:
    door = socket.create_server((HOST, 0))
    door.setblocking(False)
    ring, bell = socket.socketpair()
    for end in (ring, bell):
        end.setblocking(False)
    signal.set_wakeup_fd(ring.detach(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # only so that it rings
    control = Control(door, secrets.token_urlsafe(32), data / "control.json", bell)
    control.note.unlink(missing_ok=True)
    with os.fdopen(os.open(control.note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as note:
        json.dump({"port": door.getsockname()[1], "token": control.token, "pid": os.getpid()}, note)
    return control


def close(control: Control) -> None:
    control.note.unlink(missing_ok=True)
    control.door.close()


def wait(control: Control, seconds: float, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Sleep up to `seconds`, less when a child ends or a signal comes; answer whoever knocks meanwhile."""
    ready, _, _ = select.select([control.door, control.bell], [], [], seconds)
    if control.bell in ready:
        with suppress(BlockingIOError):
            control.bell.recv(4096)
    if control.door in ready:
        with suppress(OSError):
            caller, _ = control.door.accept()
            with caller:
                caller.settimeout(0.5)  # a silent caller may not hold up the supervision
                _serve(caller, control.token, answer)


def _serve(caller: socket.socket, token: str, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    asked = b""
    while not asked.endswith(b"\n") and len(asked) < LONGEST:
        more = caller.recv(LONGEST)
        if not more:
            return
        asked += more
    try:
        request = json.loads(asked)
        known = hmac.compare_digest(str(request["token"]).encode(), token.encode())
    except (ValueError, KeyError, TypeError):
        return
    if known:
        caller.sendall(json.dumps(answer(request)).encode() + b"\n")


def running(data: Path) -> int | None:
    """The pid of the supervisor of this data folder, None when there is none."""
    try:
        note = json.loads((data / "control.json").read_text())
        pid = int(note["pid"])
    except (OSError, ValueError, KeyError):
        return None
    try:
        alive = psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return pid if alive else None


def ask(data: Path, request: dict[str, Any], seconds: float = 30) -> dict[str, Any]:
    """The running supervisor's answer. Raises OSError or ValueError when none answers."""
    note = json.loads((data / "control.json").read_text())
    with socket.create_connection((HOST, note["port"]), timeout=seconds) as door:
        door.sendall(json.dumps({**request, "token": note["token"]}).encode() + b"\n")
        with door.makefile() as answers:
            answer: dict[str, Any] = json.loads(answers.readline())
            return answer
