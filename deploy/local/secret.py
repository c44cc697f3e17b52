"""Secrets that nobody chooses: generated on first use, kept in a file of mode 0600, never on a command line."""

import os
import secrets
from pathlib import Path


def kept(path: Path) -> str:
    """A generated secret kept in a file of mode 0600; the same on every call."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    except FileExistsError:
        pass
    return path.read_text().strip()
