"""Memory of every process of a house: resident, its own alone, and its fair share of what is shared."""

import psutil

from tests.bench import click
from tests.bench.figures import Figure
from tests.bench.house import Servers, family

MEGABYTE = 1_000_000
MANY = 5  # children from here on are shown as one line


def run(at: Servers) -> list[Figure]:
    """The memory after a short click run."""
    return [one for one in click.run(at, seconds=2) if one.bench == "rss"]


def figures(pids: dict[str, int]) -> list[Figure]:
    """Each process, a child beside its parent; RSS counts shared pages in each of them, USS only what is its own."""
    found: list[Figure] = []
    fair = 0.0
    for name, pid in pids.items():
        known = []
        for member in family(pid):
            try:
                known.append(member.memory_full_info())
            except psutil.NoSuchProcess:
                continue
        fair += sum(one.pss for one in known) / MEGABYTE
        if len(known) > MANY:
            share = sum(one.pss for one in known) / MEGABYTE
            what = f"{name}, {len(known)} processes, fair share"
            found.append(_line(what, share, sum(one.uss for one in known) / MEGABYTE))
            continue
        for place, one in enumerate(known):
            found.append(_line(f"{name} child {place}" if place else name, one.rss / MEGABYTE, one.uss / MEGABYTE))
    return [*found, Figure("rss", "everything, fair share of shared pages (PSS)", [fair], unit="MB")]


def _line(what: str, resident: float, own: float) -> Figure:
    return Figure("rss", what, [resident], unit="MB", peer="USS", beside=own)
