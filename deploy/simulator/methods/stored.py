"""getFile: where the content of a file can be fetched."""

from deploy.simulator.state import Json, World
from deploy.simulator.wire import Sent, bad

DOWNLOAD_MOST = 20_000_000  # bytes a bot may download


def get_file(world: World, p: Json, _: Sent) -> Json:
    card = world.files.get(p["file_id"])
    if card is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if card["file_size"] > DOWNLOAD_MOST:
        raise bad("file is too big")
    return {key: card[key] for key in ("file_id", "file_unique_id", "file_size")} | {"file_path": card["path"]}
