"""What the Bot API knows: each method's parameters and their kinds, read once from aiogram's models, never per call.

aiogram costs seconds and 165 MB to import, so a child process reads it and the answer is kept in a file
named after aiogram's version.
"""

import json
import subprocess
import sys
import types
import typing
from importlib.metadata import version
from pathlib import Path
from typing import Any

Method = dict[str, Any]
Table = dict[str, Method]

NESTED = ("InlineKeyboardButton", "ReplyParameters", "LinkPreviewOptions", "MessageEntity", "BotCommand")


def load(folder: Path) -> dict[str, Any]:
    """The table {"methods": {lower name: method}, "types": {type: [field]}} from its file, made first when missing."""
    kept = folder / f"methods-{version('aiogram')}.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(
            [sys.executable, "-m", "deploy.simulator.table"], check=True, capture_output=True, text=True
        )
        fresh = kept.with_suffix(".new")
        fresh.write_text(made.stdout)
        fresh.replace(kept)
    table: dict[str, Any] = json.loads(kept.read_text())
    return table


def read_models() -> dict[str, Any]:
    """The table as aiogram's models tell it."""
    import aiogram.methods
    import aiogram.types

    methods: Table = {}
    for model in vars(aiogram.methods).values():
        name = getattr(model, "__api_method__", None)
        if not isinstance(name, str):
            continue
        fields = model.model_fields
        methods[name.lower()] = {
            "name": name,
            "params": {field: _kind(info.annotation) for field, info in fields.items()},
            "required": [field for field, info in fields.items() if info.is_required()],
        }
    return {"methods": methods, "types": {name: list(getattr(aiogram.types, name).model_fields) for name in NESTED}}


def _kind(annotation: Any) -> str:
    """One of int, float, bool, str, chat (number or @name), file, json."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        parts = {
            part for part in typing.get_args(annotation) if getattr(part, "__name__", "") not in {"NoneType", "Default"}
        }
    else:
        parts = {annotation}
    names = {getattr(part, "__name__", str(part)) for part in parts}
    if any(name.startswith("InputFile") for name in names):
        return "file"
    if names == {"int", "str"}:
        return "chat"
    for plain in ("bool", "int", "float", "str"):
        if names == {plain}:
            return plain
    if names <= {"datetime", "timedelta", "int"}:
        return "int"
    return "json"


if __name__ == "__main__":
    json.dump(read_models(), sys.stdout)
