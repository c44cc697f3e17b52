"""Finds a Chromium for the browser tests, or gets one: from PATH, from the system's packages, from Playwright."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.say import line, step

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium; None, after one sentence, when there is none to be had."""
    given = os.environ.get("SIKPRO_CHROMIUM")
    if given:
        return given
    if found := _on_path() or _of_playwright():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with step("chromium", "installing the system package"):
            quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
            if subprocess.run(install, check=False, capture_output=True, env=quiet).returncode:
                subprocess.run(["apt-get", "update"], check=False, capture_output=True, env=quiet)
                subprocess.run(install, check=False, capture_output=True, env=quiet)
        if found := _on_path():
            return found
    with step("chromium", "installing the one of Playwright"):
        subprocess.run(
            [sys.executable, "-m", "playwright", "install", "chromium"], check=False, capture_output=True, timeout=600
        )
    if found := _of_playwright():
        return found
    line("No Chromium is here and none could be installed (apt install chromium); the browser tests will fail.")
    return None


def _on_path() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def _of_playwright() -> str | None:
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
    except Exception:  # a Playwright that cannot start has no browser either
        return None
    return path if Path(path).exists() else None
