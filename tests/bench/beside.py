"""django-import-export beside the ingest bench, in a Python of its own that the bench makes from pinned packages."""

import json
import subprocess
import sys
import venv
from itertools import islice
from pathlib import Path

from tests.bench.house import Servers

MANY = 20_000  # rows; more would take it minutes
HOME = Path(__file__).parent / "import_export"
PYTHON = Path(__file__).parents[2] / "var/bench/import-export"


def install() -> Path:
    """The other Python, made when it is not there or its packages have changed."""
    lock, kept = HOME / "requirements.lock", PYTHON / "made-from.lock"
    program = PYTHON / "bin/python"
    if not kept.exists() or kept.read_bytes() != lock.read_bytes():
        venv.create(PYTHON, clear=True, with_pip=True)
        wanted = [str(program), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)]
        subprocess.run(wanted, check=True, stdout=sys.stderr)
        kept.write_bytes(lock.read_bytes())
    return program


def import_export(at: Servers, program: Path, large: Path) -> tuple[float, float]:
    """Rows a second of (its preview and its import together, its import alone), from the beginning of a list."""
    few = large.with_name("few.csv")
    with large.open() as every:
        few.write_text("".join(islice(every, MANY + 1)))
    ran = subprocess.run([program, HOME / "peer.py", at.postgres, few], check=True, capture_output=True, text=True)
    took = json.loads(ran.stdout)
    return took["rows"] / (took["preview"] + took["import"]), took["rows"] / took["import"]
