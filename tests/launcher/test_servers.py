"""The embedded database and broker survive what kills processes."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import postgres, temporary, valkey
from deploy.local.server import Server


@pytest.fixture(scope="module")
def database() -> Iterator[tuple[Server, Path]]:
    with temporary.folder() as home, postgres.start(home, durable=False) as server:
        postgres.query(home, server.port, "CREATE TABLE told (number int)")
        yield server, home


@pytest.fixture(scope="module")
def broker() -> Iterator[Server]:
    with temporary.folder() as home, valkey.start(home) as server:
        yield server


def talk(server: Server, *lines: str) -> str:
    """What Valkey answers to `lines`."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as door:
        said = b""
        for line in lines:
            door.sendall(line.encode() + b"\r\n")
            said += door.recv(1000)
    return said.decode()


def secret(server: Server) -> str:
    return server.url.split(":", 2)[2].split("@")[0]


def test_postgres_keeps_what_was_committed_over_kill_9(database: tuple[Server, Path]) -> None:
    server, home = database
    postgres.query(home, server.port, "INSERT INTO told VALUES (1)")
    server.kill()
    server.start()
    assert postgres.query(home, server.port, "SELECT number FROM told WHERE number = 1") == "1"


def test_an_immediate_restart_keeps_port_password_and_rows(database: tuple[Server, Path]) -> None:
    server, home = database
    url = server.url
    postgres.query(home, server.port, "INSERT INTO told VALUES (2)")
    server.restart_immediate()
    assert server.url == url == postgres.superuser_url(home, server.port)
    assert postgres.query(home, server.port, "SELECT number FROM told WHERE number = 2") == "2"


def test_a_pid_file_that_names_a_stranger_does_not_keep_postgres_down(database: tuple[Server, Path]) -> None:
    server, home = database
    server.stop()
    (home / "cluster/postmaster.pid").write_text(f"{os.getpid()}\n")
    server.start()
    assert postgres.query(home, server.port, "SELECT 1") == "1"


def test_a_second_start_ends_the_postgres_that_an_earlier_launcher_left(database: tuple[Server, Path]) -> None:
    server, home = database
    left = server.process
    server.start()
    assert left.wait(5) is not None
    assert postgres.query(home, server.port, "SELECT 1") == "1"


def test_the_services_role_owns_its_database_and_nothing_else(database: tuple[Server, Path]) -> None:
    server, home = database
    postgres.make_service_database(home, server.port)
    postgres.make_service_database(home, server.port)
    assert postgres.query(home, server.port, "SELECT rolsuper FROM pg_roles WHERE rolname = 'sikpro'") == "f"
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'sikpro'"
    assert postgres.query(home, server.port, owner) == "sikpro"


def test_cyrillic_folds_and_sorts_as_the_design_expects(database: tuple[Server, Path]) -> None:
    server, home = database
    assert postgres.query(home, server.port, "SELECT lower('ЁЖИК')") == "ёжик"


def test_valkey_keeps_its_keys_over_kill_9(broker: Server) -> None:
    said = talk(broker, f"AUTH {secret(broker)}", "SET waiting 7")
    assert said == "+OK\r\n+OK\r\n"
    broker.kill()
    broker.start()
    assert talk(broker, f"AUTH {secret(broker)}", "GET waiting").endswith("7\r\n")


def test_valkey_tells_nothing_without_the_password(broker: Server) -> None:
    assert "NOAUTH" in talk(broker, "GET waiting")


def test_the_servers_listen_on_this_machine_only(database: tuple[Server, Path], broker: Server) -> None:
    for server in (database[0], broker):
        doors = [door for door in psutil.Process(server.process.pid).net_connections() if door.status == "LISTEN"]
        assert {door.laddr.ip for door in doors} == {"127.0.0.1"}


def test_no_password_stands_on_a_command_line(database: tuple[Server, Path], broker: Server) -> None:
    for server in (database[0], broker):
        words = " ".join(psutil.Process(server.process.pid).cmdline())
        assert secret(server) not in words


def test_secrets_are_readable_by_their_owner_only(database: tuple[Server, Path]) -> None:
    for file in database[1].glob("*.password"):
        assert file.stat().st_mode & 0o077 == 0
