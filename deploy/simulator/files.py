"""Files of the simulated Telegram: kept in memory while small, on disk beside the snapshot, handed out by file_id."""

import base64
import struct
import zlib
from pathlib import Path
from typing import Any

from deploy.simulator.state import Json, World
from deploy.simulator.wire import Sent, bad

MOST = 50_000_000  # bytes a bot may upload
PHOTO_MOST = 10_000_000
_folder = Path()


def keep_in(folder: Path) -> None:
    """Name the folder for file contents; it is made with the first file."""
    global _folder  # noqa: PLW0603 set once at start
    _folder = folder


def store(world: World, name: str, content: bytes, kind: str) -> Json:
    """Keep `content` and return its card {file_id, file_unique_id, file_size, name, kind, path, width, height}."""
    number = len(world.files) + 1
    suffix = Path(name).suffix[:10] or (".jpg" if kind == "photo" else ".bin")
    file_id = f"SIM{kind}{number:06d}{zlib.crc32(content):08x}"
    width, height = picture_size(content)
    card: Json = {
        "file_id": file_id,
        "file_unique_id": f"u{number:06d}",
        "file_size": len(content),
        "name": name,
        "kind": kind,
        "path": f"{'photos' if kind == 'photo' else 'documents'}/file_{number}{suffix}",
        "width": width,
        "height": height,
    }
    target = _folder / card["path"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    world.files[file_id] = card
    world.dirty = True
    return card


def content(card: Json) -> bytes:
    """The bytes of a stored file. Raises FileNotFoundError when the folder was emptied."""
    path: str = card["path"]
    return (_folder / path).read_bytes()


def of_param(world: World, value: Any, sent: Sent, kind: str) -> Json:
    """The file a call means: an upload, an attach:// name, or the file_id of an earlier one."""
    text = str(value)
    name = text.removeprefix("attach://")
    if text.startswith("attach://"):
        if name not in sent.uploads:
            raise bad("file must be non-empty")
        file_name, data = sent.uploads[name]
        if not data:
            raise bad("file must be non-empty")
        if len(data) > (PHOTO_MOST if kind == "photo" else MOST):
            raise bad("file is too big") if kind == "document" else bad("PHOTO_SAVE_FILE_INVALID")
        return store(world, file_name, data, kind)
    card = world.files.get(text)
    if card is None:
        raise bad("wrong file identifier/HTTP URL specified")
    if card["kind"] != kind:
        raise bad(f"can't use file of type {card['kind'].title()} as {kind.title()}")
    return card


def photo_sizes(card: Json) -> list[Json]:
    """Telegram shows a photo in several sizes; here two of the same bytes."""
    base = {"file_id": card["file_id"], "file_unique_id": card["file_unique_id"], "file_size": card["file_size"]}
    small = {**base, "width": max(1, card["width"] // 4), "height": max(1, card["height"] // 4)}
    return [small, {**base, "width": card["width"], "height": card["height"]}]


def document(card: Json) -> Json:
    return {key: card[key] for key in ("file_id", "file_unique_id", "file_size")} | {"file_name": card["name"]}


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG or JPEG; 800 by 600 for anything else."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    at = 2
    while data[:2] == b"\xff\xd8" and at + 9 < len(data) and data[at] == 0xFF:
        mark, size = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if 0xC0 <= mark <= 0xCF and mark not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + size
    return 800, 600


def sample() -> bytes:
    """A small grey PNG for tests that only need some photo."""
    rows = b"".join(b"\x00" + bytes([120 + (x + y) % 60 for x in range(160)]) for y in range(120))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 160, 120, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def decoded(value: Any) -> bytes:
    """A photo given to the control API: base64, or true for the sample. Raises ValueError."""
    return sample() if value is True else base64.b64decode(str(value), validate=True)
