"""Uploaded files in storage, through fsspec: a folder by default, a bucket by its address. It looks into none.

`SIKPRO_UPLOADS` names where (`s3://bucket/uploads` needs what `requirements-s3.lock` names); empty means the folder
`uploads` in SIKPRO_DATA. Names are ours and made by chance; what a person called a file is never part of a path.
"""

import secrets
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC
from pathlib import Path
from typing import Any

import fsspec

from shared import clock
from shared.settings import settings


def _root() -> tuple[Any, str]:
    address = settings().uploads or f"file://{(settings().data / 'uploads').absolute()}"
    filesystem, root = fsspec.core.url_to_fs(address)
    return filesystem, str(root).rstrip("/")


def new_name() -> str:
    """A name nobody can guess and no file has."""
    return secrets.token_hex(16)


def create(name: str) -> Any:
    """A file to write bytes into; close it when all is there, or `drop` it. Raises OSError."""
    filesystem, root = _root()
    filesystem.makedirs(root, exist_ok=True)
    return filesystem.open(f"{root}/{name}", "wb")


def drop(name: str) -> None:
    """Throw a file away; one that is gone already is no error."""
    filesystem, root = _root()
    with suppress(FileNotFoundError):
        filesystem.rm_file(f"{root}/{name}")


def sweep(kept: Collection[str], older: float = 86400) -> int:
    """Throw away what lies in storage, belongs to no import and is a day old: uploads whose server was killed."""
    filesystem, root = _root()
    gone = 0
    for path in filesystem.find(root) if filesystem.exists(root) else []:
        name = str(path).rpartition("/")[2]
        made = filesystem.modified(path)
        if name not in kept and (clock.now() - made.astimezone(UTC)).total_seconds() > older:
            drop(name)
            gone += 1
    return gone


@contextmanager
def at_hand(name: str) -> Iterator[Path]:
    """The file as one on this machine: itself, or a copy that is gone afterwards. Raises FileNotFoundError, OSError."""
    filesystem, root = _root()
    if "file" in (filesystem.protocol if isinstance(filesystem.protocol, tuple) else (filesystem.protocol,)):
        yield Path(root) / name
        return
    with tempfile.NamedTemporaryFile(prefix="sikpro-") as copy:
        filesystem.get_file(f"{root}/{name}", copy.name)
        yield Path(copy.name)
