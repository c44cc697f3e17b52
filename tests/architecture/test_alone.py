"""Each service runs in a room that holds only `shared/` and itself, as its image does."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
DOORS = {
    "bot": "services.bot.app",
    "web": "services.web.app",
    "ingest": "services.ingest.app",
    "notifier": "services.notifier.hearing",
}


@pytest.mark.parametrize("service", sorted(DOORS))
def test_a_service_needs_nothing_but_shared_and_itself(service: str, tmp_path: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HOUSE / "shared", tmp_path / "shared", ignore=ignore)
    shutil.copytree(HOUSE / "services" / service, tmp_path / "services" / service, ignore=ignore)
    (tmp_path / "services" / "__init__.py").touch()
    script = f"import sys; import {DOORS[service]}; print('aiogram' in sys.modules, 'fastapi' in sys.modules)"
    environment = {
        "SIKPRO_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "SIKPRO_REDIS_URL": "redis://127.0.0.1:1/0",
        "SIKPRO_TELEGRAM_TOKEN": "1:none",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(service == "bot"), str(service in {"web", "ingest"})]


def test_the_domain_needs_only_its_own_requirements() -> None:
    script = (
        "import sys, pkgutil, importlib, shared\n"
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(shared.__path__, 'shared.')"
        " if '.versions' not in m.name and not m.name.endswith('migrations.env')]\n"
        "print([name for name in ('aiogram', 'fastapi', 'starlette', 'jinja2', 'uvicorn') if name in sys.modules])"
    )
    environment = {"PATH": "/usr/bin:/bin", "SIKPRO_DATABASE_URL": "postgresql://x", "SIKPRO_REDIS_URL": "redis://x"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=HOUSE, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
