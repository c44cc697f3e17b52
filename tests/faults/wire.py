"""The wire between the house and its Telegram, which a test may cut: refused, or swallowed without a word."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from tests.faults.stage import free_port

Writer = asyncio.StreamWriter


class Wire:
    """A port that leads to the simulator. `base` is what the house is told to be Telegram's address."""

    def __init__(self) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._to: tuple[str, int] = ("127.0.0.1", 0)
        self._door: asyncio.Server | None = None
        self._hole: list[socket.socket] = []
        self._through = asyncio.Event()
        self._open: set[Writer] = set()

    def leads_to(self, base: str) -> None:
        """Where the other end is."""
        there = urlsplit(base)
        self._to = (there.hostname or "127.0.0.1", there.port or 0)

    async def mend(self) -> None:
        """Whole again; what it swallowed is gone."""
        for each in self._hole:
            each.close()
        self._hole.clear()
        self._hang_up()
        self._through.set()
        self._door = await asyncio.start_server(self._forward, "127.0.0.1", self.port, reuse_address=True)

    async def refuse(self) -> None:
        """Nobody listens any more: connections break, new ones are refused at once."""
        await self._shut()
        self._hang_up()

    async def swallow(self) -> None:
        """A firewall that drops: open connections fall silent, and for new ones nobody answers the knock."""
        self._through.clear()
        await self._shut()
        hole = socket.socket()
        hole.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        hole.bind(("127.0.0.1", self.port))
        hole.listen(0)  # one may wait to be accepted, and nobody accepts it
        full = [socket.socket() for _ in range(4)]
        for each in full:
            each.setblocking(False)
            with suppress(BlockingIOError):
                each.connect(("127.0.0.1", self.port))
        self._hole = [hole, *full]

    async def _shut(self) -> None:
        if self._door is not None:
            self._door.close()
            self._door = None
        await asyncio.sleep(0)

    def _hang_up(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()
        self._open.clear()

    async def close(self) -> None:
        await self.refuse()
        for each in self._hole:
            each.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        try:
            far_reader, far = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, far}
        await asyncio.gather(self._pump(reader, far), self._pump(far_reader, writer))
        self._open -= {writer, far}

    async def _pump(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        with suppress(OSError):
            while part := await reader.read(65_536):
                await self._through.wait()
                writer.write(part)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def wire() -> AsyncIterator[Wire]:
    made = Wire()
    try:
        yield made
    finally:
        await made.close()
