"""What dies is started again after a growing pause, and nothing outlives a stop or the supervisor itself."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import leftovers, program, supervisor
from deploy.local.program import HOUSE, Program
from deploy.local.supervisor import Child
from tests.launcher.conftest import alive


def python(data: Path, name: str, code: str, **given: object) -> Program:
    """A program of one's own; it runs `code`."""
    source = data / f"{name}.py"
    source.write_text(textwrap.dedent(code))
    environment = {"PATH": os.environ["PATH"], "SIKPRO_DATA": str(data)}
    return Program(  # type: ignore[arg-type]
        name=name, argv=(sys.executable, str(source)), log=data / f"{name}.log", environment=environment, **given
    )


def until(true: Callable[[], object], children: list[Child], seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about in time"
        supervisor.look_after(children)
        time.sleep(0.02)


def test_a_program_that_dies_is_started_again_after_growing_pauses(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    child = supervisor.child_of(python(data, "doomed", "print('no such street'); raise SystemExit(3)"))
    supervisor.start(child)
    until(lambda: child.restarts == 2 and child.state == "backing-off", [child])
    said = capsys.readouterr().out
    assert "doomed ended with code 3; next start in 0.5 s" in said
    assert "next start in 1 s" in said
    assert "next start in 2 s" in said
    assert said.count("no such street") >= 1


def test_a_killed_program_runs_again_and_the_terminal_says_so(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    child = supervisor.child_of(python(data, "steady", "import time; time.sleep(60)"))
    supervisor.start(child)
    until(lambda: child.state == "running", [child])
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    until(lambda: child.state == "running" and child.restarts == 1, [child])
    said = capsys.readouterr().out
    assert "steady was ended by SIGKILL; next start in 0.5 s" in said
    assert f"steady runs again (pid {child.process.pid})" in said
    supervisor.stop_all([child], [{"steady"}], [False])
    assert not alive(child.process.pid)


def test_the_children_of_a_killed_program_go_with_it(data: Path) -> None:
    noted = data / "child.pid"
    parent = f"""
        import subprocess, time
        open({str(noted)!r}, "w").write(str(subprocess.Popen(["sleep", "60"]).pid))
        time.sleep(60)
    """
    child = supervisor.child_of(python(data, "parent", parent))
    supervisor.start(child)
    until(lambda: noted.exists() and noted.read_text(), [child])
    grandchild = int(noted.read_text())
    assert child.process is not None
    os.kill(child.process.pid, signal.SIGKILL)
    until(lambda: child.state == "backing-off", [child])
    until(lambda: not alive(grandchild), [])


def test_stop_kills_what_does_not_listen(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    child = supervisor.child_of(python(data, "deaf", deaf, patience=0.3))
    supervisor.start(child)
    until((data / "deaf.log").read_text, [child])
    supervisor.stop_all([child], [{"deaf"}], [False])
    assert child.process is not None
    assert not alive(child.process.pid)
    assert child.state == "stopped"
    assert "deaf did not stop by itself and was killed" in capsys.readouterr().out


def test_stages_stop_one_after_the_other(data: Path) -> None:
    told = data / "order.txt"
    code = f"""
        import signal, sys, time
        def leave(*_):
            open({str(told)!r}, "a").write(sys.argv[0].rsplit("/", 1)[1] + " ")
            raise SystemExit
        signal.signal(signal.SIGTERM, leave)
        print("here", flush=True)
        time.sleep(60)
    """
    children = [supervisor.child_of(python(data, name, code)) for name in ("valkey", "simulator", "web")]
    for child in children:
        supervisor.start(child)
    until(lambda: all((data / f"{child.name}.log").read_text() for child in children), children)
    supervisor.stop_all(children, [{"web"}, {"simulator"}, {"valkey", "postgres"}], [False])
    assert told.read_text().split() == ["web.py", "simulator.py", "valkey.py"]


def test_a_killed_supervisor_leaves_nothing_running(data: Path) -> None:
    noted = data / "pid"
    launcher = f"""
        import time
        from pathlib import Path
        from deploy.local.program import Program, launch
        sleeper = Program(name="s", argv=("sleep", "60"), log=Path({str(data / "s.log")!r}))
        Path({str(noted)!r}).write_text(str(launch(sleeper).pid))
        time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(launcher)], cwd=HOUSE) as running:
        until(lambda: noted.exists() and noted.read_text(), [])
        running.kill()
    until(lambda: not alive(int(noted.read_text())), [])


def test_what_an_earlier_supervisor_left_is_ended_by_the_next(data: Path) -> None:
    child = supervisor.child_of(python(data, "left", "import time; time.sleep(60)"))
    supervisor.start(child)
    leftovers.write_down([child], data / "processes.json")
    assert leftovers.end(data / "processes.json", data) == 1
    assert child.process is not None
    assert child.process.wait(5) == -signal.SIGTERM


def test_a_stranger_with_a_recorded_pid_is_left_alone(data: Path) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        (data / "processes.json").write_text(f'{{"{stranger.pid}": ["web", 1.0]}}')
        assert leftovers.end(data / "processes.json", data) == 0
        assert alive(stranger.pid)
        stranger.kill()


def test_a_log_is_kept_small(data: Path) -> None:
    log = data / "chatty.log"
    log.write_bytes(b"x" * (program.LARGEST_LOG + 1))
    program.trim(log)
    assert log.stat().st_size == 0
    assert (data / "chatty.log.1").stat().st_size == program.LARGEST_LOG + 1
