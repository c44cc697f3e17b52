"""`./sikpro up`: every step from an empty folder to a running SIKPRO, then watches over it until told to stop."""

import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from deploy.local import assets, control, external, filling, leftovers, ports, postgres, processes, say, supervisor
from deploy.local.processes import Place
from deploy.local.program import HOUSE, last_words
from deploy.local.say import fact, give_up, line, step
from deploy.local.supervisor import Child

ROOM = 300  # MB free in the data folder, below which Postgres would soon stop anyway
PATIENCE = 60.0  # s until every service must be ready
ROUND = 0.1  # s between two looks while starting; a second later on


def up(data: Path, port: int, *, seed: bool) -> int:
    """Start everything, print where it is, and stay until Ctrl-C, SIGTERM or `./sikpro stop`; the exit code."""
    began = time.monotonic()
    prepare_folder(data)
    with alone(data):
        leftovers.end(data / "processes.json", data)
        ports.need_free(port)
        _remember(data)
        told = {**ports.keep(data / "ports.json", ("postgres", "valkey", "simulator")), "web": port}
        place = Place(data=data, ports=told)
        place.begin_logs()
        line(f"SIKPRO · data in {data}")
        with step("assets", "fetching htmx and fonts") as outcome:
            how, trouble = assets.fetch_or_say()
            outcome.append(how)
        if trouble:
            line(f"              {trouble}")
        return _supervise(place, seed=seed, began=began)


def _supervise(place: Place, *, seed: bool, began: float) -> int:
    ending: list[str] = []
    impatient = [False]

    def asked_to_end(number: int, _: object) -> None:
        impatient[0] = bool(ending)
        ending.append(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means: stay
            signal.signal(number, asked_to_end)
    os.umask(0o077)  # what the services keep in the data folder is nobody else's
    door = control.open_control(place.data)
    children: list[Child] = []

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        return _answer(children, request, ending)

    def one_round(seconds: float) -> None:
        supervisor.look_after(children)
        leftovers.write_down(children, place.data / "processes.json")
        control.wait(door, seconds, answer)

    code = 0
    try:
        if _start(place, children, one_round, ending, seed=seed) and not ending:
            _welcome(place, children, began)
        trimmed = time.monotonic()
        while not ending:
            one_round(ROUND if any(child.state != "running" for child in children if child.program) else 1.0)
            if time.monotonic() - trimmed > 30:
                trimmed = time.monotonic()
                supervisor.trim_logs(children)
    except say.CannotGoOnError as trouble:
        line(str(trouble), stream="err")
        code = 1
    finally:
        stopping = time.monotonic()
        line(f"\nStopping ({ending[0] if ending else 'trouble'}) …")
        supervisor.stop_all(children, processes.STAGES, impatient)
        (place.data / "processes.json").unlink(missing_ok=True)
        control.close(door)
        line(f"Stopped in {time.monotonic() - stopping:.1f} s. The data stays in {place.data}.")
    return code


def _start(
    place: Place, children: list[Child], one_round: Callable[[float], None], ending: list[str], *, seed: bool
) -> bool:
    """Servers, schema, services, people, one after the other; False when told to end meanwhile."""
    for name in external.VARIABLES:
        if url := external.given(name):
            external.need_answer(name, url)
    for name in ("postgres", "valkey"):
        with step(name, "starting") as outcome:
            if external.given(name):
                children.append(supervisor.external(name))
                outcome.append("yours, by its address")
                continue
            children.append(supervisor.child_of(processes.server(place, name)))
            supervisor.start(children[-1])
            if not _wait(children[-1:], one_round, ending):
                outcome.append("given up")
                return False
            outcome.append(f"ready on 127.0.0.1:{place.ports[name]}")
            if name == "postgres":
                postgres.make_service_database(place.postgres, place.ports["postgres"])
    env = processes.environment(place, assets.folder())
    with step("migrate", "bringing the schema up to date"):
        filling.run("shared.migrate", env, place.log("migrate"))
    services = [supervisor.child_of(program) for program in processes.services(place, env)]
    children += services
    with step("services", f"starting {', '.join(child.name for child in services)}") as outcome:
        for child in services:
            supervisor.start(child)
        if not _wait(services, one_round, ending):
            outcome.append("given up")
            return False
        late = [child.name for child in services if child.state != "running"]
        outcome.append(f"{len(services) - len(late)} of {len(services)} running")
    for child in services:
        if child.name in late and child.program:
            line(f"              {child.name} is not ready and is tried again and again; see {child.program.log}")
    if seed and (filling.unfinished(place).exists() or filling.is_empty(env["SIKPRO_DATABASE_URL"])):
        try:
            with step("seed", "making a small town with people and orders"):
                filling.seed(place, env, one_round, ending)
        except say.CannotGoOnError as trouble:
            line(str(trouble))
    return not ending


def _wait(waited: list[Child], one_round: Callable[[float], None], ending: list[str]) -> bool:
    """Until all run, or the rest failed three times, or PATIENCE is over; only servers must come up."""
    deadline = time.monotonic() + PATIENCE
    while not all(child.state == "running" for child in waited):
        one_round(ROUND)
        if ending:
            return False
        hopeless = [child for child in waited if child.restarts >= 3 and child.state == "backing-off"]
        unready = [child for child in waited if child.state != "running"]
        if time.monotonic() > deadline or len(hopeless) == len(unready):
            if unready and unready[0].name in {"postgres", "valkey"} and unready[0].program:
                give_up(f"{unready[0].name} does not start: {last_words(unready[0].program.log)}")
            break
    return True


def _answer(children: list[Child], request: dict[str, Any], ending: list[str]) -> dict[str, Any]:
    match request.get("do"):
        case "ps":
            return {"processes": supervisor.table(children)}
        case "stop":
            ending.append("./sikpro stop")
            return {"stopping": True}
        case "restart":
            wanted = [child for child in children if child.name == request.get("name")]
            if not wanted:
                known = ", ".join(child.name for child in children)
                return {"error": f"There is no process '{request.get('name')}'. There are: {known}."}
            if wanted[0].program is None:
                return {"error": f"{wanted[0].name} is your own server; restart it where it runs."}
            say.news(f"{wanted[0].name} is restarted on request")
            supervisor.restart(wanted[0])
            return {"pid": wanted[0].process.pid if wanted[0].process else None}
    return {"error": "unknown request"}


def _welcome(place: Place, children: Sequence[Child], began: float) -> None:
    base = os.environ.get("SIKPRO_BASE_URL") or f"http://127.0.0.1:{place.ports['web']}"
    line()
    late = [child.name for child in children if child.state in {"starting", "backing-off"}]
    line(f"SIKPRO is up after {time.monotonic() - began:.0f} s" + (f", without {', '.join(late)}." if late else "."))
    fact("dashboard", f"{base}/")
    if processes.demo():
        fact("demo chat", f"{base}/demo")
    fact("health", f"{base}/health")
    try:
        logins = json.loads((place.data / "seed.json").read_text())["logins"]
    except (OSError, ValueError, KeyError):
        logins = []
    if logins:
        line()
        for login in logins:
            fact(str(login.get("role", "")), f"{login.get('username', ''):<18} {login.get('name', '')}")
        fact("password", filling.known_password(place))
    line()
    line("Ctrl-C stops everything; ./sikpro ps shows the processes.")


def prepare_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (data / "logs").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        give_up(f"{data} cannot be used as the data folder: {error.strerror}. Name another with --data.")
    free = shutil.disk_usage(data).free // 1_000_000
    if free < ROOM:
        give_up(f"There is no room: the disk of {data} has {free} MB free, SIKPRO needs {ROOM} MB.")


def alone(data: Path) -> Any:
    """The lock of the data folder; it is released when this process ends, however it ends."""
    lock = (data / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = control.running(data)
        give_up(f"SIKPRO runs already on {data}" + (f" (pid {pid})" if pid else "") + "; ./sikpro stop ends it.")
    return lock


def _remember(data: Path) -> None:
    """So that `./sikpro ps` finds the folder that the last `up --data` named; in a read-only house it must be named."""
    try:
        (HOUSE / "var").mkdir(exist_ok=True)
        (HOUSE / "var/last-data").write_text(str(data))
    except OSError:
        pass
