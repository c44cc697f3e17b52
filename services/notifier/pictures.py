"""The month as a picture: what came in and what was finished, a pair of bars a day. It counts none.

Drawn by a process of its own (`python -m services.notifier.pictures`, JSON in, PNG out): Pillow takes 7 to 12 MB that a
worker would never give back, for one report a month.
"""

import asyncio
import io
import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger(__name__)
PATIENCE = 30  # seconds; it takes half a one
HOME = Path(__file__).parents[2]

WIDE, HIGH = 1200, 620
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 96, 56
PAPER, INK, FAINT, LINE = "#fbfaf7", "#1d2528", "#5f6b6f", "#d9dcd6"
RECEIVED, DONE = "#8fb9c4", "#0c5666"


async def drawn(title: str, names: tuple[str, str], days: Sequence[tuple[int, int, int]]) -> bytes:
    """What `bars` draws; empty when it could not be drawn, for the figures are in the words too."""
    asked = json.dumps([title, names, days]).encode()
    try:
        command = [sys.executable, "-m", __name__]
        made = await asyncio.to_thread(
            subprocess.run, command, input=asked, stdout=subprocess.PIPE, timeout=PATIENCE, check=True, cwd=HOME
        )
    except (OSError, subprocess.SubprocessError):
        log.exception("a picture could not be drawn")
        return b""
    return bytes(made.stdout)


def bars(title: str, names: tuple[str, str], days: Sequence[tuple[int, int, int]]) -> bytes:
    """A PNG. names: of the two bars; days: (day of the month, received, done)."""
    from PIL import Image, ImageDraw, ImageFont  # only in the process that draws

    picture = Image.new("RGB", (WIDE, HIGH), PAPER)
    pen = ImageDraw.Draw(picture)
    large, small = ImageFont.load_default(28), ImageFont.load_default(17)
    pen.text((LEFT, 22), title, INK, large)
    at = LEFT
    for name, colour in zip(names, (RECEIVED, DONE), strict=True):
        pen.rectangle((at, 66, at + 16, 82), colour)
        pen.text((at + 24, 64), name, FAINT, small)
        at += 48 + int(pen.textlength(name, small))
    most = max((max(received, done) for _, received, done in days), default=0)
    step = _step(most)
    top = step * max(1, -(-most // step))
    floor, tall = HIGH - BOTTOM, HIGH - TOP - BOTTOM
    for mark in range(0, top + 1, step):
        y = floor - tall * mark // top
        pen.line((LEFT, y, WIDE - RIGHT, y), LINE)
        pen.text((LEFT - 12, y), str(mark), FAINT, small, anchor="rm")
    room = (WIDE - LEFT - RIGHT) / max(1, len(days))
    bar = max(2, int(room * 0.36))
    for place, (day, received, done) in enumerate(days):
        middle = LEFT + room * (place + 0.5)
        for begins, count, colour in ((middle - bar, received, RECEIVED), (middle, done, DONE)):
            if count:
                pen.rectangle((begins, floor - tall * count / top, begins + bar - 1, floor), colour)
        pen.text((middle, floor + 10), str(day), FAINT, small, anchor="ma")
    made = io.BytesIO()
    picture.save(made, "PNG", optimize=True)
    return made.getvalue()


def _step(most: int) -> int:
    """A round step of which five reach over the highest bar."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if size * factor * 5 >= most:
                return size * factor
        size *= 10


if __name__ == "__main__":
    sys.stdout.buffer.write(bars(*json.load(sys.stdin)))
