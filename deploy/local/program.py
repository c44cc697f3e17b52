"""One program as the launcher sees it: how it is started, known to be ready, and stopped. Knows no program by name."""

import ctypes
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.account import Account
from deploy.local.say import give_up

HOUSE = Path(__file__).resolve().parents[2]
LARGEST_LOG = 10_000_000  # bytes; then the file is copied aside and emptied
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class Program:
    """`ready` answers fast and never raises, `before` runs ahead of each start, `patience` is seconds until SIGKILL."""

    name: str
    argv: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    cwd: Path = HOUSE
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 5.0
    before: Callable[[], None] = lambda: None
    ready: Callable[[], bool] | None = None  # None: alive for a second


def launch(program: Program) -> subprocess.Popen[bytes]:
    """Start `program` in a session of its own, its words going to its log.

    Call it from the main thread: on Linux the child is told to stop when the thread that started it ends,
    so that a killed launcher leaves nothing running.
    """
    program.before()
    program.log.parent.mkdir(parents=True, exist_ok=True)
    parent, stop_signal = os.getpid(), int(program.stop_signal)

    def obey_the_launcher() -> None:
        if _prctl is not None:
            _prctl(PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)
            if os.getppid() != parent:  # it died between fork and this line
                os._exit(0)

    identity = program.account.identity() if program.account else {}
    log_number = os.open(program.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(log_number, "ab") as log, warnings.catch_warnings():
        # Python 3.12 warns when a process with threads forks: the launcher has one, a test may have more
        warnings.simplefilter("ignore", DeprecationWarning)
        return subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/" if program.account else program.cwd,
            env=dict(program.environment) or None,
            start_new_session=True,
            preexec_fn=obey_the_launcher,  # noqa: PLW1509 - the launcher has one thread
            **identity,
        )


def end(process: subprocess.Popen[bytes], program: Program, patience: float | None = None) -> None:
    """Ask, wait for `patience` seconds, then kill; the whole process group is gone when this returns."""
    ask(process, program.stop_signal)
    try:
        process.wait(program.patience if patience is None else patience)
    except subprocess.TimeoutExpired:
        ask(process, signal.SIGKILL)
        process.wait()
    kill_group(process.pid)


def ask(process: subprocess.Popen[bytes], with_signal: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(with_signal)


def kill_group(leader: int) -> None:
    """Children that outlived their leader, such as those of a killed Celery worker."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def wait_ready(process: subprocess.Popen[bytes], program: Program, seconds: float) -> None:
    """Return when it is ready; raise CannotGoOnError with its last words when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            give_up(f"{program.name} ended at once (code {process.returncode}): {last_words(program.log)}")
        if program.ready is None or program.ready():
            return
        time.sleep(0.02)
    give_up(f"{program.name} was not ready within {seconds:.0f} s: {last_words(program.log)}")


def last_words(log: Path, lines: int = 6, since: int = 0) -> str:
    """The end of a log; since: the byte at which the present life of the program begins."""
    try:
        text = log.read_bytes()[since:].decode(errors="replace")
    except OSError:
        return f"see {log}"
    return "\n".join(text.rstrip().splitlines()[-lines:]) or f"it said nothing; see {log}"


def turn_over(log: Path) -> None:
    """A new start begins a new log; the one before stays beside it."""
    if log.exists() and log.stat().st_size > 0:
        log.replace(log.with_name(log.name + ".1"))


def trim(log: Path) -> None:
    """Keep a running program's log under LARGEST_LOG.

    The program holds the file open, so it is copied and emptied: a line written in between may be lost.
    """
    try:
        if log.stat().st_size > LARGEST_LOG:
            log.with_name(log.name + ".1").write_bytes(log.read_bytes())
            os.truncate(log, 0)
    except OSError:
        pass


def _find_prctl() -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    found: Callable[..., int] = ctypes.CDLL(None).prctl  # looked up before any fork
    return found


_prctl = _find_prctl()
