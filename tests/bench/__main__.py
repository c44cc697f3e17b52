"""`python -m tests.bench [NAME…]`: run benches and print one table; each table is kept in var/bench too."""

import argparse
import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import cek, click, clone, export, ingest, ingest_pages, memory, pace, pages
from tests.bench.figures import Figure, table
from tests.bench.house import Servers, servers

KEPT = Path(__file__).parents[2] / "var/bench"
BENCHES: dict[str, Callable[..., list[Figure]]] = {
    "click": click.run,
    "cek": cek.run,
    "pace": pace.run,
    "queue": pages.run,
    "export": export.run,
    "rss": memory.run,
    "clone": clone.run,
    "ingest": ingest.run,
    "ingest-pages": ingest_pages.run,
}


def main(words: list[str]) -> int:
    """Run what is named, or everything; 1 when a bench failed to run."""
    asked = argparse.ArgumentParser(prog="./sikpro bench", description=__doc__)
    asked.add_argument("name", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}; none: all of them")
    asked.add_argument("--messages", type=int, metavar="N", help=f"of the pace run ({pace.MESSAGES})")
    asked.add_argument("--orders", type=int, metavar="N", help="the queue run's only size (10000, 100000, 1000000)")
    asked.add_argument("--clones", type=int, metavar="N", help=f"how often the clone run is done ({clone.CLONES})")
    asked.add_argument("--rows", type=int, metavar="N", help=f"of the ingest run ({ingest.ROWS})")
    asked.add_argument("--seconds", type=int, metavar="N", help="of one round of the click and cek runs (12)")
    asked.add_argument("--burst", type=int, metavar="N", help=f"questions at once in the cek run ({cek.BURST})")
    given = asked.parse_args(words)
    unknown = [name for name in given.name if name not in BENCHES]
    if unknown:
        asked.error(f"there is no bench {unknown[0]}; there are {', '.join(BENCHES)}")
    KEPT.mkdir(parents=True, exist_ok=True)
    figures: list[Figure] = []
    failed = []
    with servers() as at:
        for name in given.name or BENCHES:
            found = _one(name, at, _sizes(name, given))
            figures += found
            if not found:
                failed.append(name)
    print(table(figures))
    if failed:
        print(f"did not run to the end: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _sizes(name: str, given: argparse.Namespace) -> dict[str, int]:
    all_sizes = {
        "pace": {"messages": given.messages},
        "queue": {"orders": given.orders},
        "clone": {"clones": given.clones},
        "ingest": {"rows": given.rows},
        "ingest-pages": {"rows": given.rows},
        "click": {"seconds": given.seconds},
        "cek": {"seconds": given.seconds, "burst": given.burst},
    }
    sizes = all_sizes.get(name, {})
    return {size: value for size, value in sizes.items() if value}


def _one(name: str, at: Servers, sizes: dict[str, int]) -> list[Figure]:
    began = time.monotonic()
    print(f"{name} … (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
    try:
        found = BENCHES[name](at, **sizes)
    except Exception as error:
        print(f"{name} failed: {error!r}", file=sys.stderr, flush=True)
        if os.environ.get("SIKPRO_BENCH_TRACE"):
            raise
        return []
    gc.collect()
    (KEPT / f"{name}.md").write_text(table(found) + "\n")
    print(f"{name} took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
