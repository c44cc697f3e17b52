"""`./sikpro ps`, `restart` and `stop`: they speak with the supervisor that runs, and change nothing themselves."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from deploy.local import control
from deploy.local.program import HOUSE
from deploy.local.say import give_up, line


def data_folder(given: str | None) -> Path:
    """--data, else $SIKPRO_DATA, else /var/lib/sikpro for root and var/data for everyone else."""
    if chosen := given or os.environ.get("SIKPRO_DATA"):
        return Path(os.environ.get("SIKPRO_CALLED_FROM", "."), Path(chosen).expanduser()).resolve()
    return Path("/var/lib/sikpro") if os.geteuid() == 0 else HOUSE / "var/data"


def running_folder(given: str | None) -> Path:
    """The folder whose supervisor is meant: the one named, else the default one, else that of the last `up`."""
    named = data_folder(given)
    if given or control.running(named) is not None:
        return named
    try:
        last = Path((HOUSE / "var/last-data").read_text())
    except OSError:
        return named
    return last if control.running(last) is not None else named


def ps(data: Path, *, as_json: bool) -> int:
    answer = _ask(data, {"do": "ps"})
    if answer is None:
        if as_json:
            line("[]")
        line(f"SIKPRO does not run on {data}; ./sikpro up starts it.", stream="err")
        return 1
    rows = answer["processes"]
    if as_json:
        line(json.dumps(rows, indent=2))
        return 0
    line(f"{'name':<10} {'pid':>7}  {'state':<12} {'since':<20} {'restarts':>8} {'MB':>7}")
    for row in rows:
        since = (row["since"] or "").replace("+00:00", "Z")
        line(
            f"{row['name']:<10} {row['pid'] or '-':>7}  {row['state']:<12} {since:<20} {row['restarts']:>8}"
            f" {row['rss_mb'] or '-':>7}"
        )
    return 0


def restart(data: Path, name: str) -> int:
    answer = _ask(data, {"do": "restart", "name": name})
    if answer is None:
        give_up(f"SIKPRO does not run on {data}; ./sikpro up starts it.")
    if "error" in answer:
        give_up(answer["error"])
    line(f"{name} was started again (pid {answer['pid']}).")
    return 0


def stop(data: Path) -> int:
    pid = control.running(data)
    began = time.monotonic()
    if pid is None or _ask(data, {"do": "stop"}) is None:
        line(f"SIKPRO does not run on {data}; there is nothing to stop.")
        return 0
    while control.running(data) == pid:
        if time.monotonic() - began > 40:
            give_up(f"The supervisor (pid {pid}) still runs after 40 s; see {data / 'logs'}.")
        time.sleep(0.05)
    line(f"Stopped in {time.monotonic() - began:.1f} s.")
    return 0


def _ask(data: Path, request: dict[str, Any]) -> dict[str, Any] | None:
    if control.running(data) is None:
        return None
    try:
        return control.ask(data, request)
    except PermissionError:
        give_up(f"SIKPRO on {data} was started by another account; ask as that account.")
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return None
