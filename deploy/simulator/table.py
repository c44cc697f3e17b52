"""What the Bot API knows: each method's parameters and their kinds, read from aiogram's models, never per call.

aiogram costs seconds and 165 MB to import, so what it says is kept in methods.json beside this file. For another
version of aiogram a child process reads the models and the answer is kept in the data folder.
Made anew by: python -m deploy.simulator.table > deploy/simulator/methods.json
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

OBJECTS = {"reply_parameters": "ReplyParameters", "link_preview_options": "LinkPreviewOptions"}


KEPT = Path(__file__).with_name("methods.json")


def load(folder: Path) -> dict[str, Any]:
    """{"aiogram": version, "methods": {lower name: method}} of the installed aiogram."""
    installed = version("aiogram")
    table: dict[str, Any] = json.loads(KEPT.read_text())
    if table["aiogram"] == installed:
        return table
    made = folder / f"methods-{installed}.json"
    if not made.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "deploy.simulator.table"]
        told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=KEPT.parents[2])
        fresh = made.with_suffix(".new")
        fresh.write_text(told.stdout)
        fresh.replace(made)
    rebuilt: dict[str, Any] = json.loads(made.read_text())
    return rebuilt


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
            "objects": {
                field: list(getattr(aiogram.types, kind).model_fields)
                for field, kind in OBJECTS.items()
                if field in fields
            },
            "required": [field for field, info in fields.items() if info.is_required()],
        }
    return {"aiogram": version("aiogram"), "methods": dict(sorted(methods.items()))}


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


def as_text(table: dict[str, Any]) -> str:
    """The table as JSON with a line a method, so that a change of aiogram can be read in a diff."""
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(method)}" for name, method in table["methods"].items())
    return f'{{"aiogram": {json.dumps(table["aiogram"])},\n"methods": {{\n{lines}\n}}}}\n'


if __name__ == "__main__":
    sys.stdout.write(as_text(read_models()))
