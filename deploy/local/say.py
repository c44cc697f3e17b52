"""What the operator reads on the terminal: one short line a step, with its time. A lost terminal is no failure."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn


class CannotGoOnError(Exception):
    """One sentence for the operator: what is wrong, and what to do."""


def line(text: str = "", *, stream: str = "out") -> None:
    # `./sikpro up | head` or a closed terminal must not stop the services
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr if stream == "err" else sys.stdout, flush=True)


def fact(name: str, text: str) -> None:
    line(f"  {name:<11} {text}")


@contextmanager
def step(name: str, doing: str) -> Iterator[list[str]]:
    """Show `doing` while the block runs, then what it put into the list (or "ready") and the seconds it took."""
    outcome: list[str] = []
    live = sys.stdout.isatty()
    if live:
        print(f"  {name:<11} {doing} …", end="", flush=True)
    started = time.monotonic()
    try:
        yield outcome
    except BaseException:
        if live:
            print(f"\r\033[K  {name:<11} {doing}: failed", flush=True)
        raise
    seconds = time.monotonic() - started
    line(("\r\033[K" if live else "") + f"  {name:<11} {' '.join(outcome) or 'ready':<50} {seconds:5.1f} s")


def news(text: str) -> None:
    """Something that happened while everything runs, with the time of day."""
    line(f"{time.strftime('%H:%M:%S')}  {text}")


def give_up(sentence: str) -> NoReturn:
    raise CannotGoOnError(sentence)
