"""Which port is whose: free ones are picked once and kept in a file, so that addresses survive a restart."""

import json
import socket
from pathlib import Path

import psutil

from deploy.local.say import give_up

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
        return True


def any_free() -> int:
    with socket.socket() as attempt:
        attempt.bind((HOST, 0))
        port: int = attempt.getsockname()[1]
        return port


def keep(book: Path, names: tuple[str, ...]) -> dict[str, int]:
    """The ports of `names`, those written in `book` where they are still free."""
    try:
        written = json.loads(book.read_text())
    except (OSError, ValueError):
        written = {}
    ports: dict[str, int] = {}
    for name in names:
        port = written.get(name)
        ports[name] = port if isinstance(port, int) and is_free(port) else any_free()
    book.write_text(json.dumps({**written, **ports}, indent=2) + "\n")
    return ports


def need_free(port: int) -> None:
    """Raises CannotGoOnError with one sentence when another program listens on the web port."""
    if not 0 < port < 65536:
        give_up(f"{port} is not a port; choose one from 1024 to 65535: ./sikpro up --port 8081")
    if is_free(port):
        return
    if port < 1024:
        give_up(f"Port {port} cannot be used here (it may need root). Choose another: ./sikpro up --port 8080")
    give_up(
        f"Port {port} is taken by another program{_holder(port)}. "
        f"Stop it, or choose another port: ./sikpro up --port {port + 1}"
    )


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection((HOST, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f" (pid {connection.pid}, {psutil.Process(connection.pid).name()})"
    except (psutil.Error, OSError):
        pass
    return ""
