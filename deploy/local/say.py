"""What the operator reads on the terminal: one short line a step, with its time. A lost terminal is no failure."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn, TextIO

CLEAR = "\r\033[K"  # back to the start of the terminal's line, and wipe it
_shown: list[str] = []  # the step whose end is awaited, on a terminal


class CannotGoOnError(Exception):
    """One sentence for the operator: what is wrong, and what to do."""


def line(text: str = "", *, stream: str = "out") -> None:
    """One line; a step that is being shown moves below it."""
    ours = sys.stderr if stream == "err" else sys.stdout
    unfinished = _shown[-1] if _shown and ours is sys.stdout else ""
    _write(ours, (CLEAR if unfinished else "") + text + "\n" + unfinished)


def fact(name: str, text: str) -> None:
    line(f"  {name:<11} {text}")


@contextmanager
def step(name: str, doing: str) -> Iterator[list[str]]:
    """Show `doing` while the block runs, then what it put into the list (or "ready") and the seconds it took."""
    outcome: list[str] = []
    live = sys.stdout.isatty()
    if live:
        _shown.append(f"  {name:<11} {doing} …")
        _write(sys.stdout, _shown[-1])
    started = time.monotonic()
    try:
        yield outcome
    except BaseException:
        outcome[:] = [f"{doing}: failed"]
        raise
    finally:
        seconds = time.monotonic() - started
        _shown.clear()
        done = f"  {name:<11} {' '.join(outcome) or 'ready':<50} {seconds:5.1f} s"
        line((CLEAR if live else "") + done)


def news(text: str) -> None:
    """Something that happened while everything runs, with the time of day."""
    line(f"{time.strftime('%H:%M:%S')}  {text}")


def _write(stream: TextIO, text: str) -> None:
    # `./sikpro up | head` or a closed terminal must not stop the services
    with suppress(OSError, ValueError):
        stream.write(text)
        stream.flush()


def give_up(sentence: str) -> NoReturn:
    raise CannotGoOnError(sentence)
