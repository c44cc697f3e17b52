"""Which programs SIKPRO is made of on one machine, with what environment, and in which order they stop."""

import http.client
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import external, ports, postgres, valkey
from deploy.local.program import HOUSE, Program, turn_over

SIMULATOR_TOKEN = "731904:SIMULATOR-demo-token-not-a-secret-000000"  # noqa: S105 - it opens nothing but the simulator
STAGES: tuple[set[str], ...] = (
    {"web"},
    {"bot", "notifier", "ingest", "relay"},
    {"simulator"},
    {"valkey", "postgres"},
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one SIKPRO lives: its data folder and its ports (postgres, valkey, simulator and, when it runs, web)."""

    data: Path
    ports: Mapping[str, int]

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def valkey(self) -> Path:
        return self.data / "valkey"

    def log(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.log"

    def begin_logs(self) -> None:
        """Each `up` begins new logs; those of the one before stay beside them as NAME.log.1."""
        for log in (self.data / "logs").glob("*.log"):
            turn_over(log)


def demo() -> bool:
    """Without a token of a real bot the simulator plays Telegram."""
    return not os.environ.get("SIKPRO_TELEGRAM_TOKEN")


def environment(place: Place, assets: Path) -> dict[str, str]:
    """What every service gets: the operator's environment, completed by what this launcher decides."""
    web = place.ports.get("web", 8080)
    not_theirs = {"SIKPRO_CALLED_FROM", "SIKPRO_DEMO_PASSWORD"}
    inherited = {name: value for name, value in os.environ.items() if name not in not_theirs}
    decided = {
        "SIKPRO_DATABASE_URL": external.given("postgres")
        or postgres.service_url(place.postgres, place.ports["postgres"]),
        "SIKPRO_REDIS_URL": external.given("valkey") or valkey.url(place.valkey, place.ports["valkey"]),
        "SIKPRO_DATA": str(place.data),
        "SIKPRO_PORT": str(web),
        "SIKPRO_BASE_URL": os.environ.get("SIKPRO_BASE_URL") or f"http://127.0.0.1:{web}",
        "SIKPRO_ASSETS": str(assets),
        "SIKPRO_DEMO": "1" if demo() else "0",
        "PYTHONUNBUFFERED": "1",
        "REMAP_SIGTERM": "SIGQUIT",  # Celery: a soft stop that gives unfinished work back
        # Celery warns a root worker at each start; its messages are JSON and its port is loopback
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }
    if demo():
        simulator = place.ports["simulator"]
        decided |= {
            "SIKPRO_SIM_PORT": str(simulator),
            "SIKPRO_TELEGRAM_TOKEN": SIMULATOR_TOKEN,
            "SIKPRO_TELEGRAM_API": f"http://127.0.0.1:{simulator}",
        }
    return inherited | decided


def server(place: Place, name: str) -> Program:
    """The embedded "postgres" or "valkey" of this place."""
    make = postgres.program if name == "postgres" else valkey.program
    return make(place.data / name, place.ports[name], log=place.log(name))


def services(place: Place, env: Mapping[str, str]) -> list[Program]:
    """The simulator (in demo mode) and the five services, in the order in which they start."""
    modules = {
        "relay": "shared.relay",
        "bot": "services.bot",
        "web": "deploy.local.edge",
        "ingest": "services.ingest",
        "notifier": "services.notifier",
    }
    if demo():
        modules = {"simulator": "deploy.simulator"} | modules
    ready = {
        "simulator": lambda: ports.answers(place.ports["simulator"]),
        "web": lambda: healthy(place.ports["web"]) is not None,
    }
    return [
        Program(
            name=name,
            argv=(sys.executable, "-m", module),
            log=place.log(name),
            environment=env,
            cwd=HOUSE,
            patience=6.0,  # an idle Celery worker needs two on a quiet machine, five on a busy one
            ready=ready.get(name),
        )
        for name, module in modules.items()
    ]


def healthy(port: int) -> int | None:
    """The status code of GET /health, None when nothing answers."""
    door = http.client.HTTPConnection(ports.HOST, port, timeout=1)
    try:
        door.request("GET", "/health")
        return door.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        door.close()
