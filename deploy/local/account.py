"""Whose account runs the database and the broker when the operator is root. Makes no account and loosens no rights."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.say import CannotGoOnError, give_up


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    def identity(self) -> dict[str, Any]:
        """What subprocess needs to become this account before anything else happens."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def unprivileged(owned: Path) -> Account | None:
    """None where the operator is not root: everything then runs as the operator.

    Else whoever owns the folder `owned` already, so that data made by another account stays usable; for a new one the
    account `postgres` or `nobody`.
    """
    if os.geteuid() != 0:
        return None
    if owned.exists() and (owner := owned.stat()).st_uid != 0:
        return Account(str(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise CannotGoOnError("Postgres does not run as root, and this machine has no 'postgres' or 'nobody' account.")


def own(path: Path, account: Account | None, mode: int) -> None:
    if account:
        os.chown(path, account.uid, account.gid)
    path.chmod(mode)


def passage(path: Path, account: Account | None) -> None:
    """Make `path` a folder of the operator's that the account may walk through and nobody may look into."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o711 if account else 0o700)


def folder_for(path: Path, account: Account | None) -> Path:
    """Make `path` a folder of the account's own, 0700, and see that the account can reach it.

    Raises CannotGoOnError when a folder above is closed to it: opening other people's folders is not ours to do.
    """
    path.mkdir(parents=True, exist_ok=True)
    own(path, account, 0o700)
    if account:
        reach = subprocess.run(["test", "-w", str(path)], check=False, cwd="/", **account.identity())
        if reach.returncode:
            give_up(
                f"Postgres does not run as root, and the account '{account.name}' cannot reach {path}. "
                "Choose a data folder it can reach, for example --data /var/lib/sikpro."
            )
    return path


def runnable(program: Path, keep: Path, trees: tuple[Path, ...], account: Account | None) -> Path:
    """`program` itself, or its copy under `keep` when the account cannot execute it where it lies.

    trees: the folders to copy side by side, the first of which holds `program`. A virtual environment under /root is
    closed to every other account; Postgres' 41 MB are copied once (0.3 s).
    """
    if account is None or _runs(program, account):
        return program
    mine = keep / trees[0].name / program.relative_to(trees[0])
    if not mine.exists():
        half = keep.with_name(f"{keep.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        for tree in trees:
            shutil.copytree(tree, half / tree.name, symlinks=True)
        for path in (half, *half.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        shutil.rmtree(keep, ignore_errors=True)
        half.rename(keep)
    if not _runs(mine, account):
        give_up(f"The account '{account.name}' cannot execute {mine}; choose another folder with --data.")
    return mine


def _runs(program: Path, account: Account) -> bool:
    try:
        ask = subprocess.run(
            [str(program), "--version"], check=False, capture_output=True, cwd="/", **account.identity()
        )
    except OSError:
        return False
    return ask.returncode == 0
