"""The month as a picture: what came in and what was finished, a pair of bars a day. It counts none."""

import io
from collections.abc import Sequence

WIDE, HIGH = 1200, 620
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 96, 56
PAPER, INK, FAINT, LINE = "#fbfaf7", "#1d2528", "#5f6b6f", "#d9dcd6"
RECEIVED, DONE = "#8fb9c4", "#0c5666"


def bars(title: str, names: tuple[str, str], days: Sequence[tuple[int, int, int]]) -> bytes:
    """A PNG. names: of the two bars; days: (day of the month, received, done)."""
    from PIL import Image, ImageDraw, ImageFont  # 10 MB that only a worker with such a report needs

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
