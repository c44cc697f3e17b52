"""A database or broker started for a while, by tests, checks and benches. The supervisor runs its own."""

import signal
import subprocess
from dataclasses import dataclass
from typing import Self

from deploy.local.program import Program, ask, end, launch, wait_ready

START = 60.0  # s; crash recovery on a busy machine included


@dataclass
class Server:
    """A running server. `url` stays the same over kill and restart: port, password and data are kept.

    Start it from the main thread (see program.launch). As a context manager it is stopped at the end:

        with postgres.start(folder) as server:
            connect(server.url)
    """

    program: Program
    url: str
    port: int
    process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start it again after stop() or kill(), on the same port with the same data; returns when it answers."""
        self.process = launch(self.program)
        wait_ready(self.process, self.program, START)

    def stop(self) -> None:
        """A clean stop; everything accepted is on disk."""
        end(self.process, self.program, patience=30)

    def kill(self) -> None:
        """SIGKILL to the server process, as the OOM killer would. Postgres' backends notice and end by themselves."""
        ask(self.process, signal.SIGKILL)
        self.process.wait()

    def restart_immediate(self) -> None:
        """What `pg_ctl restart -m immediate` does: SIGQUIT, no checkpoint, recovery at the next start, same port.

        For Valkey, which has no such mode, it is a SIGKILL and a start.
        """
        ask(self.process, signal.SIGQUIT if self.program.name == "postgres" else signal.SIGKILL)
        self.process.wait()
        self.start()

    def pause(self) -> None:
        """The server stands still without closing its connections: what a hung machine looks like."""
        ask(self.process, signal.SIGSTOP)

    def go_on(self) -> None:
        ask(self.process, signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on()
        self.stop()
