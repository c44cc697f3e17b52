"""Whatever is missing or in the way is said in one sentence, and the exit code is not zero."""

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import assets, ports
from deploy.local.program import HOUSE
from tests.launcher.conftest import sikpro


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def call(place: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """./sikpro on a machine that has nothing but the programs in `place`."""
    for name in ("sh", "dirname"):
        (place / name).symlink_to(f"/bin/{name}" if name == "sh" else "/usr/bin/dirname")
    return subprocess.run(
        [str(HOUSE / "sikpro"), "ps"], check=False, env={"PATH": str(place), **env}, capture_output=True, text=True
    )


def test_without_python_it_says_what_to_install(tmp_path: Path) -> None:
    said = call(tmp_path)
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "there is no Python on this machine" in said.stderr


def test_an_old_python_is_named_with_its_version(tmp_path: Path) -> None:
    script(tmp_path / "python3", 'case "$2" in *exit*) exit 1;; *) echo 3.9;; esac')
    said = call(tmp_path)
    assert said.returncode == 1
    assert "needs Python 3.11 or newer, and only Python 3.9 is on this machine" in said.stderr


def without_venv(place: Path) -> None:
    """A Python as Debian ships it: everything but ensurepip."""
    code = "import runpy, sys; sys.modules['ensurepip'] = None; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0])"
    script(
        place / "python3",
        f'case "$1" in -I) shift; exec {sys.executable} -I -c "{code}" "$@";; esac\nexec {sys.executable} "$@"',
    )


def test_a_python_without_venv_is_said_in_a_sentence(tmp_path: Path) -> None:
    without_venv(tmp_path)
    said = call(tmp_path, SIKPRO_VENV=str(tmp_path / "venv"))
    assert said.returncode == 1
    assert "its venv module is missing" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("root", [os.geteuid() == 0])
def test_on_debian_root_gets_the_package_and_others_its_name(tmp_path: Path, root: bool) -> None:
    without_venv(tmp_path)
    script(tmp_path / "apt-get", f'echo "$@" >> {tmp_path}/asked; exit 100')
    said = call(tmp_path, SIKPRO_VENV=str(tmp_path / "venv"))
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    assert said.returncode == 1
    assert package in said.stderr
    if root:
        assert f"install -y --no-install-recommends {package}" in (tmp_path / "asked").read_text()


def test_a_busy_port_is_said_with_a_way_out(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = sikpro("up", "--data", str(data), "--port", str(port))
    assert said.returncode == 1
    assert f"Port {port} is taken by another program (pid {os.getpid()}" in said.stderr
    assert f"--port {port + 1}" in said.stderr
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize(("variable", "scheme"), [("SIKPRO_DATABASE_URL", "postgresql"), ("SIKPRO_REDIS_URL", "redis")])
def test_a_server_of_ones_own_that_does_not_answer_is_said(data: Path, variable: str, scheme: str) -> None:
    nobody = f"{scheme}://me:secret@127.0.0.1:{ports.any_free()}/0"
    said = sikpro("up", "--data", str(data), "--port", str(ports.any_free()), **{variable: nobody})
    assert said.returncode == 1
    assert f"The server of {variable} does not let SIKPRO in" in said.stderr
    assert "secret" not in said.stderr + said.stdout
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    ("words", "env"), [(["--port", "0"], {}), (["--port", "70000"], {}), ([], {"SIKPRO_PORT": "web"})]
)
def test_a_port_that_is_none_is_said(data: Path, words: list[str], env: dict[str, str]) -> None:
    said = sikpro("up", "--data", str(data), *words, **env)
    assert said.returncode == 1
    assert "port" in said.stderr
    assert said.stderr.count("\n") == 1


def test_nothing_runs_is_no_error_for_stop_and_an_empty_list_for_ps(data: Path) -> None:
    stopped = sikpro("stop", "--data", str(data))
    assert (stopped.returncode, "there is nothing to stop" in stopped.stdout) == (0, True)
    listed = sikpro("ps", "--json", "--data", str(data))
    assert (listed.returncode, json.loads(listed.stdout)) == (1, [])
    restarted = sikpro("restart", "web", "--data", str(data))
    assert restarted.returncode == 1
    assert "./sikpro up starts it" in restarted.stderr


def test_migrate_needs_no_running_house_and_seed_does(data: Path) -> None:
    said = sikpro("migrate", "--data", str(data))
    assert said.returncode == 0, said.stderr
    assert "migrate     ready" in said.stdout
    said = sikpro("seed", "--data", str(data))
    assert (said.returncode, "start ./sikpro up first" in said.stderr) == (1, True)


def test_a_data_folder_that_cannot_be_made_is_said(data: Path) -> None:
    (data / "file").touch()
    said = sikpro("up", "--data", str(data / "file/below"))
    assert said.returncode == 1
    assert "cannot be used as the data folder" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_command_that_does_not_exist_is_answered_with_those_that_do() -> None:
    said = sikpro("upp")
    assert said.returncode == 2
    assert "'up'" in said.stderr


def test_kept_ports_stay_unless_somebody_took_them(data: Path) -> None:
    book = data / "ports.json"
    first = ports.keep(book, ("postgres", "valkey"))
    assert ports.keep(book, ("postgres", "valkey")) == first
    with socket.create_server(("127.0.0.1", first["valkey"])):
        second = ports.keep(book, ("postgres", "valkey"))
    assert second["postgres"] == first["postgres"]
    assert second["valkey"] != first["valkey"]


def test_every_listed_file_of_the_browser_is_checked_byte_by_byte(tmp_path: Path) -> None:
    assets.fetch(assets.folder())
    assert assets.wrong(assets.folder()) == []
    for name in assets.files():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((assets.folder() / name).read_bytes())
    assert assets.wrong(tmp_path) == []
    with (tmp_path / "htmx.min.js").open("ab") as file:
        file.write(b" ")
    assert assets.wrong(tmp_path) == ["htmx.min.js"]


def test_no_lock_file_names_a_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "package-lock.json"):
        text = (HOUSE / name).read_text()
        assert "resolved" not in text
        assert "://" not in text.replace("https://github.com/sponsors/", "")
