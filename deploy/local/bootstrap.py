"""Makes the virtual environment, installs the locked packages when they changed, and becomes `deploy.local`.

Runs on the machine's own Python with nothing installed: standard library only, imports nothing of ours.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

HOUSE = Path(__file__).resolve().parents[2]
FOR_DEVELOPERS = {"test", "check", "bench"}  # these need requirements-dev.lock
ROOM = 900  # MB free that an installation with its download cache may need


def give_up(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(1)


def environment() -> dict[str, str]:
    """The caller's environment without what would lead a Python to other people's modules."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}


@contextmanager
def alone(venv: Path) -> Iterator[None]:
    """Lock the folder that holds `venv`: of two ./sikpro started at once, the second waits for the first."""
    try:
        venv.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(venv.parent, os.O_RDONLY)
    except OSError as error:
        give_up(f"{venv.parent} cannot be used ({error.strerror}). Set SIKPRO_VENV to a folder that can be written.")
    if not os.access(venv if venv.exists() else venv.parent, os.W_OK):
        give_up(f"{venv} cannot be written. Set SIKPRO_VENV to a folder that can be.")
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  packages    waiting for another ./sikpro that is installing them", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def works(python: Path) -> bool:
    if not python.exists():
        return False
    ask = [str(python), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    return subprocess.run(ask, check=False, capture_output=True, env=environment()).returncode == 0


def need_venv_module() -> None:
    """Debian ships Python without the part that makes environments; install it when we may, else name it."""
    try:
        import ensurepip
    except ImportError:
        pass
    else:
        del ensurepip
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not shutil.which("apt-get"):
        give_up(f"{sys.executable} cannot make virtual environments: its venv module is missing. Install it.")
    if os.geteuid() != 0:
        give_up(f"Python's venv module is missing. Install it (sudo apt install {package}) and call ./sikpro again.")
    print(f"  installing the system package {package}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", package]
    if subprocess.run(install, check=False, capture_output=True, env=quiet).returncode:
        subprocess.run(["apt-get", "update"], check=False, capture_output=True, env=quiet)
        done = subprocess.run(install, check=False, capture_output=True, text=True, env=quiet)
        if done.returncode:
            print(done.stdout[-1500:], done.stderr[-1500:], file=sys.stderr)
            give_up(f"Python's venv module is missing and apt-get could not install {package}.")


def need_room(venv: Path) -> None:
    free = shutil.disk_usage(venv.parent).free // 1_000_000
    if free < ROOM:
        give_up(f"There is no room: {venv.parent} has {free} MB free, the installation needs {ROOM} MB.")


def make(venv: Path) -> None:
    need_venv_module()
    print(f"  making {venv} with Python {sys.version.split()[0]}", flush=True)
    build = [sys.executable, "-m", "venv", "--clear", str(venv)]
    done = subprocess.run(build, check=False, capture_output=True, text=True, env=environment())
    if done.returncode:
        print((done.stdout + done.stderr)[-2000:], file=sys.stderr)
        give_up(f"The virtual environment {venv} could not be made; the lines above say why.")


def install(venv: Path, lock: Path) -> None:
    """Pip with hashes and wheels only, its words kept in a file and a count on the terminal."""
    packages = sum(1 for line in lock.read_text().splitlines() if line[:1].isalnum())
    words = venv / "install.log"
    started = time.monotonic()
    with words.open("w") as log:
        pip = [str(venv / "bin/python"), "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:"]
        run = subprocess.Popen(
            [*pip, "--disable-pip-version-check", "-r", str(lock)], stdout=log, stderr=log, env=environment()
        )
        told = started
        try:
            while run.poll() is None:
                time.sleep(0.2)
                live = sys.stdout.isatty()
                if time.monotonic() - told > (0.5 if live else 10):
                    told = time.monotonic()
                    seen = words.read_text(errors="replace")
                    met = seen.count("Collecting ") + seen.count("Requirement already satisfied: ")
                    doing = "unpacking" if "Installing collected" in seen else f"fetching {min(met, packages)} of"
                    line = f"  packages    {doing} {packages} packages, {told - started:.0f} s"
                    print(f"\r{line}  " if live else line, end="" if live else "\n", flush=True)
        except BaseException:
            run.terminate()
            raise
    print("\r" if sys.stdout.isatty() else "", end="", flush=True)
    if run.returncode:
        said = words.read_text(errors="replace")
        print(said[-2500:], file=sys.stderr)
        if "No space left" in said:
            give_up(f"There is no room left on the disk of {venv}.")
        give_up(f"The packages of {lock.name} could not be installed; the lines above say why ({words}).")
    done = f"  packages    {packages} packages of {lock.name} installed"
    print(f"{done:<65}{time.monotonic() - started:5.1f} s", flush=True)


def prepare(venv: Path, command: str) -> None:
    """Bring `venv` to what the lock file of `command` says; instantly when it is there already."""
    lock = HOUSE / ("requirements-dev.lock" if command in FOR_DEVELOPERS else "requirements.lock")
    wanted = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in HOUSE.glob("requirements*.lock")}
    stamp = venv / "sikpro-locks.json"

    def settled() -> bool:
        try:
            have = json.loads(stamp.read_text())
        except (OSError, ValueError):
            return False
        enough = {lock.name, "requirements-dev.lock"}  # the developers' lock holds all of the other
        return any(have.get(name) == wanted.get(name) for name in enough if name in wanted)

    python = venv / "bin/python"
    if settled() and python.exists():
        return
    with alone(venv):
        if settled() and works(python):
            return
        need_room(venv)
        if not works(python):
            make(venv)
        install(venv, lock)
        have = json.loads(stamp.read_text()) if stamp.exists() else {}
        stamp.write_text(json.dumps({**have, lock.name: wanted[lock.name]}))


def main() -> None:
    arguments = sys.argv[1:]
    venv = Path(os.environ.get("SIKPRO_VENV") or HOUSE / ".venv").absolute()
    try:
        prepare(venv, arguments[0] if arguments else "")
        python = str(venv / "bin/python")
        called_from = {**environment(), "SIKPRO_CALLED_FROM": str(Path.cwd())}
        os.chdir(HOUSE)
        os.execve(python, [python, "-m", "deploy.local", *arguments], called_from)  # noqa: S606 - becoming it is the point
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except OSError as error:
        give_up(f"./sikpro cannot go on: {error}")


main()
