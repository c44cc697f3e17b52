"""Keeps programs running: starts them, restarts what dies after a growing pause, stops all in order. One thread."""

import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psutil

from deploy.local import say
from deploy.local.program import Program, ask, end, kill_group, last_words, launch, trim

SHORTEST, LONGEST = 0.5, 30.0  # s between a death and the next start; doubled each time
STEADY = 30.0  # s of life after which a death counts as the first again
UNHURRIED = 12.0  # s a restarted program has to finish its work; Celery gives its tasks ten
ALIVE = 1.0  # s a program without a question of its own must live to count as running


@dataclass
class Child:
    """state: "starting", "running", "backing-off", "stopped" or, without a program, "external"."""

    name: str
    program: Program | None
    state: str = "stopped"
    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0  # wall clock of the present state's start
    started: float = 0.0  # monotonic
    restarts: int = 0
    pause: float = SHORTEST
    due: float = 0.0  # monotonic time of the next start
    log_began: int = 0  # size of its log when it was started, in bytes
    told: str = ""  # its last words as the operator has read them


def child_of(program: Program) -> Child:
    return Child(program.name, program)


def external(name: str) -> Child:
    """A server of the operator's own, shown in ps and left alone."""
    return Child(name, None, state="external", since=time.time())


def start(child: Child) -> None:
    assert child.program is not None
    child.log_began = child.program.log.stat().st_size if child.program.log.exists() else 0
    try:
        child.process = launch(child.program)
    except Exception as error:
        _failed(child, f"{child.name} could not be started: {error}")
        return
    child.started, child.due = time.monotonic(), 0.0
    _is_now(child, "starting")


def look_after(children: Iterable[Child]) -> None:
    """One round: notice deaths, start what is due, notice readiness. Call it a few times a second."""
    now = time.monotonic()
    for child in children:
        if child.program is None or child.state == "stopped":
            continue
        if child.state == "backing-off":
            if now >= child.due:
                child.restarts += 1
                start(child)
        elif child.process is not None and child.process.poll() is not None:
            kill_group(child.process.pid)
            if now - child.started > STEADY:
                child.pause = SHORTEST
            _failed(child, f"{child.name} {_how_it_ended(child.process.returncode)}")
        elif child.state == "starting" and _is_ready(child):
            _is_now(child, "running")
            if child.restarts:
                say.news(f"{child.name} runs again (pid {child.process.pid if child.process else '-'})")


def _is_ready(child: Child) -> bool:
    assert child.program is not None
    if child.program.ready is None:
        return time.monotonic() - child.started >= ALIVE
    return child.program.ready()


def _failed(child: Child, what: str) -> None:
    child.due = time.monotonic() + child.pause
    say.news(f"{what}; next start in {child.pause:g} s")
    if child.program and child.pause > 2 * SHORTEST:  # once is bad luck; the third time its words are wanted, once
        words = last_words(child.program.log, since=child.log_began)
        if words != child.told:
            say.line(_indented(words))
        child.told = words
    child.pause = min(child.pause * 2, LONGEST)
    _is_now(child, "backing-off")


def _how_it_ended(code: int) -> str:
    if code < 0:
        with suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def _is_now(child: Child, state: str) -> None:
    child.state, child.since = state, time.time()


def _indented(text: str) -> str:
    return "\n".join(f"          {line}" for line in text.splitlines())


def restart(child: Child) -> None:
    """Stop and start at once, without a pause; also a child that is backing off or was never up."""
    assert child.program is not None
    if child.process is not None and child.process.poll() is None:
        end(child.process, child.program, UNHURRIED)
    child.pause = SHORTEST
    child.restarts += 1
    start(child)


def stop_all(children: list[Child], stages: Iterable[set[str]], impatient: list[bool]) -> None:
    """Stop stage after stage. A stage begins when the one before has ended, or after a second of waiting for it:
    a browser that holds its connection must not hold up everyone else. `impatient` turns true at the second Ctrl-C.
    """
    begun: list[tuple[Child, float]] = []
    for stage in stages:
        members = [child for child in children if child.name in stage and child.program and child.process]
        for child in members:
            assert child.program is not None
            assert child.process is not None
            ask(child.process, child.program.stop_signal)
            begun.append((child, time.monotonic() + child.program.patience))
        last = stage & {"postgres", "valkey"}
        grace = time.monotonic() + (1.0 if not last else 0.0)
        while time.monotonic() < grace and any(child.process and child.process.poll() is None for child in members):
            time.sleep(0.02)
        # the database goes only when nobody needs it any more
        if stage & {"simulator"} or last:
            _reap(begun, impatient)
    _reap(begun, impatient)
    for child in children:
        if child.program:
            _is_now(child, "stopped")


def _reap(begun: list[tuple[Child, float]], impatient: list[bool]) -> None:
    for child, deadline in begun:
        process = child.process
        if process is None:
            continue
        while process.poll() is None and time.monotonic() < deadline and not impatient[0]:
            time.sleep(0.02)
        if process.poll() is None:
            say.line(f"  {child.name} did not stop by itself and was killed")
            ask(process, signal.SIGKILL)
            process.wait()
        kill_group(process.pid)


def table(children: Iterable[Child]) -> list[dict[str, Any]]:
    """What ps shows: name, pid, state, since (UTC, ISO 8601), restarts, rss_mb of the whole process tree."""
    return [
        {
            "name": child.name,
            "pid": child.process.pid if child.process is not None and child.process.poll() is None else None,
            "state": child.state,
            "since": datetime.fromtimestamp(child.since, UTC).isoformat(timespec="seconds") if child.since else None,
            "restarts": child.restarts,
            "rss_mb": memory(child.process.pid) if child.process is not None and child.process.poll() is None else None,
        }
        for child in children
    ]


def memory(pid: int) -> float | None:
    """MB in RAM of a process and its children; what children share with the rest (Postgres' buffers) counted once."""
    try:
        parent = psutil.Process(pid)
        total: int = parent.memory_info().rss
        for child in parent.children(recursive=True):
            with suppress(psutil.Error):
                info = child.memory_info()
                total += info.rss - getattr(info, "shared", 0)
    except psutil.Error:
        return None
    return round(total / 1_000_000, 1)


def trim_logs(children: Iterable[Child]) -> None:
    for child in children:
        if child.program:
            trim(child.program.log)
