"""One whole SIKPRO, started and stopped as an operator does."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploy.local import ports, processes, temporary
from deploy.local.program import HOUSE
from tests.launcher.conftest import alive, sikpro

NAMES = ["postgres", "valkey", "simulator", "relay", "bot", "web", "ingest", "notifier"]


@dataclass
class Running:
    data: Path
    port: int
    words: Path
    process: subprocess.Popen[bytes]

    def ps(self) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in json.loads(sikpro("ps", "--json", "--data", str(self.data)).stdout)}

    def said(self) -> str:
        return self.words.read_text()

    def wait_for(self, text: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.said():
            assert time.monotonic() < deadline, f"'{text}' was not said: {self.said()}"
            assert self.process.poll() is None, self.said()
            time.sleep(0.05)


@pytest.fixture(scope="module")
def house(house_data: Path) -> Iterator[Running]:
    port, words = ports.any_free(), house_data / "words.txt"
    command = [
        sys.executable,
        "-m",
        "deploy.local",
        "up",
        "--data",
        str(house_data / "data"),
        "--port",
        str(port),
        "--no-seed",
    ]
    with words.open("wb") as out:
        process = subprocess.Popen(command, cwd=HOUSE, env=temporary.plain_environment(), stdout=out, stderr=out)
    running = Running(house_data / "data", port, words, process)
    try:
        running.wait_for("SIKPRO is up")
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def test_every_process_of_the_contract_runs_and_ps_tells_of_it(house: Running) -> None:
    rows = house.ps()
    assert list(rows) == NAMES
    for row in rows.values():
        assert set(row) == {"name", "pid", "state", "since", "restarts", "rss_mb"}
        assert row["state"] == "running", (row, house.said())
        assert alive(row["pid"])
        assert row["rss_mb"] > 0
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", row["since"])
    assert "postgres" in sikpro("ps", "--data", str(house.data)).stdout


def test_the_addresses_it_prints_answer(house: Running) -> None:
    assert f"http://127.0.0.1:{house.port}/demo" in house.said()
    assert processes.healthy(house.port) in {200, 503}


def test_a_second_up_on_the_same_folder_is_refused_in_one_sentence(house: Running) -> None:
    said = sikpro("up", "--data", str(house.data), "--port", str(ports.any_free()))
    assert said.returncode == 1
    assert said.stderr == f"SIKPRO runs already on {house.data} (pid {house.process.pid}); ./sikpro stop ends it.\n"


def test_who_does_not_know_the_token_is_not_answered(house: Running) -> None:
    note = json.loads((house.data / "control.json").read_text())
    assert (house.data / "control.json").stat().st_mode & 0o077 == 0
    with socket.create_connection(("127.0.0.1", note["port"]), timeout=5) as door:
        door.sendall(b'{"do": "stop", "token": "guessed"}\n')
        assert door.recv(100) == b""
    assert house.process.poll() is None


@pytest.mark.parametrize("name", ["relay", "postgres", "valkey"])
def test_what_is_killed_comes_back_and_the_terminal_says_so(house: Running, name: str) -> None:
    os.kill(house.ps()[name]["pid"], signal.SIGKILL)
    house.wait_for(f"{name} was ended by SIGKILL; next start in 0.5 s")
    house.wait_for(f"{name} runs again")
    assert house.ps()[name]["restarts"] == 1


def test_restart_gives_a_process_a_new_pid(house: Running) -> None:
    before = house.ps()["simulator"]["pid"]
    said = sikpro("restart", "simulator", "--data", str(house.data))
    assert said.returncode == 0, said.stderr
    assert house.ps()["simulator"]["pid"] != before
    assert not alive(before)


def test_restart_of_an_unknown_name_tells_the_known_ones(house: Running) -> None:
    said = sikpro("restart", "mailer", "--data", str(house.data))
    assert said.returncode == 1
    assert "There is no process 'mailer'. There are: postgres, valkey" in said.stderr


def test_migrate_works_beside_a_running_house(house: Running) -> None:
    said = sikpro("migrate", "--data", str(house.data))
    assert said.returncode == 0, said.stderr


def test_stop_ends_every_process_within_seconds_also_with_a_browser_connected(house: Running) -> None:
    tree = psutil.Process(house.process.pid).children(recursive=True)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", house.port), timeout=5) as browser:
        browser.sendall(f"GET /demo/live HTTP/1.1\r\nhost: 127.0.0.1:{house.port}\r\n\r\n".encode())
        assert b"text/event-stream" in browser.recv(1000)
        said = sikpro("stop", "--data", str(house.data))
    assert (said.returncode, said.stdout.startswith("Stopped in")) == (0, True), said
    assert time.monotonic() - began < 9
    assert [process for process in tree if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    assert house.process.wait(5) == 0
    assert "was killed" not in house.said()
