"""Folders the database's account can reach, and commands of ./sikpro run as an operator would."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import temporary
from deploy.local.program import HOUSE


@pytest.fixture
def data() -> Iterator[Path]:
    with temporary.folder() as made:
        yield made


@pytest.fixture(scope="module")
def house_data() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="sikpro-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def sikpro(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """One command to its end, without the operator's own settings."""
    plain = temporary.plain_environment() | env
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", *words],
        check=False,
        cwd=HOUSE,
        env=plain,
        capture_output=True,
        text=True,
        timeout=60,
    )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z" if Path("/proc").exists() else True
